"""Feeds of every format and encoding, as a person would read them."""

from __future__ import annotations

import json

import pytest

from insight.model import Gap, Post, PostKind, Precision
from scrapers.answers import read_page
from scrapers.base import Page, Request, Search, SourceError
from scrapers.news.feed import Feed
from tests.scrapers.samples import NOW, body, read

URL = "https://news.example/feed.xml"


def rss(items: str, *, head: str = "", declaration: str = "") -> bytes:
    return f"{declaration}<rss version='2.0'><channel><title>t</title>{head}{items}</channel></rss>".encode()


def item(link: str = "", guid: str = "", title: str = "T", more: str = "") -> str:
    parts = (("title", title), ("link", link), ("guid", guid))
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in parts if value) + f"{more}</item>"


def posts(content: bytes) -> list[Post]:
    return [found for found in read("feed", content).items if isinstance(found, Post)]


def test_an_rss_item_is_read_whole() -> None:
    first, undated, day = posts(body("feed", "rss.xml"))
    assert (first.title, first.text) == ("Acme & Birch merge", "Two firms become one.\nfirst\nsecond")
    assert (first.kind, first.author, first.language) == (PostKind.ARTICLE, "Fern Hollow", "en-gb")
    assert first.published_at.isoformat() == "2026-03-02T10:15:30+00:00"
    assert first.links == ("https://news.example/2026/02/rumour",)
    assert (first.media, first.engagement) == (("https://news.example/merge.mp3",), {"replies": 12})
    assert first.hashtags == (), "a publisher's category is no hashtag"
    assert (undated.published_at, undated.precision, undated.author) == (None, Precision.UNKNOWN, "Moss Lane")
    assert undated.text == "Plain < text"
    assert (day.precision, day.url) == (Precision.DAY, "https://news.example/day")


def test_an_atom_entry_is_read_whole() -> None:
    first, second = posts(body("feed", "atom.xml"))
    assert (first.title, first.text) == ("Acme 3.0", "Es ist da.\nSiehe hier.")
    assert (first.url, first.links) == ("https://blog.example/2026/acme-3", ("https://blog.example/notes",))
    assert (first.language, first.author, first.engagement) == ("de", "Fern Hollow", {"replies": 4})
    assert first.edited_at.isoformat() == "2026-03-02T10:00:00+00:00"
    assert (second.title, second.text) == ("1 < 2", "Only a summary,\nin two lines.")
    assert (second.language, second.author) == ("en", "Moss Lane")
    assert second.published_at.isoformat() == "2026-02-01T00:00:00+00:00", "its last change is the only date it has"


def test_a_json_feed_is_read_whole() -> None:
    seven, six = posts(body("feed", "feed.json"))
    assert (seven.title, seven.text, seven.author) == ("Seven", "Acme & six", "Fern Hollow")
    assert seven.media == ("https://json.example/7.mp3",)
    assert (six.native_id, six.text) == ("https://json.example/six", "Six\nlines")
    assert six.links == ("https://elsewhere.example/x",)


IDENTITIES = {
    "the link, wherever the reader came from": (item("http://A.example/x?utm_source=f"), "https://a.example/x"),
    "its guid, of its site": (item("https://a.example/x?session=1", "9"), "a.example#9"),
    "its guid, an address": (
        item("https://a.example/x", "http://a.example/?p=9&amp;utm_id=1"),
        "https://a.example/?p=9",
    ),
    "the link that spells the guid": (item("https://a.example/x/9?utm_source=f", "9"), "https://a.example/x/9"),
    "the link, where the guid is the site": (item("https://a.example/x", "https://a.example"), "https://a.example/x"),
    "what Google Alerts found": (
        item("https://www.google.com/url?url=https://b.example/x?id%3D1&amp;usg=9", "tag:google.com,2013:9"),
        "https://b.example/x?id=1",
    ),
    "a guid that is an address, without a link": (item(guid="https://a.example/g"), "https://a.example/g"),
    "a guid of its site, where the link is the site": (item("https://a.example/", "9"), "a.example#9"),
    "a tag, where there is nothing else": (item(guid="tag:a.example,2026:1"), "tag:a.example,2026:1"),
    "the discussion, where the entry is one": (
        item("https://b.example/x", "https://a.example/9", more="<comments>https://a.example/9</comments>"),
        "https://a.example/9",
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_entry_is_known_by(name: str) -> None:
    content, native_id = IDENTITIES[name]
    assert [post.native_id for post in posts(rss(content))] == [native_id]


def test_entries_that_share_a_link_are_known_by_their_guids() -> None:
    shared = item("https://a.example/changes", "v1") + item("https://a.example/changes", "v2")
    assert [post.native_id for post in posts(rss(shared))] == ["a.example#v1", "a.example#v2"]


def ids(content: bytes) -> dict[str | None, str]:
    return {post.title: post.native_id for post in posts(content)}


def date(day: int) -> str:
    return f"<pubDate>{day:02} Mar 2026 10:00:00 GMT</pubDate>"


def test_an_entry_keeps_its_id_whoever_stands_beside_it() -> None:
    first, second = (item("https://a.example/changes", f"v{n}", f"Version {n}", date(n)) for n in (1, 2))
    alone, both, later = ids(rss(first)), ids(rss(second + first)), ids(rss(second))
    assert both == {**alone, **later} == {"Version 1": "a.example#v1", "Version 2": "a.example#v2"}


def test_a_session_in_the_link_makes_no_new_post() -> None:
    visits = [ids(rss(item(f"https://a.example/a?id=1&amp;session={session}", "entry-1"))) for session in "xyz"]
    assert visits == [{"T": "a.example#entry-1"}] * 3


@pytest.mark.parametrize("link", ["https://a.example/deals", "https://a.example/", "https://news.example/start"])
def test_entries_with_one_link_and_no_guid_are_known_by_title_and_date(link: str) -> None:
    head = "<link>https://news.example/start</link>"
    entries = [item(link, title=f"Mug {n}", more=date(2)) for n in range(3)] + [item(link, title="Mug 0", more=date(3))]
    found = [post.native_id for post in posts(rss("".join(entries), head=head))]
    assert len(set(found)) == 4
    assert all(one.startswith(f"{link}#") for one in found)
    listed_twice = posts(rss("".join([*entries, entries[0]]), head=head))
    assert {post.native_id for post in listed_twice} == set(found)


def test_a_link_with_other_tracking_is_the_same_link() -> None:
    entries = [item(f"https://a.example/deals?utm_content={n}", title=f"Mug {n}") for n in range(3)]
    assert len(set(ids(rss("".join(entries))).values())) == 3


def test_entries_with_one_link_and_one_title_are_known_by_their_texts() -> None:
    entries = [item("https://a.example/x", title="Status", more=f"<description>{n}</description>") for n in "ab"]
    assert len({post.native_id for post in posts(rss("".join(entries)))}) == 2


def test_one_guid_of_all_entries_names_none() -> None:
    entries = [item(f"https://a.example/{n}", "feed", f"News {n}") for n in range(2)]
    assert ids(rss("".join(entries))) == {f"News {n}": f"https://a.example/{n}" for n in range(2)}
    editions = item("https://a.example/1", "x1", "Draft") + item("https://a.example/1", "x1", "Final")
    assert {post.native_id for post in posts(rss(editions))} == {"a.example#x1"}


def test_an_entry_is_found_by_its_link_and_by_the_id_of_the_landed_version() -> None:
    (post,) = posts(rss(item("https://a.example/x?q=%e4&amp;utm_id=2&amp;gclsrc=3", "9")))
    assert (post.native_id, post.aliases) == (
        "a.example#9",
        ("https://a.example/x?q=%e4", "https://a.example/x?q=%EF%BF%BD&gclsrc=3"),
    )
    (plain,) = posts(rss(item("https://a.example/x", title="A", more=date(1))))
    assert plain.native_id == "https://a.example/x"
    assert [one.partition("#")[0] for one in plain.aliases] == ["https://a.example/x"], "as if others had its link"


def test_an_entry_without_link_and_guid_is_known_by_what_it_says() -> None:
    one, two = posts(rss(item(title="One") + item(title="Two")))
    assert one.native_id != two.native_id
    assert one.native_id.startswith("news.example#")


def test_an_entry_without_link_and_guid_keeps_its_id_when_it_is_edited() -> None:
    one, other = (posts(rss(item(title="One", more=f"<description>{n}</description>{date(1)}")))[0] for n in "ab")
    assert one.native_id == other.native_id
    assert len(one.aliases) == 1, "by which the landed version knew it, text and all"


def test_an_entry_that_says_nothing_is_set_aside() -> None:
    batch = read("feed", rss("<item><category>x</category></item>" + item("https://a.example/1")))
    assert len(batch.items) == 1
    assert batch.rejected[0].reason == "an entry without a title, a text and a link"


ENCODED = {
    "declared": ("iso-8859-1", '<?xml version="1.0" encoding="ISO-8859-1"?>', ""),
    "not declared": ("iso-8859-1", "", ""),
    "wrongly declared as UTF-8": ("iso-8859-1", '<?xml version="1.0" encoding="utf-8"?>', ""),
    "UTF-8 declared as Latin-1": ("utf-8", '<?xml version="1.0" encoding="ISO-8859-1"?>', ""),
    "declared by the server": ("windows-1251", "", "text/xml; charset=windows-1251"),
    "UTF-16 with its mark": ("utf-16", '<?xml version="1.0" encoding="utf-16"?>', ""),
    "UTF-8 with its mark": ("utf-8-sig", "", ""),
    "UTF-8 declared as UTF-16": ("utf-8", '<?xml version="1.0" encoding="utf-16"?>', ""),
    "declared otherwise by the server": (
        "windows-1251",
        '<?xml version="1.0" encoding="gbk"?>',
        "text/xml; charset=cp1251",
    ),
    "an encoding nobody knows": ("utf-8", '<?xml version="1.0" encoding="x-unknown"?>', ""),
}


@pytest.mark.parametrize("name", ENCODED)
def test_the_text_comes_through_whatever_is_declared(name: str) -> None:
    encoding, declaration, content_type = ENCODED[name]
    title = "Привет" if "1251" in encoding else "Größe: já está"
    content = rss(item("https://a.example/1", title=title), declaration=declaration).decode().encode(encoding)
    batch = read("feed", content, headers={"content-type": content_type} if content_type else None)
    assert [post.title for post in batch.items] == [title]


def test_one_bad_byte_leaves_the_other_letters() -> None:
    content = rss(item("https://a.example/1", title="Größe X")).replace(b"X", b"\xe9")
    assert posts(content)[0].title == "Größe é"


def test_what_publishers_get_wrong_is_forgiven() -> None:
    undeclared = item("https://a.example/1", title="A&nbsp;B &copy; &undefined;", more="<dc:creator>Fern</dc:creator>")
    (post,) = posts(b"\n \n<!-- hello -->" + rss(undeclared + "\x0b"))
    assert post.title.startswith("A B ©")
    assert post.author == "Fern"
    headless = rss(item("https://a.example/1")).replace(b"</channel></rss>", b"")
    assert len(posts(headless)) == 1, "only the feed's own end is missing"


def test_the_body_is_the_content_else_the_summary() -> None:
    space = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    image = f"<content:encoded {space}>&lt;img src='/i.png'&gt;</content:encoded>"
    assert posts(rss(item("https://a.example/1", more=f"<description>Short</description>{image}")))[0].text == "Short"


def test_a_date_is_the_first_that_is_one() -> None:
    dates = "<pubDate>yesterday</pubDate><dc:date>2026-03-01T10:00:00Z</dc:date>"
    assert (
        posts(rss(item("https://a.example/1", more=dates)))[0].published_at.isoformat() == "2026-03-01T10:00:00+00:00"
    )


def test_an_empty_feed_is_no_error_and_a_page_is_one() -> None:
    assert read("feed", rss("")).items == ()
    for other in (b"<html><head><title>Moved</title></head></html>", b"<opml><body/></opml>", b'{"a": 1}', b"[]"):
        with pytest.raises(SourceError, match="no feed but"):
            read("feed", other)


def parse(source: Feed, request: Request, content: bytes):
    return read_page(source, Page(request, 200, content, request.url, NOW))


def test_pages_are_followed_on_the_same_site_until_the_mark() -> None:
    source = Feed(url=URL)
    dated = item("https://a.example/1", more="<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate>")
    following = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='{}'/>"

    def further(since: str | None, target: str) -> list[str]:
        request = source.start(Search(), since, NOW)
        return [found.url for found in parse(source, request, rss(dated, head=following.format(target))).requests]

    assert further(None, "?page=2") == [f"{URL}?page=2"]
    assert further("2026-03-01T00:00:00+00:00", "?page=2") == [f"{URL}?page=2"]
    assert further("2026-03-02T10:00:00+00:00", "?page=2") == [], "everything here is known"
    assert further(None, "https://elsewhere.example/?page=2") == [], "a link in content must not lead away"
    assert further(None, URL) == [], "a page that follows itself is the end"


def test_pages_that_lead_to_each_other_end() -> None:
    source, pages = Feed(url=URL), 0
    dated = item("https://a.example/1", more="<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate>")
    waiting = [source.start(Search(), None, NOW)]
    while waiting:
        target = "?b" if waiting[0].url.endswith("?a") else "?a"
        head = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='{target}'/>"
        waiting = list(parse(source, waiting[0], rss(dated, head=head)).requests)
        pages += 1
        assert pages < 200
    assert pages > 2


def test_a_feed_is_told_apart_by_its_query_without_showing_it() -> None:
    ids = {Feed(url=f"{URL}?key={key}").id for key in ("s3cret", "other")}
    assert len(ids) == 2
    assert "s3cret" not in "".join(ids)
    with pytest.raises(ValueError, match="url"):
        Feed(url="https://user:secret@news.example/feed")


def test_a_json_feed_with_one_bad_item_keeps_the_others() -> None:
    feed = json.loads(body("feed", "feed.json"))
    feed["items"][1:1] = [7, {"id": {}}]
    batch = read("feed", json.dumps(feed).encode())
    assert len(batch.items) == 2
    assert len(batch.rejected) == 2


def test_a_full_feed_that_does_not_reach_the_mark_is_a_gap() -> None:
    def dated(count: int, *, alike: bool = False) -> str:
        hours = (9 if alike else hour for hour in range(count))
        return "".join(
            item(f"https://a.example/{n}", more=f"<pubDate>Mon, 02 Mar 2026 {hour:02}:00:00 GMT</pubDate>")
            for n, hour in enumerate(hours)
        )

    def gaps(since: str | None, items: str) -> list[Gap]:
        request = Feed(url=URL).start(Search(), since, NOW)
        return [found for found in parse(Feed(url=URL), request, rss(items)).items if isinstance(found, Gap)]

    before = "2026-03-01T12:00:00+00:00"
    (gap,) = gaps(before, dated(12))
    assert gap.since is not None
    assert (gap.since.isoformat(), gap.until.isoformat()) == (before, "2026-03-02T00:00:00+00:00")
    assert gaps(None, dated(12)) == [], "nobody promised the time before the first visit"
    assert gaps("2026-03-02T03:00:00+00:00", dated(12)) == []
    assert gaps(before, dated(3)) == [], "a short feed may show all there is"
    assert gaps(before, dated(12, alike=True)) == [], "its dates are those of the feed, not of its entries"

"""Mastodon: toots by their uri, boosts unwrapped, and pages that lead back to the mark."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from insight.model import Deletion, Role, Visibility, Watch
from scrapers.answers import read_page
from scrapers.base import Page, Search, SourceError
from scrapers.social.mastodon import OVERLAP, Mastodon, hashtag
from tests.scrapers.samples import NOW, body, read

HOUR = int(OVERLAP.total_seconds() * 1000) << 16


def toot(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": str(number),
        "uri": f"https://toots.example/s/{number}",
        "url": f"https://toots.example/@fern/{number}",
        "created_at": "2026-03-02T10:00:00.000Z",
        "content": f"<p>toot {number}</p>",
        "visibility": "public",
        "account": {"acct": "fern"},
        **changes,
    }


def parse(source: Mastodon, request, toots: object, link: str = "", status: int = 200):
    headers = {"link": link} if link else {}
    return read_page(source, Page(request, status, json.dumps(toots).encode(), request.url, NOW, headers))


def test_a_toot_is_read_as_a_person_reads_it() -> None:
    first, second, boosted = read("mastodon", body("mastodon", "tag.json")).items
    assert first.text == "@mosslane read https://birch.example/docs/start\nIt & #Acme\nbroke."
    assert first.links == ("https://birch.example/docs/start",)
    assert first.author == "quillfox@toots.example"
    assert first.engagement == {"likes": 3, "reposts": 2, "replies": 1, "quotes": 0}
    assert first.reply_to == second.native_id, "the parent on the same page is known by its uri"
    assert (second.title, second.text) == ("Work rant", "Which one? #acme\nAcme\nBirch")
    assert boosted.native_id == "https://other.example/users/fern/statuses/9"


def test_a_boost_and_what_it_boosts_are_one_post() -> None:
    original = toot(5)
    boost = toot(6, uri="https://toots.example/s/6/activity", reblog=original, content="")
    posts = read("mastodon", json.dumps([boost, original]).encode()).items
    assert [post.native_id for post in posts] == ["https://toots.example/s/5"]


def test_the_line_for_servers_without_quotes_is_left_out_where_quotes_are_known() -> None:
    (post,) = read("mastodon", body("mastodon", "search.json")).items
    assert post.text == "This."
    assert post.links == ("https://far.example/notice/3f",)
    old = toot(1, content='<p class="quote-inline">RE: x</p><p>This.</p>')
    assert read("mastodon", json.dumps([old]).encode()).items[0].text == "RE: x\nThis."


def test_what_only_followers_see_is_private() -> None:
    found = [toot(n, visibility=v) for n, v in enumerate(("public", "unlisted", "private", "direct"), start=1)]
    seen = [post.visibility for post in read("mastodon", json.dumps(found).encode()).items]
    assert seen == [Visibility.PUBLIC, Visibility.PUBLIC, Visibility.PRIVATE, Visibility.PRIVATE]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"accounts": [], "statuses": [], "hashtags": []},
        {"domain": "toots.example", "title": "Toots", "version": "4.6"},
        {"id": "5", "options": [{"title": "a"}], "expired": True},
        [{"name": "acme", "url": "https://toots.example/tags/acme", "history": []}],
        [{"content": "<p>x</p>", "spoiler_text": "", "created_at": "2026-03-02T10:00:00Z", "account": {"acct": "x"}}],
        {"id": "8", "acct": "fern", "username": "fern"},
    ],
    ids=["nothing", "search", "instance", "poll", "tags", "edits", "account"],
)
def test_answers_of_other_kinds_hold_no_post_and_are_no_error(answer: object) -> None:
    batch = read("mastodon", json.dumps(answer).encode())
    assert (batch.items, batch.rejected) == ((), ())


def test_threads_notifications_conversations_and_streams_are_read() -> None:
    one = toot(1)
    stream = f":)\nevent: update\ndata: {json.dumps(one)}\n\n:thump\nevent: delete\ndata: 123\n\n".encode()
    socket = {"event": "update", "payload": json.dumps(one)}
    answers: list[object] = [{"ancestors": [one], "descendants": []}, [{"type": "mention", "status": one}]]
    answers += [{"unread": False, "last_status": one}, socket]
    for content in [*(json.dumps(answer).encode() for answer in answers), stream]:
        assert [post.native_id for post in read("mastodon", content).items] == [one["uri"]]
    lines = "\n".join(json.dumps(toot(n)) for n in (1, 2)).encode() + b"\n{broken}\n"
    batch = read("mastodon", lines)
    assert len(batch.items) == 2
    assert len(batch.rejected) == 1


def test_a_tombstone_is_a_deletion() -> None:
    gone = {"id": "https://toots.example/s/1", "type": "Tombstone"}
    for status, answer in ((200, gone), (410, gone), (200, {"type": "Delete", "object": gone})):
        batch = read("mastodon", json.dumps(answer).encode(), status)
        assert batch.items == (Deletion("mastodon", "https://toots.example/s/1"),)


def test_an_error_is_one_at_any_status_in_any_language() -> None:
    for status in (200, 401, 404, 410, 422):
        with pytest.raises(SourceError, match="見つかりません"):
            read("mastodon", '{"error": "見つかりません"}'.encode(), status)


def test_a_closed_timeline_asks_for_a_token() -> None:
    with pytest.raises(SourceError) as caught:
        read("mastodon", b'{"error": "This method requires an authenticated user"}', 422)
    assert "token" in caught.value.remedy


def test_the_limit_that_resets_says_when_to_come_back() -> None:
    with pytest.raises(SourceError) as caught:
        read("mastodon", b'{"error": "Too many requests"}', 429, {"X-RateLimit-Reset": "2026-03-03T12:02:30.000000Z"})
    assert (caught.value.retry_after, caught.value.permanent) == (150, False)


def test_one_bad_toot_leaves_the_others() -> None:
    bad = [toot(1), toot(2, uri=None), "toot", {**toot(3), "content": ["x"]}, toot(4, account="?", tags=7, poll=[1])]
    batch = read("mastodon", json.dumps(bad).encode())
    assert [post.native_id[-1] for post in batch.items] == ["1", "4"]
    assert len(batch.rejected) == 3


def test_a_walk_overlaps_the_mark_asks_its_own_instance_and_ends() -> None:
    source = Mastodon(instance="http://127.0.0.1:9/mirror", hashtags=("acme",))
    mark = 115_000_000_000_000_000
    request = source.start(source.searches(())[0], str(mark), NOW)
    assert request.url == "http://127.0.0.1:9/mirror/api/v1/timelines/tag/acme"
    assert request.params["since_id"] == str(mark - HOUR)

    newer = [toot(mark + 2), toot(mark + 1)]
    link = f'<https://elsewhere.example/api/v1/timelines/tag/acme?max_id={mark + 1}>; rel="next", <x>; rel="prev"'
    batch = parse(source, request, newer, link)
    assert batch.newest == str(mark + 2)
    (second,) = batch.requests
    assert second.url == request.url, "a Link header of the mirrored instance must not lead away"
    assert second.params == {**request.params, "max_id": str(mark + 1)}

    assert parse(source, second, [toot(mark)], link).requests == (), "the same page again is the end"
    assert parse(source, second, []).requests == ()
    past = f'<https://e.example/?max_id={mark - HOUR}>; rel="next"'
    assert parse(source, second, [toot(mark)], past).requests == ()


def test_a_mirror_without_a_link_header_is_walked_by_full_pages() -> None:
    source = Mastodon(hashtags=("acme",))
    request = source.start(Search("#acme", "acme"), "1", NOW)
    full = [toot(1000 - n) for n in range(40)]
    assert parse(source, request, full).requests[0].params["max_id"] == "961"
    assert parse(source, request, full[:39]).requests == ()


TAGS = {
    "Acme": "acme",
    "acme corp": "acmecorp",
    "#Wi-Fi": "wifi",
    "@acme@toots.example": "acme",
    "c++": "c",
    "größe": "größe",
    "東京": "東京",
    "365": None,
    "!?": None,
    "": None,
}


@pytest.mark.parametrize(("term", "tag"), TAGS.items())
def test_a_term_becomes_what_a_hashtag_may_be(term: str, tag: str | None) -> None:
    assert hashtag(term) == tag


def test_searches_come_from_the_watches_and_the_settings() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, '#AcmeCorp OR "acme corp" OR @acme')
    keys = [search.key for search in Mastodon(hashtags=("OpenSource",)).searches((watch,))]
    assert sorted(keys) == ["#acme", "#acmecorp", "#opensource"]


def test_the_token_stays_out_of_requests_and_of_print() -> None:
    source = Mastodon(token="s3cret", hashtags=("acme",))
    request = source.start(source.searches(())[0], "5", NOW)
    assert source.headers() == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in f"{request}{source}{source!r}{source.id}"


def test_base_url_says_the_same_as_instance() -> None:
    assert Mastodon(base_url="https://toots.example") == Mastodon(instance="https://toots.example")
    assert Mastodon(instance="https://toots.example").id == "mastodon:toots.example"


# -- the first visit ----------------------------------------------------------------------------------------------


def look_first(source: Mastodon, feeds: object, status: int = 200) -> object:
    request = source.start(Search("#acme", "acme"), None, NOW)
    assert request.url == "https://mastodon.social/api/v2/instance"
    body = {"domain": "x", "configuration": {"timelines_access": {"hashtag_feeds": feeds}}}
    return parse(source, request, body, status=status)


@pytest.mark.parametrize(
    ("feeds", "token", "remedy"),
    [
        ({"local": "public", "remote": "public"}, None, None),
        ({"local": "public", "remote": "authenticated"}, None, None),
        ({"local": "authenticated", "remote": "authenticated"}, None, "token"),
        ({"local": "authenticated", "remote": "disabled"}, None, "token"),
        ({"local": "authenticated", "remote": "authenticated"}, "s3cret", None),
        ({"local": "disabled", "remote": "disabled"}, None, "another"),
        ({"local": "disabled", "remote": "disabled"}, "s3cret", "another"),
        ("?", None, None),
        (None, None, None),
    ],
)
def test_the_first_visit_asks_whether_hashtags_are_shown(feeds: object, token: str | None, remedy: str | None) -> None:
    source = Mastodon(token=token)
    if remedy is None:
        (timeline,) = look_first(source, feeds).requests
        assert timeline.url == "https://mastodon.social/api/v1/timelines/tag/acme"
        assert parse(source, timeline, [toot(5)]).newest == "5"
        return
    with pytest.raises(SourceError, match="does not show") as caught:
        look_first(source, feeds)
    assert caught.value.permanent
    assert remedy in caught.value.remedy


def test_an_instance_that_says_nothing_of_itself_is_asked_for_its_timeline() -> None:
    source = Mastodon()
    assert len(look_first(source, None, status=404).requests) == 1
    request = source.start(Search("#acme", "acme"), None, NOW)
    assert len(read_page(source, Page(request, 200, b"<html>", request.url, NOW)).requests) == 1
    with pytest.raises(SourceError) as caught:
        look_first(source, None, status=503)
    assert not caught.value.permanent


# -- with a token ---------------------------------------------------------------------------------------------------


def test_without_a_token_nothing_streams_and_nothing_is_searched() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, "acme")
    for source in (Mastodon(stream_hashtags=True, search_words=True), Mastodon(token="s3cret")):
        (search,) = source.searches((watch,))
        assert source.stream(search, None, NOW) is None


def test_hashtags_stream_beside_their_visits_without_the_token_in_the_address() -> None:
    source = Mastodon(token="s3cret", stream_hashtags=True, hashtags=("Acme",))
    stream = source.stream(source.searches(())[0], "5", NOW)
    assert stream is not None
    assert (stream.url, stream.params) == ("https://mastodon.social/api/v1/streaming/hashtag", {"tag": "acme"})
    assert (stream.protocol, source.polls) == ("sse", True)
    assert "s3cret" not in repr(stream)
    elsewhere = Mastodon(token="s3cret", stream_hashtags=True, streaming="https://streams.example")
    found = elsewhere.stream(Search("#acme", "acme"), None, NOW)
    assert found is not None
    assert found.url == "https://streams.example/api/v1/streaming/hashtag"
    assert "https://streams.example" in list(elsewhere.origins())


def test_new_and_edited_toots_of_a_stream_are_read_and_its_bad_events_set_aside() -> None:
    edited = toot(1, edited_at="2026-03-02T11:00:00Z", content="<p>better</p>")
    events = [
        f"event: update\ndata: {json.dumps(toot(1))}",
        f"event: status.update\nid: 7\ndata: {json.dumps(edited)}",
        "event: delete\ndata: 1",
        "event: filters_changed\ndata: ",
        "event: update\ndata: {half",
        "event: update\ndata: [1]",
        f"event: update\ndata: {json.dumps(toot(2))}",
    ]
    batch = Mastodon().read_events(events, NOW)
    first, second, gone = batch.items
    assert [(post.native_id[-1], post.text) for post in (first, second)] == [("1", "better"), ("2", "toot 2")]
    assert gone == Deletion("mastodon", "https://toots.example/s/1")
    assert (len(batch.rejected), batch.newest) == (2, None)


def test_words_are_searched_for_with_a_token_back_to_the_mark() -> None:
    source = Mastodon(token="s3cret", search_words=True)
    watch = Watch("acme", "Acme", Role.BRAND, 'acme OR "bolt app"')
    words = [search for search in source.searches((watch,)) if search.key.startswith("search: ")]
    assert [search.terms for search in words] == ["acme", '"bolt app"']
    assert all(source.stream(search, None, NOW) is None for search in words)
    mark = 115_000_000_000_000_000
    request = source.start(words[0], str(mark), NOW)
    assert request.url == "https://mastodon.social/api/v2/search"
    assert request.params == {"limit": "40", "q": "acme", "type": "statuses", "min_id": str(mark - HOUR)}
    found = {"accounts": [], "hashtags": [], "statuses": [toot(mark + 40 - n) for n in range(40)]}
    batch = parse(source, request, found)
    assert batch.newest == str(mark + 40)
    assert batch.requests[0].params == {**request.params, "max_id": str(mark + 1)}
    assert parse(source, batch.requests[0], {"statuses": [], "accounts": [], "hashtags": []}).requests == ()
    assert source.start(words[0], None, NOW).params == {"limit": "40", "q": "acme", "type": "statuses"}


def test_a_mark_of_a_time_lies_between_the_toots_before_and_after_it() -> None:
    marks = [int(Mastodon().mark_at(NOW + timedelta(seconds=n)) or 0) for n in (-1, 0, 1)]
    assert marks == sorted(set(marks))
    assert marks[1] >> 16 == int(NOW.timestamp() * 1000)


def stream_of(source: Mastodon, *events: str):
    return source.read_events(events, NOW).items


def test_a_deletion_is_obeyed_of_any_toot_that_was_read_by_whatever_way() -> None:
    source = Mastodon(hashtags=("acme",))
    parse(source, source.start(Search("#acme", "acme"), "1", NOW), [toot(8, reblog=toot(9)), toot(7)])
    assert stream_of(source, f"event: update\ndata: {json.dumps(toot(6))}")
    for local in (6, 7, 9):
        expected = Deletion("mastodon", f"https://toots.example/s/{local}")
        assert stream_of(source, f"event: delete\ndata: {local}") == (expected,)
    (unknown,) = stream_of(source, "event: delete\ndata: 555")
    assert unknown == Deletion("mastodon", "mastodon.social/555"), "the store may know it by that name"
    (post,) = stream_of(source, f"event: update\ndata: {json.dumps(toot(555))}")
    assert post.aliases == (unknown.native_id,)


def test_what_separates_lines_elsewhere_is_text_in_a_toot() -> None:
    odd = toot(1, content="<p>one\u2028two\u0085three</p>")
    (post,) = stream_of(Mastodon(), f"event: update\ndata: {json.dumps(odd, ensure_ascii=False)}")
    assert "two" in post.text


def test_a_toot_answers_one_that_is_known_or_nobody() -> None:
    source = Mastodon(hashtags=("acme",))
    request = source.start(Search("#acme", "acme"), "1", NOW)
    (answer,) = parse(source, request, [toot(12, in_reply_to_id="11")]).items
    assert answer.reply_to is None, "11 is what this server calls it, and no toot's id"
    parse(source, request, [toot(11)])
    (answer,) = parse(source, request, [toot(12, in_reply_to_id="11")]).items
    assert answer.reply_to == "https://toots.example/s/11"


def test_toots_are_looked_at_again_by_what_the_instance_calls_them() -> None:
    source = Mastodon(instance="https://toots.example", hashtags=("acme",))
    own, far = "https://toots.example/users/fern/statuses/77", "https://far.example/s/5"
    parse(source, source.start(Search("#acme", "acme"), "1", NOW), [toot(5, uri=far)])
    first, second, third = source.look_again([own, far, "https://far.example/s/6", "toots.example/88", "x.example/9"])
    assert (third.url[-3:], third.note) == ("/88", {"look": "toots.example/88"}), "as it is called here, from the store"
    statuses = "https://toots.example/api/v1/statuses"
    assert (first.url, second.url) == (f"{statuses}/77", f"{statuses}/5")
    assert parse(source, second, {"error": "Record not found"}, status=404).items == (Deletion("mastodon", far),)
    edited = parse(source, first, toot(77, uri=own, content="<p>better</p>"))
    assert ([post.text for post in edited.items], edited.newest) == (["better"], None)


def test_an_empty_page_with_a_next_one_is_not_the_end() -> None:
    source = Mastodon(hashtags=("acme",))
    request = source.start(Search("#acme", "acme"), "1", NOW)
    link = '<https://x/api/v1/timelines/tag/acme?max_id=900>; rel="next"'
    (older,) = parse(source, request, [], link).requests
    assert older.params["max_id"] == "900"
    assert parse(source, older, []).requests == ()

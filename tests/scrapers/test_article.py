"""The main text of an article, and feeds that read it: once for each entry, and the feed's own words where it fails."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace

import pytest

from insight.model import Post
from scrapers.answers import read_page
from scrapers.base import NOT_FETCHED, Batch, Page, Request, Search, SourceError
from scrapers.formats.values import digest
from scrapers.news.feed import Feed
from scrapers.news.feed_fulltext import ARTICLES
from scrapers.pages import article
from tests.scrapers.http_door import Time, get, open_door
from tests.scrapers.samples import NOW
from tests.world.web import Reply, World

pytest.importorskip("trafilatura", reason="the extra `articles` is not installed")

FEED = "https://news.example/feed.xml"
PARAGRAPHS = [
    f"Acme Notes has been rewritten from the ground up, says paragraph {n}, and it now opens large notebooks in less "
    "than a second, which testers of the earlier version had asked for again and again over the last two years."
    for n in range(4)
]
ARTICLE = f"""<!doctype html><html><head><title>Acme Notes 4</title><script>track()</script></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<div class="cookie-banner"><p>We value your privacy. <button>Accept</button></p></div>
<article><h1>Acme Notes 4</h1>{"".join(f"<p>{said}</p>" for said in PARAGRAPHS)}</article>
<aside><a href="/other">Ten other stories you may like</a></aside>
<footer><p>Copyright Example News</p></footer></body></html>"""


def entry(number: int, date: str = "Mon, 02 Mar 2026 09:00:00 GMT", text: str = "A few words.") -> str:
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    link = f"https://news.example/{number}"
    return f"<item><title>Story {number}</title><link>{link}</link><description>{text}</description>{dated}</item>"


def rss(*entries: str) -> bytes:
    return f"<rss version='2.0'><channel><title>News</title>{''.join(entries)}</channel></rss>".encode()


def visit(content: bytes, since: str | None = None, **settings: object) -> Batch:
    source = Feed(url=FEED, **{"full_text": True, **settings})
    return read_page(source, Page(source.start(Search(), since, NOW), 200, content, FEED, NOW))


def answer(request: Request, content: str | bytes, status: int = 200, kind: str = "text/html") -> Post:
    body = content if isinstance(content, bytes) else content.encode()
    page = Page(request, status, body, request.url, NOW, {"content-type": f"{kind}; charset=utf-8"})
    (post,) = read_page(Feed(url=FEED, full_text=True), page).items
    assert isinstance(post, Post)
    return post


def test_the_text_of_an_article_comes_without_what_stands_around_it() -> None:
    found = article.main_text(ARTICLE)
    assert found is not None
    assert all(said in found for said in PARAGRAPHS)
    assert not any(said in found for said in ("Home", "privacy", "Ten other", "Copyright", "track()"))


def test_a_page_without_an_article_has_no_text() -> None:
    for markup in ("", "<html></html>", "\0"):
        assert not article.main_text(markup)


def test_a_new_entry_comes_with_the_text_of_its_page() -> None:
    (request,) = visit(rss(entry(1))).requests
    assert (request.url, request.article) == ("https://news.example/1", True)
    assert Request.from_json(request.to_json()) == request
    (plain,) = visit(rss(entry(1)), full_text=False).items
    assert isinstance(plain, Post)
    assert answer(request, ARTICLE) == replace(plain, text=article.main_text(ARTICLE))


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (ARTICLE, 404, "text/html"),
        (ARTICLE, NOT_FETCHED, "text/html"),
        (ARTICLE, 200, "application/pdf"),
        ("<html><body>no</body></html>", 200, "text/html"),
        (b"", 200, "text/html"),
        (b"\xff\xfe\0\0" * 99, 200, "text/html"),
    ],
)
def test_where_the_article_cannot_be_read_the_feeds_own_text_stays(content: str, status: int, kind: str) -> None:
    (request,) = visit(rss(entry(1))).requests
    assert answer(request, content, status, kind).text == "A few words."


def test_an_entry_is_read_once_also_when_it_is_late_or_has_no_date() -> None:
    first = visit(rss(entry(1), entry(2, date="")))
    assert [request.url for request in first.requests] == ["https://news.example/1", "https://news.example/2"]
    assert first.newest is not None
    again = visit(rss(entry(1), entry(2, date="")), first.newest)
    assert (again.items, again.requests) == ((), ())
    late = visit(rss(entry(1), entry(2, date=""), entry(3, date="Mon, 01 Jan 2024 09:00:00 GMT")), first.newest)
    assert [request.url for request in late.requests] == ["https://news.example/3"]


def test_what_is_too_much_for_one_visit_stays_as_the_feed_gives_it() -> None:
    content = rss(*(entry(n) for n in range(30)))
    batch = visit(content)
    assert len(batch.requests) == ARTICLES < Feed.max_pages
    assert {p.native_id for p in batch.items if isinstance(p, Post)} == {
        f"https://news.example/{n}" for n in range(8, 30)
    }
    assert visit(content, batch.newest).items == ()


def test_an_entry_that_is_the_whole_article_is_not_asked_for() -> None:
    batch = visit(rss(entry(1, text="word " * 500)))
    assert batch.requests == ()
    assert len(batch.items) == 1


def test_a_mark_of_the_time_before_full_texts_is_understood() -> None:
    assert len(visit(rss(entry(1)), "2026-03-02T09:00:00+00:00").requests) == 1
    mark = visit(rss(entry(1))).newest
    assert visit(rss(entry(2)), mark, full_text=False).items
    assert digest("x") not in str(mark)


def test_without_the_extra_the_source_says_which_one_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(SourceError, match="extra `articles`") as caught:
        visit(rss(entry(1)))
    assert caught.value.permanent
    assert "listener[articles]" in caught.value.remedy
    assert visit(rss(entry(1)), full_text=False).items


async def door_for_articles(answers: dict[str, Reply]) -> list[Page]:
    """What the door gives for the articles at these paths."""
    async with World() as world, open_door((world.url,)) as door:
        for path, reply in answers.items():
            world.route(path, reply)
        requests = [Request(world.url + path, article=True) for path in answers if path != "/robots.txt"]
        return [await door.fetch(request, headers={}, terms_pace=0) for request in requests]


def test_the_door_asks_robots_txt_before_an_article_and_fails_for_none() -> None:
    rules = Reply.text("User-agent: *\nDisallow: /closed")
    pages = asyncio.run(
        door_for_articles({"/robots.txt": rules, "/open": Reply.text("yes"), "/closed": Reply.text("no")})
    )
    assert [page.status for page in pages] == [200, NOT_FETCHED]
    assert "robots.txt" in pages[1].text
    assert pages[1].body != b"no"


def test_an_article_at_a_private_address_is_not_asked_for() -> None:
    async def ask() -> Page:
        async with World() as world, open_door(time=Time()) as door:
            page = await door.fetch(Request(world.url + "/x", article=True), headers={}, terms_pace=0)
            assert world.ledger == []
            with pytest.raises(SourceError):
                await get(door, world.url + "/x")
            return page

    assert asyncio.run(ask()).status == NOT_FETCHED


@pytest.mark.sampled(cases=2)
@pytest.mark.parametrize(
    "markup",
    [
        "<article><p>" + "<span>a</span> " * 60_000,
        "<article>" + "<section class=article-body><p>text, more text</section>" * 18_000,
        "<p " + " ".join(f"a{n}" for n in range(65_000)) + ">hello",
        "<article>" + "<ul><li>a</ul>word" * 50_000,
        "<article>" + "<h2>a</h2>word" * 60_000,
    ],
    ids=lambda markup: markup[:30],
)
def test_a_hostile_megabyte_takes_no_seconds(markup: str) -> None:
    began = time.process_time()
    article.main_text(markup)
    assert time.process_time() - began < 4

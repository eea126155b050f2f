"""GDELT: slices of time, refusals in plain text with 200, and headlines put together again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from insight.model import Gap, Post, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Access, Batch, Page, Request, Search, SourceError
from scrapers.news.gdelt import Gdelt, mended
from scrapers.news.gdelt_names import country
from scrapers.saved import read_saved
from tests.contracts.sources import assert_sound
from tests.scrapers.samples import NOW, body, read
from tests.shared import REAL, needs_recordings

SOURCE = Gdelt()
STEP = timedelta(minutes=15)


def article(number: int, at: datetime) -> dict[str, object]:
    return {
        "url": f"https://news.example/{number}",
        "title": f"article {number}",
        "seendate": at.strftime("%Y%m%dT%H%M%SZ"),
    }


def answered(request: Request, content: object, status: int = 200) -> Batch:
    said = content if isinstance(content, str) else json.dumps(content)
    return read_page(SOURCE, Page(request, status, said.encode(), request.url, NOW))


def begin(since: timedelta | None) -> Request:
    return SOURCE.start(Search("acme", "acme"), SOURCE.mark_at(NOW - since) if since else None, NOW)


def server(articles: list[dict[str, object]], request: Request) -> list[dict[str, object]]:
    """GDELT in small: newest first, both ends of a slice counted in, 250 at most."""
    low, high = (
        datetime.strptime(request.params[name], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        for name in ("startdatetime", "enddatetime")
    )
    low_, high_ = low.strftime("%Y%m%dT%H%M%SZ"), high.strftime("%Y%m%dT%H%M%SZ")
    found = [one for one in articles if low_ <= str(one["seendate"]) <= high_]
    return sorted(found, key=lambda one: str(one["seendate"]), reverse=True)[: int(request.params["maxrecords"])]


def walk(articles: list[dict[str, object]], request: Request) -> tuple[set[str], list[Gap], int]:
    waiting, seen, gaps, pages = [request], set(), [], 0
    while waiting:
        request = waiting.pop()
        batch = answered(request, {"articles": server(articles, request)})
        seen |= {item.native_id for item in batch.items if isinstance(item, Post)}
        gaps += [item for item in batch.items if isinstance(item, Gap)]
        waiting += batch.requests
        pages += 1
        assert pages < 50, "the walk goes round"
    return seen, gaps, pages


def test_it_is_off_until_its_terms_are_accepted() -> None:
    assert Gdelt.terms.access is Access.GREY
    assert Gdelt.terms.pace >= 5


def test_slices_of_time_miss_no_article() -> None:
    articles = [article(n, NOW - STEP * (n // 100 + 1)) for n in range(1000)]  # ends within a quarter of an hour
    seen, gaps, pages = walk(articles, begin(timedelta(hours=12)))
    assert len(seen) == 1000
    assert gaps == []
    assert pages <= 8


def test_more_in_a_quarter_of_an_hour_than_a_list_holds_is_a_gap_and_not_the_end() -> None:
    crowded = NOW - STEP * 4
    articles = [article(n, crowded) for n in range(400)] + [article(999, crowded - STEP)]
    seen, gaps, _ = walk(articles, begin(timedelta(hours=12)))
    assert "https://news.example/999" in seen
    assert [(gap.since, gap.until) for gap in gaps] == [(crowded - STEP, crowded)]


def test_a_walk_goes_behind_its_mark_but_not_behind_what_there_is() -> None:
    assert begin(timedelta(hours=5)).params["startdatetime"] == "20260303050000"
    assert answered(begin(timedelta(days=80)), {}).items == ()
    (gap,) = answered(begin(timedelta(days=100)), {}).items
    assert isinstance(gap, Gap)
    assert (gap.since, gap.until) == (NOW - timedelta(days=100), NOW - timedelta(days=90))


def test_nothing_found_is_no_error() -> None:
    for content in ("{}", '{"articles": []}'):
        assert answered(begin(None), content) == Batch()


@pytest.mark.parametrize(
    ("says", "permanent"),
    [
        ("Please limit requests to one every 5 seconds or contact us for larger queries.", False),
        ("The specified phrase is too short.", True),
        ("Parentheses may only be used around OR'd statements.", True),
        ("Queries containing OR'd terms must be surrounded by ().", True),
        ("One or more of your keywords contained an illegal character.", True),
        ("Something that nobody has seen before.", False),
    ],
)
def test_what_it_says_in_plain_text_is_an_error(says: str, permanent: bool) -> None:
    with pytest.raises(SourceError, match=says[:12]) as caught:
        answered(begin(None), says)
    assert caught.value.permanent is permanent
    assert bool(caught.value.remedy) is permanent


def test_json_with_wrong_escapes_in_a_title_is_read_all_the_same() -> None:
    (post,) = answered(
        begin(None), '{"articles": [{"url": "https://a.example/1", "title": "Acme\\\' plant\tgrows"}]}'
    ).items
    assert isinstance(post, Post)
    assert post.title == "Acme\\' plant grows"


@pytest.mark.parametrize(
    ("tokens", "printed"),
    [
        ("Acme opens , Bolt waits ; who wins ?", "Acme opens, Bolt waits; who wins?"),
        ("Acme ( the maker ) grows 3.5 %", "Acme (the maker) grows 3.5%"),
        ("Acme ' s chief doesn ' t know", "Acme's chief doesn't know"),
        ("Sales of 3 . 5 million , says U . S . maker", "Sales of 3.5 million, says U.S. maker"),
        ("Acme - Bolt  merger", "Acme - Bolt merger"),
    ],
)
def test_a_headline_is_as_it_was_printed(tokens: str, printed: str) -> None:
    assert mended(tokens) == printed
    assert mended(printed) == printed


def test_an_article_is_the_one_that_its_sites_feed_has() -> None:
    first, second = read("gdelt", body("gdelt", "artlist.json")).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert first.url == "https://www.daily.example/tech/acme-opens"
    assert (first.language, first.country, first.author) == ("en", "GB", "daily.example")
    assert second.title == "Acme : une usine de plus"
    link = "http://journal.example/acme?id=7&amp;utm_source=rss"
    feed = f"<rss version='2.0'><channel><item><title>Acme</title><link>{link}</link></item></channel></rss>"
    (same,) = read("feed", feed.encode()).items
    assert isinstance(same, Post)
    assert same.key == second.key


def test_countries_are_known_however_they_are_written() -> None:
    assert [country(name) for name in ("United States", "Côte d'Ivoire", "Guinea-Bissau", "Atlantis", "")] == [
        "US",
        "CI",
        "GW",
        None,
        None,
    ]


def test_searches_are_such_as_it_takes() -> None:
    watch = Watch("a", "A", Role.BRAND, '(acme OR "big bolt" OR coca-cola OR ai) lang:de')
    (search,) = SOURCE.searches((watch,))
    assert SOURCE.start(search, None, NOW).params["query"] == 'sourcelang:deu (acme OR "big bolt" OR "coca cola")'
    assert Gdelt().searches((Watch("b", "B", Role.BRAND, "ai"),)) == ()


@needs_recordings
def test_the_recording_is_read_rightly() -> None:
    file = REAL / "gdelt/doc_artlist_2026_08.json"
    batch = read_saved("gdelt", file.read_bytes(), now=NOW.replace(year=2027))
    assert_sound(batch)
    assert batch.rejected == ()
    posts = [item for item in batch.items if isinstance(item, Post)]
    assert [post.country for post in posts] == ["GR", "US", "IN", "IN", "CN"]
    assert {post.language for post in posts} == {"en"}
    assert not [post for post in posts if ":443" in post.native_id or "title=" in post.native_id]
    assert posts[2].title == "US announces new Iran sanctions; Tehran hits back, calls them state terrorism"

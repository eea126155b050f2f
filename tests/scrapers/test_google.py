"""Google News and Google Alerts: links taken out of Google's own, headlines without their tail, windows and gaps."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from insight.model import Gap, Post, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Access, Batch, Page, Search, Source, SourceError
from scrapers.news.google_alerts import GoogleAlerts
from scrapers.news.google_news import GoogleNews
from scrapers.saved import read_saved
from tests.contracts.sources import assert_sound
from tests.scrapers.samples import NOW, body, read
from tests.shared import REAL, needs_recordings

ALERT = GoogleAlerts(url="https://www.google.com/alerts/feeds/1234567890/987654321")


def rss(times: list[datetime]) -> bytes:
    items = (
        f"<item><title>article {n} - Daily</title><link>https://news.google.com/rss/articles/C{n}?oc=5</link>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate><source url='https://daily.example'>Daily</source></item>"
        for n, at in enumerate(times)
    )
    return f"<rss version='2.0'><channel><title>x</title>{''.join(items)}</channel></rss>".encode()


def answered(source: Source, since: timedelta | None, content: bytes) -> Batch:
    mark = (NOW - since).isoformat(timespec="seconds") if since else None
    request = source.start(next(iter(source.searches(()))), mark, NOW)
    return read_page(source, Page(request, 200, content, request.url, NOW))


def gaps(batch: Batch) -> list[Gap]:
    return [item for item in batch.items if isinstance(item, Gap)]


# -- Google News ------------------------------------------------------------------------------------------------------


def test_google_news_is_off_until_its_terms_are_accepted() -> None:
    assert GoogleNews.terms.access is Access.GREY
    assert "personal, non-commercial" in GoogleNews.terms.summary


def test_a_headline_loses_its_publisher_and_nothing_else() -> None:
    first, second = read("google_news", body("google_news", "search.xml")).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.title, first.author) == ("Acme opens a third plant - or does it?", "The Daily Example")
    assert (second.title, second.author) == ("Bolt waits", "Journal")
    assert first.links == ("https://www.daily.example",)
    assert first.url == "https://news.google.com/rss/articles/CBMiAAA?oc=5"


def test_headlines_of_others_below_an_article_are_no_text_of_it() -> None:
    assert [
        post.text for post in read("google_news", body("google_news", "search.xml")).items if isinstance(post, Post)
    ] == [
        "",
        "",
    ]


def test_a_first_visit_goes_some_days_back_and_the_next_to_the_mark() -> None:
    source = GoogleNews(queries=["acme"], days=3)
    assert source.start(Search("acme", "acme"), None, NOW).params["q"] == "acme when:3d"
    later = source.start(Search("acme", "acme"), "2026-03-01T09:00:00+00:00", NOW)
    assert later.params["q"] == "acme after:2026-02-28"
    (search,) = GoogleNews().searches((Watch("a", "A", Role.BRAND, "acme OR bolt"),))
    assert GoogleNews().start(search, None, NOW).params["q"] == "(acme OR bolt) when:7d"


@pytest.mark.parametrize(
    ("settings", "edition"),
    [
        ({}, "US:en"),
        ({"hl": "de", "gl": "de"}, "DE:de"),
        ({"hl": "pt-BR", "gl": "BR"}, "BR:pt-419"),
        ({"ceid": "XY:z"}, "XY:z"),
    ],
)
def test_an_edition_is_a_country_and_a_language(settings: dict[str, str], edition: str) -> None:
    source = GoogleNews(**settings)
    assert source.start(Search("acme", "acme"), None, NOW).params["ceid"] == edition
    assert source.id == f"google_news:{edition}"


def test_a_search_of_a_hundred_articles_was_cut_wherever_they_reach_to() -> None:
    source, day = GoogleNews(queries=["acme"]), timedelta(days=1)
    full = rss([NOW - timedelta(minutes=n) for n in range(100)])
    (gap,) = gaps(answered(source, day, full))
    assert (gap.since, gap.until) == (NOW - day, NOW), "the least relevant are left out, not the oldest"
    (gap,) = gaps(answered(source, timedelta(minutes=50), full))
    assert gap.since == NOW - timedelta(minutes=50)
    (gap,) = gaps(answered(source, None, full))
    assert (gap.since, "make it narrower" in gap.reason) == (NOW - 7 * day, True)
    assert gaps(answered(source, day, rss([NOW - timedelta(minutes=n) for n in range(40)]))) == []


def test_nothing_found_is_no_error_and_a_page_for_people_is_one() -> None:
    assert answered(GoogleNews(queries=["acme"]), None, rss([])) == Batch()
    with pytest.raises(SourceError, match="Before you continue"):
        read("google_news", b"<html><title>Before you continue</title><body>consent</body></html>")


# -- Google Alerts ----------------------------------------------------------------------------------------------------


def test_an_article_of_an_alert_is_the_one_that_its_sites_feed_has() -> None:
    first, second = read("google_alerts", body("google_alerts", "alert.xml")).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.title, first.author) == ("Why Acme opens a third plant", None)
    assert (second.title, second.text) == ("Acme & Bolt", "Both Acme and Bolt.")
    link = "https://www.daily.example/tech/acme-opens"
    feed = f"<rss version='2.0'><channel><item><title>x</title><link>{link}</link></item></channel></rss>"
    (same,) = read("feed", feed.encode()).items
    assert isinstance(same, Post)
    assert same.key == first.key


def test_an_alert_is_asked_every_quarter_of_an_hour_at_most_and_its_address_is_not_shown() -> None:
    with pytest.raises(ValidationError, match="every"):
        GoogleAlerts(url=ALERT.url, every=300)
    assert ALERT.default_every >= 900
    assert ALERT.id == "google_alerts:987654321"
    with pytest.raises(ValidationError, match="url"):
        GoogleAlerts(url="https://www.google.com/alerts")


def test_twenty_finds_that_do_not_reach_the_mark_are_a_gap() -> None:
    twenty = rss([NOW - timedelta(hours=n) for n in range(20)])
    (gap,) = gaps(answered(ALERT, timedelta(days=3), twenty))
    assert (gap.since, gap.until) == (NOW - timedelta(days=3), NOW - timedelta(hours=19))
    assert gaps(answered(ALERT, timedelta(hours=5), twenty)) == []
    assert gaps(answered(ALERT, None, twenty)) == []


# -- recordings -------------------------------------------------------------------------------------------------------


@needs_recordings
@pytest.mark.parametrize(
    ("kind", "file", "count"),
    [
        ("google_news", "google_news/rss_search_bears_ears_2026_07.xml", 92),
        ("google_alerts", "google_alerts/google_alert_slack_2019.xml", 20),
    ],
)
def test_a_recording_is_read_as_a_person_counts_it(kind: str, file: str, count: int) -> None:
    batch = read_saved(kind, (REAL / file).read_bytes(), now=NOW.replace(year=2027))
    assert_sound(batch)
    assert batch.rejected == ()
    posts = [item for item in batch.items if isinstance(item, Post)]
    assert len(posts) == count
    if kind == "google_news":
        assert not [post for post in posts if not post.author or (post.title or "").endswith(f"- {post.author}")]
    else:
        assert not [post for post in posts if "google.com" in post.native_id or "<b>" in f"{post.title}{post.text}"]

"""The week as data: honest about change, sentiment and what is missing; private posts stay private."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.digest import SourceWeek, WatchWeek, compose, due_period, week_before
from insight.model import Alert, AlertState, Gap, Label, Role, SignalKind, Visibility
from insight.source_health.trouble import SourceHour
from tests.insight.small_worlds import ACME, DAY, HOUR, MONDAY, stored

PERIOD = week_before((MONDAY + 7 * DAY).date(), 8, "Europe/Paris")
WEEK = WatchWeek(
    ACME,
    {"hn": {Label.NEGATIVE: 30, Label.POSITIVE: 50}, "feed": {Label.NEUTRAL: 20, Label.UNKNOWN: 8}},
    {"hn": {Label.NEGATIVE: 100}},
    days=[20, 18, 22, 19, 15, 8, 6],
    days_before=[19, 17, 20, 18, 14, 7, 5],
    authors=90,
    stories=80,
)


def alert(key: str, kind: SignalKind, watch: str | None, headline: str) -> Alert:
    at = PERIOD.start + DAY
    return Alert(f"id {key}", key, kind, watch, None, AlertState.OPENED, headline, at, at)


def visited(failed: range = range(0), away: range = range(0)) -> list[SourceHour]:
    hours = [PERIOD.start + i * HOUR for i in range(168)]
    return [SourceHour(hour, 12, 12 if i in failed else 0, 1) for i, hour in enumerate(hours) if i not in away]


def test_a_small_change_is_within_the_usual_range_and_a_large_one_is_not() -> None:
    (watch,) = compose(PERIOD, [WEEK]).watches
    assert watch.change.sentence == "108 mentions, 8 more than the week before (+8%): within its usual range"
    large = replace(WEEK, totals={"hn": {Label.NEGATIVE: 260}}, days=[50, 45, 52, 46, 35, 18, 14])
    (watch,) = compose(PERIOD, [large]).watches
    assert watch.change.unusual
    assert watch.change.sentence.endswith("(+160%): more than chance explains")


def test_the_same_change_of_a_moody_watch_is_usual() -> None:
    even = replace(WEEK, totals={"hn": {Label.NEGATIVE: 150}}, days=[22] * 6 + [18], days_before=[15] * 6 + [10])
    moody = replace(even, days=[2, 90, 3, 40, 5, 8, 2], days_before=[30, 2, 20, 3, 4, 40, 1])
    assert compose(PERIOD, [even]).watches[0].change.unusual
    assert not compose(PERIOD, [moody]).watches[0].change.unusual


def test_without_a_whole_week_before_nothing_is_compared() -> None:
    (watch,) = compose(PERIOD, [replace(WEEK, known_before=False)]).watches
    assert watch.change.before is None
    assert "no whole week before" in watch.change.sentence


def test_few_mentions_are_not_said_in_percent() -> None:
    few = replace(WEEK, totals={"hn": {Label.NEGATIVE: 6}}, totals_before={"hn": {Label.NEGATIVE: 2}}, days=())
    assert "%" not in compose(PERIOD, [few]).watches[0].change.sentence


def test_sentiment_says_how_much_is_unknown() -> None:
    (watch,) = compose(PERIOD, [WEEK]).watches
    assert watch.shares.sentence == "30% negative, 20% neutral, 50% positive of 100 understood; 8 unknown"
    assert watch.by_source == (("hn", 80), ("feed", 28))
    assert watch.shares.known + watch.shares.unknown == watch.change.now


def test_three_quotes_from_distinct_stories_the_most_engaging_first() -> None:
    at = PERIOD.start + HOUR
    top = [stored(f"{i}", at, f"text {i}", likes=i, story=f"story {i // 2}") for i in range(10)]
    quotes = compose(PERIOD, [replace(WEEK, top=top)]).watches[0].quotes
    assert [quote.text for quote in quotes] == ["text 9", "text 7", "text 5"]


def test_private_posts_are_counted_but_not_quoted_where_only_public_ones_may_be() -> None:
    at = PERIOD.start + HOUR
    top = [
        stored("ticket", at, "secret", likes=9, visibility=Visibility.PRIVATE),
        stored("toot", at, "open", likes=1),
    ]
    week = replace(WEEK, top=top)
    assert [quote.text for quote in compose(PERIOD, [week]).watches[0].quotes] == ["secret", "open"]
    public = compose(PERIOD, [week], public_only=True)
    assert "secret" not in str(public)
    assert [quote.text for quote in public.watches[0].quotes] == ["open"]
    assert public.watches[0].private == 1


def test_what_happened_stands_with_its_watch_and_in_the_headline() -> None:
    rival = replace(WEEK, watch=replace(ACME, id="rival", name="Rival", role=Role.COMPETITOR))
    alerts = [
        alert("spike:acme:1", SignalKind.SPIKE, "acme", "Negative mentions of Acme: 41 in 6 hours"),
        alert("silence:hn", SignalKind.SILENCE, None, "hn has failed for 9 hours"),
    ]
    digest = compose(PERIOD, [rival, WEEK], alerts)
    assert [event.headline for event in digest.watches[1].events] == ["Negative mentions of Acme: 41 in 6 hours"]
    assert digest.watches[0].events == ()
    assert [event.kind for event in digest.events] == [SignalKind.SILENCE]
    assert digest.headline.startswith("Acme: 108 mentions")
    assert digest.headline.endswith("2 alerts")


def test_coverage_says_what_may_be_missing() -> None:
    tuesday = 25
    gap = Gap(PERIOD.start + 3 * DAY, PERIOD.start + 3 * DAY + 2 * HOUR, "the window did not reach back")
    sources = [
        SourceWeek("feed", visited(away=range(100, 110)), [gap]),
        SourceWeek("hn", visited(range(tuesday, tuesday + 9), away=range(100, 110))),
    ]
    assert compose(PERIOD, [WEEK], (), sources).coverage == (
        "Listener was not running for 10 h from Friday 12:00: numbers may be low.",
        "feed: posts from Thursday 08:00 to Thursday 10:00 may be missing (the window did not reach back).",
        "hn was unreachable for 9 h from Tuesday 09:00: numbers may be low.",
    )
    assert compose(PERIOD, [WEEK], (), [SourceWeek("hn", visited(range(5, 7)))]).coverage == ()
    assert compose(PERIOD, [WEEK], (), [SourceWeek("hn", visited(range(5, 7)), undated=15)]).coverage == (
        "hn: posts that name no time (15) count on the day they came.",
    )
    assert "not running for 168 h" in compose(PERIOD, [WEEK], (), [SourceWeek("hn", ())]).coverage[0]


def test_nothing_at_all_is_a_digest_too() -> None:
    digest = compose(PERIOD, [])
    assert (digest.headline, digest.watches, digest.coverage) == ("Nothing is being watched", (), ())
    (watch,) = compose(PERIOD, [WatchWeek(ACME, {}, {})]).watches
    assert watch.change.sentence == "0 mentions, as many as the week before"
    assert watch.shares.sentence == "sentiment unknown"


def test_a_week_is_named_by_the_week_in_which_it_begins() -> None:
    period = due_period(datetime(2026, 2, 16, 9, 0, tzinfo=UTC), 0, 8, "Europe/Paris")
    assert period.key == "2026-W07 Europe/Paris"
    assert (period.start, period.end) == (datetime(2026, 2, 9, 7, tzinfo=UTC), datetime(2026, 2, 16, 7, tzinfo=UTC))
    assert period.before().end == period.start


@pytest.mark.parametrize(
    ("end", "hours"), [(datetime(2026, 3, 30, tzinfo=UTC), 167), (datetime(2026, 10, 26, tzinfo=UTC), 169)]
)
def test_a_week_in_which_the_clocks_change_is_an_hour_shorter_or_longer(end: datetime, hours: int) -> None:
    period = due_period(end + 12 * HOUR, 0, 8, "Europe/Paris")
    assert period.end - period.start == hours * HOUR
    assert [day.astimezone(ZoneInfo("Europe/Paris")).hour for day, _ in period.days()] == [8] * 7
    assert period.days()[-1][1] == period.end


ZONES = st.sampled_from(
    ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.integers(0, 6), st.integers(0, 23), ZONES)  # noqa: DTZ001 - hypothesis draws naive times
def test_the_due_period_has_just_ended_and_each_minute_belongs_to_one(
    naive: datetime, weekday: int, hour: int, zone: str
) -> None:
    now = naive.replace(tzinfo=UTC)
    period = due_period(now, weekday, hour, zone)
    assert period.end <= now < period.end + timedelta(days=7, hours=2)
    assert due_period(period.end, weekday, hour, zone) == period
    before = due_period(period.end - timedelta(minutes=1), weekday, hour, zone)
    assert before.end == period.start
    assert before.key != period.key


def test_a_filter_is_said_and_what_did_not_arrive() -> None:
    assert compose(PERIOD, [WEEK]).quoting == ""
    filtered = compose(PERIOD, [WEEK], query="lang:en", undelivered=["team: it is down"])
    assert filtered.quoting == "Figures count all posts; quoted are only those that match: lang:en"
    assert filtered.undelivered == ("team: it is down",)

"""The digest reads well as text and as a page, and strangers' words stay words in both."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.base import Message
from alerts.digests import days, digest_message, shares, spark
from alerts.render import html, plain
from insight.digest import Digest, Event, SourceWeek, WatchWeek, compose
from insight.model import Label, Role, SignalKind, Watch
from insight.periods import week_before
from insight.source_health.trouble import SourceHour
from tests.alerts.samples import HOUR, NOW, WATCH, message, quote

PERIOD = week_before(date(2025, 3, 3), 9, "Europe/Berlin")
TOTALS = {"mastodon": {Label.NEGATIVE: 30, Label.NEUTRAL: 60, Label.POSITIVE: 10}, "hackernews": {Label.NEUTRAL: 12}}
BEFORE = {"mastodon": {Label.NEGATIVE: 10, Label.NEUTRAL: 50, Label.POSITIVE: 20}}
HEARD = [SourceHour(PERIOD.start + HOUR * number, 1, 0, 1) for number in range(168)]


def digest(name: str = "Lanternfish") -> Digest:
    watch = replace(WATCH, name=name)
    rival = Watch("w2", "Anglerfish", Role.COMPETITOR, "anglerfish", "Europe/Berlin")
    week = WatchWeek(watch, TOTALS, BEFORE, (10, 12, 9, 40, 21, 12, 8), (12, 12, 11, 10, 13, 11, 11), 81, 97)
    found = compose(PERIOD, (week, WatchWeek(rival, {}, {}, (0,) * 7, (0,) * 7)), (), (SourceWeek("mastodon", HEARD),))
    own = replace(
        found.watches[0],
        quotes=(quote("the new update eats my battery " * 20), quote("short", 2, url=None, author=None)),
        events=(Event(SignalKind.SPIKE, "Negative mentions of Lanternfish: 42 in 1 hour", "a1"),),
    )
    coverage = ("mastodon was unreachable for 5 h on Tuesday: numbers may be low.",)
    lost = ("team was not told since Monday: 42 in 1 hour (channel_not_found)",)
    return replace(found, watches=(own, found.watches[1]), coverage=coverage, undelivered=lost)


def test_the_text_fits_a_terminal_and_says_everything() -> None:
    text = digest_message(digest(), NOW, id="d").body
    assert max(len(line) for line in text.splitlines() if "https://" not in line) <= 76
    for part in ("Lanternfish\n-----------", "112 mentions", "Anglerfish\n", "Sentiment", "81 authors, 97 stories",
                 "▃▃▃█▅▃▂", "mastodon 100, hackernews 12", "42 in 1 hour", "  | the new update", "— mastodon",
                 "What may be missing", "unreachable for 5 h", "Not delivered",
                 "team was not told since Monday"):  # fmt: skip
        assert part in text, part
    assert "\n\n\n" not in text


def test_text_and_page_say_the_same() -> None:
    page = Words.of(digest_message(digest(), NOW, id="d").html or "")
    for part in ("Lanternfish", "Anglerfish", "112 mentions", "81 authors, 97 stories", "mastodon 100, hackernews 12",
                 "42 in 1 hour", "What may be missing", "Not delivered", "(channel_not_found)", "short",
                 "Week of 24 Feb to 3 Mar 2025"):  # fmt: skip
        assert part in page


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    page = digest_message(digest(), NOW, id="d").html or ""
    tags = Words(page)
    assert not tags.names & {"script", "img", "link", "iframe", "object", "form", "svg", "table"}
    assert "url(" not in page
    assert set(tags.links) == {"https://social.example/@user1/1"}


@given(
    st.text(max_size=60) | st.sampled_from(["</title><script>x</script>", "{{ 7*7 }}", '" onload="x', "<img src=x>"])
)
def test_no_name_quote_or_headline_becomes_markup(hostile: str) -> None:
    plain_week = digest("NAME")
    own = plain_week.watches[0]
    nasty = replace(
        plain_week,
        headline=hostile,
        coverage=(hostile,),
        watches=(
            replace(
                own,
                watch=replace(own.watch, name=hostile),
                quotes=(quote(hostile, author=hostile, url=f"https://a.example/{hostile}"),),
                events=(Event(SignalKind.THEME, hostile, "a"),),
                by_source=((hostile, 1),),
            ),
        ),
    )
    made, usual = digest_message(nasty, NOW, id="d"), digest_message(plain_week, NOW, id="d")
    assert Words(made.html or "").names <= Words(usual.html or "").names
    assert {name for name in Words(made.html or "").attributes if name.startswith("on")} == set()
    alert = message(headline=hostile, body=hostile, quotes=(quote(hostile, author=hostile),))
    assert Words(html(alert)).names <= Words(usual.html or "").names | {"strong"}


def test_a_digest_is_sent_as_it_was_laid_out() -> None:
    made = digest_message(digest(), NOW, id="d")
    assert Message.from_json(made.to_json()) == made
    assert made.body in plain(made)
    assert html(made) == made.html


@pytest.mark.parametrize(
    ("day", "said"),
    [(date(2025, 3, 17), "10 to 17 Mar 2025"), (date(2025, 3, 3), "24 Feb to 3 Mar 2025"),
     (date(2025, 1, 6), "30 Dec 2024 to 6 Jan 2025")],
)  # fmt: skip
def test_a_week_is_named_by_its_days(day: date, said: str) -> None:
    assert days(week_before(day, 9, "Europe/Berlin")) == said


def test_little_bars_stand_for_the_days() -> None:
    assert spark([0, 1, 2, 4, 8]) == "▁▂▃▅█"
    assert spark([0, 0]) == "▁▁"
    assert spark([]) == ""


def test_shares_are_of_what_was_understood() -> None:
    assert [share for _, _, share in shares(digest().watches[0].shares)] == [27, 64, 9]
    assert shares(digest().watches[1].shares) == ()


class Words(HTMLParser):
    """What a page holds: its tags, attributes, links and the words a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    @classmethod
    def of(cls, page: str) -> str:
        return " ".join(" ".join(cls(page).words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [str(value) for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_digest_that_quotes_only_some_posts_says_so_in_both_forms() -> None:
    filtered = digest_message(replace(digest(), quoting="Quoted are only posts that match: <b>"), NOW, id="d")
    assert "Quoted are only posts that match: <b>" in filtered.body
    assert "Quoted are only posts that match: &lt;b&gt;" in (filtered.html or "")
    whole = digest_message(digest(), NOW, id="d")
    assert "Quoted" not in whole.body + (whole.html or "")

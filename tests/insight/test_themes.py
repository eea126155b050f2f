"""A new complaint is told when several people say it and few said it before; talk as ever is not."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import (
    MentionState,
    PostKey,
    Signal,
    StoredMention,
    Theme,
    ThemeChange,
    ThemeEvent,
    Visibility,
)
from insight.themes.detector import COOLDOWN, due, step
from insight.themes.phrasebook import LARGEST, Phrasebook, PhraseUse
from insight.understanding.phrases import phrases, words
from tests.insight.small_worlds import ACME, DAY, HOUR, MONDAY, poisson, stored

FUNCTION = ["the", "and", "is", "it", "of", "to", "a", "in"]
VOCABULARY = [a + b + c for a in ("ba", "ko", "ri", "su", "te", "vo") for b in ("la", "mi", "no") for c in "dgklmnprst"]
NOW = 40  # the day on which something may begin


def sentence(rng: random.Random) -> str:
    """Words as in any language: a few all the time, most of them rarely."""
    count = rng.randint(8, 16)
    common = [rng.choice(FUNCTION) if rng.random() < 0.4 else "" for _ in range(count)]
    rare = [VOCABULARY[min(int(rng.paretovariate(0.7)) - 1, len(VOCABULARY) - 1)] for _ in range(count)]
    return "Acme " + " ".join(a or b for a, b in zip(common, rare, strict=True))


def talk(per_day: float, days: int, seed: int = 1) -> list[StoredMention]:
    rng = random.Random(f"talk {seed}")
    said = []
    for day in range(days):
        for i in range(poisson(rng, per_day)):
            at = MONDAY + day * DAY + rng.random() * DAY
            said.append(stored(f"{day}-{i}", at, sentence(rng), author=f"p{rng.randrange(500)}"))
    return said


def complaints(
    text: str, count: int, first_day: float = NOW, every: timedelta = 2 * HOUR, seed: int = 1
) -> list[StoredMention]:
    rng = random.Random(f"complaint {seed}")
    return [
        stored(f"new {first_day} {i}", MONDAY + first_day * DAY + i * every, f"{sentence(rng)} {text} {sentence(rng)}")
        for i in range(count)
    ]


@dataclass
class Program:
    """What the program does: keeps the state as JSON, hands over what is pending, drops what was consumed."""

    said: Sequence[StoredMention]
    state: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, Any] | None = None
    done: set[Any] = field(default_factory=set)
    verdict: str = ""
    themes: dict[str, Theme] = field(default_factory=dict)
    members: dict[str, set[PostKey]] = field(default_factory=dict)
    events: list[ThemeEvent] = field(default_factory=list)

    def run(self, first: float, last: float, every: timedelta = 12 * HOUR) -> list[Signal]:
        now, told = MONDAY + first * DAY, []
        while now < MONDAY + last * DAY:
            pending = [it for it in self.said if it.collected_at <= now and it.post.key not in self.done]
            before = json.dumps(self.state)
            known = [it for it in self.themes.values() if it.open or now - it.last_at < COOLDOWN]
            after, result = step(self.state, ACME, pending, now, known=known, memory=self.memory)
            assert json.dumps(self.state) == before
            self.memory = json.loads(json.dumps(result.memory)) if result.memory else self.memory
            self.state = json.loads(json.dumps(after))
            self.done |= set(result.consumed)
            self.verdict = result.verdict
            self.themes |= {theme.id: theme for theme in result.themes}
            for name, posts in result.members.items():
                self.members.setdefault(name, set()).update(posts)
            self.events += result.events
            told += result.signals
            now += every
        return told


def test_a_new_complaint_of_many_people_is_told_once_with_its_posts() -> None:
    said = complaints("battery drain", 9)
    program = Program(talk(8, 60) + said)
    told = program.run(0, 45)
    assert len(told) == 1
    signal = told[0]
    assert 'New complaint about Acme: "battery drain" (' in signal.headline
    assert signal.key.startswith("theme:acme:")
    assert signal.figures["authors"] >= 4
    assert signal.figures["p_value"] < 1e-4
    complaining = {it.post.key for it in said}
    assert 4 <= len(signal.posts) <= len(complaining)
    assert set(signal.posts) <= complaining
    (theme,) = program.themes.values()
    assert (theme.label, theme.watch, theme.open, theme.told) == ("battery drain", "acme", True, len(signal.posts))
    assert "battery drain" in theme.phrases
    assert program.members[theme.id] >= complaining
    assert [(it.theme, it.change) for it in program.events] == [(theme.id, ThemeChange.OPENED)]


@pytest.mark.sampled(cases=2)
@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("mất kết nối", "mất kết nối"),
        ("电池耗电", "电池耗电"),
        ("аккумулятор садится", "аккумулятор садится"),
        ("बैटरी खराब", "बैटरी खराब"),
    ],
)
def test_it_needs_no_list_of_words_of_a_language(text: str, label: str) -> None:
    told = Program(talk(8, 60) + complaints(text, 9)).run(0, 45)
    assert [f'"{label}"' in signal.headline for signal in told] == [True]


def test_it_grows_by_doubling_and_ends_after_a_quiet_week() -> None:
    program = Program(talk(8, 60) + complaints("battery drain", 40, every=HOUR))
    told = program.run(0, 55)
    growth = [signal.figures["authors"] for signal in told if not signal.over]
    assert len({signal.key for signal in told}) == 1
    assert len(growth) >= 2
    assert all(later >= 2 * earlier - 2 for earlier, later in pairwise(growth))
    assert [signal.over for signal in told] == [False] * len(growth) + [True]
    assert [it.change for it in program.events] == [ThemeChange.OPENED, ThemeChange.ENDED]


def test_two_complaints_that_the_same_people_make_by_and_by_become_one() -> None:
    first, second = complaints("battery drain", 9), complaints("screen flicker", 9, NOW + 0.75, seed=2)
    both = complaints("battery drain and screen flicker", 24, NOW + 1.75, every=HOUR, seed=3)
    program = Program(talk(8, 60) + first + second + both)
    told = program.run(0, 44)
    older, younger = sorted(program.themes.values(), key=lambda it: it.first_at)
    assert (older.label, younger.label) == ("battery drain", "screen flicker")
    assert (older.open, younger.open) == (True, False)
    assert older.names >= younger.names
    assert [(it.theme, it.change, it.other) for it in program.events] == [
        (older.id, ThemeChange.OPENED, ""),
        (younger.id, ThemeChange.OPENED, ""),
        (younger.id, ThemeChange.MERGED, older.id),
    ]
    assert [signal.key for signal in told if signal.over] == [f"theme:acme:{younger.id}"]
    assert program.members[older.id] >= {it.post.key for it in both}


def test_a_theme_that_comes_back_soon_is_not_new_again() -> None:
    said = talk(8, 70) + complaints("battery drain", 9) + complaints("battery drain", 9, NOW + 20, seed=2)
    program = Program(said)
    assert len([signal for signal in program.run(0, 65) if not signal.over]) == 1
    assert [theme.label for theme in program.themes.values()] == ["battery drain"]


def test_what_was_always_said_is_not_new() -> None:
    usual = [it for day in range(60) for it in complaints("battery drain", 3, day, every=3 * HOUR, seed=day)]
    assert Program(talk(8, 60) + usual).run(0, 58) == []


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("who", ["one author", "one story"])
def test_one_voice_is_not_many_people(who: str) -> None:
    loud = [
        stored(
            f"loud {i}",
            MONDAY + NOW * DAY + i * HOUR,
            f"battery drain number{i}",
            author="loud" if who == "one author" else "",
            story="copied" if who == "one story" else None,
        )
        for i in range(30)
    ]
    assert Program(talk(8, 60) + loud).run(0, 45) == []


def test_it_warms_up_in_silence_and_says_so() -> None:
    program = Program(talk(10, 20) + complaints("battery drain", 20, 8))
    assert program.run(0, 10) == []
    assert program.verdict == "warming up: 9 of 14 days"


def test_a_memory_of_a_clock_that_was_years_ahead_is_learnt_anew() -> None:
    state, ahead = step({}, ACME, (), MONDAY + 3650 * DAY)
    state, found = step(state, ACME, (), MONDAY, memory=ahead.memory)
    fresh = step({}, ACME, (), MONDAY)
    assert (state, found) == fresh


def test_old_posts_that_are_fetched_now_are_history_and_not_news() -> None:
    old = complaints("battery drain", 12, NOW - 20)
    backfilled = [StoredMention(it.post, it.mention, it.source, MONDAY + NOW * DAY) for it in old]
    assert Program(talk(8, 60) + backfilled).run(0, 45) == []


def test_only_negative_kept_mentions_count_and_the_others_are_consumed() -> None:
    now = MONDAY + 50 * DAY
    ignored = [
        stored("excluded", now - HOUR, state=MentionState.EXCLUDED),
        stored("deleted", now - HOUR, "", state=MentionState.DELETED),
        stored("timeless", None),
    ]
    counted = stored("counted", now - HOUR)
    _, result = step({}, ACME, [*ignored, counted], now)
    assert set(result.consumed) == {it.post.key for it in ignored}


def test_a_day_is_consumed_when_it_has_left_the_window_and_its_text_is_not_in_the_state() -> None:
    post = stored("p", MONDAY + 12 * HOUR, "acme zebra " + "long private story " * 20, visibility=Visibility.PRIVATE)
    state, result = step({}, ACME, [post], MONDAY + 3 * DAY)
    assert result.consumed == ()
    assert "zebra" not in json.dumps([state, result.memory])
    state, result = step(state, ACME, [post], MONDAY + 4 * DAY, memory=result.memory)
    assert result.consumed == (post.post.key,)
    assert result.memory
    assert result.memory["counts"]["zebra"] == pytest.approx(1, abs=0.2)


def test_what_is_remembered_stays_small() -> None:
    book = Phrasebook(MONDAY.date())
    for i in range(60):
        day = (MONDAY + i * DAY).date()
        book.decay(day)
        book.learn(PhraseUse(day, ("net", f"{i}"), frozenset({"battery", f"word {i} {k}"})) for k in range(200))
    assert len(book.counts) <= LARGEST
    assert book.counts["battery"] > 15
    assert book.share("never heard") >= book.floor / (book.people + 1)


def test_it_is_looked_at_once_an_hour() -> None:
    now = MONDAY.astimezone(UTC)
    state, _ = step({}, ACME, [], now)
    assert due({}, now, "")
    assert not due(state, now + HOUR / 2, "more")
    assert not due(state, now + HOUR, "")
    assert due(state, now + HOUR, "more")
    assert due(state, now + DAY, "")


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("per_day", [3, 20])
def test_talk_as_ever_is_no_theme(per_day: float) -> None:
    """1 in 30 days was promised: of two watches for 30 days after warming up, one would keep it."""
    told = [signal for seed in range(2) for signal in Program(talk(per_day, 44, seed)).run(0, 44)]
    assert len(told) <= 1


def test_phrases_end_at_punctuation_numbers_and_the_own_name() -> None:
    found = phrases("Acme battery: drains, 100 times! See https://acme.example/battery @acme", words("Acme OR 'x'"))
    assert found == {"battery", "drains", "times", "see"}
    assert phrases("It won't start-up") >= {"won't start up", "it won't"}


@given(st.text(max_size=300), st.text(max_size=20))
def test_any_text_has_phrases_and_none_holds_the_own_name(text: str, name: str) -> None:
    own = words(name)
    for phrase in phrases(text, own):
        assert phrase.strip() == phrase != ""
        assert not set(phrase.split(" ")) & own

"""A week of the real daemon over every kind there is, in all weathers: nothing lost, nothing twice, every gap told."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from scrapers import KINDS
from scrapers.paging import REASON as LIST_CHANGED
from tests.world import faults
from tests.world.all_kinds_run import BURSTS, EVERY, Week, explained, landscape, live_through, mark_of
from tests.world.fault_schedule import CALM, OVER, STORM
from tests.world.hidden_posts import START, Told
from tests.world.places import PLACES

TURN = timedelta(minutes=15)
"""How often a daemon on a simulated clock looks for what is due."""


def test_every_kind_has_a_place_in_the_small_world() -> None:
    assert set(PLACES) == set(KINDS)


@pytest.mark.long
def test_a_day_and_a_half_of_showers(tmp_path: Path) -> None:
    with landscape() as land:
        lived = live_through(land, tmp_path, START + timedelta(hours=36))
    assert sum(sum(town.weather.met.values()) for town in land.towns.values()) >= len(PLACES)
    assert '"event": "failed"' not in lived.log
    for place in PLACES:
        assert lived.due(place), place
        nothing_is_lost_but_what_a_gap_tells(lived, place)
        nothing_is_there_twice(lived, place)
        what_is_stored_is_what_was_told(lived, place)


@pytest.mark.soak
@pytest.mark.long
def test_a_week_in_all_weathers(tmp_path: Path) -> None:
    with landscape() as land:
        lived = live_through(land, tmp_path)
    the_weather_was_bad(lived)
    for place in PLACES:
        assert len(lived.due(place)) >= 10
        nothing_is_lost_but_what_a_gap_tells(lived, place)
        nothing_is_there_twice(lived, place)
        what_is_stored_is_what_was_told(lived, place)
    gaps_are_told_where_something_was_missed_and_nowhere_else(lived)
    the_others_are_asked_as_ever_while_half_of_them_fail(lived)


def the_weather_was_bad(lived: Week) -> None:
    """Half of all places failed for a day, each place met something else besides, and every fault was met."""
    towns = lived.land.towns.values()
    assert sum(town.weather.struck for town in towns) == len(towns) // 2
    assert all(sum(town.weather.met.values()) >= 2 for town in towns)
    met = sum((town.weather.met for town in towns), Counter[str]())
    assert {"status 500", "status 429", "status 503", "status 200", faults.RESET.name, faults.TIME_OUT.name} <= set(met)
    assert {faults.CUT_SHORT.name, faults.TRUNCATED_GZIP.name, "slow drip", "raw bytes"} <= set(met)
    assert '"event": "fetch failed"' in lived.log
    assert '"event": "failed"' not in lived.log
    assert "stumbled" not in lived.log
    assert any(town.unchanged for town in towns), "304 was answered, too"
    assert sum(town.early() for town in towns) > len(towns), "posts were shown late, and after later ones"


def nothing_is_lost_but_what_a_gap_tells(lived: Week, place: str) -> None:
    """What an answer has brought as a whole is stored; what was never shown to us lies in a gap of its source."""
    town, lost = lived.land.towns[place], lived.lost(place)
    assert not [told for told in lost if told.mark in town.delivered], place
    gaps = lived.gaps_of(place)
    assert not [told for told in lost if not explained(gaps, told)], (place, gaps)
    assert not lost or town.place.shows is not None, place


def nothing_is_there_twice(lived: Week, place: str) -> None:
    marks = Counter(filter(None, (mark_of(one) for one in lived.stored if one.source == place)))
    assert set(marks.values()) == {1}, place


def what_is_stored_is_what_was_told(lived: Week, place: str) -> None:
    told: dict[str, Told] = {one.mark: one for one in lived.land.towns[place].told}
    for mark, stored in lived.found(place).items():
        assert stored.post.published_at == told[mark].at, place
        assert stored.collected_at >= told[mark].shown_at, place


def gaps_are_told_where_something_was_missed_and_nowhere_else(lived: Week) -> None:
    """A list that grew by more than a page between two of its pages, as in a storm of a day, tells of that, too."""
    grown = {gap.source for gap in lived.gaps if gap.gap.reason == LIST_CHANGED}
    assert all(lived.land.towns[place].weather.struck for place in grown)
    others = {gap.source for gap in lived.gaps if gap.gap.reason != LIST_CHANGED}
    assert others <= {name for name, place in PLACES.items() if place.shows is not None}
    for place in BURSTS:
        assert lived.lost(place), f"{place}: more was told than it shows, so this must have missed some"
        assert all(gap.gap.until < OVER for gap in lived.gaps_of(place))


def the_others_are_asked_as_ever_while_half_of_them_fail(lived: Week) -> None:
    spared = [name for name, town in lived.land.towns.items() if not town.weather.struck]
    whole = timedelta(seconds=EVERY)
    delays = [
        sorted(
            delay for name in spared for delay in lived.delays(name, begin, begin + timedelta(days=1) - whole - TURN)
        )
        for begin in (CALM, STORM)
    ]
    assert all(len(day) > 20 for day in delays)
    assert all(max(day) <= whole + TURN for day in delays)
    for name in spared:
        asked = [lived.land.towns[name].visits(begin) for begin in (CALM, STORM)]
        assert abs(asked[0] - asked[1]) <= 1, name

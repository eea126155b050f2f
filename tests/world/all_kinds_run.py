"""A simulated week of the daemon, as a process, over every place there is: what was told, and what it made of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from insight.model import StoredMention
from listener.config import yamlfile
from storage import SourceGap, open_store
from tests import processes
from tests.world.all_platforms import Land, Town
from tests.world.fault_schedule import STORM, Weather
from tests.world.hidden_posts import BEFORE, END, LAST, MARK, START, Burst, Told, week
from tests.world.places import PLACES

A_DAY = 3
EVERY = 10_800.0
BURSTS = {
    "youtube": Burst(STORM + timedelta(hours=2), 18, 24),
    "google_alerts": Burst(STORM + timedelta(hours=2), 18, 30),
    "feed": Burst(STORM + timedelta(hours=2), 18, 30),
    "page": Burst(STORM + timedelta(hours=2), 18, 30),
    "reviews": Burst(STORM + timedelta(hours=2), 18, 30),
}
STRUCK = (*BURSTS, "instagram")
"""More is told there than they show, and nobody can ask meanwhile."""


@dataclass
class Week:
    """The week as it was. `stored`: every mention there is, each with the post it is of. `last`: what was shown before
    that must be there."""

    land: Land
    stored: list[StoredMention]
    gaps: list[SourceGap]
    log: str
    last: datetime = LAST

    def found(self, place: str) -> dict[str, StoredMention]:
        """By mark, what is stored of a place's posts."""
        marked = ((mark_of(one), one) for one in self.stored if one.source == place)
        return {mark: one for mark, one in marked if mark}

    def due(self, place: str) -> list[Told]:
        """What must be there in the end, unless a gap says that it could not be."""
        return [told for told in self.land.towns[place].told if told.at >= START and told.shown_at < self.last]

    def lost(self, place: str) -> list[Told]:
        found = self.found(place)
        return [told for told in self.due(place) if told.mark not in found]

    def gaps_of(self, place: str) -> list[SourceGap]:
        return [gap for gap in self.gaps if gap.source == place]

    def delays(self, place: str, begin: datetime, end: datetime) -> list[timedelta]:
        """From when it was shown to when it was collected, of what was shown in that time; shortest first."""
        found = self.found(place)
        seen = (told for told in self.land.towns[place].told if begin <= told.shown_at < end and told.mark in found)
        return sorted(found[told.mark].collected_at - told.shown_at for told in seen)


def mark_of(stored: StoredMention) -> str | None:
    said = MARK.search(f"{stored.post.title} {stored.post.text}")
    return said[0] if said else None


def explained(gaps: list[SourceGap], told: Told) -> bool:
    """Whether one of the gaps covers the time at which it was told."""
    return any((gap.gap.since is None or gap.gap.since <= told.at) and told.at <= gap.gap.until for gap in gaps)


def _struck() -> set[str]:
    """Half of the places, among them those of which more is told meanwhile than they show."""
    others = [name for name in PLACES if name not in STRUCK]
    return {*STRUCK, *others[: len(PLACES) // 2 - len(STRUCK)]}


@contextmanager
def landscape() -> Iterator[Land]:
    """Every place with its weather, open."""
    told = week(dict.fromkeys(PLACES, A_DAY), {name: place.late for name, place in PLACES.items()}, BURSTS)
    struck = _struck()
    towns = {
        name: Town(place, told[name], Weather(number, name in struck))
        for number, (name, place) in enumerate(PLACES.items())
    }
    with Land(towns).open() as land:
        yield land


def live_through(land: Land, folder: Path, end: datetime = END, seconds: float = 300) -> Week:
    """Run the daemon from the week's beginning to its end, or to that of a part of it."""
    config, log, url = folder / "config.yaml", folder / "daemon.log", f"sqlite:///{folder}/week.db"
    config.write_text(yamlfile.dump({
        "contact": "tests@example.com",
        "watches": [{"id": "acme", "name": "Acme", "role": "brand", "query": "acme"}],
        "sources": [{**entry, "every": EVERY} for entry in land.entries()],
        "channels": {"console": {"kind": "console"}},
        "storage": {"url": url},
        "daemon": {"web": "127.0.0.1:0", "log": "json"},
    }))  # fmt: skip
    span = f"{START.isoformat()}/{end.isoformat()}"
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("LISTENER_", "COV_"))}
    arguments = ("-c", str(config), "run", "--simulate", span)
    process = processes.start(*arguments, log=log, env=environ, module="tests.world.impatient")
    try:
        assert process.wait(seconds) == 0, log.read_text()[-4000:]
    finally:
        process.kill()
    with open_store(url) as store:
        stored = [found for batch in store.posts.scan() for found in batch]
        return Week(land, stored, store.sources.gaps(START - BEFORE), log.read_text(), end - (END - LAST))


def events(text: str) -> list[dict[str, object]]:
    """The lines of a log that are events; the console's messages are between them."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

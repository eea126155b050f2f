"""All places of the small world side by side, each at an address of its own, with its weather and its own ledger."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.world.fault_schedule import Weather
from tests.world.hidden_posts import APART, END, MARK, Told, newest_first
from tests.world.places.base import Place
from tests.world.web import Call, Fault, Reply, World

DAY = timedelta(days=1)
PAUSE = timedelta(minutes=50)
"""Within one visit a place is asked again sooner, page after page; in the next one, later."""


@dataclass
class Town:
    """One place, at home at its own address.

    `delivered`: the marks of all posts that an answer brought as a whole. `unchanged`: how often a reader had it all.
    """

    place: Place
    told: Sequence[Told]
    weather: Weather
    world: World = field(init=False)
    delivered: set[str] = field(default_factory=set)
    unchanged: int = 0
    _spoilt: set[float] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.world = World(weather=self._fault)
        self.world.route("*", self._answer)

    def _fault(self, call: Call) -> Fault | None:
        fault = self.weather.fault(call)
        if fault is not None:
            self._spoilt.add(call.at)
        return fault

    def _answer(self, call: Call) -> Reply:
        now = call.date or END
        shown = self.place.shown(newest_first(self.told, now), now)
        reply = self.place.answer(call, shown, self.world.url)
        self.unchanged += reply.header("etag") is not None and call.headers.get("if-none-match") == reply.header("etag")
        if call.at not in self._spoilt and reply.status == 200:
            self.delivered.update(MARK.findall(reply.body.decode()))
        return reply

    def early(self) -> int:
        """How often the place was asked when a post was not shown yet, but one that was told later was."""
        asked = [call.date for call in self.world.ledger if call.date]
        late = [(told.at + APART, told.shown_at) for told in self.told if told.shown_at > told.at + APART]
        return sum(any(begin <= at < end for at in asked) for begin, end in late)

    def visits(self, begin: datetime) -> int:
        """How many stretches of time the place was asked in on that day: a visit is over before the next one begins."""
        times = sorted({call.date for call in self.world.ledger if call.date and begin <= call.date < begin + DAY})
        return sum(1 for before, at in pairwise([begin - DAY, *times]) if at - before > PAUSE)


@dataclass
class Land:
    """`with land.open():` serves every town from one thread."""

    towns: Mapping[str, Town]

    def entries(self) -> list[dict[str, Any]]:
        """The towns as the sources of a config."""
        return [town.place.entry(town.world.url) for town in self.towns.values()]

    @contextmanager
    def open(self) -> Iterator[Land]:
        started, box = threading.Event(), dict[str, Any]()
        thread = threading.Thread(target=lambda: asyncio.run(self._live(started, box)), name="land", daemon=True)
        thread.start()
        started.wait()
        try:
            yield self
        finally:
            box["loop"].call_soon_threadsafe(box["stop"].set)
            thread.join()

    async def _live(self, started: threading.Event, box: dict[str, Any]) -> None:
        box["loop"], box["stop"] = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            for town in self.towns.values():
                await stack.enter_async_context(town.world)
            started.set()
            await box["stop"].wait()

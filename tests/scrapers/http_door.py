"""The door to the network as tests open it: time that only passes in sleep, and a world on the loopback."""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrapers.base import Page, Request, SourceError
from scrapers.network.guard import Resolve
from scrapers.network.http import Http, Limits

QUICK = Limits(seconds=0.4, connect=0.3, tries=1)


@dataclass
class Time:
    """A clock that stands still except while somebody sleeps; `naps` are the seconds slept, in order."""

    at: datetime = datetime(2025, 3, 1, 12, tzinfo=UTC)
    naps: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += timedelta(seconds=seconds)


async def no_names(name: str, port: int) -> list[str]:
    """A resolver that knows nothing, so that no test asks the machine's own."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def names(**known: str | list[str]) -> Resolve:
    """A resolver for `<name>.test`; a list is answered one after the other, the last one for good."""

    async def resolve(name: str, port: int) -> list[str]:
        answer = known.get(name.removesuffix(".test"))
        if answer is None:
            return await no_names(name, port)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer.split()

    return resolve


def open_door(vouched: Collection[str] = (), time: Time | None = None, **options: Any) -> Http:
    """A door without patience for the test's own time: jitter in the middle, so that backoff is 1 s, then 2 s."""
    time = time or Time()
    defaults: dict[str, Any] = {"contact": "team@example.org", "jitter": lambda: 0.5, "resolve": no_names}
    return Http(now=time.now, sleep=time.sleep, vouched=vouched, **{**defaults, **options})


async def get(door: Http, url: str, *, headers: Mapping[str, str] | None = None, pace: float = 0, **more: Any) -> Page:
    return await door.fetch(Request(url), headers=headers or {}, terms_pace=pace, **more)


async def failure(door: Http, url: str, **more: Any) -> SourceError:
    """The error that getting `url` ends with."""
    with pytest.raises(SourceError) as caught:
        await get(door, url, **more)
    return caught.value

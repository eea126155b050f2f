"""Simulated time: the same jobs, as fast as the machine can; only when every endpoint is on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from listener.clock import SimulatedClock
from listener.config import Config
from listener.engine import Engine
from listener.schedule import Submit

STANDSTILL = 0.5  # real seconds


class SimulatedSchedule:
    """Submits each job when the simulated clock reaches it, and moves the clock when nothing is left to do."""

    def __init__(
        self, clock: SimulatedClock, engine: Engine, end: datetime, on_time: Callable[[datetime], None] | None = None
    ) -> None:
        self._clock = clock
        self._engine = engine
        self._end = end
        self._on_time = on_time or (lambda _: None)

    async def run(self, every: Mapping[str, float], submit: Submit, stop: asyncio.Event) -> None:
        due = dict.fromkeys(every, self._clock.now())
        while not stop.is_set() and self._clock.now() <= self._end:
            for name, seconds in every.items():
                if due[name] <= self._clock.now():
                    submit(name)
                    await self._wait_until_idle(stop)
                    due[name] = self._clock.now() + timedelta(seconds=seconds)
            wake = self._clock.next_wake()
            self._clock.move_to(min([*due.values(), *([wake] if wake else [])]))
            await self._wait_until_idle(stop)
            self._on_time(min(self._clock.now(), self._end))
        stop.set()

    async def _wait_until_idle(self, stop: asyncio.Event) -> None:
        """Wait until no work is running that is not asleep on the clock.

        Work may also wait for other work that is asleep, which nobody can see from here: when nothing has moved for
        a while although somebody sleeps, time goes on, as it would for a slow answer.
        """
        while not stop.is_set() and not self._engine.stands_still(self._clock.sleeping):
            self._engine.changed.clear()
            self._clock.changed.clear()
            events = (self._engine.changed, self._clock.changed, stop)
            waits = [asyncio.ensure_future(event.wait()) for event in events]
            done, _ = await asyncio.wait(waits, timeout=STANDSTILL, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if not done and self._clock.sleeping:
                return


def simulation_faults(config: Config) -> list[str]:
    """Which endpoints of a config are not on this machine: with any of them, simulated time is refused."""
    addresses = [(f"the source {source.id}", origin) for source in config.sources for origin in source.origins()]
    addresses += [
        (f"the channel {name}", address) for name, channel in config.channels.items() for address in channel.addresses()
    ]
    if config.daemon.heartbeat_url:
        addresses.append(("the heartbeat", config.daemon.heartbeat_url))
    addresses += [("the database", host) for host in _database_hosts(config.storage.url)]
    return [f"{what} is at {urlsplit(at).hostname or at}" for what, at in addresses if not is_loopback(at)]


def _database_hosts(url: str) -> list[str]:
    """The hosts in a database's address; a file and a socket in a folder have none."""
    parts = urlsplit(url)
    hosts = [parts.hostname or "", *parse_qs(parts.query).get("host", [])]
    return [host for host in hosts if host and not host.startswith("/")]


def is_loopback(address: str) -> bool:
    """Whether a URL or a host is this machine itself, by what is written there (nothing is resolved)."""
    host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    if host in {"localhost", ""}:
        return bool(host)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

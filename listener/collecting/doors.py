"""The doors to the network as the program opens them: who knocks, what time it is, which addresses are vouched for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from listener.clock import Clock
from listener.engine import pause
from scrapers.base import Source
from scrapers.errors import Mask
from scrapers.http import Http
from scrapers.stream import Streams


def door_for(contact: str, clock: Clock, sources: Iterable[Source], mask: Mask) -> Http:
    """The door to the network, to be entered with `async with`. `mask`: see `scrapers.errors`."""
    origins = [origin for source in sources for origin in source.origins()]
    sleep = partial(pause, clock.sleep)
    return Http(contact=contact, now=clock.now, sleep=sleep, vouched=origins, send_date=clock.simulated, mask=mask)


def streams_for(contact: str, clock: Clock, sources: Iterable[Source], mask: Mask) -> Streams:
    """The door for streams, to be entered with `async with`."""
    origins = [origin for source in sources for origin in source.origins()]
    return Streams(
        contact=contact, now=clock.now, sleep=clock.sleep, vouched=origins, send_date=clock.simulated, mask=mask
    )

"""When most sources fail at the same time it is the network, and one word for all of them is enough; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from insight.counts import floor_hour
from insight.model import Signal, SignalKind
from insight.source_health.visits import SHORTEST, SourceHealth, in_words

State = dict[str, Any]

NETWORK = ""  # its name among the sources in the state; no source has an empty id
FEWEST = 3
SETTLING = timedelta(hours=2)  # sources come back one by one: none is told of alone so soon afterwards
KEY = "silence:network"


def step(
    before: Mapping[str, Any] | None, sources: Sequence[SourceHealth], now: datetime
) -> tuple[State, list[Signal]]:
    """The state of the network under its name, while it is down or has just come back; and what is to be said."""
    # 1. Down: enough fail together, and they are most of those that were visited meanwhile.
    failing = sorted(since for source in sources if (since := source.failing_since()))
    since = failing[FEWEST - 1] if len(failing) >= FEWEST else now
    visited = sum(source.visited_since(floor_hour(since)) for source in sources)
    down = len(failing) >= FEWEST and 2 * len(failing) > visited

    # 2. Was it before?
    back = datetime.fromisoformat(before["back"]) if before and before["back"] else None
    if before and back is None:
        if down:
            return {NETWORK: dict(before)}, []
        signal = _network_back(datetime.fromisoformat(before["since"]), now)
        return {NETWORK: {**before, "back": now.isoformat()}}, [signal]
    if down and now - since > SHORTEST:
        state = {"what": "failing", "since": since.isoformat(), "back": None}
        return {NETWORK: state}, [_network_down(since, len(failing), max(visited, len(failing)), now)]
    return ({NETWORK: dict(before)} if before and back and now - back < SETTLING else {}), []


def _network_down(since: datetime, failing: int, visited: int, now: datetime) -> Signal:
    what = "Nothing can be reached" if failing == visited else "Hardly anything can be reached"
    headline = f"{what}: {failing} of {visited} sources fail since {since:%A %H:%M} UTC"
    detail = (
        "So many at the same time are hardly to blame themselves: check this machine's network, its name server and "
        "its proxy. Listener goes on trying; what was published meanwhile may be missing."
    )
    figures = {"hours": round((now - since) / timedelta(hours=1), 1), "sources": float(failing)}
    return Signal(SignalKind.SILENCE, KEY, None, None, now, headline, detail, figures)


def _network_back(since: datetime, now: datetime) -> Signal:
    lasted = now - since
    headline, figures = "The sources can be reached again", {"hours": round(lasted / timedelta(hours=1), 1)}
    detail = f"It had been impossible for {in_words(lasted)}."
    return Signal(SignalKind.SILENCE, KEY, None, None, now, headline, detail, figures, over=True)

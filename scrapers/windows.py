"""What lies between a mark and a platform's window, where the platform shows so many posts and no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from insight.model import Gap


def left_out(since: datetime | None, times: Sequence[datetime], reason: str) -> tuple[Gap, ...]:
    """The time from the mark (None: a first visit, which nobody promised anything) to the oldest of the last page."""
    oldest = min(times, default=None)
    return () if since is None or oldest is None or oldest <= since else (Gap(since, oldest, reason),)

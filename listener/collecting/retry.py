"""When what failed is tried again, and whether others would fare better meanwhile: the one place that decides it."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from scrapers.base import Source, SourceError
from scrapers.network.pace import PassingError

LONGEST = 3600.0  # seconds between two tries of what another try may mend
OFFLINE = 60.0
FOR_A_PERSON = 6 * 3600.0
"""Seconds between two tries of what somebody has to mend, so that a mended account needs no restart."""
DAY = timedelta(days=1)
SERVER_ERROR = 500
OF_WHO_ASKS = frozenset({401, 429})


def usual_pause(source: Source) -> float:
    """Seconds between two visits, where nothing is known of its pace."""
    return source.every or source.default_every


def longest_wait(source: Source) -> timedelta:
    """How far away the next visit may be, whatever a platform or a clock says: a day, or what its settings say."""
    return max(DAY, timedelta(seconds=source.every or source.max_delay or 0))


def retry_at(
    source: Source, error: SourceError, failures: int, now: datetime, random: Random, first: float | None = None
) -> datetime:
    """When to try again after `failures` (before this one) in a row. `first`: seconds after a first failure.

    1. Twice as long each time, up to an hour, with jitter; every minute while there is no network.
    2. What only a person can mend is tried every six hours.
    3. Not before the platform wishes (RFC 9110, 10.2.3), on whatever status it says so, up to `longest_wait`.
    """
    longest = longest_wait(source).total_seconds()
    most = OFFLINE if error.offline else LONGEST
    shortest = first or min(usual_pause(source), OFFLINE)
    pause = min(most, shortest * 2.0 ** min(failures, 20)) * random.uniform(0.8, 1.2)
    if error.retry_after is not None and error.retry_after == error.retry_after:  # a nan is no wish
        pause = max(pause, min(max(0.0, error.retry_after), longest) + random.uniform(1, 5))
    elif error.permanent:
        pause = FOR_A_PERSON * random.uniform(0.9, 1.1)
    return now + timedelta(seconds=min(pause, longest))


def ends_visit(error: SourceError, before: SourceError | None) -> bool:
    """Whether no other search of the source would fare better. `before`: what the search before ended in.

    That is so of trouble with who asks (no network, a login or key that is refused, asked too often) and of a host that
    takes no connection, or leaves two searches in a row without an answer.
    """
    if error.offline or error.of_login or error.status in OF_WHO_ASKS:
        return True
    if isinstance(error, PassingError):
        return not error.sent or isinstance(before, PassingError)
    asked_too_often = error.retry_after is not None and not error.permanent
    return asked_too_often and (error.status or 0) < SERVER_ERROR


def reason_of(error: SourceError) -> str:
    return f"{error}. {error.remedy}".rstrip(". ") if error.remedy else str(error)

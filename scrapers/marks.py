"""How far a walk has come, where marks are times, and what it missed; posts each once, and ids in portions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from insight.model import Deletion, Engagement, Gap, Item, Post
from scrapers.base import Page

T = TypeVar("T", bound=Post | Deletion | Engagement)


def mark_of(at: datetime) -> str:
    """A time as a mark; always UTC, so that marks compare as text."""
    return at.isoformat(timespec="seconds")


def times_of(items: Iterable[Item]) -> list[datetime]:
    """When the posts among these were published, in their order."""
    return [item.published_at for item in items if isinstance(item, Post) and item.published_at]


def newest(times: Iterable[datetime], page: Page) -> datetime | None:
    """The newest of these times; one in the future would make the source blind."""
    return max((at for at in times if at <= page.fetched_at), default=None)


def newest_mark(times: Iterable[datetime], page: Page) -> str | None:
    at = newest(times, page)
    return mark_of(at) if at else None


def reaches_back(times: Sequence[datetime], known: datetime | None) -> bool:
    """Whether a page that comes newest first has reached what is known; never on a first visit (`known` is None).

    Its last entries decide together: what is pinned stands at the top, and what was imported from elsewhere bears an
    old time wherever it stands.
    """
    last = times[-max(3, len(times) // 10) :]
    return known is not None and bool(last) and max(last) <= known


def gap_since(since: datetime | None, times: Sequence[datetime], reason: str) -> tuple[Gap, ...]:
    """What was missed where a platform shows so many posts and no more: from the mark to the oldest of the last page.

    None for a first visit (`since` is None), and where the page reaches back to the mark.
    """
    oldest = min(times, default=None)
    return () if since is None or oldest is None or oldest <= since else (Gap(since, oldest, reason),)


def distinct(items: Iterable[T]) -> tuple[T, ...]:
    """Each of one network's items once: of two under one id the later one, in the place of the first."""
    return tuple({item.native_id: item for item in items}.values())


def portions(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """So many ids at a time, as one request may ask for."""
    return (ids[start : start + size] for start in range(0, len(ids), size))

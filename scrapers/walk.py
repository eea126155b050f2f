"""How a walk through pages moves its cursor: pure, so that a crash between any two pages can be tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from insight.model import Gap
from scrapers.answers import ROUND, holds_secret, onward_from
from scrapers.base import Batch, Page, Request, Search, Source
from scrapers.errors import Mask
from scrapers.validators import Validators, validators_after

REMEMBERED = 500  # pages of a walk that have led on
MOST_EMPTY = 50
"""A page may be empty although older ones follow: https://docs.joinmastodon.org/api/guidelines/#pagination. No platform
is known to hide so many in a row."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through pages that has not closed yet.

    `asked`: the pages that have led on to others, so that none does so twice. `empty`: pages in a row without an item.
    """

    newest_seen: str | None
    pending: tuple[Request, ...]
    asked: tuple[str, ...] = ()
    empty: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a search has been read. `high_water` moves only when the walk has closed.

    `validators` make the next walk's first request conditional.
    """

    # a kind of one's own may give marks that are numbers: stored so, they must still be read
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(coerce_numbers_to_str=True)

    high_water: str | None = None
    walk: Walk | None = None
    validators: Validators | None = None

    def to_json(self) -> dict[str, Any]:
        return _CURSOR.dump_python(self, mode="json")  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Cursor:
        return _CURSOR.validate_python({**value, "walk": value.get("walk") or None})


_CURSOR: TypeAdapter[Cursor] = TypeAdapter(Cursor)


def begin(source: Source, search: Search, cursor: Cursor, now: datetime) -> Cursor:
    """The cursor with a walk in it: the one that is under way, or a new one back to the high-water mark."""
    if cursor.walk:
        return cursor
    trusted = cursor.validators if cursor.validators and cursor.validators.still_trusted(now) else None
    return replace(cursor, walk=Walk(None, (source.start(search, cursor.high_water, now),)), validators=trusted)


def next_request(cursor: Cursor) -> Request:
    if not cursor.walk:
        raise ValueError("the walk has closed; begin() opens the next one")
    return cursor.walk.pending[0]


def without_circles(cursor: Cursor, page: Page, batch: Batch) -> Batch:
    """The batch as a walk can go on from it: a cursor that leads back to a page which has led on, or through nothing
    but empty pages, would keep the walk from ever closing, and all that is newer from being asked for."""
    walk = cursor.walk
    if not walk or not batch.requests:
        return batch
    onward, reason = onward_from(batch.requests, {*walk.asked, page.request.name}), ROUND
    if onward and _is_empty(batch) and walk.empty + 1 >= MOST_EMPTY:
        onward, reason = (), f"{MOST_EMPTY} pages in a row hold nothing, and no end was in sight"
    if onward == batch.requests:
        return batch
    return replace(batch, requests=onward, items=(*batch.items, Gap(None, page.fetched_at, reason)))


def advance(cursor: Cursor, page: Page, batch: Batch) -> Cursor:
    """The cursor after this page: to be stored in one transaction with the page's items.

    A page's further requests come before what was pending. The first page's newest mark is the walk's; it becomes
    the high-water mark when nothing is pending any more. The validators of a first page are kept for the next walk.
    """
    walk = cursor.walk
    if not walk:
        raise ValueError("a page outside a walk")
    newest = walk.newest_seen or batch.newest
    pending = batch.requests + walk.pending[1:]
    if walk.newest_seen is None:
        cursor = replace(cursor, validators=validators_after(page, cursor.validators))
    if pending:
        asked = (*walk.asked, page.request.name)[-REMEMBERED:] if batch.requests else walk.asked
        return replace(cursor, walk=Walk(newest, pending, asked, walk.empty + 1 if _is_empty(batch) else 0))
    return close(replace(cursor, walk=Walk(newest, ())))


def close(cursor: Cursor) -> Cursor:
    """End the walk here: what it has seen is the new high-water mark."""
    newest = cursor.walk.newest_seen if cursor.walk else None
    return replace(cursor, high_water=newest or cursor.high_water, walk=None)


def skip(cursor: Cursor) -> Cursor:
    """Leave out the next page, which cannot be read, and what lies behind it; the caller records the gap."""
    if not cursor.walk:
        raise ValueError("no page to leave out")
    rest = replace(cursor, walk=replace(cursor.walk, pending=cursor.walk.pending[1:]))
    return rest if rest.walk and rest.walk.pending else close(rest)


def abandon(cursor: Cursor) -> Cursor:
    """Give the walk up without moving the high-water mark: the next one walks back to it again."""
    return replace(cursor, walk=None, validators=None)


def _is_empty(batch: Batch) -> bool:
    return not (batch.items or batch.rejected)


def storable(cursor: Cursor, mask: Mask) -> Cursor:
    """The cursor as it may be stored: a walk with a secret in its requests (a key in an address, say) is given up."""
    pending = cursor.walk.pending if cursor.walk else ()
    return abandon(cursor) if any(holds_secret(request, mask) for request in pending) else cursor

"""Jetstream, the stream of everything on Bluesky, in both versions of its wire: one JSON object an event.

Version 1 (`/subscribe`): {"did", "time_us", "kind": "commit", "commit": {"operation", "collection", "rkey", "record"}}.
Version 2 (`/xrpc/network.bsky.jetstream.subscribeEvents`): {"$type": "message", "payload": {"$type": "…#commit", "seq",
"did", "time", "operation", "collection", "rkey", "record"}}; {"$type": "error", …} before it hangs up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from insight.model import Deletion, Gap, Item, Rejected
from scrapers.base import Batch, SourceError, Stream
from scrapers.formats import limits
from scrapers.formats.values import MOST_REJECTED, excerpt, mapping, whole_number
from scrapers.social.bluesky_records import NETWORK, POSTS, instant, post, uri_of

# https://github.com/bluesky-social/jetstream#consuming-jetstream: a cursor is a time in microseconds, and a reader is
# to start a little before the one it has seen last.
OVERLAP = timedelta(seconds=30)
OVERLAP_EVENTS = 20_000  # of everybody's likes, follows and posts: about half a minute
OLD = timedelta(hours=6)
"""A position by number that has left the archive is refused, one by time is moved to its beginning, and said so."""
SILENCE = 300.0  # somebody always says something
AHEAD = timedelta(minutes=10)  # what two clocks may differ by: a mark behind it would leave out all until then
FIRST = datetime(2022, 11, 1, tzinfo=UTC)  # nothing of this network is older
# others say that a server is behind or does not answer: "desynchronized", "throttled"
_GONE = frozenset({"deleted", "deactivated", "takendown", "suspended"})
_NO_SUCH_CURSOR = ("OutdatedCursor", "FutureCursor")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a stream was read: `at` in microseconds, and in version 2 its number, which counts at that host only."""

    at: int
    number: int | None = None
    host: str = ""

    def __str__(self) -> str:
        return f"v1/{self.at}" if self.number is None else f"v2/{self.host}/{self.number}/{self.at}"

    @classmethod
    def read(cls, written: str | None) -> Mark | None:
        match (written or "").split("/"):
            case ["v1", at] if at.isdecimal():
                return cls(int(at))
            case ["v2", host, number, at] if number.isdecimal() and at.isdecimal():
                return cls(int(at), int(number), host)
        return None

    @property
    def time(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self.at / 1_000_000, UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def trusted(self, now: datetime) -> bool:
        """Whether something can have happened then: any server may say any time."""
        return self.time is not None and FIRST <= self.time <= now + AHEAD


def stream(address: str, mark: Mark | None, now: datetime) -> Stream:
    """The stream that goes on from the mark, a little before it. A mark of the other version, or of another host's
    numbers, is taken by its time."""
    parts = urlsplit(address)
    second = is_second(address)
    params = {"wantedCollections": POSTS}
    if parts.path.startswith("/xrpc/"):
        # each kind once more by its name: https://github.com/bluesky-social/jetstream/blob/main/lexicons
        address += f"{'&' if parts.query else '?'}kinds=commit&kinds=account"
        params = {"collections": POSTS}
    if mark is not None and not mark.trusted(now):
        mark = None
    if mark is not None:
        at = mark.at - OVERLAP // timedelta(microseconds=1)
        young = mark.time is not None and now - mark.time < OLD
        if second and mark.number is not None and mark.host == (parts.hostname or "") and young:
            params["cursor"] = str(max(0, mark.number - OVERLAP_EVENTS))
        else:
            params["cursor"] = str(max(0, at))
    return Stream(address, params, resumes=mark.time if mark else None, silence=SILENCE)


def is_second(address: str) -> bool:
    """Whether the address speaks version 2."""
    path = urlsplit(address).path.rstrip("/")
    return path.startswith("/xrpc/") or path.endswith("-v2")


def read(events: Sequence[str], at: datetime, host: str) -> Batch:
    """The posts among the events, edits and deletions too. Raises SourceError when the stream says that it ends."""
    items: list[Item] = []
    rejected: list[Rejected] = []
    newest: Mark | None = None
    for event in events:
        try:
            found = limits.loads(event)
            if not isinstance(found, dict):
                raise TypeError("an event is no object")
        except (ValueError, TypeError) as error:
            if len(rejected) < MOST_REJECTED:
                rejected.append(Rejected(f"an event that cannot be read: {type(error).__name__}", excerpt(event)))
            continue
        if found.get("$type") == "error":
            says = " ".join(filter(None, (str(found.get("error") or ""), str(found.get("message") or ""))))[:300]
            raise SourceError(f"Jetstream ends the stream: {says or 'without a reason'}")
        payload = mapping(found.get("payload")) if found.get("$type") == "message" else found
        mark = _mark(payload, host, at)
        newest = mark or newest
        if gone := _account_gone(payload):
            items = [item for item in items if not getattr(item, "native_id", "").startswith(gone.native_id)]
        item = gone or _parse_item(payload, mark, at)
        if item is not None:
            items.append(item)
    return Batch(tuple(items), newest=str(newest) if newest else None, rejected=tuple(rejected))


def _mark(payload: Mapping[str, Any], host: str, now: datetime) -> Mark | None:
    at, number = whole_number(payload.get("time_us")), whole_number(payload.get("seq"))
    if at is None:
        witnessed = instant(payload.get("witnessedAt") or payload.get("time"))
        at = round(witnessed.timestamp() * 1_000_000) if witnessed else None
    mark = None if at is None else Mark(at, number if number is None or number >= 0 else None, host)
    return mark if mark is not None and mark.trusted(now) else None


def _account_gone(payload: Mapping[str, Any]) -> Deletion | None:
    """An account that was deleted, deactivated or taken down takes its posts with it, though nothing is said of each.

    https://atproto.com/specs/sync#account-status
    """
    account, did = payload.get("account"), payload.get("did")
    if not isinstance(account, dict) or account.get("active") is not False or not _is_name(did):
        return None
    return Deletion(NETWORK, f"at://{did}/", all_below=True) if account.get("status") in _GONE else None


def _parse_item(payload: Mapping[str, Any], mark: Mark | None, now: datetime) -> Item | None:
    commit = payload.get("commit")
    if not isinstance(commit, dict):
        commit = payload
        if payload.get("name") in _NO_SUCH_CURSOR and str(payload.get("$type", "")).endswith("#info"):
            return Gap(None, now, f"Jetstream could not go on from where it was left: {payload['name']}")
    did, key, operation = payload.get("did"), commit.get("rkey"), commit.get("operation")
    if commit.get("collection") != POSTS or not (_is_name(did) and _is_name(key)):
        return None
    uri = uri_of(did, key)
    if operation == "delete":
        return Deletion(NETWORK, uri)
    record = commit.get("record")
    if operation not in ("create", "update") or not isinstance(record, dict):
        return None
    seen = min(mark.time or now, now) if mark else now
    return post(uri, record, seen, edited_at=seen if operation == "update" else None)


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable()

"""One arrival in one transaction: read what is known of its posts, merge, write what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy import bindparam as bind

from insight.model import Deletion, Engagement, Mention, MentionState, PostKey, UnderstoodPost
from storage import sources
from storage.databases.database import Database
from storage.indicators import put_readings
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import storable, storable_key
from storage.snapshots import put_snapshots
from storage.values import BatchCounts, UnderstoodBatch
from storage.watches import refuse_outdated
from storage.writing.changes import Change, by_network, locks, read_changes, retired_watches, write_changes
from storage.writing.merge import NEVER, arrived, deleted, engaged


def ingest(database: Database, arrival: UnderstoodBatch) -> BatchCounts:
    understood = _in_turn(storable(item) for item in arrival.understood)
    keys = _keys(understood, arrival)
    with database.write({f"source:{arrival.source}", *locks(keys)}) as connection:
        refuse_outdated(connection, arrival.versions)
        changes = read_changes(connection, keys)
        _merge(connection, changes, understood, arrival)
        write_changes(connection, changes.values(), arrival.collected_at)
        _settle(connection, changes, arrival.settled)
        _write_sightings(connection, changes, {item.post.key for item in understood}, arrival)
        put_readings(connection, arrival.source, arrival.readings)
        put_snapshots(connection, arrival.source, arrival.snapshots)
        sources.put_arrival(connection, arrival)
    return _outcome(changes.values(), len(arrival.understood))


def _in_turn(understood: Iterable[UnderstoodPost]) -> list[UnderstoodPost]:
    """Without repetitions: of a post that comes more than once, the first edition and what was edited later."""
    latest: dict[PostKey, datetime] = {}
    kept = []
    for item in understood:
        key, edited = item.post.key, item.post.edited_at or NEVER
        if key not in latest or edited > latest[key]:
            latest[key] = edited
            kept.append(item)
    return kept


def _keys(understood: Iterable[UnderstoodPost], arrival: UnderstoodBatch) -> set[PostKey]:
    others: tuple[Deletion | Engagement, ...] = (*arrival.deletions, *arrival.engagements)
    return {item.post.key for item in understood} | {_key(item) for item in others}


def _key(item: Deletion | Engagement) -> PostKey:
    return storable_key(PostKey(item.network, item.native_id))


# -- merging ------------------------------------------------------------------------------------------------------


def _merge(
    connection: Connection,
    changes: Mapping[PostKey, Change],
    understood: Sequence[UnderstoodPost],
    arrival: UnderstoodBatch,
) -> None:
    """Take posts, then numbers, then deletions."""
    at, retired = arrival.collected_at, retired_watches(connection)
    early = _early_deletions(connection, [key for key, one in changes.items() if one.old is None])
    for item in understood:
        key = item.post.key
        one = changes[key]
        one.becomes(arrived(one.new, item, arrival.source, at, retired))
        if one.new is not None and key in early:
            one.new = deleted(one.new, early[key])
    for numbers in arrival.engagements:
        one = changes[_key(numbers)]
        one.new = one.new and engaged(one.new, numbers.counts)
    gone = {_key(item) for item in arrival.deletions}
    for key in gone:
        one = changes[key]
        one.new = one.new and deleted(one.new, at)
    _write_tombstones(connection, [key for key in gone if not changes[key].new], at)
    _take_tombstones(connection, [key for key in early if changes[key].new])


def _early_deletions(connection: Connection, keys: Sequence[PostKey]) -> dict[PostKey, datetime]:
    """Deletions that came before their post."""
    table, found = tables.tombstones, {}
    for network, part in by_network(keys):
        query = select(table.c.native_id, table.c.deleted_at).where(table.c.network == network)
        for row in connection.execute(query.where(table.c.native_id.in_(part))):
            found[PostKey(network, row.native_id)] = row.deleted_at
    return found


def _write_tombstones(connection: Connection, keys: Iterable[PostKey], at: datetime) -> None:
    rows = [{"network": key.network, "native_id": key.native_id, "deleted_at": at} for key in keys]
    put(connection, tables.tombstones, rows)


def _take_tombstones(connection: Connection, keys: Iterable[PostKey]) -> None:
    table, taken = tables.tombstones, [{"n": key.network, "i": key.native_id} for key in keys]
    if taken:
        matches = (table.c.network == bind("n")) & (table.c.native_id == bind("i"))
        connection.execute(delete(table).where(matches), taken)


def _settle(connection: Connection, changes: Mapping[PostKey, Change], settled: Iterable[PostKey]) -> None:
    """Take the new ones of these posts out of what the theme step is to look at."""
    ids = [one.id for one in map(changes.get, map(storable_key, settled)) if one and one.old is None and one.new]
    if ids:
        connection.execute(delete(tables.pending).where(tables.pending.c.post.in_(ids)))


def _write_sightings(
    connection: Connection, changes: Mapping[PostKey, Change], seen: Iterable[PostKey], arrival: UnderstoodBatch
) -> None:
    rows = [
        {"post": changes[key].id, "source": arrival.source, "at": arrival.collected_at}
        for key in seen
        if changes[key].new is not None
    ]
    put(connection, tables.sightings, rows)


def _outcome(changes: Iterable[Change], seen: int) -> BatchCounts:
    new = revised = gone = kept = 0
    for one in changes:
        if not one.changed or one.new is None:
            continue
        new += one.old is None
        revised += bool(one.former)
        gone += one.new.deleted_at is not None and (one.old is None or one.old.deleted_at is None)
        before = one.old.mentions if one.old else {}
        kept += sum(1 for watch, mention in one.new.mentions.items() if _kept(mention) and not _kept(before.get(watch)))
    return BatchCounts(seen, new, revised, gone, kept)


def _kept(mention: Mention | None) -> bool:
    return mention is not None and mention.state is MentionState.KEPT

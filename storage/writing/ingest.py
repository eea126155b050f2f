"""One batch in one transaction: read what is stored of its posts, merge, write what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy import bindparam as bind

from insight.model import Deletion, Engagement, Mention, MentionState, PostKey, UnderstoodPost
from storage.databases.database import Database
from storage.indicators import put_readings
from storage.inputs import BatchCounts, UnderstoodBatch
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import storable
from storage.rows.keys import has_key, keys_below, rows_by_key, storable_key
from storage.snapshots import put_snapshots
from storage.sources import put_search_results
from storage.watches import refuse_outdated
from storage.writing.aliases import by_stored_ids, put_aliases, stored_ids
from storage.writing.changes import PostChange, locks, read_changes, retired_watches, write_changes
from storage.writing.merge import NEVER, add_engagement, mark_deleted, merge

_EARLY = select(tables.tombstones).where(has_key(tables.tombstones))


def ingest(database: Database, batch: UnderstoodBatch) -> BatchCounts:
    """Store a batch: all of it or none. Raises OutdatedError; the same batch again changes nothing more."""
    # 1. what it holds as a database can hold it, and each deletion as one of a single post
    deletions = tuple(_one_by_one(database, batch.deletions))
    batch = replace(batch, understood=tuple(map(storable, batch.understood)), deletions=deletions)
    posts = [item.post for item in batch.understood]
    keys = {*(post.key for post in posts), *map(_key, batch.deletions), *map(_key, batch.engagements)}
    with database.write({f"source:{batch.source}", *locks(keys)}) as connection:
        refuse_outdated(connection, batch.versions)
        # 2. what is stored of these posts, also of those that come by another id now, and what they become
        changes = read_changes(connection, keys)
        stored = stored_ids(connection, changes, posts)
        if stored:
            changes = read_changes(connection, {stored.get(key, key) for key in keys})
            batch = by_stored_ids(batch, stored)
        understood = _editions(batch.understood)
        _merge(connection, changes, understood, batch)
        # 3. the posts with all that hangs on them, and who saw them
        write_changes(connection, changes.values(), batch.collected_at)
        _take_out_of_pending(connection, changes, batch.settled)
        put_aliases(connection, posts, stored, changes)
        put(connection, tables.sightings, [
            {"post": changes[key].id, "source": batch.source, "at": batch.collected_at}
            for key in dict.fromkeys(item.post.key for item in understood)
            if changes[key].new is not None
        ])  # fmt: skip
        # 4. what else was in the batch, and its cursor
        put_readings(connection, batch.source, batch.readings)
        put_snapshots(connection, batch.source, batch.snapshots)
        put_search_results(connection, batch)
    return _counts(changes.values(), len(batch.understood))


def _one_by_one(database: Database, deletions: Iterable[Deletion]) -> Iterator[Deletion]:
    """Each deletion as one of a single post."""
    for deletion in deletions:
        if not deletion.all_below:
            yield deletion
            continue
        with database.read() as connection:
            below = keys_below(connection, deletion.network, deletion.native_id)
        yield from (Deletion(key.network, key.native_id) for key in below)


def _editions(understood: Iterable[UnderstoodPost]) -> list[UnderstoodPost]:
    """One wording of each post and each time it was edited."""
    latest: dict[PostKey, datetime] = {}
    editions = []
    for item in understood:
        key, edited = item.post.key, item.post.edited_at or NEVER
        if key not in latest or edited > latest[key]:
            latest[key] = edited
            editions.append(item)
    return editions


def _key(item: Deletion | Engagement) -> PostKey:
    return storable_key(PostKey(item.network, item.native_id))


def _merge(
    connection: Connection,
    changes: Mapping[PostKey, PostChange],
    understood: Iterable[UnderstoodPost],
    batch: UnderstoodBatch,
) -> None:
    """Take posts, then numbers, then deletions. A deletion that comes before its post waits for it as a tombstone."""
    at, retired, table = batch.collected_at, retired_watches(connection), tables.tombstones
    unknown = [key for key, change in changes.items() if change.old is None]
    early = {PostKey(row.network, row.native_id): row.deleted_at for row in rows_by_key(connection, _EARLY, unknown)}
    for item in understood:
        key, change = item.post.key, changes[item.post.key]
        change.becomes(merge(change.new, item, batch.source, at, retired))
        if change.new is not None and key in early:
            change.new = mark_deleted(change.new, early[key])
    for engagement in batch.engagements:
        change = changes[_key(engagement)]
        change.new = change.new and add_engagement(change.new, engagement.counts)
    gone = {_key(item) for item in batch.deletions}
    for key in gone:
        change = changes[key]
        change.new = change.new and mark_deleted(change.new, at)
    put(connection, table, [
        {"network": key.network, "native_id": key.native_id, "deleted_at": at} for key in gone if not changes[key].new
    ])  # fmt: skip
    if arrived := [{"n": key.network, "i": key.native_id} for key in early if changes[key].new]:
        connection.execute(delete(table).where(table.c.network == bind("n"), table.c.native_id == bind("i")), arrived)


def _take_out_of_pending(
    connection: Connection, changes: Mapping[PostKey, PostChange], settled: Iterable[PostKey]
) -> None:
    """The theme step need not look at the new ones of these posts."""
    ids = [one.id for one in map(changes.get, map(storable_key, settled)) if one and one.old is None and one.new]
    if ids:
        connection.execute(delete(tables.pending).where(tables.pending.c.post.in_(ids)))


def _counts(changes: Iterable[PostChange], seen: int) -> BatchCounts:
    new = revised = gone = kept = 0
    for one in changes:
        if not one.changed or one.new is None:
            continue
        new += one.old is None
        revised += bool(one.former)
        gone += one.new.deleted_at is not None and (one.old is None or one.old.deleted_at is None)
        kept_before = set() if one.old is None else _kept(one.old.mentions.values())
        kept += len(_kept(one.new.mentions.values()) - kept_before)
    return BatchCounts(seen, new, revised, gone, kept)


def _kept(mentions: Iterable[Mention]) -> set[str]:
    return {mention.watch for mention in mentions if mention.state is MentionState.KEPT}

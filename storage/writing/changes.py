"""The stored side of a merge: read what is known of some posts, write what differs afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy import bindparam as bind

from insight.counts import event_time
from insight.model import Mention, Post, PostKey
from storage.databases.database import chunks
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import grain_of, read_mention, read_post
from storage.rows.tables import MENTION, POST
from storage.writing import counting
from storage.writing.merge import Record, complains, is_revision
from storage.writing.words import claim, put_words, take_words

_in_order = attrgetter("network", "native_id")
POST_COLUMNS = tuple(column.name for column in tables.posts.c if not column.primary_key)
_MENTION_COLUMNS = tuple(column.name for column in tables.mentions.c if not column.primary_key)

# built once: making a statement takes longer than running it
_POSTS = select(tables.posts).where(
    tables.posts.c.network == bind("network"), tables.posts.c.native_id.in_(bind("native_ids", expanding=True))
)
_MENTIONS = select(tables.mentions).where(tables.mentions.c.post.in_(bind("posts", expanding=True)))
_RETIRED = select(tables.watches.c.id).where(~tables.watches.c.active)
_RESERVED = text("SELECT nextval('posts_id_seq') FROM generate_series(1, :count)")


@dataclass(slots=True)
class Change:
    """A post on its way through a transaction: what it was, what it is now, and its row number."""

    old: Record | None = None
    new: Record | None = None
    id: int | None = None
    former: list[Post] = field(default_factory=list)

    def becomes(self, record: Record | None) -> None:
        former = None if self.new is None else self.new.post
        if former is not None and record is not None and not record.emptied and is_revision(former, record.post):
            self.former.append(former)
        self.new = record

    @property
    def changed(self) -> bool:
        return self.new is not self.old and self.new != self.old


def locks(keys: Iterable[PostKey]) -> set[str]:
    """What a transaction has to lock that changes these posts, or anything that hangs on them."""
    return {f"network:{key.network}" for key in keys}


# -- reading ------------------------------------------------------------------------------------------------------


def read_changes(connection: Connection, keys: Collection[PostKey]) -> dict[PostKey, Change]:
    """What is stored of these posts, not changed yet, in a fixed order; a key that is not stored has an empty entry."""
    changes = {key: Change() for key in sorted(keys, key=_in_order)}
    rows = [
        row
        for network, part in by_network(changes)
        for row in connection.execute(_POSTS, {"network": network, "native_ids": part})
    ]
    by_id = _mentions(connection, {row.id: PostKey(row.network, row.native_id) for row in rows})
    for row in rows:
        record = Record(
            read_post(row), row.source, row.collected_at, row.edition_at, by_id.get(row.id, {}),
            row.deleted_at, row.expired_at,
        )  # fmt: skip
        changes[record.post.key] = Change(record, record, row.id)
    return changes


def _mentions(connection: Connection, keys: Mapping[int, PostKey]) -> dict[int, dict[str, Mention]]:
    found: dict[int, dict[str, Mention]] = {}
    for part in chunks(list(keys)):
        for row in connection.execute(_MENTIONS, {"posts": part}):
            found.setdefault(row.post, {})[row.watch] = read_mention(row, keys[row.post])
    return found


def by_network(keys: Iterable[PostKey]) -> Iterable[tuple[str, Sequence[str]]]:
    """Native ids a network, in parts that fit into one SELECT … IN."""
    for network, group in groupby(sorted(keys, key=_in_order), key=lambda key: key.network):
        for part in chunks([key.native_id for key in group]):
            yield network, part


def retired_watches(connection: Connection) -> frozenset[str]:
    return frozenset(connection.execute(_RETIRED).scalars())


# -- writing ------------------------------------------------------------------------------------------------------


def write_changes(connection: Connection, changes: Iterable[Change], at: datetime) -> None:
    """Everything that differs between old and new: posts, words, revisions, mentions, pending themes and counters."""
    differing = [one for one in changes if one.changed]
    if not differing:
        return
    claim(connection, at)
    _write_posts(connection, differing)
    _write_words(connection, differing)
    _write_revisions(connection, differing, at)
    _write_mentions(connection, differing)
    counting.move(connection, counting.moves((one.old, one.new) for one in differing))


def _write_posts(connection: Connection, changes: Sequence[Change]) -> None:
    new = [one for one in changes if one.old is None]
    for one, number in zip(new, _new_ids(connection, len(new)), strict=True):
        one.id = number
    rows = []
    for one in changes:
        old, record = one.old, one.new
        assert record is not None  # noqa: S101 - a stored post is never forgotten
        if old is not None and (old.post, old.edition_at, old.deleted_at) == (
            record.post, record.edition_at, record.deleted_at
        ):  # fmt: skip
            continue
        rows.append(
            {
                "id": one.id,
                "source": record.source,
                "collected_at": record.collected_at,
                "event_at": event_at(record),
                "edition_at": record.edition_at,
                "deleted_at": record.deleted_at,
                "expired_at": record.expired_at,
                **POST.write(record.post),
            }
        )
    put(connection, tables.posts, rows, replace=POST_COLUMNS)


def _new_ids(connection: Connection, count: int) -> Sequence[int]:
    """Row numbers that no other writer gets: on SQLite there is no other one."""
    if not count:
        return ()
    if connection.dialect.name == "postgresql":
        return connection.execute(_RESERVED, {"count": count}).scalars().all()
    last: int = connection.execute(select(func.max(tables.posts.c.id))).scalar() or 0
    return range(last + 1, last + 1 + count)


def event_at(record: Record) -> datetime:
    return event_time(record.post, record.collected_at) or record.collected_at


def _write_words(connection: Connection, changes: Sequence[Change]) -> None:
    """Index what is new or says something else; what is gone leaves the index."""
    said, gone = [], []
    for one in changes:
        assert one.new is not None and one.id is not None  # noqa: S101, PT018 - it has just been written
        if one.new.emptied:
            gone.append(one.id)
        elif one.old is None or is_revision(one.old.post, one.new.post):
            said.append((one.id, one.new.post))
    put_words(connection, said)
    take_words(connection, gone)


def _write_revisions(connection: Connection, changes: Sequence[Change], at: datetime) -> None:
    """Add what was said before; a deleted post loses that too."""
    table = tables.revisions
    gone = [one.id for one in changes if one.new and one.new.deleted_at]
    for part in chunks(gone):
        connection.execute(delete(table).where(table.c.post.in_(part)))
    edited = [one for one in changes if one.former and one.new and not one.new.deleted_at]
    last: dict[int, int] = {}
    for part in chunks([one.id for one in edited]):
        query = select(table.c.post, func.max(table.c.number)).where(table.c.post.in_(part)).group_by(table.c.post)
        last.update(dict(connection.execute(query).all()))
    rows = [
        {"post": one.id, "number": number, "replaced_at": at, "content": POST.to_json(post)}
        for one in edited
        for number, post in enumerate(one.former, last.get(one.id or 0, 0) + 1)
    ]
    put(connection, table, rows)


def _write_mentions(connection: Connection, changes: Sequence[Change]) -> None:
    rows, new_complaints, ended_complaints = [], [], []
    for one in changes:
        assert one.new is not None  # noqa: S101 - a stored post is never forgotten
        before = one.old.mentions if one.old else {}
        at, grain = event_at(one.new), grain_of(one.new.post, one.new.collected_at)
        moved = one.old is not None and (event_at(one.old), grain_of(one.old.post, one.old.collected_at)) != (at, grain)
        for watch, mention in one.new.mentions.items():
            former = before.get(watch)
            if former == mention and not moved:
                continue
            rows.append({"post": one.id, "watch": watch, "event_at": at, "grain": grain, **MENTION.write(mention)})
            if complains(mention) and not complains(former):
                new_complaints.append({"watch": watch, "post": one.id})
            elif complains(former) and not complains(mention):
                ended_complaints.append({"w": watch, "p": one.id})
    put(connection, tables.mentions, rows, replace=_MENTION_COLUMNS)
    put(connection, tables.pending, new_complaints)
    if ended_complaints:
        table = tables.pending
        connection.execute(delete(table).where(table.c.watch == bind("w"), table.c.post == bind("p")), ended_complaints)

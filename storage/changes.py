"""The stored side of a merge: read what is known of some posts, write what differs afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy import bindparam as bind

from insight.counts import event_time
from insight.model import Mention, Post, PostKey
from storage import counting, tables
from storage.bulk import put
from storage.database import chunks
from storage.merge import Record, complains, is_revision
from storage.rows import grain_of, mention_columns, post_columns, post_json, read_mention, read_post
from storage.words import claim, put_words, spoken, take_words

_in_order = attrgetter("network", "native_id")
POST_COLUMNS = tuple(column.name for column in tables.posts.c if column.name != "id")
_MENTION_COLUMNS = tuple(column.name for column in tables.mentions.c if not column.primary_key)


def mention_columns_read() -> list[ColumnElement[Any]]:
    """The columns of a mention that can stand beside those of its post without a clash of names."""
    table = tables.mentions
    clashing = {"event_at", "language"}
    return [table.c.language.label("mention_language"), *(c for c in table.c if c.name not in clashing)]


# built once: making a statement takes longer than running it
_POSTS = select(tables.posts).where(
    tables.posts.c.network == bind("network"), tables.posts.c.native_id.in_(bind("native_ids", expanding=True))
)
_MENTIONS = select(*mention_columns_read()).where(tables.mentions.c.post.in_(bind("posts", expanding=True)))
_RETIRED = select(tables.watches.c.id).where(~tables.watches.c.active)


@dataclass(slots=True)
class Known:
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


# -- reading ------------------------------------------------------------------------------------------------------


def read_known(connection: Connection, keys: Collection[PostKey]) -> dict[PostKey, Known]:
    """What is stored of these posts, in a fixed order; a key that is not stored has an empty entry."""
    known = {key: Known() for key in sorted(keys, key=_in_order)}
    rows = [row for network, part in by_network(known) for row in _rows(connection, network, part)]
    by_id = _mentions(connection, {row.id: PostKey(row.network, row.native_id) for row in rows})
    for row in rows:
        record = Record(
            read_post(row), row.source, row.collected_at, row.edition_at, by_id.get(row.id, {}),
            row.deleted_at, row.expired_at,
        )  # fmt: skip
        known[record.post.key] = Known(record, record, row.id)
    return known


def _rows(connection: Connection, network: str, native_ids: Sequence[str]) -> Iterable[Any]:
    return connection.execute(_POSTS, {"network": network, "native_ids": native_ids}).all()


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


def write_changes(connection: Connection, known: Mapping[PostKey, Known], at: datetime) -> None:
    """Everything that differs between old and new: posts, words, revisions, mentions, pending themes and counters."""
    changes = [one for one in known.values() if one.changed]
    if not changes:
        return
    claim(connection, at)
    _write_posts(connection, changes)
    _write_words(connection, changes)
    _write_revisions(connection, changes, at)
    _write_mentions(connection, changes)
    counting.move(connection, counting.moves((one.old, one.new) for one in changes))


def _write_posts(connection: Connection, changes: Sequence[Known]) -> None:
    posts = tables.posts
    new = [one for one in changes if one.old is None]
    if new:
        last = connection.execute(select(func.max(posts.c.id))).scalar() or 0  # no other writer is at work
        for number, one in enumerate(new, last + 1):
            one.id = number
    rows = [_post_row(one) for one in changes if one.old is None or _row_differs(one.old, one.new)]
    put(connection, posts, rows, replace=POST_COLUMNS)


def _write_words(connection: Connection, changes: Sequence[Known]) -> None:
    """Index what is new or says something else; what is gone leaves the index."""
    said, gone = [], []
    for one in changes:
        assert one.new is not None and one.id is not None  # noqa: S101, PT018 - it has just been written
        if one.new.emptied:
            gone.append(one.id)
        elif one.old is None or spoken(one.old.post) != spoken(one.new.post):
            said.append((one.id, one.new.post))
    put_words(connection, said)
    take_words(connection, gone)


def _row_differs(old: Record, new: Record | None) -> bool:
    return new is None or (old.post, old.edition_at, old.deleted_at) != (new.post, new.edition_at, new.deleted_at)


def _post_row(one: Known) -> dict[str, Any]:
    record = one.new
    assert record is not None  # noqa: S101 - a stored post is never forgotten
    return {
        "id": one.id,
        "network": record.post.network,
        "native_id": record.post.native_id,
        "source": record.source,
        "collected_at": record.collected_at,
        "event_at": event_at(record),
        "edition_at": record.edition_at,
        "deleted_at": record.deleted_at,
        "expired_at": record.expired_at,
        **post_columns(record.post),
    }


def event_at(record: Record) -> datetime:
    return event_time(record.post, record.collected_at) or record.collected_at


def _write_revisions(connection: Connection, changes: Sequence[Known], at: datetime) -> None:
    """Add what was said before; a deleted post loses that too."""
    table = tables.revisions
    gone = [one.id for one in changes if one.new and one.new.deleted_at]
    for part in chunks(gone):
        connection.execute(delete(table).where(table.c.post.in_(part)))
    edited = [one for one in changes if one.former and one.new and not one.new.deleted_at]
    if not edited:
        return
    ids = [one.id for one in edited]
    last: dict[int, int] = {}
    for part in chunks(ids):
        query = select(table.c.post, func.max(table.c.number)).where(table.c.post.in_(part)).group_by(table.c.post)
        last.update(dict(connection.execute(query).all()))
    rows = [
        {"post": one.id, "number": number, "replaced_at": at, "content": post_json(post)}
        for one in edited
        for number, post in enumerate(one.former, last.get(one.id or 0, 0) + 1)
    ]
    put(connection, table, rows)


def _write_mentions(connection: Connection, changes: Sequence[Known]) -> None:
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
            rows.append({"post": one.id, "watch": watch, "event_at": at, "grain": grain, **mention_columns(mention)})
            if complains(mention) and not complains(former):
                new_complaints.append({"watch": watch, "post": one.id})
            elif complains(former) and not complains(mention):
                ended_complaints.append({"w": watch, "p": one.id})
    put(connection, tables.mentions, rows, replace=_MENTION_COLUMNS)
    put(connection, tables.pending, new_complaints)
    if ended_complaints:
        table = tables.pending
        connection.execute(delete(table).where(table.c.watch == bind("w"), table.c.post == bind("p")), ended_complaints)

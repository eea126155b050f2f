"""The stored side of a merge: read what is stored of some posts, write what differs afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy import bindparam as bind

from insight.counts import event_time
from insight.model import Correction, Mention, Post, PostKey
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import grain_of, read_mention, read_post
from storage.rows.keys import chunks, has_key, key_order, rows_by_key
from storage.rows.tables import CORRECTION, MENTION, POST
from storage.writing.counting import add_to_counts, count_changes
from storage.writing.merge import NEVER, PostRecord, is_revision, waits_for_themes
from storage.writing.search_index import begin_indexing, put_words, remove_words

POST_COLUMNS = tuple(column.name for column in tables.posts.c if not column.primary_key)
_MENTION_COLUMNS = tuple(column.name for column in tables.mentions.c if not column.primary_key)

# built once: making a statement takes longer than running it
_POSTS = select(tables.posts).where(has_key())
_MENTIONS = select(tables.mentions).where(tables.mentions.c.post.in_(bind("posts", expanding=True)))
_CORRECTIONS = select(tables.corrections.c.post, tables.corrections.c.watch, *(
    tables.corrections.c[name] for name in CORRECTION.names
)).where(tables.corrections.c.post.in_(bind("posts", expanding=True)))  # fmt: skip
_RETIRED = select(tables.watches.c.id).where(~tables.watches.c.active)
_RESERVE_IDS = text("SELECT nextval('posts_id_seq') FROM generate_series(1, :count)")


@dataclass(slots=True)
class PostChange:
    """A post on its way through a transaction: what it was, what it is now, and its row number."""

    old: PostRecord | None = None
    new: PostRecord | None = None
    id: int | None = None
    former: list[Post] = field(default_factory=list)  # the wordings that were replaced on the way
    corrections: dict[str, Correction] = field(default_factory=dict)  # by watch

    def becomes(self, record: PostRecord | None) -> None:
        former = None if self.new is None else self.new.post
        if former is not None and record is not None and not record.emptied and is_revision(former, record.post):
            self.former.append(former)
        self.new = record

    def correct(self) -> None:
        """What people have said stands, whatever the rules say now."""
        if self.new is not None and self.corrections:
            said = {watch: one.apply(self.new.mentions[watch]) for watch, one in self.corrections.items()}
            self.new = replace(self.new, mentions={**self.new.mentions, **said})

    @property
    def changed(self) -> bool:
        return self.new is not self.old and self.new != self.old


def locks(keys: Iterable[PostKey]) -> set[str]:
    """What a transaction has to lock that changes these posts, or anything that hangs on them."""
    return {f"network:{key.network}" for key in keys}


def read_changes(connection: Connection, keys: Collection[PostKey]) -> dict[PostKey, PostChange]:
    """What is stored of these posts, not changed yet, in a fixed order; a key that is not stored has an empty entry."""
    changes = {key: PostChange() for key in sorted(keys, key=key_order)}
    rows = list(rows_by_key(connection, _POSTS, changes))
    stored = {row.id: PostKey(row.network, row.native_id) for row in rows}
    mentions: dict[int, dict[str, Mention]] = {number: {} for number in stored}
    for part in chunks(list(stored)):
        for row in connection.execute(_MENTIONS, {"posts": part}):
            mentions[row.post][row.watch] = read_mention(row, stored[row.post])
    corrections = read_corrections(connection, stored)
    for row in rows:
        record = PostRecord(
            read_post(row), row.source, row.collected_at, row.edition_at, mentions[row.id],
            row.deleted_at, row.expired_at,
        )  # fmt: skip
        changes[record.post.key] = PostChange(record, record, row.id, corrections=corrections.get(row.id, {}))
    return changes


def read_corrections(connection: Connection, posts: Mapping[int, PostKey]) -> dict[int, dict[str, Correction]]:
    """What people have said of the mentions of these posts, by row number and watch."""
    found: dict[int, dict[str, Correction]] = {}
    for part in chunks(list(posts)):
        for row in connection.execute(_CORRECTIONS, {"posts": part}):
            found.setdefault(row.post, {})[row.watch] = CORRECTION.read(row[2:], row.watch, posts[row.post])
    return found


def retired_watches(connection: Connection) -> frozenset[str]:
    return frozenset(connection.execute(_RETIRED).scalars())


def write_changes(
    connection: Connection, changes: Iterable[PostChange], at: datetime, pending_since: datetime = NEVER
) -> None:
    """Everything that differs between old and new: posts, words, revisions, mentions, pending themes and counters.

    Of posts that count before `pending_since` the theme step would learn too little to be worth its time.
    """
    differing = []
    for one in changes:
        one.correct()
        differing += [one] if one.changed else []
    if not differing:
        return
    begin_indexing(connection, at)
    _write_posts(connection, differing)
    _write_words(connection, differing)
    _write_revisions(connection, differing, at)
    _write_mentions(connection, differing, pending_since)
    # last: writers of other networks, who move the same counters, wait for these rows until this one has committed
    add_to_counts(connection, count_changes((one.old, one.new) for one in differing))


def _write_posts(connection: Connection, changes: Sequence[PostChange]) -> None:
    new = [one for one in changes if one.old is None]
    if new and connection.dialect.name == "postgresql":  # several writers: nobody else gets these numbers
        for one, number in zip(new, connection.execute(_RESERVE_IDS, {"count": len(new)}).scalars(), strict=True):
            one.id = number
    elif new:
        last: int = connection.execute(select(func.max(tables.posts.c.id))).scalar() or 0
        for number, one in enumerate(new, last + 1):
            one.id = number
    rows = []
    for one in changes:
        old, record = one.old, one.new
        assert record is not None  # noqa: S101 - a stored post is never forgotten
        if old is None or (old.post, old.edition_at, old.deleted_at) != (
            record.post, record.edition_at, record.deleted_at
        ):  # fmt: skip
            rows.append({
                "id": one.id, "source": record.source, "collected_at": record.collected_at,
                "event_at": event_at(record), "edition_at": record.edition_at, "deleted_at": record.deleted_at,
                "expired_at": record.expired_at, **POST.write(record.post),
            })  # fmt: skip
    put(connection, tables.posts, rows, replace=POST_COLUMNS)


def event_at(record: PostRecord) -> datetime:
    return event_time(record.post, record.collected_at) or record.collected_at


def _write_words(connection: Connection, changes: Sequence[PostChange]) -> None:
    """Index what is new or says something else; what is gone leaves the index."""
    changed, gone = [], []
    for one in changes:
        assert one.new is not None and one.id is not None  # noqa: S101, PT018 - it has just been written
        if one.new.emptied:
            gone.append(one.id)
        elif one.old is None or is_revision(one.old.post, one.new.post):
            changed.append((one.id, one.new.post))
    put_words(connection, changed)
    remove_words(connection, gone)


def _write_revisions(connection: Connection, changes: Sequence[PostChange], at: datetime) -> None:
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
    put(connection, table, [
        {"post": one.id, "number": number, "replaced_at": at, "content": POST.to_json(post)}
        for one in edited
        for number, post in enumerate(one.former, last.get(one.id or 0, 0) + 1)
    ])  # fmt: skip


def _write_mentions(connection: Connection, changes: Sequence[PostChange], pending_since: datetime) -> None:
    """Mentions that differ, or whose post counts at another time now; those the theme step is to see are pending."""
    rows, waiting, settled = [], [], []
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
            if waits_for_themes(mention) and not waits_for_themes(former):
                waiting += [{"watch": watch, "post": one.id}] if at >= pending_since else []
            elif waits_for_themes(former) and not waits_for_themes(mention):
                settled.append({"w": watch, "p": one.id})
    put(connection, tables.mentions, rows, replace=_MENTION_COLUMNS)
    put(connection, tables.pending, waiting)
    if settled:
        table = tables.pending
        connection.execute(delete(table).where(table.c.watch == bind("w"), table.c.post == bind("p")), settled)

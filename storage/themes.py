"""Themes, and the negative mentions that the theme step has not consumed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select
from sqlalchemy import bindparam as bind

from insight.model import Mention, PostKey, Sighted
from storage import tables
from storage.bulk import put
from storage.changes import by_network
from storage.database import Database
from storage.reading import select_sighted
from storage.rows import read_sighted, storable_key
from storage.values import Theme

_PENDING = (
    select_sighted()
    .join(tables.pending, tables.pending.c.post == tables.mentions.c.post)
    .where(tables.pending.c.watch == bind("w"), tables.mentions.c.watch == bind("w"))
    .order_by(tables.mentions.c.event_at, tables.mentions.c.post)
    .limit(bind("limit"))
)
_MARK = select(func.count(), func.max(tables.pending.c.post)).where(tables.pending.c.watch == bind("w"))


class Themes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, watch: str, limit: int = 1000) -> list[Sighted]:
        """New negative mentions that no step has consumed, oldest first. One whose post is gone is not among them."""
        with self._database.read() as connection:
            rows = connection.execute(_PENDING, {"w": watch, "limit": limit})
            return [read_sighted(row) for row in rows]

    def mark(self, watch: str) -> str:
        """A text that changes when there is more, or less, pending."""
        with self._database.read() as connection:
            count, last = connection.execute(_MARK, {"w": watch}).one()
        return f"{count} up to {last or 0}"

    def all(self, watch: str | None = None) -> list[Theme]:
        """The themes, the one heard of last first."""
        table = tables.themes
        query = select(table).order_by(table.c.last_at.desc(), table.c.id)
        query = query if watch is None else query.where(table.c.watch == watch)
        with self._database.read() as connection:
            return [
                Theme(row.id, row.watch, row.label, row.first_at, row.last_at, row.detail or {})
                for row in connection.execute(query)
            ]


def put_themes(connection: Connection, themes: Iterable[Theme]) -> None:
    rows = [
        {"id": theme.id, "watch": theme.watch, "label": theme.label, "first_at": theme.first_at,
         "last_at": theme.last_at, "detail": dict(theme.detail)}
        for theme in themes
    ]  # fmt: skip
    put(connection, tables.themes, rows, replace=("label", "first_at", "last_at", "detail"))


def consume(connection: Connection, mentions: Iterable[Mention]) -> None:
    """Take these mentions out of what is pending."""
    posts, table = tables.posts, tables.pending
    wanted: dict[PostKey, list[str]] = {}
    for mention in mentions:
        wanted.setdefault(storable_key(mention.post), []).append(mention.watch)
    rows = []
    for network, part in by_network(wanted):
        query = select(posts.c.id, posts.c.native_id).where(posts.c.network == network, posts.c.native_id.in_(part))
        for row in connection.execute(query):
            rows += [{"w": watch, "p": row.id} for watch in wanted[PostKey(network, row.native_id)]]
    if rows:
        connection.execute(delete(table).where(table.c.watch == bind("w"), table.c.post == bind("p")), rows)

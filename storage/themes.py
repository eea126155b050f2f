"""Themes, the posts that belong to them, and the negative mentions that the theme step has not consumed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select
from sqlalchemy import bindparam as bind

from insight.model import Mention, MentionState, PostKey, StoredMention, Theme, ThemeChange, ThemeEvent
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import read_stored_mention
from storage.rows.keys import has_key, numbers_of, rows_by_key, storable_key
from storage.searching.reading import select_stored_mentions

_T, _PHRASES, _MEMBERS, _EVENTS = tables.themes, tables.theme_phrases, tables.theme_posts, tables.theme_events
_PENDING = (
    select_stored_mentions()
    .join(tables.pending, tables.pending.c.post == tables.mentions.c.post)
    .where(tables.pending.c.watch == bind("w"), tables.mentions.c.watch == bind("w"))
    .order_by(tables.mentions.c.event_at, tables.mentions.c.post)
    .limit(bind("limit"))
)
_OF_POSTS = (
    select(tables.posts.c.network, tables.posts.c.native_id, _T.c.watch, _T.c.id, _T.c.label)
    .join(_MEMBERS, _MEMBERS.c.post == tables.posts.c.id)
    .join(_T, _T.c.id == _MEMBERS.c.theme)
    .where(has_key())
    .order_by(_T.c.id)
)
_MARK = select(func.count(), func.max(tables.pending.c.post)).where(tables.pending.c.watch == bind("w"))


class Themes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, watch: str, limit: int = 1000) -> list[StoredMention]:
        """New negative mentions that no step has consumed, oldest first. One whose post is gone is not among them."""
        with self._database.read() as connection:
            rows = connection.execute(_PENDING, {"w": watch, "limit": limit})
            return [read_stored_mention(row) for row in rows]

    def relearn(self, watch: str, since: datetime) -> None:
        """Make pending again what complains since then, and nothing else: the next steps learn from it anew."""
        mentions, table = tables.mentions.c, tables.pending
        complaints = select(mentions.watch, mentions.post).where(
            mentions.watch == watch, mentions.event_at >= since, mentions.state == MentionState.KEPT.value,
            mentions.complaint.is_(True),
        )  # fmt: skip
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.watch == watch))
            connection.execute(table.insert().from_select(["watch", "post"], complaints))

    def mark(self, watch: str) -> str:
        """A text that changes when there is more, or less, pending."""
        with self._database.read() as connection:
            count, last = connection.execute(_MARK, {"w": watch}).one()
        return f"{count} up to {last or 0}"

    def all(self, watch: str | None = None) -> list[Theme]:
        """The themes, the one heard of last first."""
        return self._read(*(() if watch is None else (_T.c.watch == watch,)))

    def known(self, watch: str, since: datetime) -> list[Theme]:
        """A watch's themes that are open or were heard of since then: what the next step has to know."""
        return self._read(_T.c.watch == watch, or_(_T.c.open, _T.c.last_at > since))

    def _read(self, *conditions: ColumnElement[bool]) -> list[Theme]:
        query = (
            select(_T, _PHRASES.c.phrase)
            .outerjoin(_PHRASES, _PHRASES.c.theme == _T.c.id)
            .where(*conditions)
            .order_by(_T.c.last_at.desc(), _T.c.id, _PHRASES.c.number)
        )
        found: dict[str, tuple[Any, list[str]]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                found.setdefault(row.id, (row, []))[1].extend([row.phrase] if row.phrase else ())
        return [
            Theme(row.id, row.watch, row.label, row.first_at, row.last_at, tuple(phrases), row.told, row.open)
            for row, phrases in found.values()
        ]

    def events(self, theme: str) -> list[ThemeEvent]:
        """What became of a theme, the earliest first."""
        query = select(_EVENTS).where(_EVENTS.c.theme == theme).order_by(_EVENTS.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query)
            return [ThemeEvent(row.theme, row.at, ThemeChange(row.change), row.other) for row in rows]

    def of(self, keys: Collection[PostKey]) -> dict[tuple[str, PostKey], tuple[str, ...]]:
        """The ids and labels of the themes that posts belong to, by watch and post; a post of none is absent."""
        found: dict[tuple[str, PostKey], tuple[str, ...]] = {}
        with self._database.read() as connection:
            for row in rows_by_key(connection, _OF_POSTS, map(storable_key, keys)):
                at = row.watch, PostKey(row.network, row.native_id)
                found[at] = (*found.get(at, ()), row.id, row.label)
        return found


def put_themes(
    connection: Connection,
    themes: Collection[Theme],
    members: Mapping[str, Iterable[PostKey]],
    events: Iterable[ThemeEvent],
) -> None:
    """Insert or replace themes with their phrases, add to their members, and note what happened to them.

    What belonged to a theme that was merged belongs to the one it was merged into as well.
    """
    fields = ("watch", "label", "first_at", "last_at", "told", "open")
    rows = [{"id": one.id, **{name: getattr(one, name) for name in fields}} for one in themes]
    put(connection, _T, rows, replace=fields)
    if rows:
        connection.execute(delete(_PHRASES).where(_PHRASES.c.theme.in_([one.id for one in themes])))
    put(connection, _PHRASES, [
        {"theme": one.id, "number": number, "phrase": phrase}
        for one in themes
        for number, phrase in enumerate(one.phrases)
    ])  # fmt: skip
    numbers = numbers_of(connection, {key for keys in members.values() for key in keys})
    put(connection, _MEMBERS, [
        {"theme": theme, "post": numbers[key]} for theme, keys in members.items() for key in keys if key in numbers
    ])  # fmt: skip
    for event in events:
        row = {"theme": event.theme, "at": event.at, "change": event.change.value, "other": event.other}
        put(connection, _EVENTS, [row])
        if event.change is ThemeChange.MERGED:
            moved = select(_MEMBERS.c.post).where(_MEMBERS.c.theme == event.theme)
            put(connection, _MEMBERS, [
                {"theme": event.other, "post": post} for post in connection.execute(moved).scalars().all()
            ])  # fmt: skip


def consume(connection: Connection, mentions: Iterable[Mention]) -> None:
    """Take these mentions out of what is pending."""
    wanted = [(mention.watch, mention.post) for mention in mentions]
    numbers = numbers_of(connection, {key for _, key in wanted})
    rows = [{"w": watch, "p": numbers[key]} for watch, key in wanted if key in numbers]
    if rows:
        table = tables.pending
        connection.execute(delete(table).where(table.c.watch == bind("w"), table.c.post == bind("p")), rows)

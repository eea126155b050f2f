"""A query over what is stored: the words narrow it down by the index, columns further, and the matcher decides."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from sqlalchemy import ColumnElement, Select, select, union
from sqlalchemy import bindparam as bind

from insight.model import MentionState, PostKey, StoredMention
from insight.query import Facts, Matcher, Query, asks_for
from insight.query.matching.keys import needs
from storage.databases.database import Database, chunks
from storage.rows import tables
from storage.rows.convert import read_stored_mention
from storage.searching.conditions import condition
from storage.searching.lookup import hits
from storage.searching.reading import between, in_states, newest_mentions, select_stored_mentions
from storage.themes import Themes
from storage.values import Found
from storage.writing.words import unindexed

PEEK, PAGES = 100, 5
"""Mentions in a page, and pages, that are looked through first where only the newest few hits are wanted: a word that
most posts hold is found there, without asking the index for a million others."""


@dataclass(frozen=True, slots=True)
class Within:
    """Which mentions are searched, and how many posts are wanted. `owned`: the team's own handles and hosts."""

    since: datetime | None
    until: datetime | None
    watch: str | None
    states: tuple[MentionState, ...]
    limit: int | None
    owned: frozenset[str]


def search(database: Database, query: Query, within: Within, batch: int) -> Iterator[Found]:
    """The posts for which the query holds, newest first, each once: by its first watch's mention that fulfils it."""
    matcher, mentions = Matcher(query), _with_themes(database, query, _candidates(database, query, within, batch))
    given: set[PostKey] = set()  # what the first look has found comes again; where there is none, nothing does
    for key, group in groupby(mentions, key=lambda found: found[0].post.key):
        if key in given:
            continue
        for stored, themes in sorted(group, key=lambda found: found[0].mention.watch):
            match = matcher.match(stored.post, Facts.of(stored, within.owned, themes))
            if match is not None and match.excluded_by is None:
                yield Found(stored, match)
                if within.limit is not None:
                    given.add(key)
                break
        if len(given) == within.limit:
            return


def _with_themes(
    database: Database, query: Query, pages: Iterable[list[StoredMention]]
) -> Iterator[tuple[StoredMention, tuple[str, ...]]]:
    """Each mention with the ids and labels of its themes, which are read only where the query asks for a theme."""
    asked = asks_for(query, "theme")
    for page in pages:
        themes = Themes(database).of({stored.post.key for stored in page}) if asked else {}
        for stored in page:
            yield stored, themes.get((stored.mention.watch, stored.post.key), ())


# -- what may hold ------------------------------------------------------------------------------------------------


def _candidates(database: Database, query: Query, within: Within, batch: int) -> Iterator[list[StoredMention]]:
    """Every mention for which the query may hold, newest first, those of one post beside each other."""
    few = within.limit is not None and within.limit <= PEEK
    of_watch = within.watch is not None
    selected = _where(select_stored_mentions(posts_first=not of_watch), query, within)
    newest = newest_mentions(database, selected, of_watch, min(batch, PEEK) if few else batch, read_stored_mention)
    words = hits(needs(query), database.dialect)
    if words is None:
        yield from newest
        return
    if few:
        yield from islice(newest, PAGES)
    mentions = _where(select_stored_mentions(), query, within)
    numbers = _looked_up(database, words, mentions)
    yield from newest if numbers is None else _read(database, numbers, mentions, batch)


def _where(mentions_and_posts: Select[Any], query: Query, within: Within) -> Select[Any]:
    posts, mentions = tables.posts.c, tables.mentions.c
    conditions: list[ColumnElement[bool]] = [posts.deleted_at.is_(None), posts.expired_at.is_(None)]
    conditions += between(mentions.event_at if within.watch is not None else posts.event_at, within.since, within.until)
    columns = condition(query)
    if columns is not None:
        conditions.append(columns)
    if within.watch is not None:
        conditions.append(mentions.watch == within.watch)
    return in_states(mentions_and_posts, within.states, None).where(*conditions)


def _looked_up(database: Database, words: Any, mentions: Select[Any]) -> array[int] | None:
    """The row numbers, newest first, of the posts that the index gives, and of those up to its mark, which may not be
    in it. None: it is another version's."""
    posts = tables.posts
    with database.read() as connection:
        mark = unindexed(connection)
        if mark is None:
            return None
        missing: Any = select(posts.c.id).where(posts.c.id <= mark)
        ids: Any = union(words, missing) if mark else words
        ordered = (
            mentions.with_only_columns(posts.c.id)
            .where(posts.c.id.in_(select(ids.subquery().c.id)))
            .order_by(posts.c.event_at.desc(), posts.c.id.desc())
            .execution_options(yield_per=10_000)
        )
        # a post comes once for each of its mentions
        return array("q", (number for number, _ in groupby(connection.execute(ordered).scalars())))


def _read(database: Database, numbers: array[int], mentions: Select[Any], batch: int) -> Iterator[list[StoredMention]]:
    asked: Any = bind("ids", expanding=True)  # of both tables, so that either may be asked first
    page = mentions.where(tables.posts.c.id.in_(asked), tables.mentions.c.post.in_(asked))
    for part in chunks(numbers, batch):
        with database.read() as connection:
            rows = connection.execute(page, {"ids": list(part)}).all()
        place = {number: i for i, number in enumerate(part)}
        yield [read_stored_mention(row) for row in sorted(rows, key=lambda row: place[row.id])]

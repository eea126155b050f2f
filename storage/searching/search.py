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
from storage.databases.database import Database
from storage.outputs import SearchHit
from storage.rows import tables
from storage.rows.convert import read_stored_mention
from storage.rows.keys import chunks
from storage.searching.conditions import condition
from storage.searching.lookup import hits
from storage.searching.reading import between, in_states, newest_mentions, select_stored_mentions
from storage.themes import Themes
from storage.writing.search_index import unindexed_up_to

PEEK, PAGES = 100, 5
"""Mentions in a page, and pages, that are looked through first where only the newest few hits are wanted: a word that
most posts hold is found there, without asking the index for a million others."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which mentions are searched, and how many posts are wanted. `owned`: the team's own handles and hosts."""

    since: datetime | None
    until: datetime | None
    watch: str | None
    states: tuple[MentionState, ...]
    limit: int | None
    owned: frozenset[str]


def search(database: Database, query: Query, scope: Scope, batch: int) -> Iterator[SearchHit]:
    """The posts for which the query holds, newest first, each once: by its first watch's mention that fulfils it."""
    matcher, mentions = Matcher(query), _with_themes(database, query, _candidates(database, query, scope, batch))
    given: set[PostKey] = set()  # what the first look has found comes again; where there is none, nothing does
    for key, group in groupby(mentions, key=lambda found: found[0].post.key):
        if key in given:
            continue
        for stored, themes in sorted(group, key=lambda found: found[0].mention.watch):
            match = matcher.match(stored.post, Facts.of(stored, scope.owned, themes))
            if match is not None and match.excluded_by is None:
                yield SearchHit(stored, match)
                if scope.limit is not None:
                    given.add(key)
                break
        if len(given) == scope.limit:
            return


def _with_themes(
    database: Database, query: Query, pages: Iterable[list[StoredMention]]
) -> Iterator[tuple[StoredMention, tuple[str, ...]]]:
    """Each mention with the ids and labels of its themes, which are read only where the query asks for a theme."""
    by_theme = asks_for(query, "theme")
    for page in pages:
        themes = Themes(database).of({stored.post.key for stored in page}) if by_theme else {}
        for stored in page:
            yield stored, themes.get((stored.mention.watch, stored.post.key), ())


def _candidates(database: Database, query: Query, scope: Scope, batch: int) -> Iterator[list[StoredMention]]:
    """Every mention for which the query may hold, newest first, those of one post beside each other."""
    # 1. no words are needed: all mentions that the columns leave
    few = scope.limit is not None and scope.limit <= PEEK
    of_watch = scope.watch is not None
    selected = _where(select_stored_mentions(posts_first=not of_watch), query, scope)
    newest = newest_mentions(database, selected, of_watch, min(batch, PEEK) if few else batch)
    words = hits(needs(query), database.dialect)
    if words is None:
        yield from newest
        return
    # 2. few are wanted: perhaps the newest pages hold them
    if few:
        yield from islice(newest, PAGES)
    # 3. which posts have the words, newest first
    mentions = _where(select_stored_mentions(), query, scope)
    numbers = _posts_with(database, words, mentions)
    if numbers is None:  # nothing to look them up in
        yield from newest
        return
    # 4. a page of them at a time
    ids: Any = bind("ids", expanding=True)  # of both tables, so that either may be asked first
    page = mentions.where(tables.posts.c.id.in_(ids), tables.mentions.c.post.in_(ids))
    for part in chunks(numbers, batch):
        with database.read() as connection:
            rows = connection.execute(page, {"ids": list(part)}).all()
        place = {number: i for i, number in enumerate(part)}
        yield [read_stored_mention(row) for row in sorted(rows, key=lambda row: place[row.id])]


def _posts_with(database: Database, words: Any, mentions: Select[Any]) -> array[int] | None:
    """The row numbers, newest first, of the posts that the index gives, and of those up to its mark, which may not be
    in it. None: the index is another version's.
    """
    posts = tables.posts
    with database.read() as connection:
        mark = unindexed_up_to(connection)
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


def _where(mentions_and_posts: Select[Any], query: Query, scope: Scope) -> Select[Any]:
    posts, mentions = tables.posts.c, tables.mentions.c
    conditions: list[ColumnElement[bool]] = [posts.deleted_at.is_(None), posts.expired_at.is_(None)]
    conditions += between(mentions.event_at if scope.watch is not None else posts.event_at, scope.since, scope.until)
    columns = condition(query)
    if columns is not None:
        conditions.append(columns)
    if scope.watch is not None:
        conditions.append(mentions.watch == scope.watch)
    return in_states(mentions_and_posts, scope.states).where(*conditions)

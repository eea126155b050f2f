"""Stored posts are understood as they would be if they came now, by the sources that brought them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from insight.model import MentionState, Post, UnderstoodPost
from insight.pipeline import Pipeline
from listener.history import understand_again
from scrapers.base import Batch
from storage import SourceEntry, Store, StoredPost, open_store
from tests.fake_source import NOW, Board, post
from tests.listener.collecting.metered import ACME, take


def states(store: Store) -> set[MentionState]:
    found = store.posts.scan(states=ANY)
    return {stored.mention.state for batch in found for stored in batch}


ANY = tuple(MentionState)


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as store:
        store.watches.sync([ACME], NOW)
        store.sources.sync([SourceEntry("board", "board")], NOW)
        yield store


def rematch(store: Store, *boards: Board) -> None:
    for posts, _ in store.posts.bare(None):
        again = understand_again(store, Pipeline(store.watches.all()), {board.id: board for board in boards}, posts)
        store.posts.reclassify(again, NOW)


def test_what_a_bound_source_brought_stays_whatever_the_query_says(known: Store) -> None:
    board = Board(watches=("acme",))
    take(known, Pipeline([ACME]), board, Batch((post(1),)))
    known.watches.sync([replace(ACME, query="zenith")], NOW)
    rematch(known, board)
    assert states(known) == {MentionState.KEPT}


def test_what_a_bound_source_brought_stays_when_the_source_is_gone(known: Store) -> None:
    elsewhere = replace(ACME, query="zenith")
    take(known, Pipeline([elsewhere]), Board(watches=("acme",)), Batch((post(1),)))
    rematch(known)
    assert states(known) == {MentionState.KEPT}


def test_a_stored_post_is_matched_as_brought_by_the_source_that_saw_it_first(known: Store) -> None:
    take(known, Pipeline([ACME]), Board(name="board"), Batch((post(1),)))
    for query, state in (("acme source:elsewhere", MentionState.DROPPED), ("acme source:board", MentionState.KEPT)):
        known.watches.sync([replace(ACME, query=query)], NOW)
        rematch(known, Board(name="board"))
        assert states(known) == {state}


def test_a_post_that_cannot_be_understood_stays_as_it_is_and_holds_up_no_other(known: Store) -> None:
    take(known, Pipeline([ACME]), Board(), Batch(tuple(map(post, range(5)))))

    class Failing(Pipeline):
        def understand(
            self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
        ) -> list[UnderstoodPost]:
            given = list(posts)
            if any(one.native_id == "3" for one in given):
                raise ValueError("not this one")
            return super().understand(given, bound, source)

    posts = [stored for part, _ in known.posts.bare(None) for stored in part]
    again = understand_again(known, Failing([replace(ACME, query="zenith")]), {"board": Board()}, posts)
    known.posts.reclassify(again, NOW)
    found = {one.post.native_id: one.mention.state for part in known.posts.scan(states=ANY) for one in part}
    assert found.pop("3") is MentionState.KEPT
    assert set(found.values()) == {MentionState.DROPPED}
    assert len(found) == 4


def test_a_batch_is_matched_again_in_as_many_queries_however_many_posts_it_has(known: Store) -> None:
    boards = [Board(name=name) for name in ("board", "mirror", "third")]
    for number, board in enumerate(boards):
        take(known, Pipeline([ACME]), board, Batch(tuple(map(post, range(40 * (number + 1))))))
    posts = [stored for part, _ in known.posts.bare(None) for stored in part]

    def queries(some: list[StoredPost], query: str) -> int:
        known.watches.sync([replace(ACME, query=query)], NOW)
        asked: list[str] = []
        engines = {known._database.reader, known._database.writer}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        made = Pipeline(known.watches.all())
        asked.clear()
        known.posts.reclassify(understand_again(known, made, {one.id: one for one in boards}, some), NOW)
        return len(asked)

    assert len(posts) == 120
    few = queries(posts[:3], "acme OR zenith")
    assert queries(posts, "acme OR zenith OR nadir") == few

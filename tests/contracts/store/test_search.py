"""Search finds exactly what matching finds, by the index or without it, whatever becomes of the posts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from insight.model import Label, Mention, MentionState, Post, PostKey, Sentiment, Theme, UnderstoodPost
from insight.query import Facts, Matcher, Query, parse
from storage import StepResult, Store, UnderstoodBatch, open_store
from storage.rows.tables import METADATA
from storage.writing.search_index import VERSION
from tests.contracts.store.former import former_post, of_revision
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, expire, mention, post, understood
from tests.insight.query.posts import HOSTS, SOURCES, posts_with
from tests.insight.query.trees import said, trees
from tests.sampling import examples

ACCOUNTS = ("acme", "corp", "acme@example.social")
EARLY = datetime(2026, 3, 10, tzinfo=UTC)  # after whatever the random posts say of themselves


def found(store: Store, query: Query | str, **within: object) -> list[PostKey]:
    tree = parse(query) if isinstance(query, str) else query
    return [one.stored.post.key for one in store.posts.search(tree, **within)]  # type: ignore[arg-type]


def numbers(store: Store, query: Query | str, **within: object) -> list[int]:
    return [int(key.native_id.rpartition("/")[2]) for key in found(store, query, **within)]


def index_all(store: Store) -> None:
    while store.posts.index(NOON, batch=2):
        pass


# -- the property -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A post as one source tells it, and how its mention by one watch is understood."""

    post: Post
    source: str
    watch: str
    language: str
    label: Label

    def batch_of(self, at: datetime) -> UnderstoodBatch:
        sentiment = Sentiment(self.label, 0.0)
        known = Mention(self.watch, self.post.key, 1, self.language, sentiment, "story")
        return UnderstoodBatch(self.source, "", at, (UnderstoodPost(self.post, (known,)),))


@st.composite
def stories(draw: st.DrawFn) -> tuple[Query, list[Told], list[Post]]:
    """A query, posts that may speak of it, and what they are edited to."""
    query = draw(trees)
    speaking = posts_with(said(query))
    living = st.sampled_from(Label)
    told = st.builds(
        Told,
        speaking,
        st.sampled_from(SOURCES),
        st.sampled_from(("w1", "w2")),
        st.sampled_from(("en", "vi", "pt", "pt-BR", "und")),
        living,
    )
    first = draw(st.lists(told, min_size=1, max_size=4))
    edits = draw(st.lists(speaking, min_size=len(first), max_size=len(first)))
    keyed = [replace(one, post=replace(one.post, native_id=str(i))) for i, one in enumerate(first)]
    edited = [
        replace(edit, network=one.post.network, native_id=one.post.native_id, edited_at=EARLY)
        for one, edit in zip(keyed, edits, strict=True)
    ]
    return query, keyed, edited


@given(told=stories(), owned=st.frozensets(st.sampled_from((*ACCOUNTS, *HOSTS)), max_size=2))
@settings(examples(0.4), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_search_finds_exactly_what_the_matcher_finds(
    store: Store, told: tuple[Query, list[Told], list[Post]], owned: frozenset[str]
) -> None:
    _empty(store)
    query, first, edits = told
    for one in first:
        store.ingest(one.batch_of(EARLY))
    _same(store, query, first, owned)
    edited = [replace(one, post=edit) for one, edit in zip(first, edits, strict=True)]
    for one in edited:
        store.ingest(one.batch_of(EARLY + DAY))
    _same(store, query, edited, owned)
    forget_version(store)
    _same(store, query, edited, owned)
    while store.posts.index(NOON, batch=2):
        _same(store, query, edited, owned)
    _same(store, query, edited, owned)
    store.ingest(UnderstoodBatch("x", "", EARLY, deletions=batch_of(gone=[edits[0]]).deletions))
    _same(store, query, edited[1:], owned)
    for network in {one.network for one in edits[:2]}:
        expire(store, network, EARLY + DAY, EARLY + DAY)
    _same(store, query, [one for one in edited[2:] if one.post.network not in {e.network for e in edits[:2]}], owned)


def _same(store: Store, query: Query, told: Iterable[Told], owned: frozenset[str]) -> None:
    """By default in several pages, so that paging is a part of the property."""
    matcher = Matcher(query)
    expected = set()
    for one in told:
        stored = store.posts.get(one.post.key)
        assert stored is not None
        facts = Facts(stored.source, owned, one.language, one.watch, one.label)
        match = matcher.match(stored.post, facts)
        if match is not None and match.excluded_by is None:
            expected.add(one.post.key)
    keys = found(store, query, owned=owned, batch=3)
    assert sorted(keys) == sorted(expected), str(query)


def _empty(store: Store) -> None:
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM search"))
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())


def forget_version(store: Store) -> None:
    store.state.put("search", {"version": "of another Listener", "left": 0}, NOON)


# -- the index ----------------------------------------------------------------------------------------------------


def test_the_index_is_what_words_are_looked_up_in(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2, "bolt works")))
    assert numbers(store, "bolt") == [2]
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM search"))
    assert numbers(store, "bolt") == [], "nothing was scanned"
    assert numbers(store, "bolt OR lang:en") == [2, 1], "a query that no word narrows down needs no index"
    forget_version(store)
    assert numbers(store, "bolt") == [2], "an index of another version is not trusted"
    index_all(store)
    assert numbers(store, "bolt") == [2]


def test_a_database_of_before_is_searched_at_once_and_indexed_by_and_by(store: Store) -> None:
    store.ingest(batch_of(*(post(number) for number in range(1, 8))))
    forget_version(store)
    store.ingest(batch_of(post(8), post(3, "bolt came later", edited_at=NOON), at=NOON + HOUR))
    marks = []
    while True:
        assert sorted(numbers(store, "acme")) == [1, 2, 4, 5, 6, 7, 8]
        assert numbers(store, "bolt") == [3]
        marks.append(store.posts.index(NOON, batch=3))
        if not marks[-1]:
            break
    assert marks == [4, 1, 0]
    assert _indexed(store) == 8
    assert (store.state.get("search") or {})["version"] == VERSION
    assert store.posts.index(NOON) == 0


def test_a_database_of_the_first_schema_is_brought_up_and_searched(url: str) -> None:
    with of_revision(url, "0001") as connection:
        for one in (post(1), post(2, "bolt works"), post(3)):
            former_post(connection, one)
    with open_store(url) as store:
        assert (numbers(store, "bolt"), _indexed(store)) == ([2], 0)
        index_all(store)
        assert (numbers(store, "bolt"), _indexed(store)) == ([2], 3)
        stored = store.posts.get(post(1).key)
        assert stored is not None
        assert stored.post == post(1)


def test_emptied_posts_leave_the_index(store: Store) -> None:
    store.ingest(batch_of(*(post(number) for number in range(6))))
    store.ingest(batch_of(gone=[post(0)], at=NOON + DAY))
    assert _indexed(store) == 5
    expire(store, "mastodon", NOON + DAY, NOON + DAY)
    assert _indexed(store) == 0
    forget_version(store)
    index_all(store)
    assert (_indexed(store), numbers(store, "lang:en OR acme")) == (0, [])


def _indexed(store: Store) -> int:
    with store._database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM search")).scalar_one())


def test_new_numbers_do_not_touch_the_index(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM search"))
    store.ingest(batch_of(post(1, engagement={"likes": 3}), at=NOON + HOUR))
    assert _indexed(store) == 0


# -- what is searched ---------------------------------------------------------------------------------------------


def test_posts_come_newest_first_and_once_however_many_watches_have_them(store: Store) -> None:
    posts = [post(number, published_at=NOON - number * HOUR) for number in range(1, 8)]
    store.ingest(batch_of(*(understood(one, Label.NEUTRAL, "acme", "bolt", "quill") for one in posts)))
    for query, batch in product(("acme", "lang:en"), (1, 2, 7, 500)):
        assert numbers(store, query, batch=batch) == [1, 2, 3, 4, 5, 6, 7]
        assert numbers(store, query, batch=batch, limit=3) == [1, 2, 3]
        assert numbers(store, query, batch=batch, since=NOON - 4 * HOUR, until=NOON - HOUR) == [2, 3, 4]
        assert numbers(store, query, batch=batch, watch="quill") == [1, 2, 3, 4, 5, 6, 7]
        assert numbers(store, query, batch=batch, watch="other") == []
    first = next(store.posts.search(parse("acme watch:bolt")))
    assert (first.stored.mention.watch, first.match.spans[0].end) == ("bolt", 4)


def test_what_an_exclusion_hides_is_not_found(store: Store) -> None:
    store.ingest(batch_of(post(1, "acme works"), post(2, "acme hires")))
    assert numbers(store, "acme NOT (hires OR jobs)") == [1]


def test_mentions_are_found_in_the_states_that_are_asked_for(store: Store) -> None:
    hidden = UnderstoodPost(post(1), (mention(post(1), state=MentionState.EXCLUDED),))
    store.ingest(batch_of(hidden, post(2)))
    assert numbers(store, "acme") == [2]
    assert numbers(store, "acme", states=[MentionState.EXCLUDED]) == [1]
    assert sorted(numbers(store, "acme", states=MentionState)) == [1, 2]


def test_a_theme_is_found_by_its_id_and_by_its_words(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2), understood(post(3), Label.NEGATIVE, "acme", "other")))
    theme = Theme("t1", "acme", "login loop", NOON, NOON, ("login loop", "keeps looping"))
    members = {"t1": frozenset({post(1).key, post(3).key}), "t2": frozenset({post(2).key, post(3).key})}
    store.commit(StepResult(NOON, themes=(theme, replace(theme, id="t2", watch="other")), members=members))
    assert numbers(store, "theme:t1") == [3, 1]
    assert numbers(store, 'theme:"login loop" watch:acme') == [3, 1]
    assert numbers(store, "acme NOT theme:t1") == [3, 2]  # the other watch's mention of 3 is in another theme
    assert numbers(store, "theme:t2") == [3]  # that watch has no mention of 2
    assert numbers(store, "theme:t1", batch=1) == [3, 1]


def test_facts_are_looked_for_among_the_posts_that_have_some(sqlite: Callable[[], str]) -> None:
    with open_store(sqlite()) as store:
        store.ingest(batch_of(post(1), post(2, facts={"version": "2.1"}), post(3, facts={"version": "2.10"})))
        asked: list[tuple[str, object]] = []
        event.listen(store._database.reader, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
        assert numbers(store, "version:2.1") == [2]
        statement, values = asked[-1]
        with store._database.read() as connection:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())  # type: ignore[arg-type]
        assert "USING INDEX ix_posts_facts" in plan

"""The laws of the language on random queries and posts: matching is as in a slow definition, and so is all else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post, Role, Watch
from insight.query.cover import covering
from insight.query.errors import QueryError
from insight.query.matching.compiled import compile_query
from insight.query.matching.document import Document, Facts
from insight.query.matching.keys import All, Any, Anything, Key, Need, index_keys, needs
from insight.query.matching.matcher import Matcher, Matchers, exclusions
from insight.query.reading.parser import parse, parse_watch
from insight.query.tree import And, Field, In, Near, Not, Or, Query
from tests.insight.query.model import holds
from tests.insight.query.posts import facts, posts, posts_with
from tests.insight.query.trees import KINDS, LATER, anchored, in_words, leaves, said, trees, watches, with_posts


def says(query: Query, post: Post, known: Facts) -> bool:
    return compile_query(query).holds(Document(post, known))


@given(trees)
def test_what_is_printed_parses_to_the_same_tree(tree: Query) -> None:
    assert parse(str(tree)) == tree


@given(trees)
def test_a_watch_must_be_anchored_and_ask_for_nothing_that_is_known_later(tree: Query) -> None:
    later = any(isinstance(leaf, Field) and leaf.name in LATER for leaf in leaves(tree))
    if anchored(tree) and not later:
        assert parse_watch(str(tree)) == tree
    else:
        with pytest.raises(QueryError):
            parse_watch(str(tree))


@given(trees)
def test_what_must_occur_is_known_of_exactly_the_anchored(tree: Query) -> None:
    assert (covering(tree) is not None) == anchored(tree)


@pytest.mark.sampled(cases=5)
@pytest.mark.parametrize("kind", KINDS)
@given(st.data(), facts)
def test_a_term_matches_as_in_the_slow_definition(kind: str, data: st.DataObject, known: Facts) -> None:
    term, post = data.draw(with_posts(KINDS[kind]))
    assert says(term, post, known) == holds(term, post, known)


@given(with_posts(trees), facts)
def test_a_tree_matches_as_in_the_slow_definition(asked: tuple[Query, Post], known: Facts) -> None:
    tree, post = asked
    assert says(tree, post, known) == holds(tree, post, known)


@given(trees, trees, posts, facts)
def test_de_morgan(a: Query, b: Query, post: Post, known: Facts) -> None:
    assert says(Not(And((a, b))), post, known) == says(Or((Not(a), Not(b))), post, known)
    assert says(Not(Or((a, b))), post, known) == says(And((Not(a), Not(b))), post, known)


@given(with_posts(trees), facts)
def test_two_negations_are_none(asked: tuple[Query, Post], known: Facts) -> None:
    tree, post = asked
    assert says(Not(Not(tree)), post, known) == says(tree, post, known) != says(Not(tree), post, known)


@given(st.lists(trees, min_size=2, max_size=4), st.randoms(use_true_random=False), posts, facts)
def test_the_order_of_the_parts_does_not_matter(parts: list[Query], random: object, post: Post, known: Facts) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for together in (And, Or):
        assert says(together(tuple(parts)), post, known) == says(together(tuple(shuffled)), post, known)


@given(with_posts(trees), facts)
def test_kept_means_that_the_query_holds(asked: tuple[Query, Post], known: Facts) -> None:
    tree, post = asked
    match = Matcher(tree).match(post, known)
    assert (match is not None and match.excluded_by is None) == holds(tree, post, known)


@given(with_posts(trees), facts)
def test_an_exclusion_that_hides_is_the_first_that_holds(asked: tuple[Query, Post], known: Facts) -> None:
    tree, post = asked
    required, clauses = exclusions(tree)
    match = Matcher(tree).match(post, known)
    assert (match is not None) == all(holds(part, post, known) for part in required)
    if match:
        assert all(isinstance(clause, Not) for clause in clauses)
        hiding = next((str(clause) for clause in clauses if not holds(clause, post, known)), None)
        assert match.excluded_by == (hiding and hiding[:500])


@given(with_posts(trees), facts)
def test_exclusions_are_a_part_of_what_the_query_says(asked: tuple[Query, Post], known: Facts) -> None:
    tree, post = asked
    required, clauses = exclusions(tree)
    assert all(holds(part, post, known) for part in (*required, *clauses)) == holds(tree, post, known)
    assert not any(anchored(clause) for clause in clauses)


@given(with_posts(trees), facts)
def test_no_match_is_missed_by_looking_for_what_must_occur(asked: tuple[Query, Post], known: Facts) -> None:
    tree, post = asked
    sought = covering(tree)
    if sought is not None and holds(tree, post, known):
        assert any(holds(term, post, known) for term in sought)


many = st.lists(watches, max_size=30)
many_with_posts = many.flatmap(lambda queries: st.tuples(st.just(queries), posts_with(said(Or(tuple(queries))))))


@given(many_with_posts, facts)
def test_many_watches_at_once_find_what_each_finds_alone(asked: tuple[list[Query], Post], known: Facts) -> None:
    queries, post = asked
    followed = [Watch(str(i), f"watch {i}", Role.TOPIC, str(query)) for i, query in enumerate(queries)]
    alone = [(watch, Matcher(query).match(post, known)) for watch, query in zip(followed, queries, strict=True)]
    assert Matchers(followed).match_all(post, known) == [(watch, match) for watch, match in alone if match]


@given(with_posts(trees), facts)
def test_a_post_has_every_key_that_a_query_which_holds_needs(asked: tuple[Query, Post], known: Facts) -> None:
    tree, post = asked
    if holds(tree, post, known):
        assert has(index_keys(post), needs(tree))


@given(with_posts(in_words))
def test_a_post_has_every_key_that_a_term_which_holds_needs(asked: tuple[Query, Post]) -> None:
    term, post = asked
    if holds(term, post):
        assert has(index_keys(post), needs(term))


def has(keys: frozenset[str], need: Need) -> bool:
    match need:
        case Key(text, prefix):
            return any(key.startswith(text) for key in keys) if prefix else text in keys
        case All(parts):
            return all(has(keys, part) for part in parts)
        case Any(parts):
            return any(has(keys, part) for part in parts)
        case Anything():
            return True


@given(with_posts(trees), facts)
def test_each_marked_place_alone_holds_something_that_was_sought(asked: tuple[Query, Post], known: Facts) -> None:
    """A pair of NEAR is marked as two places, so each is one of its sides; other terms stand whole where marked."""
    tree, post = asked
    match = Matcher(tree).match(post, known)
    if match is None:
        return
    sought = [part for leaf in leaves(tree) for part in standing(leaf)]
    for span in match.spans:
        spot = getattr(post, span.field)[span.start : span.end]
        assert spot
        assert any(holds(part, alone(span.field, spot)) for part in sought), (span, spot)


def standing(term: Query) -> list[Query]:
    """The terms that have one place each; `author:acme` is sought as it stands there."""
    match term:
        case Near(_, _, left, right):
            return [*left, *right]
        case In(_, part):
            return standing(part)
        case _:
            return [term]


def alone(field: str, spot: str) -> Post:
    """The post that says only this."""
    return Post("net", "1", spot, author=spot if field == "author" else None)

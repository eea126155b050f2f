"""Push-down: what a site is asked for finds all that a query wants, within the site's limits, and hardly more."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from insight.model import Post
from insight.query import And, Not, Or, Query, Word, parse
from insight.query.dialect import Dialect
from insight.query.matching.document import Facts
from insight.query.pushdown.compiler import MOST, PushDown, push_down
from insight.query.pushdown.forms import covers
from scrapers import terms
from scrapers.social.hackernews import HackerNews
from scrapers.social.mastodon import Mastodon
from tests.insight.query.dialect_models import (
    BLUESKY,
    GDELT,
    GITHUB,
    GOOGLE_NEWS,
    NARROW,
    REDDIT,
    STACK_EXCHANGE,
    RefusedError,
    X,
)
from tests.insight.query.model import holds
from tests.insight.query.posts import facts, posts_with
from tests.insight.query.sites import SITES
from tests.insight.query.trees import anchored, said, trees, watch_terms, watches, with_posts

HN, TOOTS = HackerNews.dialect, Mastodon.dialect
searched = settings(deadline=None, suppress_health_check=list(HealthCheck))


def wanted(query: Query, post: Post, known: object, negated: bool = False) -> bool:
    """Whether the positive part holds: every exclusion is forgotten."""
    match query:
        case Not(part):
            return wanted(part, post, known, not negated)
        case And(parts) | Or(parts):
            enough = any if isinstance(query, Or) != negated else all
            return enough(wanted(part, post, known, negated) for part in parts)
        case _:
            return negated or holds(query, post, known)


def found(site: str, pushed: PushDown, post: Post, known: object) -> bool:
    every = [SITES[site].finds(search, post, known) for search in pushed.searches]  # one that is refused fails here
    return any(every)


asking = st.one_of(watches, watch_terms.filter(anchored)).flatmap(
    lambda query: st.tuples(st.just(query), st.lists(posts_with(said(query)), min_size=3, max_size=6))
)


@given(pair=asking, known=facts)
@searched
def test_what_a_query_wants_is_found_by_one_of_its_searches(pair: tuple[Query, list[Post]], known: object) -> None:
    query, posts = pair
    for site, model in SITES.items():
        pushed = push_down(query, model.dialect)
        for post in filter(lambda post: wanted(query, post, known), map(model.has, posts)):
            hit = found(site, pushed, post, known)
            assert hit or pushed.misses, f"{site} was asked for {pushed.searches}"


@given(query=trees)
@searched
def test_any_query_has_searches_that_the_site_takes_or_says_why_not(query: Query) -> None:
    for site, model in SITES.items():
        pushed = push_down(query, model.dialect)
        assert pushed == push_down(query, model.dialect)
        assert pushed.searches or pushed.misses
        assert len(set(pushed.searches)) == len(pushed.searches) == len(pushed.forms)
        found(site, pushed, Post("net", "1", "acme"), Facts())


sharing = st.lists(watches, min_size=2, max_size=4).flatmap(
    lambda queries: st.tuples(st.just(queries), with_posts(st.sampled_from(queries)))
)


@given(drawn=sharing, known=facts)
@searched
def test_shared_and_covered_searches_lose_nothing(drawn: tuple[list[Query], tuple[Query, Post]], known: object) -> None:
    queries, (query, spoken) = drawn
    texts = [(str(number), str(tree)) for number, tree in enumerate(queries)]
    assume(all(parse(text) == tree for (_, text), tree in zip(texts, queries, strict=True)))
    number = str(queries.index(query))
    for model in SITES.values():
        post = model.has(spoken)
        if push_down(query, model.dialect).misses or not wanted(query, post, known):
            continue
        searches = [search for search in terms.shared_searches(model.dialect, tuple(texts)) if number in search.watches]
        assert any(model.finds(search.terms, post, known) for search in searches)


@given(pair=with_posts(watches), other=watches, known=facts)
@searched
def test_a_search_that_covers_another_finds_what_that_finds(
    pair: tuple[Query, Post], other: Query, known: object
) -> None:
    query, spoken = pair
    for model in SITES.values():
        post = model.has(spoken)
        one, two = push_down(query, model.dialect), push_down(other, model.dialect)
        for wide, by in zip((*one.forms, *two.forms), (*one.searches, *two.searches), strict=True):
            for narrow, text in zip(one.forms, one.searches, strict=True):
                if covers(wide, narrow) and model.finds(text, post, known):
                    assert model.finds(by, post, known), f"{by} does not cover {text}"


SAID = [
    ("小米", Post("net", "1", "买了小米手机")),
    ("@acme", Post("net", "1", "good morning", author="acme")),
    ("@acme", Post("net", "1", "thanks @acme@example.social!")),
    ("don't panic", Post("net", "1", "Don’t… panic")),
    ("acme crash", Post("net", "1", "", title="Acme's crash")),
    ('"acme corp"', Post("net", "1", "acme,\ncorp")),
    ('"and/or acme"', Post("net", "1", "and/or Acme")),
    ("c++ OR c#", Post("net", "1", "I like C#.")),
    ("acme.com", Post("net", "1", "see https://ACME.com/x")),
    ("#AcmeCorp", Post("net", "1", "hello", hashtags=("acmecorp",))),
    ("plain:caphe", Post("net", "1", "caphê")),
    ("cà", Post("net", "1", "ca\u0300")),
    ("colo?r*", Post("net", "1", "Colours")),
    ("🚀 acme", Post("net", "1", "acme 🚀")),
    ("(title:acme OR text:bolt) lang:en", Post("net", "1", "bolt is the one that we all know", language="en")),
    ("/acm+e/ OR acme", Post("net", "1", "acmme")),
    ("{Acme} NEAR/3 (crash* OR bug)", Post("net", "1", "Acme has crashed")),
    ("acme -(bolt -quill)", Post("net", "1", "acme bolt")),
]


@pytest.mark.parametrize(("query", "post"), SAID, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_said_in_an_odd_way_is_found_or_known_to_be_missed(query: str, post: Post) -> None:
    tree, known = parse(query), Facts(language="en")
    assert wanted(tree, post, known)
    for site, model in SITES.items():
        pushed, there = push_down(tree, model.dialect), model.has(post)
        hit = found(site, pushed, there, known)
        assert hit or pushed.misses or not wanted(tree, there, known), f"{site}: {pushed.searches}"


CASES: list[tuple[Dialect, str, tuple[str, ...]]] = [
    # one word, one phrase, one hashtag: as they have always been asked for
    (HN, "Acme", ("acme",)),
    (HN, '"Acme Notes"', ("acme notes",)),
    (HN, "acme.com OR wi-fi OR c++ OR 3.5", ("acme.com", "wi-fi", "c++", "3.5")),
    (TOOTS, '#AcmeCorp OR "acme corp" OR @acme', ("#acmecorp", "#acme")),
    # AND stays AND, OR becomes several searches, exclusions stay here
    (HN, "acme (crash OR bug OR \"log in\") NOT jobs", ("acme crash", "acme bug", "acme log in")),
    (X, "acme (crash OR bug OR \"log in\") NOT jobs", ('acme (crash OR bug OR "log in")',)),
    (REDDIT, "acme (crash OR bug) -jobs", ("acme AND (crash OR bug)",)),
    (GDELT, "acme OR bolt", ("(acme OR bolt)",)),
    (GDELT, "acme site:example.com (crash OR bug)", ("acme domain:example.com (crash OR bug)",)),
    (GDELT, "acme OR (bolt crash)", ("acme", "bolt crash")),
    (GOOGLE_NEWS, "acme crash OR bolt OR quill", ("bolt OR quill", "acme crash")),
    (GOOGLE_NEWS, 'title:"acme corp" site:example.com', ('intitle:"acme corp" site:example.com',)),
    (BLUESKY, "(acme OR #bolt) lang:en", ("acme lang:en", "#bolt lang:en")),
    (STACK_EXCHANGE, '"acme corp" crash lang:en', ('"acme corp" crash',)),
    (TOOTS, "#acme crash", ("#acme",)),
    # what the site cannot do is made wider
    (X, "{Acme Corp} NEAR/5 (crash OR bug)", ('"acme corp" (crash OR bug)',)),
    (X, "/acm+e/ bolt rating:<3", ("bolt",)),
    (X, "@acme OR #acme*", ("@acme OR from:acme",)),
    (X, "author:@joe acme", ("from:joe acme",)),
    (HN, "crash* acme", ("crash acme",)),
    (HN, "don't panic", ("don panic",)),
    (HN, "title:acme 🚀", ("acme",)),
    (X, "acme 🚀", ("acme 🚀",)),
    (NARROW, "crash* OR bug*", ("crash* | bug*",)),
    (NARROW, "acme colo?r", ("acme colo*",)),
    # nothing is asked for twice
    (HN, "acme OR acme crash OR \"acme corp\" OR Acme", ("acme",)),
    (X, "crash (acme OR acme corp)", ("crash acme",)),
    # words that a site would take for its own
    (X, '"or" acme', ('"or" acme',)),
    (X, '"say ""acme (corp) -jobs"', ('say "acme corp jobs"',)),
    (GITHUB, "a b c d e f g", ("a b c d e f",)),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "query", "searches"), CASES)
def test_a_query_becomes_the_tightest_search_that_the_site_has(
    dialect: Dialect, query: str, searches: tuple[str, ...]
) -> None:
    assert push_down(parse(query), dialect).searches == searches


LEFT = [
    (X, "acme crash", (), ()),
    (X, "acme NOT jobs", (), ()),
    (HN, "acme lang:en rating:<3", ("lang:en", "rating:<3"), ()),
    (X, "acme NEAR/5 corp", ("acme NEAR/5 corp",), ()),
    (X, "acme /x+/", ("/x+/",), ()),
    (HN, "acme OR site:acme.com", ("site:acme.com",), ("site:acme.com: cannot be searched for here",)),
    (HN, "小米 OR acme", (), ("小米: only where the site takes it for a word",)),
    (HN, "小米 acme", ("小米",), ()),
    (HN, "plain:caphe", (), ()),
    (X, "plain:caphe", ("plain:caphe",), ("plain:caphe: only with these marks",)),
    (TOOTS, "#acme", (), ()),
    (TOOTS, "acme", (), ("acme: only where it is written as #acme",)),
    (TOOTS, '"acme corp"', ('"acme corp"',), ("acme corp: only where it is written as #acmecorp",)),
    (REDDIT, "@acme", ("@acme",), ("@acme: only posts that say the name, not what @acme writes",)),
]


@pytest.mark.parametrize(("dialect", "query", "left", "misses"), LEFT)
def test_it_says_what_is_left_to_do_here_and_what_the_site_cannot_find(
    dialect: Dialect, query: str, left: tuple[str, ...], misses: tuple[str, ...]
) -> None:
    pushed = push_down(parse(query), dialect)
    assert (pushed.left_here, pushed.misses) == (left, misses)


def test_a_site_that_passes_over_marks_in_words_does_not_in_hashtags() -> None:
    assert push_down(parse('plain:"ca phe"'), NARROW).exact
    assert push_down(parse("plain:#caphe"), NARROW).misses == ("plain:#caphe: only with these marks",)


def test_a_query_without_anything_to_search_for_is_said_to_be_so() -> None:
    pushed = push_down(parse("/acm+e/ lang:en"), X)
    assert pushed.searches == ()
    assert pushed.misses == ("/acm+e/ AND lang:en: nothing in it can be searched for here",)


def test_a_language_alone_is_never_searched_for() -> None:
    assert push_down(parse("(acme OR lang:en) NOT x"), X).searches == ("acme",)


def test_a_long_or_is_packed_into_as_few_searches_as_fit() -> None:
    words = [f"word{number:04}" for number in range(200)]
    pushed = push_down(parse(" OR ".join(words)), X)
    assert sorted(word for search in pushed.searches for word in search.split(" OR ")) == words
    assert len(pushed.searches) == -(-len(words) // ((512 + 4) // (len("word0000") + 4)))
    assert pushed.exact


def test_an_or_beside_a_word_is_split_in_parts_that_keep_the_word() -> None:
    pushed = push_down(parse(f"acme ({' OR '.join(f'word{number:04}' for number in range(100))})"), X)
    assert 1 < len(pushed.searches) <= MOST
    assert all(search.startswith("acme (word") and len(search) <= 512 for search in pushed.searches)


def test_an_and_of_long_ors_is_not_multiplied_out_without_end() -> None:
    sides = [f"({' OR '.join(f'{side}{number}' for number in range(40))})" for side in "abcdefgh"]
    for dialect in (HN, X, GITHUB, NARROW):
        pushed = push_down(parse(" AND ".join(sides)), dialect)
        assert len(pushed.searches) <= 40
        assert pushed.left_here
        assert not pushed.misses


def test_a_large_list_is_pushed_down_in_no_time() -> None:
    query = parse(" OR ".join(f'"word{number} corp"' for number in range(10_000)))
    assert len(push_down(query, HN).searches) == 10_000
    watches = [("a", str(query)), ("b", "word7 OR acme")]
    assert len(terms.shared_searches(X, tuple(watches))) > 100


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("part", ["acme{}", "(acme{0} OR bolt{0})"])
def test_an_and_of_thousands_is_trimmed_in_no_time(part: str) -> None:
    query = parse(" ".join(part.format(number) for number in range(2_000)))
    start = time.process_time()
    for model in SITES.values():
        pushed = push_down(query, model.dialect)
        assert 0 < len(pushed.searches) <= MOST
    assert time.process_time() - start < 10  # trimmed one by one, each of them takes some ten seconds


def test_a_term_longer_than_the_site_takes_is_not_sent() -> None:
    pushed = push_down(Or((Word("a" * 600), Word("acme"))), HN)
    assert pushed.searches == ("acme",)
    assert len(pushed.misses) == 1


def test_the_models_refuse_what_the_sites_would() -> None:
    post = Post("net", "1", "acme")
    for site, search in (
        ("gdelt", "acme OR bolt"),
        ("gdelt", "(acme (bolt OR x))"),
        ("bluesky", "(acme)"),
        ("x", "a" * 513),
        ("github", "a b c d e f g"),
        ("hackernews", '"acme corp"'),
        ("mastodon", "acme"),
        ("x", "acme OR"),
    ):
        with pytest.raises(RefusedError):
            SITES[site].finds(search, post, None)

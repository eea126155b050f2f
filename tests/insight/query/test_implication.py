"""What is proven of queries: that one implies or rules out another is never said wrongly, nor what lint makes of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post
from insight.query.advice.implication import Proof, excludes, implies
from insight.query.advice.logic import about_logic
from insight.query.advice.term_implication import covers
from insight.query.matching.document import Facts
from insight.query.matching.lookups import pattern
from insight.query.reading.parser import parse
from insight.query.tree import And, Not, Or, Query
from tests.insight.query.model import holds
from tests.insight.query.posts import facts, posts

RELATED = [
    parse(text)
    for text in (
        "acme", '"acme corp"', '"Acme Corp jobs"', "corp", "jobs", "c", "c++", "3", "3.5", "小米", "小米手机",
        '"小米 手机"',
        "acm*", "a*e", "ac?e*", "jo*", "don't", "don*", "{Acme}", "{Acme Corp}", "{c}", 'raw:"C++"',
        "raw:acme", "raw:don", 'raw:"acme corp"', 'raw:"->"', "raw:3",
        "plain:ca", "plain:cà", "cà", 'plain:"ca phê"', "plain:c*", "#acme", "#acme*", "#a*", "#càphê", "plain:#caphe",
        "@acme", "@acme@example.social", "mention:acme", "author:@acme", "author:@acme@example.social", "author:acme",
        "c*", "3*",
        "title:acme", 'title:"acme corp"', "text:acme", "title:#acme", "title:@acme", "url:acme", "links:acme",
        "acme NEAR/1 corp", "corp NEAR/3 acme", "acme ONEAR/1 corp", "(acme OR jobs) NEAR/3 corp",
        "title:(acme NEAR/1 corp)",
        "/acme/", "lang:pt", "lang:pt-br", "lang:en", "site:acme.com", "site:blog.acme.com", "site:com",
        "site:example.org",
        "kind:review", "kind:post", "country:de", "country:us", "sentiment:neg", "sentiment:pos", "has:rating",
        "has:link",
        "rating:[1 TO 3]", "rating:3", "rating:>3", "rating:>=4", "rating:<3", "followers:>999", "followers:>=1000",
        "followers:<1000", "engagement:0", "after:2026-03-02", "after:2026-03-02T09:30Z", "before:2026-03-02",
        "before:2026-03-02T09:30:05Z", "source:forum", "source:net", "source:forum:2", "theme:t1", "theme:acme",
        "watch:w1",
        "watch:w2", "is:reply", "is:repost",
    )
]  # fmt: skip
"""Terms of which many imply, or rule out, one another."""

related = st.recursive(
    st.sampled_from(RELATED),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=6,
)
IMPLIED = [(one, other) for one in RELATED for other in RELATED if one != other and implies(one, other)]
EXCLUDED = [(one, other) for one in RELATED for other in RELATED if one != other and excludes(one, other)]


def test_enough_is_proven() -> None:
    assert len(IMPLIED) > 100
    assert len(EXCLUDED) > 30


@given(posts, facts)
def test_of_terms_nothing_is_proven_wrongly(post: Post, known: Facts) -> None:
    found = {id(term): holds(term, post, known) for term in RELATED}
    assert [(str(a), str(b)) for a, b in IMPLIED if found[id(a)] and not found[id(b)]] == []
    assert [(str(a), str(b)) for a, b in EXCLUDED if found[id(a)] and found[id(b)]] == []


@given(related, related, posts, facts)
def test_of_trees_nothing_is_proven_wrongly(one: Query, other: Query, post: Post, known: Facts) -> None:
    if implies(one, other):
        assert holds(other, post, known) or not holds(one, post, known)
    if excludes(one, other):
        assert not (holds(one, post, known) and holds(other, post, known))


@given(related)
def test_every_tree_implies_itself_and_all_that_it_is_a_part_of(tree: Query) -> None:
    assert implies(tree, tree)
    assert implies(And((tree, RELATED[0])), tree)
    assert implies(tree, Or((RELATED[0], tree)))
    assert excludes(tree, Not(tree))


def test_without_steps_nothing_is_known() -> None:
    proof = Proof(steps=3)
    assert [proof.implies(RELATED[0], RELATED[0]) for _ in range(5)] == [True, True, True, False, False]


@given(st.text("ab*?", min_size=1, max_size=6), st.text("ab*?", min_size=1, max_size=6), st.text("ab3.", max_size=6))
def test_a_wildcard_covers_only_what_it_matches(wide: str, narrow: str, word: str) -> None:
    if covers(wide, narrow) and pattern(narrow).fullmatch(word):
        assert pattern(wide).fullmatch(word)
    assert covers(wide, word) == (pattern(wide).fullmatch(word) is not None)


@given(related, st.lists(posts, min_size=3, max_size=3), facts)
def test_what_lint_says_of_the_logic_is_so(tree: Query, some: list[Post], known: Facts) -> None:
    for remark in about_logic(tree, Proof()):
        for post in some:
            there, because = holds(remark.node, post, known), holds(remark.because or tree, post, known)
            match remark.code:
                case "never-holds" | "never-applies":
                    assert not (there and because)
                case "requires-nothing" | "hides-everything":
                    assert there or not because
                case "adds-nothing" | "hidden-side":
                    assert because or not there
                case _:
                    assert remark.code == "exclusion-in-side"

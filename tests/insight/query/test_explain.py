"""Explain: how a query is read, what each clause of it does, and every default in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post
from insight.query.advice.clauses import Census, ClauseCounts, ClauseKind, clauses
from insight.query.advice.explain import Explanation, explain
from insight.query.advice.printed import bracketed
from insight.query.matching.document import Facts
from insight.query.matching.matcher import Matcher
from insight.query.reading.parser import parse
from insight.query.tree import And, Or, Phrase, Query, Word
from tests.insight.query.model import holds
from tests.insight.query.posts import facts, posts
from tests.insight.query.trees import trees


def explained(query: str) -> Explanation:
    return explain(parse(query), query)


def notes(query: str) -> list[str]:
    return [str(note) for note in explained(query).notes]


# -- how it is read --------------------------------------------------------------------------------------------


def test_the_tree_is_drawn_with_what_each_term_means() -> None:
    assert explained('(acme OR "acme corp" OR #acme) NOT jobs lang:en').tree == (
        "AND: all of these",
        "├─ OR: any of these",
        "│  ├─ acme  (word)",
        '│  ├─ "acme corp"  (phrase)',
        "│  └─ #acme  (hashtag)",
        "├─ NOT: not this",
        "│  └─ jobs  (word)",
        "└─ lang:en  (written in this language (ISO 639-1: en, vi, zh))",
    )


def test_of_a_long_list_the_beginning_is_drawn() -> None:
    lines = explained(" OR ".join(f"acme{number}" for number in range(1500))).tree
    assert len(lines) == 22
    assert lines[-1] == "└─ … and 1,480 more"


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("wi-fi", "words in a row"),
        ("crash*", "word with wildcards"),
        ("@acme", "name, or who writes"),
        ("{Acme}", "in these capitals"),
        ('raw:"C++"', "with these symbols"),
        ("/acme/", "regular expression"),
        ("plain:phê", "word, with and without marks"),
        ("title:acme", "word, in the title only"),
        ("acme NEAR/5 bolt", "at most 5 words between, in either order"),
        ("acme ONEAR/1 bolt", "at most 1 word between, in this order"),
        ("acme NEAR/0 bolt", "side by side, in either order"),
        ("rating:>3", "its rating in stars from 1 to 5, whatever scale the site uses"),
    ],
)
def test_a_term_is_said_in_words(query: str, meaning: str) -> None:
    assert explained(query).tree[0].endswith(f"  ({meaning})")


def test_precedence_is_shown_with_every_bracket() -> None:
    query = "acme bolt OR quill NOT jobs"
    assert explained(query).reading == "(acme AND bolt) OR (quill AND NOT jobs)"
    assert "NEAR binds tightest, then NOT, then AND, then OR: (acme AND bolt) OR (quill AND NOT jobs)" in notes(query)
    assert not any("binds tightest" in note for note in notes("(acme OR bolt) AND quill"))


@given(trees)
def test_the_reading_with_every_bracket_is_the_same_query(tree: Query) -> None:
    assert parse(bracketed(tree)) == tree


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("acme corp", 5),
        ('acme AND "AND" bolt', 15),
        ("(acme OR bolt) (quill OR corp)", 15),
        ("acme lang:en", 5),
        ("acme <<< AND >>> title:bolt", 17),
        ("acme AND (bolt quill)", 15),
    ],
)
def test_terms_side_by_side_are_said_to_be_and(query: str, position: int) -> None:
    places = [note.position for note in explained(query).notes if "side by side without an operator" in note.says]
    assert places == [position]


@pytest.mark.parametrize(
    "query", ["acme", "acme AND bolt", "acme AND (bolt OR quill)", "acme NOT jobs", "acme -jobs", "acme AND lang:en",
              "(acme) AND title:(bolt OR quill)", "acme NEAR/3 bolt"]
)  # fmt: skip
def test_a_written_operator_is_no_default(query: str) -> None:
    assert not any("side by side without an operator" in note for note in notes(query))


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("acme", "words are looked for in title and text, unless a field such as title: names the place"),
        ("acme", "any case and width of letters will do (Acme, ACME, ａｃｍｅ); {Acme} asks for these capitals"),
        ("acme", 'words are whole: acme finds "Acme\'s" and not "acmeville"; acme* finds both'),
        ("acme OR bolt", "acme, bolt: finds the hashtag, the name and the address with this word, too"),
        ("phê", "phê: marks on letters count: found only as written; plain: leaves them out"),
        ("wi-fi", "wi-fi: several words in a row, whatever punctuation stands between them"),
        ("c++", "c++: the sign behind the word counts: the word without it is not found"),
        ("小米", "小米: such letters are found anywhere, also inside a run of them"),
        ("3", '3: a number is whole: 3 does not find "3.5"'),
        ("#acme", "#acme: the hashtag alone, in the text or beside it; the word without # is not found"),
        ("@acme", "@acme: on any server"),
        ("title:(acme NEAR/2 crash*)",
         "crash*: * is any number of letters and digits, ? is exactly one; the whole word has to fit"),
        ("acme NOT jobs", "what NOT excludes is hidden, not lost: such posts are kept for a while with the reason"),
        ("acme after:2026-03-02", "after:2026-03-02: in UTC; a date begins at midnight"),
        ("acme lang:pt", "lang:pt: any regional form of the language, too"),
    ],
)  # fmt: skip
def test_a_default_that_was_applied_is_said(query: str, note: str) -> None:
    assert note in notes(query)


def test_what_was_not_applied_is_not_said() -> None:
    assert notes("lang:en") == [
        "lang:en: as recognised from the text; the platform's word decides where the text is too short",
        "lang:en: any regional form of the language, too",
    ]
    assert not any("any server" in note for note in notes("@acme@example.social"))


def test_a_note_names_some_of_its_terms_and_the_place_of_the_first() -> None:
    note = next(
        note for note in explained(f"NOT x0 {' '.join(f'w{n}' for n in range(9))}").notes if len(note.terms) > 1
    )
    assert note.position == 4
    assert note.terms == ("x0", "w0", "w1", "w2", "w3", "…")


# -- clauses ---------------------------------------------------------------------------------------------------


def of(query: str) -> list[tuple[int, str, str, int]]:
    return [(clause.number, clause.kind.value, clause.text, clause.position) for clause in clauses(parse(query))]


def test_the_sides_of_the_first_or_find_and_the_rest_is_also_required_or_hides() -> None:
    assert of("lang:en (acme OR bolt corp) (quill OR jobs) NOT (spam OR #ad) -@bot") == [
        (1, "finds", "acme", 9),
        (2, "finds", "bolt AND corp", 17),
        (3, "also required", "lang:en", 0),
        (4, "also required", "quill OR jobs", 29),
        (5, "hides", "NOT spam", 49),
        (6, "hides", "NOT #ad", 57),
        (7, "hides", "NOT @bot", 62),
    ]


def test_without_an_or_the_whole_finds() -> None:
    assert of("acme corp NOT jobs") == [(1, "finds", "acme AND corp", 0), (2, "hides", "NOT jobs", 10)]
    assert of("acme") == [(1, "finds", "acme", 0)]
    assert of("NOT jobs") == [(1, "hides", "NOT jobs", 0)]


def counted(query: str, texts: list[str]) -> ClauseCounts:
    census = Census(parse(query))
    for number, text in enumerate(texts):
        census.add(Post("net", str(number), text))
    return census.counted()


def test_a_census_says_what_each_clause_brings() -> None:
    texts = ["acme"] * 60 + ["acme bolt"] * 38 + ["bolt"] * 2 + ["acme jobs"] * 29 + ["bolt jobs"] * 71 + ["quill"] * 50
    found = counted("acme OR bolt NOT nothing", texts)
    assert found.hits == 200
    found = counted("(acme OR bolt) NOT jobs NOT (bolt jobs)", texts)
    assert found.sentences == (
        "Of 250 stored posts, 100 found and 100 rejected by an exclusion.",
        "clause 1 adds 60 % of the hits (60 of 100) and 29 % of the rejected (29 of 100)",
        "clause 2 adds 2 % of the hits (2 of 100) and 71 % of the rejected (71 of 100)",
        "clause 3 hides 100 % of the rejected (100 of 100), 29 of them alone",
        "clause 4 hides 71 % of the rejected (71 of 100), 0 of them alone",
    )


def test_of_few_posts_no_share_is_said() -> None:
    assert counted("(acme OR bolt) corp NOT jobs", ["acme corp", "bolt", "acme corp jobs"]).sentences == (
        "Of 3 stored posts, 1 found and 1 rejected by an exclusion.",
        "clause 1 adds 1 of 1 hits and 1 of 1 rejected",
        "clause 2 adds 0 of 1 hits and 0 of 1 rejected",
        "clause 3 keeps out 1 post that would be found without it",
        "clause 4 hides 1 of 1 rejected, 1 of them alone",
    )


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    sentences = counted("acme OR bolt", ["acme"] * 999 + ["bolt"]).sentences
    assert "adds more than 99 % of the hits (999 of 1,000)" in sentences[1]
    assert "adds less than 1 % of the hits (1 of 1,000)" in sentences[2]


def test_a_clause_that_is_there_twice_brings_nothing_alone() -> None:
    tallies = counted('acme OR "acme" OR bolt', ["acme"] * 3).tallies
    assert [(tally.hits, tally.alone) for tally in tallies] == [(3, 0), (3, 0), (0, 0)]


@given(trees, st.lists(posts, min_size=1, max_size=4), facts)
def test_a_census_counts_what_the_matcher_finds(tree: Query, some: list[Post], known: Facts) -> None:
    census, matcher = Census(tree), Matcher(tree)
    for post in some:
        census.add(post, known)
    matches = [matcher.match(post, known) for post in some]
    result = census.counted()
    assert result.stored == len(some)
    assert result.hits == sum(match is not None and match.excluded_by is None for match in matches)
    assert result.rejected == sum(match is not None and match.excluded_by is not None for match in matches)


terms = st.sampled_from([Word("acme"), Phrase("acme"), Word("corp"), Word("jobs"), Word("c"), Word("3")])


@given(st.lists(terms, min_size=2, max_size=4), st.lists(posts, max_size=4))
def test_what_a_clause_adds_is_lost_without_it(sides: list[Query], some: list[Post]) -> None:
    census = Census(And((Or(tuple(sides)), Word("acme"))))
    for post in some:
        census.add(post)
    tallies = [tally for tally in census.counted().tallies if tally.clause.kind is ClauseKind.FINDS]
    for number, tally in enumerate(tallies):
        found = [post for post in some if holds(Word("acme"), post)]
        others = sides[:number] + sides[number + 1 :]
        assert tally.hits == sum(holds(sides[number], post) for post in found)
        lost = (post for post in found if holds(sides[number], post) and not any(holds(o, post) for o in others))
        assert tally.alone == sum(1 for _ in lost)

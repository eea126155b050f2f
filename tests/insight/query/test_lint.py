"""Lint: what surprises is said, with its place and a remedy; and what it says can never be, never is."""

from __future__ import annotations

import pytest
from hypothesis import given

from insight.query.advice.commonness import LANGUAGES, common_in
from insight.query.advice.lint import Level, lint
from insight.query.reading.parser import parse
from insight.query.tree import Query
from tests.insight.query.trees import trees


def said(query: str) -> list[tuple[str, int, str]]:
    return [(advice.code, advice.position, advice.message) for advice in lint(parse(query), query)]


# -- what is said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code", "at", "message"),
    [
        ("the", "common-word", "the", "the is a common word (English)"),
        ("und OR acme", "common-word", "und", "und is a common word (German)"),
        ('"of the"', "common-word", '"of', '"of the" are common words (English)'),
        ("plain:không", "common-word", "plain", "plain:không is a common word (Vietnamese)"),
        ("acme then", "common-word", "then", "and it must occur"),
        ("acme NOT the", "common-word", "the", "excluding it hides much of what is written in English"),
        ("acme OR xq", "short-word", "xq", "xq has only 2 characters"),
        ("acme OR 7", "short-word", "7", "7 has only 1 character:"),
        ("acme OR 米", "short-word", "米", "米 is a single letter"),
        ("ac* bolt", "short-wildcard", "ac*", "ac* has only 2 characters"),
        ("#a* bolt", "short-wildcard", "#a*", "#a* has only 1 character:"),
        ("*phone", "leading-wildcard", "*phone", "begins with a wildcard"),
        ("E*TRADE", "star-in-name", "E*TRADE", "finds ETRADE, and not E*TRADE as it is written"),
        ("m*a*s*h", "star-in-name", "m*", "and not m*a*s*h as it is written"),
        ("Toys*R*Us", "star-in-name", "Toys*", "so it finds ToysRUs"),
        ("really? acme", "question-mark", "really?", "so it does not find really itself"),
        ("{acme corp}", "no-capitals", "{acme", "not Acme Corp or ACME CORP"),
        ('raw:"acme corp"', "no-symbols", "raw:", "has no symbols"),
        ("/acme corp/", "regex-of-words", "/acme", "finds it inside other words, too"),
        (r"/\d+[a-z]*x?/ acme", "regex-without-letters", r"/\d", "it is tried on every post"),
        ("/.*acme/", "regex-edge", "/.", "the .* at an edge"),
        ("/acme.+/", "regex-edge", "/", "the .* at an edge"),
        ("acme NEAR/31 bolt", "far", "acme", "NEAR/31 holds for nearly every post that has both"),
        ("acme ONEAR/0 bolt", "side-by-side", "acme", "side by side, in this order"),
        ("bolt OR \u0430cme", "look-alike", "\u0430", "\u0430 is Cyrillic"),
        ('bolt OR "cà phê"', "marks", '"cà', "not as ca phe"),
        ("bolt OR #AcmeCorp", "tag-of-words", "#Acme", "not the words acme corp"),
        ("acme bolt OR quill", "and-in-or", "acme", "AND binds tighter than OR"),
        ("acme OR bolt OR acme", "adds-nothing", "acme", "acme is there twice"),
        ('acme OR "acme corp"', "adds-nothing", '"acme', '"acme corp" adds nothing: acme finds all of it'),
        ("acme* OR bolt OR acmeville", "adds-nothing", "acmeville", "acme* finds all of it"),
        ("小米 OR 小米手机", "adds-nothing", "小米手机", "小米 finds all of it"),
        ('acme "acme corp"', "requires-nothing", "acme", 'whatever "acme corp" finds fulfils it'),
        ("acme NOT job* NOT jobs", "adds-nothing", "jobs", "NOT job* hides it already"),
        ("acme NOT acme", "hides-everything", "acme", "NOT acme hides everything that acme finds"),
        ('"acme corp" NOT acme', "hides-everything", "acme", "nothing is left"),
        ("acme* NOT acme*", "hides-everything", "acme*", "nothing is left"),
        ("(acme OR bolt) NOT acme", "hidden-side", "acme", "acme finds nothing: NOT acme hides all of it"),
        ("acme OR (bolt NOT quill)", "exclusion-in-side", "NOT", "NOT quill hides nothing that acme finds"),
        ("acme OR bolt -quill", "exclusion-in-side", "-", "it belongs to its own side of the OR"),
        ("acme NEAR5 corp", "no-operator", "NEAR5", "is a word here, and no operator"),
        ("acme AROUND(4) corp", "no-operator", "AROUND", "is a word here, and no operator"),
        ("acme rating<3", "no-field", "rating<3", "behind the name of a field stands a colon"),
        ("acme OR Lang=en", "no-field", "Lang=en", "behind the name of a field stands a colon"),
        ("acme, bolt", "comma", "acme,", "the , behind acme makes no list: what follows must occur, too"),
        ("acme,bolt", "comma", "acme,", "the words of acme,bolt must stand in a row"),
        ("小米，手机", "comma", "小米", "the words of 小米，手机 must stand in a row"),
        ("bolt 'acme corp'", "single-quotes", "'acme", "each of these words must occur"),
        ('bolt OR "crash* report"', "star-in-quotes", '"crash*', "is punctuation, and finds no other words"),
    ],
)  # fmt: skip
def test_what_will_surprise_is_said_where_it_stands(query: str, code: str, at: str, message: str) -> None:
    matching = [(position, words) for said_code, position, words in said(query) if said_code == code]
    assert matching
    position, words = matching[0]
    assert query[position:].startswith(at)
    assert message in words


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("acme kind:review NOT kind:post", "never-applies", "NOT kind:post can never apply: kind:review rules it out"),
        ("acme lang:en NOT lang:de", "never-applies", "lang:en rules it out already"),
        ("acme rating:>=4 NOT rating:[1 TO 2]", "never-applies", "rating:>=4 rules it out already"),
        ("acme lang:en lang:de", "never-holds", "lang:de can never hold together with lang:en"),
        ("acme rating:[1 TO 2] rating:5", "never-holds", "rating:5 can never hold together with rating:[1 TO 2]"),
        ("acme followers:>10 followers:<=10", "never-holds", "followers:<=10 can never hold"),
        ("acme after:2026-03-02 before:2026-03-02", "never-holds", "before:2026-03-02 can never hold"),
        ("acme site:acme.com site:example.org", "never-holds", "site:example.org can never hold"),
        ("(acme OR lang:de) lang:en", "never-holds", "lang:de can never hold here: lang:en is required, too"),
        ("acme NOT (rating:1 rating:5)", "never-holds", "rating:5 can never hold together with rating:1"),
        ("acme lang:pt lang:pt-br", "requires-nothing", "whatever lang:pt-br finds fulfils it"),
        ("acme NOT rating:<3 NOT rating:1", "adds-nothing", "NOT rating:<3 hides it already"),
    ],
)
def test_what_can_never_be_is_said_of_fields(query: str, code: str, message: str) -> None:
    assert any(found == code and message in words for found, _, words in said(query))


@pytest.mark.parametrize(
    "query",
    [
        "acme",
        'acme OR "bolt corp"',
        '"acme"',
        '(acme OR bolt) NOT (jobs OR careers) lang:en',
        "acme bolt quill",
        "acme OR #acme OR @acme",
        "(acme bolt) OR quill",
        "acme OR (bolt (quill OR corp))",
        "acme NOT crash*",
        "colo?r* acme",
        "{Acme} OR raw:C++",
        r"/v\d+ of acme/",
        "acme NEAR/5 the",
        "joined:#AcmeCorp",
        '#AcmeCorp OR "acme corp"',
        "càphê OR caphe",
        "lang:en,de acme",
        "acme lang:pt NOT lang:pt-br",
        "acme site:acme.com NOT site:blog.acme.com",
        "acme after:2026-01-01 before:2026-03-01",
        "rating:[1 TO 3] rating:[3 TO 5] acme",
        "(acme NOT jobs) OR (bolt NOT jobs)",
        "acme <<< or rather ( bolt >>> OR quill",
        "小米 OR 手机",
        "AC/DC OR c++",
        "title:the OR url:a",
        "Привет OR καλημέρα OR 5μm",
        "don't l'oreal",
        "'acme 1,000 euros,",
        "near5 OR N26",
        "rating OR ratings<b",
    ],
)  # fmt: skip
def test_of_what_is_meant_so_nothing_is_said(query: str) -> None:
    allowed = {"title:the OR url:a": ["common-word"]}
    assert [code for code, _, _ in said(query)] == allowed.get(query, [])


def test_an_advice_prints_with_its_place_under_a_caret_and_a_remedy() -> None:
    query = "(acme OR bolt) NOT the"
    advice = next(iter(lint(parse(query), query)))
    assert str(advice).splitlines() == [
        f"warning, character 20: {advice.message}",
        "  (acme OR bolt) NOT the",
        "                     ^",
        '  Exclude a phrase that it belongs to ("… the …"), or leave it out.',
    ]


def test_how_and_and_or_are_read_is_shown_with_brackets() -> None:
    query = "(acme bolt OR quill) corp OR jobs OR (jobs OR acme quill)"
    remedies = [advice.remedy for advice in lint(parse(query), query) if advice.code == "and-in-or"]
    assert remedies == [
        "It is read so: (((acme AND bolt) OR quill) AND corp) OR jobs OR (jobs OR (acme AND quill))",
        "It is read so: jobs OR (acme AND quill)",
    ]


class Lists:
    """A library with one list and one named query."""

    def named(self, name: str) -> str | None:
        return "bolt NOT quill" if name == "part" else None

    def names(self) -> tuple[str, ...]:
        return ("part",)

    def lines(self, file: str) -> str:
        return "\n".join(f"acme {number}" for number in range(5000)) + "\nxq\nxz\nacme 7 8\n"


def test_a_list_is_spoken_of_once_and_where_it_is_included() -> None:
    query = "bolt NOT @file:excludes.txt"
    advice = lint(parse(query, Lists()), query)
    assert [(one.code, one.position) for one in advice] == [("short-word", 9), ("adds-nothing", 9)]
    assert advice[1].message == 'NOT "acme 7 8" adds nothing: NOT "acme 7" hides it already'
    assert advice[0].message.endswith("(and 1 more like this one here)")


def test_of_the_brackets_of_an_included_query_nothing_is_said() -> None:
    query = "acme OR $part"
    assert [one.code for one in lint(parse(query, Lists()), query)] == ["exclusion-in-side"]


def test_warnings_are_for_what_is_hardly_meant_and_hints_for_what_is_to_be_known() -> None:
    levels = {advice.code: advice.level for advice in lint(parse("acme NOT acme"), "acme NOT acme")}
    assert levels == {"hides-everything": Level.WARNING}
    assert [one.level for one in lint(parse("*phone"), "*phone")] == [Level.HINT]


@given(trees)
def test_every_tree_is_answered_within_its_text(tree: Query) -> None:
    text = str(tree)
    advice = lint(parse(text), text)
    assert all(0 <= one.position <= len(text) and one.message and one.remedy for one in advice)
    assert [one.position for one in advice] == sorted(one.position for one in advice)


def test_a_long_and_deep_query_is_answered_soon() -> None:
    deep = "(acme OR bolt " * 49 + "quill" + ")" * 49
    assert lint(parse(deep), deep)
    wide = " OR ".join(f"(acme{i} NOT bolt{i})" for i in range(3000))
    assert {one.code for one in lint(parse(wide), wide)} == {"exclusion-in-side"}


# -- common words ----------------------------------------------------------------------------------------------


def test_common_words_are_known_of_eight_languages() -> None:
    found = {"the": "English", "und": "German", "những": "Vietnamese", "não": "Portuguese", "het": "Dutch"}
    found |= {"avec": "French", "pero": "Spanish", "della": "Italian"}
    assert {word: common_in(word)[0] for word in found} == found
    assert set(LANGUAGES) == {"de", "en", "es", "fr", "it", "nl", "pt", "vi"}


def test_marks_make_another_word_unless_they_do_not_count() -> None:
    assert common_in("khong") == ()
    assert common_in("khong", plain=True) == ("Vietnamese",)
    assert common_in("Ｔｈｅ") == ("English",)

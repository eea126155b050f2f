"""Queries in a config: named ones, word lists, tests beside a watch, filters of routes and digest."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from insight.query import And, Between, Field, Not, parse
from listener.config import Config, ConfigError, Problem, changes, load, redacted
from listener.config.yamlfile import dump
from tests.listener.configs import GOOD, marked, spoilt
from tests.listener.kinds import CHANNELS, SOURCES

Files = Mapping[str, str | bytes]
Loading = Callable[..., Config]

NONE: Files = {}
BAD_NAME = "the name `Noise` must be made of a-z, 0-9, - and _, and begin with a letter or digit (at most 64)"
LOOP = (
    "in $b, character 1: in $c, character 6: in $a, character 1: "
    "named queries include each other in a loop: $b → $c → $a → $b"
)
NOBODY = "is neither an account nor a site: write @acme, @acme@example.social or acme.com"
NO_TIME = "'soon' is no date and no time: write 2026-03-02 or 2026-03-02T09:30Z"

WHOLE = """\
contact: you@example.org
owned: ["@Acme", www.acme.example]
queries:
  noise: '@file:lists/spam.txt OR is:repost'
  elsewhere: 'NOT is:owned NOT ($noise)'
watches:
  - id: acme
    query: '(acme OR {Bolt}) $elsewhere'
    tests:
      match:
        - Acme is slow today
        - {title: Bolt, text: breaks, rating: 2, lang: en, followers: 10, engagement: {likes: 3}}
      reject: ["cheap pills from acme", {text: acme says hello, author: "@acme"}]
  - id: quill
    query: quill
sources: [{kind: board}]
channels: {bell: {kind: bell}}
alerts:
  routes: [{channel: bell, query: 'sentiment:neg NOT $noise'}]
digest: {query: 'rating:<=2'}
"""
SPAM = {"lists/spam.txt": 'casino\n"cheap pills"\n<<< one a line >>>\n\n#ad\n'}


@pytest.fixture
def loading(tmp_path: Path) -> Loading:
    """Writes a config and the files beside it, and loads it."""

    def load_it(text: str, files: Files = NONE) -> Config:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (tmp_path / "c.yaml").write_text(text)
        return load(tmp_path / "c.yaml", {}, sources=SOURCES, channels=CHANNELS)

    return load_it


@pytest.fixture
def only_problem(loading: Loading) -> Callable[..., Problem]:
    def found(text: str, files: Files = NONE) -> Problem:
        with pytest.raises(ConfigError) as caught:
            loading(text, files)
        assert len(caught.value.problems) == 1, str(caught.value)
        return caught.value.problems[0]

    return found


def asking(query: str, more: str = "") -> str:
    """The good config with this query, in single quotes, as its first."""
    return spoilt("'firefox OR #firefox'", f"'{query}'").replace("kind: tags", "kind: board") + more


# -- what is understood -----------------------------------------------------------------------------------------


def test_everything_together_is_understood(loading: Loading) -> None:
    config = loading(WHOLE, SPAM)
    assert config.owned == {"acme", "acme.example"}
    assert dict(config.queries.queries) == {
        "noise": "@file:lists/spam.txt OR is:repost",
        "elsewhere": "NOT is:owned NOT ($noise)",
    }
    assert [case.expected for case in config.cases("acme")] == [True, True, False, False]
    assert config.cases("quill") == ()
    assert config.filters["rating:<=2"] == Between("rating", None, 2)
    negative = config.filters[config.routes[0].query or ""]
    assert isinstance(negative, And)
    assert negative.parts[0] == Field("sentiment", "negative")
    assert isinstance(negative.parts[1], Not)


def test_what_a_watch_takes_in_is_written_out_and_needs_no_library(loading: Loading) -> None:
    acme, quill = loading(WHOLE, SPAM).watches
    assert quill.query == "quill"
    assert str(parse(acme.query)) == acme.query
    assert not set("$@") & set(acme.query)
    assert 'casino OR "cheap pills" OR #ad' in acme.query


def test_a_query_that_takes_nothing_in_stays_as_it_was_written(loading: Loading) -> None:
    written = 'acme   "a b"  <<< the $brand >>> -jobs'
    assert loading(asking(written)).watches[0].query == written


def test_an_editor_may_save_a_list_with_a_byte_order_mark_and_windows_line_ends(loading: Loading) -> None:
    config = loading(asking("acme NOT @file:spam.txt"), {"spam.txt": "\ufeffcasino\r\ncheap pills\r\n"})
    assert config.watches[0].query == 'acme AND NOT (casino OR "cheap pills")'


def test_a_list_is_looked_for_beside_the_config_wherever_the_program_is_started(
    loading: Loading, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert loading(asking("@file:one.txt"), {"one.txt": "acme"}).watches[0].query == "acme"


def test_what_a_config_shows_is_a_config_that_means_the_same(loading: Loading) -> None:
    config = loading(WHOLE, SPAM)
    again = loading(dump(redacted(config)), SPAM)
    assert not changes(config, again)


def test_a_config_without_any_of_it_has_none_of_it(loading: Loading) -> None:
    config = loading(GOOD)
    assert (config.owned, dict(config.tests), dict(config.filters)) == (frozenset(), {}, {})
    assert list(config.library.names()) == []


# -- what a reload says -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("is:repost", "is:reply", ("query noise changed", "watch acme: query changed")),
        ("@Acme", "@acme_inc", ("owned changed", "watch acme: tests changed")),
        ("slow today", "slow again", ("watch acme: tests changed",)),
        ("rating:<=2", "rating:<=3", ("digest.query changed",)),
        ("kind: bell", "kind: bell", ()),
    ],
)
def test_a_change_is_said_in_words(loading: Loading, old: str, new: str, says: tuple[str, ...]) -> None:
    assert changes(loading(WHOLE, SPAM), loading(WHOLE.replace(old, new), SPAM)).lines == says


def test_a_changed_list_is_a_changed_query(loading: Loading) -> None:
    before, after = loading(WHOLE, SPAM), loading(WHOLE, {"lists/spam.txt": "casino\n"})
    assert changes(before, after).lines == ("word list lists/spam.txt changed", "watch acme: query changed")


# -- what is wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "marks", "message", "remedy"),
    [
        ("a $nois", "$nois", "there is no query of the name $nois", "Did you mean $noise?"),
        ("a NOT $noise (b", "(b", "this bracket is never closed", "Add the ) where its group ends."),
        ("$noise", "$noise", "this would match nearly everything: it can hold without any word that has to occur",
         "Add a word that must occur; every side of an OR needs one of its own."),
        ("a theme:x", None, "theme: is only known of stored mentions",
         "Take it out, and use theme: in search, routes and the digest."),
    ],
)  # fmt: skip
def test_a_watch_s_query_is_marked_where_it_is_wrong(
    only_problem: Callable[..., Problem], query: str, marks: str | None, message: str, remedy: str
) -> None:
    text = asking(query, "queries: {noise: NOT spam}\n")
    found = only_problem(text)
    assert (found.path, found.message, found.remedy) == ("watches[0].query", message, remedy)
    assert marks is None or marked(text, found).startswith(marks)


@pytest.mark.parametrize(
    ("added", "marks", "message"),
    [
        ("queries: {noise: 'a (b'}", "(b", "this bracket is never closed"),
        ("queries: {noise: 'a $nose'}", "$nose", "there is no query of the name $nose"),
        ("queries: {noise: 5}", "5}", "a number where text belongs"),
        ("queries: {noise: ''}", "''", "must have at least 1 character"),
        ("queries: [a]", "[a]", "`queries` holds something else than entries"),
        ("queries: {Noise: a}", "Noise", BAD_NAME),
        ("queries: {a: b OR $a}", "$a", "in $a, character 6: named queries include each other in a loop: $a → $a"),
        ("queries: {a: $b x, b: $c, c: y OR $a}", "$b", LOOP),
        ("owned: [acme]", "acme]", NOBODY),
        ("owned: ['https://acme.com']", "'https", NOBODY),
        ("owned: '@acme'", "'@acme'", "'@acme' where a list belongs"),
        ("alerts: {routes: [{channel: bell, query: 'lang:en (x'}]}", "(x", "this bracket is never closed"),
        ("alerts: {routes: [{channel: bell, query: ''}]}", "''", "must have at least 1 character"),
        ("digest: {query: 'a b OR'}", None, "something to search for is missing at the end"),
        ("digest: {query: $noise}", "$noise", "there is no query of the name $noise"),
    ],
)  # fmt: skip
def test_what_is_wrong_elsewhere_is_marked(
    only_problem: Callable[..., Problem], added: str, marks: str | None, message: str
) -> None:
    text = GOOD + added + "\n"
    found = only_problem(text)
    assert found.message == message
    assert marks is None or marked(text, found).startswith(marks)


def test_a_fault_of_a_named_query_is_told_once_however_many_take_it_in(only_problem: Callable[..., Problem]) -> None:
    text = asking("acme $noise", "queries: {more: $noise c, noise: 'NOT (b'}\ndigest: {query: $noise}\n")
    assert only_problem(text).path == "queries.noise"


def test_a_fault_of_one_named_query_does_not_make_another_unknown(only_problem: Callable[..., Problem]) -> None:
    assert only_problem(asking("acme $good", "queries: {bad: 7, good: NOT b}\n")).path == "queries.bad"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.txt", None, "cannot be read: there is no file {path}"),
        ("latin.txt", b"fine\ncaf\xe9\n", "cannot be read: {path} is not UTF-8 text (line 2)"),
        ("empty.txt", " \n\n", "cannot be read: {path} is empty"),
        ("large.txt", "x" * 1_000_001, "cannot be read: {path} is larger than 1 MB"),
        ("long.txt", "x\n" * 100_001, "cannot be read: {path} has 100,001 lines; 100,000 are allowed"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(
    only_problem: Callable[..., Problem], tmp_path: Path, name: str, content: str | bytes | None, reason: str
) -> None:
    text = asking(f"acme NOT @file:{name}")
    found = only_problem(text, {} if content is None else {name: content})
    assert found.message == f"@file:{name} {reason.format(path=tmp_path / name)}"
    assert marked(text, found).startswith(f"@file:{name}")


def test_a_folder_and_a_pipe_are_no_lists(only_problem: Callable[..., Problem], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert only_problem(asking("a NOT @file:folder")).message.endswith(f"{tmp_path / 'folder'} is a folder")
    assert only_problem(asking("a NOT @file:pipe")).message.endswith(f"{tmp_path / 'pipe'} is no ordinary file")


def test_a_fault_inside_a_list_is_said_with_its_line(only_problem: Callable[..., Problem]) -> None:
    found = only_problem(asking("acme NOT @file:bad.txt"), {"bad.txt": "fine\n{acme\n"})
    assert found.message == "in bad.txt, line 2: the { that opens here never closes"


def test_a_query_too_long_with_its_lists_is_refused_before_anything_runs(only_problem: Callable[..., Problem]) -> None:
    files = {f"{name}.txt": "\n".join(f"{name * 90}{number}" for number in range(10_000)) for name in "abc"}
    found = only_problem(asking("acme NOT (@file:a.txt OR @file:b.txt OR @file:c.txt)"), files)
    assert found.message.startswith("with its lists written out it has 2,9")
    assert found.message.endswith(" characters; 2,000,000 are allowed")


# -- tests beside a watch ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tests", "marks", "message"),
    [
        ("{match: [x], rejct: [y]}", "rejct", "unknown key `rejct`"),
        ("{match: x}", "x}", "'x' where a list belongs"),
        ("{match: [5]}", "5]", "a number where text belongs"),
        ("{match: ['']}", "''", "must have at least 1 character"),
        ("{match: [{}]}", "{}]", "nothing to read: a post needs a text, a title or a rating"),
        ("{match: [{txt: x}]}", "txt", "unknown key `txt`"),
        ("{match: [{text: x, rating: 9}]}", "9}", "must be less than or equal to 5"),
        ("{match: [{text: x, kind: toot}]}", "toot", "'toot' is none of the allowed values"),
        ("{match: [{text: x, engagement: many}]}", "many", "'many' where a whole number belongs"),
        ("{match: [{text: x, country: usa}]}", "usa", "'usa' is no country: write its two letters, such as us or de"),
        ("{reject: [{text: x, published_at: soon}]}", "soon", NO_TIME),
    ],
)  # fmt: skip
def test_a_test_that_cannot_be_read_is_marked(
    only_problem: Callable[..., Problem], tests: str, marks: str, message: str
) -> None:
    text = spoilt("role: brand", f"role: brand\n    tests: {tests}")
    found = only_problem(text)
    assert found.message == message
    assert marked(text, found).startswith(marks)

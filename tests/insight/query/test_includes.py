"""Named queries and word lists: they mean what is written in them, and their mistakes are found from outside."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from insight.query import QueryError, parse, parse_watch
from insight.query.reading.parser import MAX_TERMS
from tests.insight.query.nodes import nodes

LIST = """\
acme
Bolt notes

<<< people,
not products >>> #quill
@acme
{Acme}
crash*
"10%"
or
10%
re:invent
acme
"""


class Shelf:
    """A library in memory."""

    def __init__(self, named: dict[str, str] | None = None, files: dict[str, str] | None = None) -> None:
        self._named = named or {}
        self._files = files or {}

    def named(self, name: str) -> str | None:
        return self._named.get(name)

    def names(self) -> Collection[str]:
        return self._named

    def lines(self, file: str) -> str:
        if file not in self._files:
            raise FileNotFoundError(2, "No such file or directory", file)
        return self._files[file]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("acme -$noise", "acme -(jobs OR hiring)"),
        ("$noise $noise", "(jobs OR hiring) (jobs OR hiring)"),
        ("title:$noise", "title:(jobs OR hiring)"),
        ("$noise NEAR/2 now", "(jobs OR hiring) NEAR/2 now"),
        ("$more", "acme (jobs OR hiring)"),
        ("@file:one.txt b", "#acme b"),
        ('-@file:"my list.txt"', "NOT (a OR b)"),
        ("plain:@FILE:two.txt", "plain:(a OR b)"),
        (
            "@file:all.txt",
            'acme OR "Bolt notes" OR #quill OR @acme OR {Acme} OR crash* OR "10%" OR "or" OR "re:invent"',
        ),
    ],
)
def test_what_is_included_is_as_if_it_stood_there(text: str, same: str) -> None:
    named = {"noise": "jobs OR hiring", "more": "acme $noise"}
    files = {"one.txt": "\ufeff#acme\r\n", "two.txt": "a\nb", "my list.txt": " a \n b", "all.txt": LIST}
    shelf = Shelf(named, files)
    assert parse(text, shelf) == parse(same)
    assert parse(str(parse(text, shelf))) == parse(text, shelf)


def test_every_node_of_what_is_included_stands_where_it_is_included() -> None:
    tree = parse("acme $n", Shelf({"n": 'a OR -title:(b NEAR/2 plain:c) OR "d e"'}))
    assert {node.at for node in nodes(tree)} == {0, 5}


def refused(text: str, shelf: Shelf | None) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text, shelf)
    return caught.value


def test_a_mistake_is_reported_where_it_is_included_with_its_own_place() -> None:
    error = refused("acme -$noise", Shelf({"noise": "jobs OR $inner", "inner": "a b)"}))
    assert error.position == 6
    assert error.message == "in $noise, character 9: in $inner, character 4: this bracket closes nothing"
    assert error.query == "acme -$noise"


def test_a_mistake_in_a_list_names_its_line() -> None:
    error = refused("acme -@file:x.txt", Shelf(files={"x.txt": "a\n<<< b\nc >>>\n  foo* bar\n"}))
    assert (error.position, error.message) == (6, "in x.txt, line 4: foo* bar is more than one entry")
    assert "one word, phrase" in error.remedy


@pytest.mark.parametrize("line", ["...", "{A", "#-", "*", "a\n<<< b", '"a" "b"', "lang:*"])
def test_what_is_no_entry_is_refused(line: str) -> None:
    assert refused("@file:x.txt", Shelf(files={"x.txt": line})).message.startswith("in x.txt, line ")


@pytest.mark.parametrize(
    ("text", "loop"),
    [("$a", "$a → $b → $c → $a"), ("x $c", "$c → $a → $b → $c"), ("$self", "$self → $self")],
)
def test_a_loop_is_named_whole(text: str, loop: str) -> None:
    shelf = Shelf({"a": "x OR $b", "b": "$c", "c": "-$a", "self": "$self"})
    assert refused(text, shelf).message.endswith(f"named queries include each other in a loop: {loop}")


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    shelf = Shelf({"noise": "jobs"})
    assert refused("a -$niose", shelf).remedy == "Did you mean $noise?"
    assert refused("a -$x", shelf).remedy == 'Known are $noise. The text is raw:"$x".'
    assert refused("$ACME", Shelf({})).remedy.startswith("The config names none")


def test_a_list_that_cannot_be_read_or_is_empty_is_refused() -> None:
    shelf = Shelf(files={"empty.txt": "\n<<< a >>>\n"})
    assert refused("@file:x.txt", shelf).message == "@file:x.txt cannot be read: No such file or directory"
    assert refused("@file:empty.txt", shelf).message == "@file:empty.txt holds no entry"


@pytest.mark.parametrize("text", ["a $noise", "a @file:x.txt"])
def test_without_a_config_nothing_can_be_included(text: str) -> None:
    error = refused(text, None)
    assert (error.position, error.message.endswith("need a config")) == (2, True)


def test_a_watch_is_judged_with_what_it_includes() -> None:
    shelf = Shelf({"brand": "acme", "bad": "sentiment:neg", "open": "NOT jobs"})
    assert parse_watch("$brand $open", shelf) == parse("acme NOT jobs")
    for text, message in (("$open", "nearly everything"), ("a $bad", "only known of stored mentions")):
        with pytest.raises(QueryError, match=message):
            parse_watch(text, shelf)


def test_brackets_count_through_what_is_included() -> None:
    chain = {f"n{i}": f"$n{i - 1}" for i in range(1, 100)} | {"n0": "a"}
    assert parse("$n40", Shelf(chain)) == parse("a")
    assert "more than 50 brackets" in refused("$n99", Shelf(chain)).message
    assert "more than 50 brackets" in refused("(" * 20 + "$n40" + ")" * 20, Shelf(chain)).message


@pytest.mark.soak
def test_queries_that_double_each_other_end_before_memory_does() -> None:
    doubling = {f"n{i}": f"$n{i - 1} $n{i - 1}" for i in range(1, 40)} | {"n0": "a"}
    assert f"more than {MAX_TERMS:,} terms" in refused("$n39", Shelf(doubling)).message

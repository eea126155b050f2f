"""YAML in: values with their places, or a fault; nothing else, whatever stands in the file."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from listener.config import ConfigError
from listener.config.yamlfile import Place, dump, parse, quoted
from tests.listener.configs import GOOD, understood

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)  # type: ignore[arg-type]
YAMLISH = st.text(st.sampled_from(list("ab:-[]{}#&*!|>'\"%@`,?~<=\\ \t\n\r\ufeff\u2028é火0")), max_size=60)
PRINTABLE = st.characters(exclude_categories=["C", "Zl", "Zp"])  # what people read; see `quoted` for the rest
WORDS = st.text(PRINTABLE, min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(PRINTABLE, max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(PRINTABLE, min_size=1, max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(ANY_TEXT | YAMLISH | st.binary(max_size=60))
def test_anything_is_read_or_faulted_within_the_file(data):
    tree = parse(data)
    for fault in tree.faults:
        assert fault.message
        assert fault.remedy
        assert fault.place >= Place(1, 1)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_quoted_text_is_itself_again(text):
    tree = parse(f"key: {quoted(text)}\n")
    assert (tree.value, tree.faults) == ({"key": text}, [])


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["no", "on", "1", "key", "a b"]), VALUES, min_size=1))
def test_what_is_dumped_is_read_as_the_same(value):
    tree = parse(dump(value))
    assert (tree.value, tree.faults) == (value, [])


@settings(deadline=None)
@given(
    st.integers(0, len(GOOD) - 1), st.integers(0, 20), st.text(st.sampled_from(list(":-[]{}#'\"\n\t ab1")), max_size=4)
)
def test_a_spoilt_config_is_understood_or_refused_in_words(start, length, put):
    text = GOOD[:start] + put + GOOD[start + length :]
    try:
        understood(text)
    except ConfigError as error:
        for problem in error.problems:
            assert problem.message
            assert 1 <= problem.line <= text.count("\n") + 1


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from(list("ab'\" #")), min_size=1, max_size=6), min_size=1, max_size=4))
def test_every_value_stands_where_it_is_said_to_stand(texts):
    lines = [f"k{index}: '{text.replace(chr(39), chr(39) * 2)}'" for index, text in enumerate(texts)]
    tree = parse("\n".join(lines))
    for index, text in enumerate(texts):
        assert tree.keys[(f"k{index}",)] == Place(index + 1, 1)
        for offset, char in enumerate(text):
            line, column = tree.inside((f"k{index}",), text, offset)
            assert lines[line - 1][column - 1] == char


def test_only_the_words_of_yaml_1_2_are_switches_and_only_plain_digits_numbers():
    text = "a: [no, yes, on, off, y, true, ~, 1:30, 2020-01-01, 0x1f, 1_000, 12, 1.5, .inf, 1e400]"
    expected = ["no", "yes", "on", "off", "y", True, None, "1:30", "2020-01-01", "0x1f", "1_000", 12, 1.5, ".inf"]
    assert parse(text).value["a"][:-1] == expected


def test_a_million_bytes_are_read_and_not_one_more():
    assert parse("a" * 1_000_001).faults[0].message.startswith("1.0 MB are too much")

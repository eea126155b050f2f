"""A file that is no config, or no YAML, is answered in plain words with its place."""

from __future__ import annotations

import pytest

from listener.config import ConfigError, load
from tests.listener.configs import GOOD, problem, refused, spoilt, understood


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(ConfigError, match=r"(?s)no such file.*listener init.*--config"):
        load(tmp_path / "config.yaml", {})


def test_a_folder_is_no_config(tmp_path):
    with pytest.raises(ConfigError, match="this is a folder"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"# nothing but words\n", "the file is empty"),
        (b"- a\n- b\n", "the file holds a list"),
        (b"hello\n", "the file holds text"),
        (b"contact: caf\xe9\n", "byte 0xe9 is not UTF-8"),
        ("contact: x".encode("utf-16"), "UTF-16"),
        (b"a: \x00\n", r"U\+0000 cannot stand"),
        (b"x" * 10_000_000, "too much for a config"),
        (b"a: " + b"[" * 100_000, "far too deep"),
    ],
)
def test_what_is_no_config_is_refused_in_plain_words(tmp_path, data, message):
    file = tmp_path / "config.yaml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        load(file, {})


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(tmp_path):
    text = "\ufeff" + GOOD.replace("\n", "\r\n")
    config = understood(text.replace("\ufeff", ""))
    assert config.watches == understood(GOOD).watches
    found = problem("\ufeff" + spoilt("role: brand", "rule: brand").replace("\n", "\r\n"))
    assert (found.line, found.column) == (5, 5)


def test_anchors_that_explode_are_refused_before_they_do():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n"
    assert "far too many values" in problem(bomb).message


def test_an_anchor_that_holds_itself_is_refused():
    assert "far too many values" in problem("a: &a [*a]\n").message


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a:\n\tb: 1\n", (2, 1), "a tab"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "indented unlike"),
        ("a: 1\na: 2\n", (2, 1), "second time (first on line 1)"),
        ("a: b: c\n", (1, 5), "already has a value"),
        ("a: 'x\nb: 1\n", (1, 4), "never closed"),
        ('a: "x" OR y\n', (1, 8), "after the value has ended"),
        ("a: {b: ${X}}\n", (1, 9), "inside braces needs quotes"),
        ("a: @x\n", (1, 4), "cannot begin with this character"),
        ("a: *x\n", (1, 4), "anchor that is not there"),
        ("a: [1, 2\n", (1, 4), "not closed"),
        ("a: 1\n---\nb: 2\n", (2, 1), "second document"),
        ("a: 1\njust words\nb: 2\n", (2, 1), "neither a key nor a list item"),
        ("a: !!python/object:os.system x\n", (1, 4), "means nothing here"),
    ],
)
def test_a_yaml_fault_has_its_place_and_plain_words(text, place, message):
    found = refused(text).problems
    assert any((p.line, p.column) == place and message in p.message and p.remedy for p in found), found

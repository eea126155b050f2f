"""Markdown: what a person reads of it, whatever somebody wrote."""

from __future__ import annotations

import time

import pytest

from scrapers.social import markdown


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("**Bold**, *slanted*, `code` and ~~gone~~", "Bold, slanted, code and gone"),
        ("## A heading\ntext", "A heading\ntext"),
        ("see [the *log*](https://a.example/x 'title')", "see the log"),
        ("<!-- fill this in -->before<details><summary>more</summary>\nafter</details>", "beforemore\nafter"),
        ("snake_case and __init__.py and 2 * 3 * 4", "snake_case and init.py and 2 * 3 * 4"),
        ("List<String> &amp; a < b", "List<String> & a < b"),
        ('[quote="fern, post:1"]\nnot [quote]me[/quote]\n[/quote]\nmine', "mine"),
        ("an open [quote] stays", "an open [quote] stays"),
        ("```python\nx = 1\n```", "x = 1"),
    ],
)
def test_text_is_what_a_person_reads(written: str, text: str) -> None:
    assert markdown.read(written).text == text


def test_links_and_images_are_absolute_and_once() -> None:
    found = markdown.read(
        "[a](/x) https://b.example/y, <https://b.example/y> ![i](z.png) <img width=3 src='https://c.example/p.png'>",
        "https://a.example/t/",
    )
    assert found.links == ("https://a.example/x", "https://b.example/y")
    assert found.images == ("https://a.example/t/z.png", "https://c.example/p.png")


@pytest.mark.parametrize(
    "unit",
    ["[", "![", "[a](", "[a](" + "x" * 2300, "<", "<a ", "<!--", "[quote]", "[/quote]", "*a ", "**", "https://", "`"],
)
def test_hostile_text_takes_no_seconds(unit: str) -> None:
    began = time.process_time()
    markdown.read(unit * (400_000 // len(unit)))
    assert time.process_time() - began < 2

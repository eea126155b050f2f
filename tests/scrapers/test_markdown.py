"""Markdown: what a person reads of it, whatever somebody wrote."""

from __future__ import annotations

import html as entities
import re
import time
from collections.abc import Iterator

import pytest

from scrapers.formats import html, limits
from scrapers.social import markdown
from tests.shared import REAL, needs_recordings, recordings

TEXTS = {
    "**Bold**, *slanted*, `code` and ~~gone~~": "Bold, slanted, code and gone",
    "## A heading\ntext": "A heading\ntext",
    "see [the *log*](https://a.example/x 'title')": "see the log",
    r"C\+\+ and F\# at AT&amp;T, 5 \* 3": "C++ and F# at AT&T, 5 * 3",
    "<!-- fill this in -->before<details><summary>more</summary>\nafter</details>": "before\nmore\nafter",
    "snake_case and __init__.py and 2 * 3 * 4": "snake_case and init.py and 2 * 3 * 4",
    "List<String> &amp; a < b": "List<String> & a < b",
    "<T>\nis a type, <script> is shown": "<T> is a type, <script> is shown",
    '[quote="fern, post:1"]\nnot [quote]me[/quote]\n[/quote]\nmine': "mine",
    "an open [quote] stays": "an open [quote] stays",
    "```python\nif hot:\n    pour()\n```": "if hot:\n    pour()",
    "- one\n- two\n\n> said before": "one\ntwo\nsaid before",
    "| part | fault |\n|---|---|\n| lid | leaks |": "part fault\nlid leaks",
    "A line\nthat goes on  \nand ends": "A line that goes on\nand ends",
    "See https://a.example/__init__.py.": "See https://a.example/__init__.py.",
    "Broken! ![image|690x388](upload://k.png)": "Broken!",
    '[details="What I tried"]\nA new lid.\n[/details]': "What I tried\nA new lid.",
    "::: spoiler The end\nHe dies.\n:::\nGood film": "The end\nHe dies.\nGood film",
}


@pytest.mark.parametrize("written", TEXTS)
def test_text_is_what_a_person_reads(written: str) -> None:
    assert markdown.read(written).text == TEXTS[written]


def test_lines_end_where_the_platform_ends_them() -> None:
    assert markdown.read("one\ntwo", breaks=True).text == "one\ntwo"


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("see https://a.example/x_y_z, please", "https://a.example/x_y_z"),
        ("(https://a.example/tea_(drink))", "https://a.example/tea_(drink)"),
        ("**https://a.example/x**", "https://a.example/x"),
        ("HTTPS://a.example/?a=1&b=2!", "HTTPS://a.example/?a=1&b=2"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("[x][1]\n\n[1]: https://a.example/é", "https://a.example/é"),
    ],
)
def test_an_address_ends_where_people_see_its_end(written: str, link: str) -> None:
    assert markdown.read(written).links == (link,)


def test_links_and_images_are_absolute_and_once() -> None:
    found = markdown.read(
        "[a](/x) https://b.example/y, <https://b.example/y> ![i](z.png) <img width=3 src='https://c.example/p.png'>",
        "https://a.example/t/",
    )
    assert found.links == ("https://a.example/x", "https://b.example/y")
    assert found.images == ("https://a.example/t/z.png", "https://c.example/p.png")


@pytest.mark.parametrize(
    "unit",
    ["[", "![", "[a][", "[a](" + "x" * 2300, "<a ", "<!--", "[quote]", "*a ", "`", "> a\n", "a://", "> ", "x\n-|-\n"],
)
def test_hostile_text_takes_no_seconds(unit: str) -> None:
    began = time.process_time()
    markdown.read(unit * (20_000 // len(unit)))
    assert time.process_time() - began < 1


def test_what_is_too_long_is_said() -> None:
    with limits.one_page() as page:
        assert markdown.read("word " * 30_000).text.count("word") == 20_000
    assert page.left_out


@needs_recordings
def test_markdown_says_what_the_platform_shows_of_it() -> None:
    """Reddit tells both; its own ^superscript and placeholders in angle brackets are no CommonMark."""
    both: dict[str, str] = {}
    for row in recordings("reddit"):
        content = (REAL / row["file"]).read_text(errors="replace")
        things = limits.loads(content) if content.startswith(("{", "[")) else None
        for thing in _mappings(things):
            for name in ("selftext", "body"):
                written, shown = thing.get(name), thing.get(f"{name}_html")
                if isinstance(shown, str) and isinstance(written, str) and not re.search(r"\^|<[A-Z]", written):
                    both[entities.unescape(written)] = entities.unescape(shown) if shown.startswith("&lt;") else shown
    assert len(both) > 50
    for written, shown in both.items():
        assert markdown.read(written).text.split() == html.read(shown).text.split()


def _mappings(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(part)

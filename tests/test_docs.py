"""The pages say what is true: generated parts are current, snippets load, links resolve, commands and queries exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from docs import generate
from docs.commands import walk
from insight.model import Post
from insight.query import Matcher, QueryError, parse
from listener import config
from listener.config.settings import Document

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
DOCS = [page for page in PAGES if page.name not in ("CHANGELOG.md", "CONTRIBUTING.md")]
COMMANDS = {name for name, _ in walk()}

# What a snippet leaves out. Channels are added to those that it names, so that routes may speak of them.
CHANNELS = {"console": "{kind: console}", "team": "{kind: console}", "mail": "{kind: console}"}
REST = {
    "contact": "contact: you@example.org\n",
    "watches": "watches: [{id: acme, query: 'acme'}]\n",
    "sources": "sources: [{kind: hackernews}]\n",
    "channels": "channels: {" + ", ".join(f"{name}: {entry}" for name, entry in CHANNELS.items()) + "}\n",
}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def code(page: Path) -> str:
    """Everything on a page that is shown as code, a line each."""
    text = page.read_text()
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return "\n".join([*fenced, *(" ".join(found.split()) for found in inline)])


def pairs(name: str) -> list[tuple[str, str, str]]:
    """The rows of a table of examples in docs/queries.md."""
    page = (ROOT / "docs" / "queries.md").read_text()
    rows = page.partition(f"<!-- pairs: {name} -->")[2].partition("<!-- end of pairs -->")[0].strip().splitlines()[2:]
    cells = [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in rows]
    return [(query, second, third) for query, second, third in cells]


# -- generated --------------------------------------------------------------------------------------------------


def test_what_is_generated_is_current() -> None:
    old = [name_of(file) for file, _ in generate.outdated()]
    assert not old, f"run `make docs`: {', '.join(old)}"


def test_every_generated_part_stands_on_a_page() -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert all(f"<!-- generated: {part}, by `make docs` -->" in text for part in generate.PARTS)


def test_check_names_an_old_page_and_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(generate.PARTS, "metrics", lambda: "something else")
    before = (ROOT / "docs" / "operating.md").read_text()
    assert generate.main(["--check"]) == 1
    assert "out of date: docs/operating.md" in capsys.readouterr().out
    assert (ROOT / "docs" / "operating.md").read_text() == before


# -- what a reader copies ---------------------------------------------------------------------------------------


def snippets() -> Iterator[pytest.ParameterSet]:
    for page in DOCS:
        for number, block in enumerate(blocks(page, "yaml"), 1):
            yield pytest.param(block, id=f"{name_of(page)}-{number}")


@pytest.mark.parametrize("snippet", list(snippets()))
def test_every_config_snippet_loads(snippet: str) -> None:
    keys = set(re.findall(r"^(\w+):", snippet, re.MULTILINE))
    assert keys <= set(Document.model_fields), "a snippet begins with a key of the whole file"
    whole = with_channels(snippet) + "".join(text for key, text in REST.items() if key not in keys)
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", snippet), "https://hooks.slack.com/services/T0/B0/x")
    assert config.parse(whole, ROOT / "snippet.yaml", environ).watches


def with_channels(snippet: str) -> str:
    """The snippet, its own channels joined by those that it may speak of."""
    before, heading, after = snippet.partition("channels:\n  ")
    named = set(re.findall(r"^  (\w+):", f"  {after}", re.MULTILINE))
    others = "".join(f"{name}: {entry}\n  " for name, entry in CHANNELS.items() if name not in named)
    return f"{before}{heading}{others}{after}" if heading else snippet


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_on_a_page_exists(page: Path) -> None:
    options = r"(?: +(?:-c|--config) +\S+)?"
    found = re.findall(rf"(?:^|[\s/(])listener{options} +([a-z][a-z-]*)(?: +([a-z]+))?", code(page), re.MULTILINE)
    named = {f"{one} {two}" if one == "sources" and two else one for one, two in found}
    assert named <= COMMANDS


def test_every_command_has_an_example_in_its_help() -> None:
    without = [name for name, command in walk() if "Example" not in (command.help or "") and name != "sources"]
    assert not without


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|\s)make ([a-z]+)", code(page), re.MULTILINE)) <= targets


# -- links ------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        file, _, anchor = target.partition("#")
        if "://" in target:
            continue
        place = (page.parent / file).resolve() if file else page
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


def test_every_page_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert all(f"(docs/{page.name})" in readme for page in (ROOT / "docs").glob("*.md"))


# -- queries ----------------------------------------------------------------------------------------------------


def finds(query: str, text: str) -> bool:
    post = Post("demo", "1", text, published_at=datetime(2026, 3, 2, tzinfo=UTC))
    match = Matcher(parse(query)).match(post)
    return match is not None and match.excluded_by is None


@pytest.mark.parametrize(("query", "yes", "no"), pairs("matching"))
def test_a_query_finds_what_the_page_says(query: str, yes: str, no: str) -> None:
    assert (finds(query, yes), finds(query, no)) == (True, False)


@pytest.mark.parametrize(("query", "why", "instead"), pairs("refused"))
def test_a_query_is_refused_as_the_page_says(query: str, why: str, instead: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert caught.value.message == why
    parse(instead)


# -- what does not belong here ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_speaks_of_the_product_alone(page: Path) -> None:
    forbidden = r"\bsessions?\b|\bissue \d|\bissues show\b|(?<![\w&/])#\d+\b|pypi|registry|/(?:work|root|tmp)/|\bAI\b"
    assert not re.findall(forbidden, page.read_text(), re.IGNORECASE if page in DOCS else 0)

"""The pages say what is true: generated parts are current, snippets load, links resolve, commands and queries exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from docs import generate, kinds
from docs.commands import walk
from docs.language import OWNED, ROWS, Row, Sample, Shelf
from docs.refused import REFUSED, Refused
from insight.query import Matcher, Query, QueryError, parse, parse_watch
from insight.query.fields import FIELDS, PREFIXES
from insight.query.reading.lexer import Kind, tokens
from listener import config
from listener.config.settings import Document
from listener.config.written_posts import read_post
from scrapers import KINDS
from scrapers.base import Source
from tests.insight.query.nodes import nodes

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
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


# -- generated --------------------------------------------------------------------------------------------------


def test_what_is_generated_is_current() -> None:
    old = [name_of(file) for file, _ in generate.outdated()]
    assert not old, f"run `make docs`: {', '.join(old)}"


def test_every_generated_part_stands_on_a_page() -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert all(f"<!-- generated: {part}, by `make docs` -->" in text for part in generate.PARTS)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_a_page_with_its_terms_and_every_setting(name: str) -> None:
    text, kind = (ROOT / "docs" / "sources" / f"{name}.md").read_text(), KINDS[name]
    assert kind.terms.summary in text
    assert kind.terms.url in text
    assert {f"`{field}`" in text for field in kind.model_fields if field not in Source.model_fields} <= {True}
    assert f"(sources/{name}.md)" in (ROOT / "docs" / "sources.md").read_text()


@pytest.mark.parametrize("name", KINDS)
def test_the_snippet_on_a_kinds_page_makes_a_source_of_that_kind(name: str) -> None:
    (block,) = blocks(ROOT / "docs" / "sources" / f"{name}.md", "yaml")
    (source,) = loaded(block).sources
    assert isinstance(source, KINDS[name])
    assert all(secret not in block for secret in map(str, secrets_in(name)))


def secrets_in(name: str) -> list[object]:
    """The secrets of a kind's example: a page shows where they come from, and not what they look like."""
    return [KINDS[name].example[field] for field in kinds.secrets_of(KINDS[name]) if not is_variable(name, field)]


def is_variable(name: str, field: str) -> bool:
    return str(KINDS[name].example.get(field, "${")).startswith("${")


def test_a_page_of_a_kind_there_is_no_more_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "telex.md").write_text("# Telex")
    monkeypatch.setattr(generate, "SOURCES", tmp_path)
    assert [page.stem for page in generate.stray()] == ["telex"]
    monkeypatch.setattr(generate, "outdated", list)
    assert generate.main(["--check"]) == 1
    assert "of no kind: telex.md" in capsys.readouterr().out


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
    assert loaded(snippet).watches


def loaded(snippet: str) -> config.Config:
    """The config that a snippet makes, together with what it leaves out."""
    keys = set(re.findall(r"^(\w+):", snippet, re.MULTILINE))
    assert keys <= set(Document.model_fields), "a snippet begins with a key of the whole file"
    whole = with_channels(snippet) + "".join(text for key, text in REST.items() if key not in keys)
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", snippet), "https://hooks.slack.com/services/T0/B0/x")
    return config.parse(whole, ROOT / "snippet.yaml", environ)


def with_channels(snippet: str) -> str:
    """The snippet, its own channels joined by those that it may speak of."""
    before, heading, after = f"\n{snippet}".partition("\nchannels:\n  ")
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


def finds(query: str, sample: Sample) -> bool:
    entry = read_post(sample)
    themes = () if isinstance(sample, str) else tuple(sample.get("themes", ()))
    match = Matcher(parse(query, Shelf())).match(entry.post(), replace(entry.as_facts(OWNED), themes=themes))
    return match is not None and match.excluded_by is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.query)
def test_a_query_finds_what_the_page_says(row: Row) -> None:
    assert (finds(row.query, row.finds), finds(row.query, row.leaves)) == (True, False)


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.query)
def test_a_query_is_refused_as_the_page_says(row: Refused) -> None:
    with pytest.raises(QueryError) as caught:
        parse_watch(row.query)
    assert caught.value.message == row.why
    parse(row.instead)


def test_every_kind_of_node_and_every_operator_has_a_row() -> None:
    shown = {type(node) for row in ROWS for node in nodes(parse(row.query, Shelf()))}
    known = (type_ for part in get_args(Query) for type_ in get_args(part) or (part,))
    assert shown == set(known)
    assert {token.kind for row in ROWS for token in tokens(row.query)} == set(Kind) - {Kind.BLANK}


@pytest.mark.parametrize("name", [*FIELDS, *PREFIXES, "@file"])
def test_every_field_and_prefix_has_a_row_and_so_has_each_of_its_values(name: str) -> None:
    queries = [row.query for row in ROWS if row.what == f"`{name}:`"]
    assert any(re.search(rf"(?<!\w){name}:", query) for query in queries)
    spellings = [spelling for value in FIELDS[name].values for spelling in value] if name in FIELDS else []
    assert {f"{name}:{spelling}" for spelling in spellings} <= set(queries)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_query_on_a_page_is_understood(page: Path) -> None:
    assert all(parse(query, Shelf()) for block in blocks(page, "query") for query in block.splitlines())


def test_a_query_means_what_the_page_writes_out() -> None:
    text = (ROOT / "docs" / "queries.md").read_text()
    pairs = re.findall(r"^\| `([^`|]+)` \| `([^`|]+)` \|$", text, re.MULTILINE)
    assert len(pairs) == 3
    assert all(parse(written) == parse(out) for written, out in pairs)


# -- what does not belong here ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_speaks_of_the_product_alone(page: Path) -> None:
    forbidden = r"\bsessions?\b|\bissue \d|\bissues show\b|(?<![\w&/])#\d+\b|pypi|registry|/(?:work|root|tmp)/|\bAI\b"
    assert not re.findall(forbidden, page.read_text(), re.IGNORECASE if page in DOCS else 0)

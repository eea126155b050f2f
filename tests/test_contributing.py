"""What CONTRIBUTING says a source and a channel are made of is true of each, and is what `listener new` writes."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from alerts import CHANNELS
from listener.cli import scaffold
from scrapers import KINDS
from tests.world.places import forums, meta, news, pages, social

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
Item = tuple[str, str]
"""A path with NAME and FAMILY in it, and the text after it."""

# Older kinds whose file is called otherwise, or which share one. A new kind has none of its own here.
ELSEWHERE = {
    "scrapers/pages/page.py": "scrapers/pages/list.py",
    "scrapers/reviews/reviews.py": "scrapers/reviews/schema_org.py",
    "tests/scrapers/test_reviews.py": "tests/scrapers/test_schema_org.py",
    "tests/scrapers/test_google_alerts.py": "tests/scrapers/test_google.py",
    "tests/scrapers/test_google_news.py": "tests/scrapers/test_google.py",
    **{
        f"tests/world/places/{place.kind}.py": f"tests/world/places/{module.__name__.rpartition('.')[2]}.py"
        for module in (forums, meta, news, pages, social)
        for place in module.PLACES
    },
}


def checklist(heading: str) -> list[Item]:
    """The items of one section's list."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^- \[ \] `([^`]+)`: (.+(?:\n  .+)*)$", section, re.MULTILINE)


SOURCE, CHANNEL = checklist("Adding a source"), checklist("Adding a channel")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("path", "text"), SOURCE, ids=[path for path, _ in SOURCE])
def test_each_source_has_what_the_list_says(kind: str, path: str, text: str) -> None:
    family = KINDS[kind].__module__.split(".")[1]
    holds(kind, path.replace("FAMILY", family), text)


@pytest.mark.parametrize("kind", CHANNELS)
@pytest.mark.parametrize(("path", "text"), CHANNEL, ids=[path for path, _ in CHANNEL])
def test_each_channel_has_what_the_list_says(kind: str, path: str, text: str) -> None:
    holds(kind, path, text)


def holds(kind: str, path: str, text: str) -> None:
    """The file is there, and holds whatever the text names with NAME in it."""
    wanted = path.replace("NAME", kind)
    found = sorted(ROOT.glob(ELSEWHERE.get(wanted, wanted)))
    assert found, f"{kind}: CONTRIBUTING lists {wanted}, which is not there: {' '.join(text.split())}"
    for named in re.findall(r"`([^`]*NAME[^`]*)`", text):
        assert named.replace("NAME", kind) in found[0].read_text(encoding="utf-8"), (
            f"{kind}: CONTRIBUTING says that {wanted} holds {named.replace('NAME', kind)}, and it does not"
        )


def test_no_kind_is_excused_that_keeps_to_the_list() -> None:
    needless = [path for path in ELSEWHERE if (ROOT / path).exists()]
    assert not needless, f"take these out of ELSEWHERE in tests/test_contributing.py: {needless}"


def test_the_list_is_what_the_command_writes() -> None:
    # posts.json stands for the samples, the model of a search is for kinds with a dialect, and a page is generated
    written = {path.replace("posts.json", "*.*") for path in scaffold.SOURCE_FILES} | {"scrapers/__init__.py"}
    assert {path for path, _ in SOURCE} == written - {"tests/scrapers/samples/NAME/search.py"} | {
        "docs/sources/NAME.md"
    }
    assert {path for path, _ in CHANNEL} == {*scaffold.CHANNEL_FILES, "alerts/__init__.py", "docs/channels.md"}


SUITES = ("sources", "test_sources", "test_sources_broken", "test_channels")
CODE = re.compile(r"(?<![\w.])(?:scrapers|alerts|insight)(?:\.[A-Za-z_]+)+")


@pytest.mark.parametrize("file", ["CONTRIBUTING.md", *(f"tests/contracts/{name}.py" for name in SUITES)])
def test_every_helper_that_is_named_to_a_newcomer_exists(file: str) -> None:
    for dotted in set(CODE.findall((ROOT / file).read_text(encoding="utf-8"))):
        module, _, name = dotted.rpartition(".")
        try:
            found = hasattr(importlib.import_module(module), name) or importlib.util.find_spec(dotted)
        except ModuleNotFoundError:  # a method: the class is one step further up
            above, _, owner = module.rpartition(".")
            found = hasattr(getattr(importlib.import_module(above), owner, None), name)
        assert found, f"{file} speaks of {dotted}, which is not there"

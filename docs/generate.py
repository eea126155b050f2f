"""Writes the generated parts of the pages and the config's JSON Schema: `make docs`; `--check` says what is old."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from docs import catalogue, commands, kinds, language, refused, settings
from listener.cli.scaffold import TEMPLATES
from listener.config import SCHEMA_FILE, schema_text
from scrapers import KINDS

FOLDER = Path(__file__).parent
SOURCES = FOLDER / "sources"
PARTS: dict[str, Callable[[], str]] = {
    "settings": settings.page,
    "sources": kinds.index,
    "channels": catalogue.channels,
    "metrics": catalogue.metrics,
    "commands": commands.page,
    "language": language.page,
    "refused": refused.page,
    "source": lambda: example("source"),
    "channel": lambda: example("channel"),
}
_PART = re.compile(r"(<!-- generated: (\w+), by `make docs` -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


def example(what: str) -> str:
    """The template that `listener new` writes, as CONTRIBUTING shows it."""
    return f"```python\n{(TEMPLATES / what / 'noticeboard.py').read_text(encoding='utf-8').strip()}\n```"


def fresh() -> Iterator[tuple[Path, str]]:
    """Every generated file, and what it should hold."""
    for page in [FOLDER.parent / "CONTRIBUTING.md", *sorted(FOLDER.glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        if _PART.search(text):
            yield page, _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]().strip()}\n\n{part[3]}", text)
    for name in KINDS:
        yield SOURCES / f"{name}.md", kinds.page(name)
    yield SCHEMA_FILE, schema_text()


def stray() -> list[Path]:
    """Pages of kinds that there are no more."""
    return [page for page in sorted(SOURCES.glob("*.md")) if page.stem not in KINDS]


def outdated() -> list[tuple[Path, str]]:
    return [(file, text) for file, text in fresh() if not file.exists() or file.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    old, gone, check = outdated(), stray(), "--check" in arguments
    for page in gone:
        if not check:
            page.unlink()
        sys.stdout.write(f"{'of no kind' if check else 'removed'}: {page.name}\n")
    SOURCES.mkdir(exist_ok=True)
    for file, text in old:
        if not check:
            file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'out of date' if check else 'wrote'}: {file.relative_to(FOLDER.parent)}\n")
    if check and (old or gone):
        sys.stdout.write("run `make docs`\n")
    return 1 if check and (old or gone) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

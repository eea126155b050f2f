"""Writes the generated parts of the pages and the config's JSON Schema: `make docs`; `--check` says what is old."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from docs import catalogue, commands, settings
from listener.config import SCHEMA_FILE, schema_text

FOLDER = Path(__file__).parent
PARTS: dict[str, Callable[[], str]] = {
    "settings": settings.page,
    "sources": catalogue.sources,
    "channels": catalogue.channels,
    "metrics": catalogue.metrics,
    "commands": commands.page,
}
_PART = re.compile(r"(<!-- generated: (\w+), by `make docs` -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


def fresh() -> Iterator[tuple[Path, str]]:
    """Every generated file, and what it should hold."""
    for page in sorted(FOLDER.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if _PART.search(text):
            yield page, _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]().strip()}\n\n{part[3]}", text)
    yield SCHEMA_FILE, schema_text()


def outdated() -> list[tuple[Path, str]]:
    return [(file, text) for file, text in fresh() if not file.exists() or file.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    old, check = outdated(), "--check" in arguments
    for file, text in old:
        if not check:
            file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'out of date' if check else 'wrote'}: {file.relative_to(FOLDER.parent)}\n")
    if check and old:
        sys.stdout.write("run `make docs`\n")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

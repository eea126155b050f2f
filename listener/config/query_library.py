"""What the queries of a config take in: its named queries, and word lists in files beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

MAX_BYTES = 1_000_000
MAX_LINES = 100_000


class ConfigLibrary:
    """`$name` and `@file:` of one config, as insight.query asks for them.

    A file is read once: all queries of a config see the same lines, and a changed file is news for the next reload.
    """

    def __init__(self, folder: Path, queries: Mapping[str, str]) -> None:
        self._folder = folder
        self.queries = queries
        self.files: dict[str, str] = {}
        self.uses = 0  # how often a query has taken something in

    def named(self, name: str) -> str | None:
        self.uses += 1
        return self.queries.get(name)

    def names(self) -> Collection[str]:
        return tuple(self.queries)

    def lines(self, file: str) -> str:
        """The file's text. Raises ValueError in words that name it."""
        self.uses += 1
        if file not in self.files:
            self.files[file] = _read_word_list(self._folder / file)
        return self.files[file]


def _read_word_list(path: Path) -> str:
    try:
        if path.is_dir():
            raise ValueError(f"{path} is a folder")
        if path.exists() and not path.is_file():
            raise ValueError(f"{path} is no ordinary file")
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path} is not UTF-8 text (line {line})") from None
    if not text.strip():
        raise ValueError(f"{path} is empty")
    count = text.count("\n") + (not text.endswith("\n"))
    if count > MAX_LINES:
        raise ValueError(f"{path} has {count:,} lines; {MAX_LINES:,} are allowed")
    return text

"""What a suite says of a reader: one verdict for each thing it asks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """`suite` is a row of the table; `goal` the share of it that is asked for."""

    suite: str
    case: str
    passed: bool
    wanted: object = None
    got: object = None
    goal: float = 1.0


def rows_of(path: Path) -> list[Any]:
    """A list of cases: JSON, or a JSON value a line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    found: list[Any] = json.loads(text)
    return found


def ask(suite: str, case: str, wanted: object, read: Callable[[], object], goal: float = 1.0) -> Verdict:
    """Whether a reader gives what is wanted. What it raises is an answer, too, and a wrong one."""
    try:
        got = read()
    except Exception as error:  # noqa: BLE001
        return Verdict(suite, case, passed=False, wanted=wanted, got=repr(error), goal=goal)
    return Verdict(suite, case, got == wanted, wanted, got, goal)


_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]|\\s")


def bare(text: str | None) -> str:
    """Without white space and without characters that no database takes."""
    return _UNFIT.sub("", text or "")


def readings_of(markup: str) -> Iterator[str]:
    """All that a text may mean to a reader who is not told whether it is markup: as it is, unescaped, without tags."""
    seen = Seen.of(markup).text
    yield from map(bare, (markup, html.unescape(markup), seen, html.unescape(seen)))


class Seen(HTMLParser):
    """What the standard library makes of markup: a second opinion that shares nothing with the readers."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: list[str] = []
        self._hidden = 0

    @classmethod
    def of(cls, markup: str) -> Seen:
        seen = cls()
        seen.feed(markup)
        seen.close()
        return seen

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data

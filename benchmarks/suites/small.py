"""Suites that are a list of small cases: dates, robots, labels of encodings, addresses, HTML."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.suites.verdicts import Verdict, ask, rows_of
from insight.model import Precision
from scrapers.base import SourceError
from scrapers.formats import charset, html
from scrapers.formats.dates import moment
from scrapers.formats.values import canonical
from scrapers.network import robots


def judge_dates(path: Path) -> Iterator[Verdict]:
    """`text` is a date in somebody's form, `utc` when that is; of a day alone the day counts."""
    for row in rows_of(path):
        wanted = datetime.fromisoformat(row["utc"]).replace(microsecond=0) if row["utc"] else None

        def read(text: str = row["text"], wanted: datetime | None = wanted) -> datetime | None:
            got, precision = moment(text)
            if got is None or wanted is None:
                return got
            of_the_day = precision is Precision.DAY and got.date() == wanted.date() and wanted.time() == time()
            return wanted if of_the_day else got.replace(microsecond=0)

        yield ask("dates", f"{row['family']}: {row['text']!r}", wanted, read, 125 / 141)


def judge_robots(path: Path) -> Iterator[Verdict]:
    for row in rows_of(path):
        body = row["robots"].encode()

        async def read_robots(_: str, body: bytes = body) -> tuple[int, bytes]:
            return 200, body

        def allowed(row: Any = row, read: robots.ReadRobots = read_robots) -> bool:
            rules = robots.Robots(lambda: datetime(2026, 1, 1, tzinfo=UTC))
            with patch.object(robots, "ROBOT", row["agent"]):
                try:
                    asyncio.run(rules.crawl_delay("http://foo.bar", row["url"], read))
                except SourceError:
                    return False
            return True

        case = f"{row['case']}: {row['agent']} at {row['url']} by {row['robots']!r}"
        yield ask("robots", case, row["allowed"], allowed, 134 / 137)


# What Python calls the encodings whose name in the standard it does not know, or knows for a smaller one.
_CODECS = {"windows-874": "cp874", "x-mac-cyrillic": "mac-cyrillic", "iso-8859-8-i": "iso-8859-8", "gbk": "gb18030"}
_CODECS |= {"shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs", "macintosh": "mac-roman"}
_UNTOLD = ("replacement", "x-user-defined")  # they stand for no text
_LETTERS = "é ж я ї ą ő ş ğ ħ ā ŵ € “ α ω ש ع ก 漢 字 語 한 글"

# A label means more on the web than to Python: a label, bytes, and the character that browsers make of them.
_CHARACTERS = (
    ("us-ascii", "93", "“"),
    ("iso-8859-1", "80", "€"),
    ("iso-8859-9", "80", "€"),
    ("tis-620", "80", "€"),
    ("gb2312", "e946", "镕"),
    ("gbk", "a2e3", "€"),
    ("gb18030", "8139ee39", "㐀"),
    ("big5", "9d7b", "䶜"),
    ("shift_jis", "8740", "①"),
    ("shift_jis", "fbfc", "髙"),
    ("euc-jp", "ada1", "①"),
    ("iso-2022-jp", "1b244224221b2842", "あ"),
    ("euc-kr", "8c63", "똠"),
)


def judge_encodings(path: Path) -> Iterator[Verdict]:
    """Letters written in an encoding come back under each of its labels."""
    for encoding in (encoding for group in rows_of(path) for encoding in group["encodings"]):
        name = encoding["name"].lower()
        if name in _UNTOLD:
            continue
        codec = _CODECS.get(name, name)
        text = "".join(f"{letter} " for letter in _LETTERS.split() if _fits(letter, codec))
        for label in encoding["labels"]:
            body = f"<p> {text}</p>".encode(codec)
            yield ask("encodings", f"{name} as {label}", f"<p> {text}</p>", partial(charset.decode, body, label))
    for label, written, character in _CHARACTERS:
        body = b"<p>" + bytes.fromhex(written) + b"</p>"
        yield ask("encodings", f"{written} as {label}", f"<p>{character}</p>", partial(charset.decode, body, label))


def _fits(letter: str, codec: str) -> bool:
    try:
        return letter.encode(codec).decode(codec) == letter
    except UnicodeError:
        return False


def judge_addresses(path: Path) -> Iterator[Verdict]:
    """`keep`: parameters that tell pages apart; `same` and `differ`: pairs of addresses."""
    page = "https://a.example/p"
    found = json.loads(path.read_text(encoding="utf-8"))
    for parameter in found.get("keep", ()):
        asked = f"{page}?{parameter}"
        yield ask("urls (kept)", parameter, asked, partial(canonical, asked))
    for one, other in found.get("same", ()):
        yield ask("urls (same)", f"{one} {other}", canonical(one), partial(canonical, other), 27 / 32)
    for one, other in found.get("differ", ()):
        yield ask("urls (differ)", f"{one} {other}", True, lambda a=one, b=other: canonical(a) != canonical(b))


def judge_parameters(path: Path) -> Iterator[Verdict]:
    """Names of parameters that only track: they go, whether alone or behind others."""
    page = "https://a.example/p"
    with path.open(encoding="utf-8", newline="") as file:
        names = dict.fromkeys(row["name"].strip() for row in csv.DictReader(file))
    for name in filter(None, names):
        for asked in (page, f"{page}?id=7"):
            tracked = f"{asked}{'&' if '?' in asked else '?'}{name}=x"
            yield ask("urls (stripped)", tracked, canonical(asked), partial(canonical, tracked), 180 / 187)


def judge_html(path: Path) -> Iterator[Verdict]:
    """A name, markup, and the text that a reader sees, or several that would do."""
    for name, markup, wanted in rows_of(path):
        choices = wanted if isinstance(wanted, list) else [wanted]

        def read(markup: str = markup, choices: list[str] = choices) -> str:
            got = html.read(markup).text
            return choices[0] if got in choices else got

        yield ask("html", f"{name}: {markup[:200]!r}", choices[0], read, 60 / 64)

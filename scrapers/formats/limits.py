"""What one page may cost, whoever made it: items, values, depth, digits, tags and seconds of processor time.

What one call of a library does is bounded by what it is given: JSON of countless values is cut before it is parsed,
markup of countless tags, too. Everything after is checked between items. What is left out is said.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from scrapers.formats import charset

T = TypeVar("T")

ITEMS = 5_000
SECONDS = 1.0  # of processor time for a page, before the item at work is finished and the rest is left out
VALUES = 100_000  # of JSON; the largest of 200 recorded pages has 18,000
DEPTH = 500  # of JSON: a thread of a hundred answers to answers is this deep on some platforms
DIGITS = 4_000  # https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation
TAGS = 100_000  # of a feed, attributes among them; what its entries hold as CDATA is text
LETTERS = 1_000_000  # of one text

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
# In pairs, as two backslashes are one character; `half`: of a pair that stands for one character beyond U+FFFF.
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPED = re.compile(rf"""(?P<known>{_HIGH}{_LOW}|(?P<half>{_HIGH}|{_LOW})|\\u[0-9a-fA-F]{{4}}|\\["\\/bfnrt])|\\""")
_HALF = re.compile(rf"{_HIGH}(?!{_LOW})|(?<!\\u[dD][89abAB][0-9a-fA-F]{{2}}){_LOW}")
_CLOSED_BY = {"[": "]", "{": "}"}
# the five entities of XML are letters of a text: escaped HTML is made of them
_TAG = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|[<=]|&(?!lt;|gt;|amp;|quot;|apos;|#)", re.DOTALL)


class Allowance:
    """What is left of what a page may cost; `left_out`: why something of it was not read."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._until = time.thread_time() + seconds
        self.left_out: dict[str, None] = {}

    @property
    def spent(self) -> bool:
        return time.thread_time() > self._until


_current: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def one_page() -> Iterator[Allowance]:
    """Everything in here is work on one page, in one thread."""
    allowance = Allowance()
    token = _current.set(allowance)
    try:
        yield allowance
    finally:
        _current.reset(token)


def spent(why: str = "the rest of the page was left out: it takes too long to read") -> bool:
    """Whether the page has had its time. If so, that it is left out is noted."""
    allowance = _current.get()
    if allowance is None or not allowance.spent:
        return False
    leave_out(why)
    return True


def leave_out(why: str) -> None:
    """Note that something of the page is not read."""
    allowance = _current.get()
    if allowance is not None:
        allowance.left_out[why] = None


def first(items: Iterable[T], most: int = ITEMS) -> Iterator[T]:
    """The items, as many as a page may hold and as there is time for."""
    for number, item in enumerate(items):
        more = f"{len(items) - number:,} more items" if isinstance(items, Sized) else "more items"
        if number >= most:
            leave_out(f"{more} left out: a page may hold {most:,}")
            return
        if spent(f"{more} left out: this page takes too long to read"):
            return
        yield item


# -- JSON -------------------------------------------------------------------------------------------------------


def loads(written: str | bytes) -> Any:
    """JSON within bounds. A number of too many digits is null; so is what is nested too deep; of a list of too many
    values the first ones are there. Raises ValueError for what is no JSON.

    Forgiven is what costs no meaning: bytes that are no UTF-8, a byte order mark, control characters in strings, half
    of a surrogate pair (it goes), a backslash before any character (it stays), NaN and Infinity (null).
    """
    text = charset.decode(written) if isinstance(written, bytes) else written.removeprefix("\ufeff")
    if _HALF.search(text):
        text = _ESCAPED.sub(lambda found: "" if found["half"] else found[0], text)
    try:
        return _loaded(text)
    except json.JSONDecodeError as error:
        if "escape" not in error.msg:
            raise
        return _loaded(_ESCAPED.sub(lambda found: found[0] if found["known"] else rf"\{found[0]}", text))


def _loaded(text: str) -> Any:
    # At most so many values: a string that holds commas only seems to be several.
    if sum(map(text.count, (",", "[", "{"))) <= VALUES:
        try:
            return json.loads(text, strict=False, parse_constant=_nothing)
        except RecursionError:
            pass
        except ValueError as error:
            if isinstance(error, json.JSONDecodeError):
                raise
    try:
        return json.loads(_pruned(text), strict=False, parse_constant=_nothing, parse_int=_number)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _nothing(_: str) -> None:
    return None


def _number(digits: str) -> int | None:
    if len(digits) <= DIGITS:
        return int(digits)
    leave_out(f"a number of {len(digits):,} digits was left out")
    return None


def _pruned(text: str) -> str:
    """The JSON up to the value that is one too many, closed again; what is deeper than `DEPTH` is null."""
    deep: list[tuple[int, int]] = []  # where what is too deep begins and ends
    opened: list[str] = []
    commas: list[int] = []  # the last comma in each that is open
    values = 0
    for token in _TOKEN.finditer(text):
        at = token.start()
        sign = text[at]
        if sign in "]}" and opened:
            opened.pop()
            commas.pop()
            if deep and len(opened) == DEPTH and deep[-1][1] == 0:
                deep[-1] = (deep[-1][0], token.end())
        elif sign in ",[{":
            if sign == ",":
                commas[-1:] = [at] if commas else []
            elif sign != ",":
                if len(opened) == DEPTH:
                    leave_out(f"what is nested more than {DEPTH} deep was left out")
                    deep.append((at, 0))
                opened.append(sign)
                commas.append(-1)
            values += 1
            if values > VALUES:
                leave_out(f"the rest of the page was left out: a page may hold {VALUES:,} values")
                return _closed(text, deep, opened, commas)
    return _without(text, deep, len(text))


def _closed(text: str, deep: list[tuple[int, int]], opened: list[str], commas: list[int]) -> str:
    """The text up to the end of a whole item of the outermost list that has one, else of a value of an object."""
    usable = [level for level, comma in enumerate(commas[:DEPTH]) if comma >= 0]
    level = next((level for level in usable if opened[level] == "["), usable[-1] if usable else -1)
    if level < 0:
        return "null"
    return _without(text, deep, commas[level]) + "".join(_CLOSED_BY[sign] for sign in reversed(opened[: level + 1]))


def _without(text: str, deep: list[tuple[int, int]], end: int) -> str:
    pieces, begin = [], 0
    for start, stop in deep:
        if start < end and stop:
            pieces += [text[begin:start], "null"]
            begin = stop
    return "".join(pieces) + text[begin:end]


# -- text and markup --------------------------------------------------------------------------------------------


def shortened(text: str) -> str:
    """A text, or what a page may hold of it."""
    if len(text) <= LETTERS:
        return text
    leave_out(f"the end of a text was left out: {LETTERS:,} letters are the most")
    return text[:LETTERS]


def cut_markup(text: str, most: int = TAGS) -> str:
    """The markup up to the tag, attribute or entity that is one too many; what a CDATA section holds is text."""
    if text.count("<") + text.count("=") + text.count("&") <= most:
        return text
    seen = 0
    for found in _TAG.finditer(text):
        seen += len(found[0]) == 1
        if seen > most:
            leave_out(f"the rest of the page was left out: a page may hold {most:,} tags, attributes and entities")
            return text[: found.start()]
    return text

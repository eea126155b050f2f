"""Values out of somebody else's JSON: what has the wrong type is absent, never guessed and never an exception."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from insight.model import Rejected
from insight.understanding.addresses import canonical as canonical  # noqa: PLC0414 - for the kinds
from scrapers.formats import limits

T = TypeVar("T")

EXCERPT = 2000
MOST_REJECTED = 200
_JSON = json.JSONEncoder(ensure_ascii=False, default=repr)
_LARGEST = 2**63 - 1  # what a database integer holds
# Control characters (Postgres refuses NUL), halves of surrogate pairs (no UTF-8 for them) and non-characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class UnreadableError(ValueError):
    """One item that cannot be read; the message is the reason it is set aside with."""


def clean(text: str) -> str:
    """The text without characters that no store takes."""
    return _UNFIT.sub("", text)


def text(value: object) -> str | None:
    """A string that says something, stripped; anything else is None."""
    return (clean(limits.shortened(value)).strip() or None) if isinstance(value, str) else None


def plain(written: str) -> str:
    """Plain text with the line breaks it has and without its indentation."""
    lines = (" ".join(line.split()) for line in clean(limits.shortened(written)).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def identifier(value: object) -> str | None:
    """An id, written as a string or as a whole number: of any size, but exact, which a float past 2^53 is not."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value.bit_length() <= 256 else None
    return text(value)


def whole_number(value: object) -> int | None:
    """A count: 3, 3.0 or "3"."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST else None


def counts(**named: object) -> dict[str, int]:
    """The counts among these values, by name."""
    found = {name: whole_number(value) for name, value in named.items()}
    return {name: number for name, number in found.items() if number is not None}


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """A list as it is; one thing as a list of one; nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def address(value: object, base: str = "") -> str | None:
    """An absolute web address, or None. A relative one is taken from `base`."""
    written = text(value)
    if not written:
        return None
    try:
        joined = urljoin(base, written)
        parts = urlsplit(joined)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # brackets that are no IPv6 address, a port that is no number
        return None
    return joined.replace(" ", "%20") if usable else None


def addresses(values: Iterable[object], base: str = "") -> tuple[str, ...]:
    """The absolute web addresses among these, each once, in their order."""
    return tuple(dict.fromkeys(filter(None, (address(value, base) for value in values))))


def host_of(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def excerpt(value: object) -> str:
    """What an item was, short enough to keep."""
    shown = value if isinstance(value, str) else ""
    try:
        # piece by piece: what is set aside may be the whole of a large page, each time
        for piece in () if isinstance(value, str) else _JSON.iterencode(value):
            shown += piece
            if len(shown) > EXCERPT:
                break
    except (ValueError, RecursionError):
        shown = f"a {type(value).__name__} nested too deeply to show"
    return clean(shown[:EXCERPT])


def each(values: Iterable[object], read: Callable[[Any], T | None]) -> tuple[tuple[T, ...], tuple[Rejected, ...]]:
    """Read every value; one that cannot be read is set aside and the others are whole.

    Past `MOST_REJECTED` they are only counted: a page of nothing but rubbish is no reason to fill a table. What a page
    may not hold or has no time for is left out, see `limits`.
    """
    good: list[T] = []
    bad: list[Rejected] = []
    more = 0
    for value in limits.first(values):
        try:
            item = read(value)
        except (ValueError, OverflowError, RecursionError) as error:  # UnreadableError is the first
            more += len(bad) >= MOST_REJECTED
            bad += [Rejected(str(error), excerpt(value))] if len(bad) < MOST_REJECTED else []
        else:
            if item is not None:
                good.append(item)
    if more:
        bad.append(Rejected(f"{more} more items of this page could not be read", ""))
    return tuple(good), tuple(bad)


def digest(*parts: str) -> str:
    """A stable name, in hexadecimal, for what has no id of its own."""
    return sha256("\n".join(parts).encode("utf-8", errors="replace")).hexdigest()

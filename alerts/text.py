"""Making what strangers wrote safe and short enough to be quoted, and writing numbers and times for a reader."""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

QUOTE_LENGTH = 280
WIDTH = 76
MAX_URL = 2000

# Direction marks and overrides turn the words after them around; tag characters and zero-width fillers hide text.
# The joiners U+200C and U+200D stay: Persian and family emojis need them.
_HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_ACTS = re.compile(  # C0 but tab and line feed, DEL, C1; whatever turns the direction round; tags; half characters
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
    "\ud800-\udfff]"
)
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\s*\n\s*\n\s*")
_STACKED = re.compile(r"(?<=[\u0300-\u036f]{4})[\u0300-\u036f]+")  # marks piled up until they cover other lines


def clean(text: str) -> str:
    """Text without anything invisible that acts: controls, direction overrides, half characters. Keeps line breaks."""
    text = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text)
    text = _STACKED.sub("", _HIDDEN.sub("", text))
    text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    text = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")
    return _BREAKS.sub("\n\n", _SPACES.sub(" ", text)).strip()


def printable(text: str) -> str:
    r"""Text for a terminal: whatever would act there instead of being shown is written as an escape (`\x9b`).

    Terminals take commands from C0 and C1, and people are deceived by a direction that turns round:
    https://trojansource.codes
    """
    return _ACTS.sub(lambda found: _escape(found[0]), text)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def trim(text: str, length: int = QUOTE_LENGTH) -> str:
    """At most `length` characters, cut between words where there are any, with an ellipsis where something is gone."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    edge = max(cut.rfind(" "), cut.rfind("\n"))
    if edge < length // 2 or text[length - 1].isspace():
        edge = len(cut)  # one endless word, or a cut that falls between words as it is
    return cut[:edge].rstrip(" \n,;:–-") + "…"


def wrap(text: str, width: int = WIDTH, indent: str = "") -> str:
    """Paragraphs folded for a terminal. Addresses are never broken."""
    return "\n".join(
        textwrap.fill(
            line, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        if line.strip()
        else ""
        for line in text.split("\n")
    )


def row(named: tuple[str, str], width: int = WIDTH) -> str:
    """A name and what belongs to it, folded beside it."""
    name, value = named
    indent = " " * 15
    return textwrap.fill(
        value, width, initial_indent=f"  {name:<13}", subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def safe_url(url: str | None) -> str | None:
    """The address when a reader may follow it: a web address without anything that could end a link early."""
    if not url or len(url) > MAX_URL or re.search(r"[\s<>|\"'`\\\x00-\x1f\x7f]", url) or clean(url) != url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


# -- figures ----------------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """With the digits that mean something: 12,345 · 42 · 9.3 · 0.04."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}".removesuffix(".0")


def percent(share: float) -> str:
    return f"{number(share * 100)} %"


def chance(probability: float) -> str:
    """A probability as people say it."""
    if not 0 < probability < 1:
        return "practically never" if probability <= 0 else "always"
    if probability < 1e-6:
        return "less than once in a million"
    odds = 1 / probability
    magnitude = 10 ** max(0, math.floor(math.log10(odds)) - 1)
    return f"about once in {number(round(odds / magnitude) * magnitude)}"


def duration(hours: float) -> str:
    if hours >= 48:
        return f"{number(round(hours / 24, 1))} days"
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{number(round(hours, 1))} h"


def clock(at: datetime, zone: str) -> str:
    """A time where the reader is, with the name of the place, so that nobody has to guess."""
    local = at.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone})"

"""Regular expressions in linear time: the only file that knows RE2 (https://github.com/google/re2/wiki/Syntax)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Protocol

import re2

MAX_MEMORY = 1 << 20
"""Bytes that one pattern may take, compiled: some hundred letters with every repetition written out."""

_PROBES = ("", "a", " ", "a 1", "a\nb\n")  # texts in which ^, $, \b, \B and x* match nothing at all somewhere
_HALF_A_LETTER = re.compile(r"(?<!\\)(?:\\\\)*\\C")
_SURROGATES = re.compile("[\ud800-\udfff]")


class RegexMatch(Protocol):
    def span(self) -> tuple[int, int]: ...


class Regexp(Protocol):
    """What is used of a compiled pattern."""

    def finditer(self, text: str) -> Iterator[RegexMatch]: ...


@lru_cache(maxsize=256)
def compile_regex(pattern: str) -> Regexp:
    """The pattern, for any case of letters. ValueError says what RE2 cannot do, or that it would match no letter."""
    if _HALF_A_LETTER.search(pattern):
        raise ValueError(r"\C is a part of a letter")
    options: Any = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    options.never_capture = True  # nobody asks for groups, and they cost
    try:
        compiled: Regexp = re2.compile(_SURROGATES.sub("\ufffd", pattern), options)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from None
    if any(start == end for probe in _PROBES for start, end in _spans(compiled, probe)):
        raise ValueError("it matches the empty text, which is everywhere")
    return compiled


def find(compiled: Regexp, text: str) -> Iterator[tuple[int, int]]:
    """Where it matches, in order, without overlaps: offsets of characters in `text`; at least one character each."""
    # No encoder takes a lone surrogate, and one character for one keeps the offsets.
    well_formed = text if text.isascii() else _SURROGATES.sub("\ufffd", text)
    return ((start, end) for start, end in _spans(compiled, well_formed) if start < end)


def _spans(compiled: Regexp, text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in compiled.finditer(text))

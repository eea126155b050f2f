"""Bytes to text, whatever the sender says they are: a wrong or missing declaration never loses the text."""

from __future__ import annotations

import codecs
import re

# Only text encodings of the web: Python knows others ("punycode", "hex") that a hostile page could ask for.
_KNOWN = re.compile(
    r"(us-)?ascii|latin-?\d+|iso-?8859-\d+|(windows-|cp-?)\d{3,4}|koi8-[ru]|shift[-_]?jis|s?jis|euc-(jp|kr)|gb(k|2312|18030)"
    r"|big5(-hkscs)?|iso-2022-(jp|kr)|utf-(8|16|32)([bl]e|-[bl]e)?|mac-?(roman|cyrillic)|tis-620"
)
# Browsers read all three as windows-1252: https://encoding.spec.whatwg.org/#names-and-labels
_LATIN = re.compile(r"(us-)?ascii|latin-?1|iso-?8859-1")
_NOT_ASCII_BASED = re.compile(r"utf-(16|32)|iso-2022")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(body: bytes, *declared: str | None) -> str:
    """The text of a body: by its byte order mark, as UTF-8 if it is that, else as it is declared.

    What is neither is read as UTF-8, and each byte that does not fit as windows-1252: so an undeclared Latin-1 page
    and a UTF-8 page with one bad byte both come out as a person would read them.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, errors="replace")
    if body[:4].count(0) >= 2:  # UTF-16 without its mark: every second byte of ASCII is zero
        return body.decode("utf-16-be" if body[:1] == b"\0" else "utf-16-le", errors="replace")
    named = next((name for name in map(_codec_name, declared) if name), None)
    if named is None or not _NOT_ASCII_BASED.match(named):
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    if named is None or named.startswith("utf-8"):
        return body.decode("utf-8", errors="listener.windows-1252")
    return body.decode(named, errors="replace")


def from_header(content_type: str) -> str | None:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    return found[1] if found else None


def from_head(body: bytes) -> str | None:
    """What an XML declaration or an HTML meta tag near the top says."""
    pattern = rb"""(?:encoding|charset)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})"""
    found = re.search(pattern, body[:2048], re.IGNORECASE)
    return found[1].decode("ascii", errors="replace") if found else None


def _codec_name(declared: str | None) -> str | None:
    name = (declared or "").strip().lower()
    if not _KNOWN.fullmatch(name):
        return None
    if _LATIN.fullmatch(name):
        return "windows-1252"
    try:
        codecs.lookup(name)
    except LookupError:
        return None
    return name


def _as_windows(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("windows-1252", errors="replace"), error.end


codecs.register_error("listener.windows-1252", _as_windows)

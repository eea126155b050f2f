"""Bytes to text, whatever the sender says they are: a wrong or missing declaration never loses the text."""

from __future__ import annotations

import codecs
import re

import webencodings

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's codecs of these names know fewer characters than the standard: https://encoding.spec.whatwg.org/#indexes
_NEWER_LABELS = {"koi8-ru": "koi8-u", "ms932": "shift_jis"}  # in the standard since the library's table was made
_LARGER = {"gbk": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs"}


def text_of(body: bytes, content_type: str = "") -> str:
    """The text of an answer: its header has the first word, then what the document says of itself.

    https://www.rfc-editor.org/rfc/rfc7303#section-3.2
    """
    return decode(body, from_header(content_type), from_head(body))


def decode(body: bytes, *declared: str | None) -> str:
    """The text of a body: by its byte order mark, as UTF-8 if it is that, else by the first known label declared.

    What is neither is read as UTF-8, and each byte that does not fit as windows-1252: so an undeclared Latin-1 page
    and a UTF-8 page with one bad byte both come out as a person would read them. A label means what it means to a
    browser. "utf-16" over bytes of which none is zero is what .NET's StringWriter writes above UTF-8.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, errors="replace")
    if body[:4].count(0) >= 2:  # UTF-16 without its mark: every second byte of ASCII is zero
        return body.decode("utf-16-be" if body[:1] == b"\0" else "utf-16-le", errors="replace")
    labels = [_NEWER_LABELS.get(label.lower(), label) for label in declared if label]
    name = next((found.name for found in map(webencodings.lookup, labels) if found), "utf-8")
    if name.startswith("utf-16") and b"\0" not in body[:1024]:
        name = "utf-8"
    if name == "iso-2022-jp" and b"\x1b" in body:  # each of its bytes is ASCII, and so is valid UTF-8
        return body.decode("iso2022_jp", errors="replace")
    if not name.startswith("utf-16"):
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    if name == "utf-8":
        return body.decode("utf-8", errors="listener.windows-1252")
    codec = codecs.lookup(_LARGER[name]) if name in _LARGER else webencodings.lookup(name).codec_info
    return codec.decode(body, "listener.euc-jp" if name == "euc-jp" else "replace")[0]


def from_header(content_type: str) -> str | None:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    return found[1] if found else None


def from_head(body: bytes) -> str | None:
    """What an XML declaration or an HTML meta tag near the top says."""
    pattern = rb"""(?:encoding|charset)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})"""
    found = re.search(pattern, body[:2048], re.IGNORECASE)
    return found[1].decode("ascii", errors="replace") if found else None


def _as_windows(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("windows-1252", errors="replace"), error.end


def _as_newer_japanese(error: UnicodeError) -> tuple[str | bytes, int]:
    """NEC's and IBM's additions to EUC-JP, which Python's codec does not know: a character of two bytes."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    end = min(error.start + 2, len(error.object))
    try:
        return error.object[error.start : end].decode("euc_jis_2004"), end
    except UnicodeDecodeError:
        return "\ufffd", error.end


codecs.register_error("listener.windows-1252", _as_windows)
codecs.register_error("listener.euc-jp", _as_newer_japanese)

"""Bytes to text as browsers do it, whatever the sender says they are: a wrong or missing declaration loses no text."""

from __future__ import annotations

import codecs
import re
from threading import local

import webencodings

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZEROS = {(0, 2): "utf-16-be", (1, 3): "utf-16-le", (0, 1, 2): "utf-32-be", (1, 2, 3): "utf-32-le"}
# Labels that came into https://encoding.spec.whatwg.org/#names-and-labels after the library's table was made.
_NEWER = {"koi8-ru": "koi8-u", "ms932": "shift_jis", "unicodefffe": "utf-16be"}
_NEWER |= dict.fromkeys(("csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff"), "utf-16le")
# What Python calls the encodings of which its codec of the same name knows fewer characters than browsers do.
_CODECS = {"gbk": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs", "euc-jp": "euc_jp"}
_CODECS |= {"iso-2022-jp": "iso2022_jp", "x-user-defined": "windows-1252"}
_SEVEN_BITS = frozenset({"iso2022_jp", "iso-2022-kr", "hz-gb-2312"})  # valid UTF-8, and something else
_STRAY_BYTES = {0xDC00 + byte: bytes([byte]).decode("windows-1252", "replace") for byte in range(0x80, 0x100)}
_SECOND_LOOK = frozenset({"gb18030", "big5hkscs", "euc_jp", "iso2022_jp"})
_MOST_LOOKS = 20_000  # in a page, about 50 ms; a call for each of a million bad characters would take seconds
_looks = local()


def text_of(body: bytes, content_type: str = "") -> str:
    """The text of an answer: its header has the first word, then what the document says of itself.

    https://www.rfc-editor.org/rfc/rfc7303#section-3.2
    """
    return decode(body, from_header(content_type), from_head(body))


def decode(body: bytes, *declared: str | None) -> str:
    """The text of a body: by its byte order mark, as UTF-8 if it is that, else by the first label that is known.

    What is neither is read as UTF-8, and each byte that does not fit as windows-1252: so an undeclared Latin-1 page
    and a UTF-8 page with one bad byte both come out as a person would read them.
    """
    by_sign = _codec_by_sign(body)
    if by_sign:
        return body.decode(by_sign, errors="replace")
    codec = next(filter(None, map(_codec_of, declared)), "utf-8")
    if codec.startswith("utf-16") and 0 not in body:  # .NET writes so: https://github.com/elmah/Elmah/issues/220
        codec = "utf-8"
    if not (codec.startswith("utf-16") or (codec in _SEVEN_BITS and body.isascii())):
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    if codec == "utf-8":
        return _nearly_utf_8(body)
    if codec not in _SECOND_LOOK:
        return body.decode(codec, errors="replace")
    _looks.left = _MOST_LOOKS
    return body.decode(codec, errors="listener.second_look")


def _codec_by_sign(body: bytes) -> str | None:
    """What a byte order mark says, else where the zeros stand in the first signs, which are ASCII in all markup."""
    marked = next((codec for mark, codec in _MARKS if body.startswith(mark)), None)
    return marked or _ZEROS.get(tuple(at for at, byte in enumerate(body[:4]) if byte == 0))


def _nearly_utf_8(body: bytes) -> str:
    try:  # Java and MySQL may write an emoji as a pair of surrogates: https://www.unicode.org/reports/tr26/
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return body.decode("utf-8", "surrogateescape").translate(_STRAY_BYTES)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def from_header(content_type: str) -> str | None:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    return found[1] if found else None


def from_head(body: bytes) -> str | None:
    """What an XML declaration or an HTML meta tag near the top says."""
    pattern = rb"""(?:encoding|charset)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})"""
    found = re.search(pattern, body[:2048], re.IGNORECASE)
    return found[1].decode("ascii", errors="replace") if found else None


def _codec_of(label: str | None) -> str | None:
    """What Python calls the encoding that a label of the web stands for. Its own others ("hex") are none."""
    label = (label or "").strip().lower()
    encoding = webencodings.lookup(_NEWER.get(label, label))
    return _CODECS.get(encoding.name, str(encoding.codec_info.name)) if encoding else None


def _second_look(error: UnicodeError) -> tuple[str | bytes, int]:
    """A character that browsers know in this encoding and Python's codec does not; else U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    _looks.left -= 1
    if _looks.left < 0:
        return error.object[error.start :].decode(error.encoding, "replace"), len(error.object)
    pair = error.object[error.start : error.start + 2]
    if error.encoding == "gb18030":  # gbk's euro: https://encoding.spec.whatwg.org/#gb18030-decoder
        return ("€" if pair[:1] == b"\x80" else "\ufffd"), error.end
    try:
        found = pair.decode("cp950") if error.encoding == "big5hkscs" else _shifted(*pair).decode("cp932")
    except (UnicodeDecodeError, ValueError, TypeError):
        return "\ufffd", error.end
    return found, error.start + len(pair)


def _shifted(lead: int, trail: int) -> bytes:
    """A cell of EUC-JP or ISO-2022-JP as Shift_JIS writes it: NEC's and IBM's characters stand there too."""
    row, cell = (lead | 0x80) - 0xA1, (trail | 0x80) - 0xA1
    if not (0 <= row < 94 and 0 <= cell < 94 and (lead ^ trail) < 0x80):
        raise ValueError("no cell of the table")
    first = (0x81 if row < 62 else 0xC1) + row // 2
    return bytes([first, 0x9F + cell if row % 2 else 0x40 + cell + (cell > 62)])


codecs.register_error("listener.second_look", _second_look)

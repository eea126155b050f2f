"""Whether a body that ended as its connection did is the whole: HTTP does not say (RFC 9112, 8), so its text must."""

from __future__ import annotations

import re

from scrapers.network.hops import Target
from scrapers.network.pace import PassingError
from scrapers.validators import VALIDATING

_FEEDS = {b"rss", b"feed", b"rdf:rdf"}  # often sent as text/html
_ROOT = re.compile(rb"<([a-z_][\w.:-]*+)[^<>]*+>", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_START = 8_192  # bytes in which a document begins


def says_its_length(headers: dict[str, str]) -> bool:
    """Whether a missing piece would have been noticed: https://www.rfc-editor.org/rfc/rfc9112#section-6.3"""
    return not {"content-length", "transfer-encoding"}.isdisjoint(headers)


def headers_to_trust(body: bytes, headers: dict[str, str], target: Target) -> dict[str, str]:
    """The headers that may be believed of a body that does not say where it ends. Raises PassingError where it is cut.

    Its validators may not: with them the rest would be taken for known, and without them the page is read again.
    """
    if _is_cut(body, headers.get("content-type", "")):
        raise PassingError(f"{target.shown} was cut short: its document has no end", sent=True)
    return {name: value for name, value in headers.items() if name not in VALIDATING}


def _is_cut(body: bytes, media_type: str) -> bool:
    """Whether this is XML whose first element has no end. HTML may leave its end out, and JSON is read whole or not."""
    root = _ROOT.search(_COMMENT.sub(b"", body[:_START]))
    if root is None or root[0].endswith(b"/>") or root[1].lower() == b"html":
        return False
    is_xml = "xml" in media_type or body.lstrip().startswith(b"<?xml") or root[1].lower() in _FEEDS
    return is_xml and b"</" + root[1] not in body

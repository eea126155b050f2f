"""Feeds in files, each with what must be read of it in a comment: the form of feedparser's own tests."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from benchmarks.suites.claims import Claim, claims_of, header_of
from benchmarks.suites.verdicts import Seen, Verdict, ask, bare, readings_of
from scrapers.formats import charset, feed
from scrapers.formats.dates import moment
from scrapers.formats.entries import Entry

GOAL = 1050 / 1123
HOME = "http://127.0.0.1:8097/"  # where the feeds stand, for those that name no address of their own

_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)\b")
_CONTENT = re.compile(r"<(?:\w+:)?(?:content|encoded|fullitem)\b|<(?:\w+:)?(?:body|div)[^>]*xmlns|<xhtml:(?:body|div)")
_CHANNEL_ONLY = re.compile(r"<(?:managingEditor|lastBuildDate|webMaster)\b")  # items have no such elements
_DECLARED = re.compile(rb"""encoding=["'](?!utf-?8["'])""", re.IGNORECASE)
_MAIL = re.compile(r"\s*\(?[^\s()]+@[^\s()]+\)?\s*")


def judge_feeds(folder: Path) -> Iterator[Verdict]:
    for path in sorted(folder.rglob("*.xml")):
        body = path.read_bytes()
        said = body.replace(b"\0", b"").decode("utf-8", errors="ignore")
        over_http = "/http" in path.as_posix()  # whose answers have headers, and an address
        content_type = header_of(said, "content-type") if over_http else ""
        base = urljoin(HOME + path.name, header_of(said, "content-location")) if over_http else ""
        for claim in claims_of(said):
            case = f"{path.relative_to(folder)} {claim.path}"
            verdict = _judge(case, claim, body, base, content_type)
            if verdict is not None:
                yield verdict


def _judge(case: str, claim: Claim, body: bytes, base: str, content_type: str) -> Verdict | None:
    """None for a claim that is none about an entry, or that a listener decides otherwise."""

    def said(judged: object, read: Callable[[], object]) -> Verdict:
        return ask("feedparser", case, judged, read, GOAL)

    if claim.field == "encoding":
        try:  # the same characters as in the encoding that is claimed; one that Python does not know proves nothing
            text = body.decode(str(claim.wanted), errors="replace").lstrip("\ufeff")
        except LookupError:
            return None
        declared = charset.from_head(body), charset.from_header(content_type)
        return said(text, lambda: charset.decode(body, *declared).lstrip("\ufeff"))
    if claim.field == "entries.len":
        return said(claim.wanted, lambda: len(feed.read(body, base, content_type).entries))
    text = body.decode("latin-1")
    if claim.entry is None:
        as_entry = _channel_as_entry(body, text) if claim.field != "media" else None
        if as_entry is None:
            return None
        body = as_entry
    if not _is_ours(claim, _CONTENT.search(text.replace("\0", "")) is not None):
        return None
    return said(claim.wanted, lambda: _agreed(claim, feed.read(body, base, content_type).entries[claim.entry or 0]))


def _is_ours(claim: Claim, has_content: bool) -> bool:
    """A summary beside a whole content is not read, and addresses are those of the web."""
    if claim.field == "summary":
        return not has_content and isinstance(claim.wanted, str)
    if claim.field in ("link", "comments"):
        return str(claim.wanted).startswith(("http://", "https://"))
    return claim.field != "dates" or isinstance(claim.wanted, int)


def _channel_as_entry(body: bytes, text: str) -> bytes | None:
    """What is claimed of a feed is asked of an entry, since a listener reads no feed's title: the same elements with
    an entry around them. None where the feed has entries, or bytes that cannot be wrapped so."""
    if _ENTRY.search(text) or _CHANNEL_ONLY.search(text) or b"\0" in body:
        return None
    wrapped, count = re.subn(
        r"(<(?:\w+:)?channel\b[^>]*>)(.*)(</(?:\w+:)?channel>)", r"\1<item>\2</item>\3", text, count=1, flags=re.DOTALL
    )
    if not count:
        top = re.search(r"<((?:\w+:)?)(feed|rss)\b[^>]*>", text)
        if top is None:
            return None
        name = top[1] + ("entry" if top[2] == "feed" else "item")
        inner = re.sub(r"(</?(?:\w+:)?)(?:tagline|subtitle)\b", r"\1summary", text[top.end() :])  # an entry's word
        inner, count = re.subn(rf"(?=</{top[1]}{top[2]}\s*>)", f"</{name}>", inner, count=1)
        wrapped = f"{text[: top.end()]}<{name}>{inner}"
    return wrapped.encode("latin-1") if count else None


def _agreed(claim: Claim, entry: Entry) -> object:
    """What was wanted, where the entry says the same in its own way; else what it says."""
    got = _field(claim.field, entry)
    return claim.wanted if _says(claim.field, claim.wanted, got, entry) else got


def _field(field: str, entry: Entry) -> Any:
    written = (*entry.published, *entry.updated)
    if field == "dates":
        return sorted({timegm(at.timetuple()) for at, _ in map(moment, written) if at})
    if field == "written":
        return written
    if field == "link":
        permalink = entry.id if entry.is_permalink and (entry.id or "").startswith("http") else None
        return entry.link or permalink
    return getattr(entry, "text" if field in ("body", "summary") else field)


def _says(field: str, wanted: Any, got: Any, entry: Entry) -> bool:
    if field in ("title", "body", "summary"):
        links = [link.replace(" ", "%20") for link in Seen.of(str(wanted)).links if link.startswith("http")]
        whole = field == "title" or set(links) <= set(entry.links)
        return whole and bare(got) in readings_of(str(wanted))
    if field in ("dates", "media"):
        return wanted in got
    if field == "written":
        return wanted == "" or " ".join(str(wanted).split()) in got
    if field == "author":  # never the mail address
        return (got or "") in (wanted, _MAIL.sub(" ", str(wanted)).strip(" ()"))
    return str(wanted or "") == ("" if got is None else str(got))

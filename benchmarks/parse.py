"""Pages a second that each kind reads on one core, against the plain parsing of the same bytes as JSON, XML or HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import lxml.etree
import lxml.html
from pydantic import ValidationError

from benchmarks.table import processor_seconds
from insight.model import Post
from scrapers import KINDS
from scrapers.answers import read_page
from scrapers.base import Page, Request, Source, SourceError
from tests.scrapers.hostile import PAGES, apart
from tests.scrapers.samples import ADDRESSES, body, samples
from tests.shared import REAL, recordings

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
LEAST = 0.02  # seconds that a measurement takes at least
LONGEST_NAME = 46
PLATFORMS = {  # whose recordings a kind reads, where they do not have its name
    "feed": ("rss",),
    "reviews": ("schema_org",),
}


@dataclass(frozen=True, slots=True)
class Read:
    """One page of a kind and how long it takes: to parse it plainly, and to read it."""

    kind: str
    name: str
    size: int
    posts: int
    plain: float
    seconds: float


def main() -> None:
    found = [_measured(kind, name, ADDRESSES[kind], body(kind, name)) for kind, name in samples()]
    _show("Reading pages: our samples, small ones", [one for one in found if one])
    found = [_measured(kind, name, None, (REAL / name).read_bytes()) for kind, name in _recorded()]
    by_kind: dict[str, list[Read]] = {}
    for one in filter(None, found):
        by_kind.setdefault(one.kind, []).append(one)
    _show_hostile()
    if by_kind:
        _show("Reading pages: what platforms answered, all of a kind", [_together(some) for some in by_kind.values()])


def _show_hostile() -> None:
    """What pages cost that somebody made to cost much: the goal is 2 seconds and 64 MB for any."""
    found = [apart(name) for name in PAGES]
    dearest = sorted(found, key=lambda one: -one["seconds"])[:5]
    largest = sorted(found, key=lambda one: -one["megabytes"])[:5]
    print(f"\nHostile pages ({len(found)} of them): the five that cost most time, and most memory")
    for one in (*dearest, *largest):
        print(f"  {one['page']:{LONGEST_NAME}} {one['seconds']:6.2f} s {one['megabytes']:7.1f} MB")


def _recorded() -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        for platform in PLATFORMS.get(kind, (kind,)):
            yield from ((kind, row["file"]) for row in recordings(platform))


def _measured(kind: str, name: str, url: str | None, content: bytes) -> Read | None:
    """None for what is no list of posts: an error, a page of something else."""
    source = _source(KINDS[kind], url)
    page = Page(_request(source, url), 200, content, url or "", NOW)
    try:
        posts = sum(isinstance(item, Post) for item in read_page(source, page).items)
    except SourceError:
        return None
    if not posts:
        return None
    plain = _plain(content)
    try:
        return Read(kind, name, len(content), posts, _seconds(plain), _seconds(lambda: read_page(source, page)))
    except (ValueError, lxml.etree.LxmlError):  # a plain parser refuses what is not quite its format
        return None


def _source(kind: type[Source], url: str | None) -> Source:
    try:
        return kind.for_page(url) if url else kind(**kind.example)
    except ValidationError:
        return kind(**kind.example)


def _request(source: Source, url: str | None) -> Request:
    if url is None:
        return source.start(source.searches(())[0], None, NOW)
    parts = urlsplit(url)
    return Request(urlunsplit(parts._replace(query="", fragment="")), dict(parse_qsl(parts.query)))


def _plain(content: bytes) -> Callable[[], object]:
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:300].lower()
    if start.startswith((b"{", b"[")):
        return lambda: json.loads(content)
    if start.startswith(b"<?xml") or b"<rss" in start or b"<feed" in start:
        return lambda: lxml.etree.fromstring(content, lxml.etree.XMLParser(recover=True))
    return lambda: lxml.html.document_fromstring(content)


def _seconds(work: Callable[[], object]) -> float:
    """Of one run: the best of three rounds that each last long enough to be timed."""
    times = max(1, int(LEAST / processor_seconds(work)))
    return processor_seconds(lambda: [work() for _ in range(times)], 3) / times


def _together(some: Sequence[Read]) -> Read:
    slowest = max(some, key=lambda one: one.seconds)
    name = f"{len(some)} pages, the slowest {slowest.seconds * 1e3:.1f} ms"
    return Read(
        some[0].kind, name, sum(one.size for one in some), sum(one.posts for one in some),
        sum(one.plain for one in some), sum(one.seconds for one in some),
    )  # fmt: skip


def _show(title: str, rows: Sequence[Read]) -> None:
    print(f"\n{title}  (alone: python -m benchmarks.parse)")
    print(f"  {'':<{LONGEST_NAME}} {'ms':>8} {'posts/s':>9} {'MB/s':>7}  plain parsing is faster by")
    for row in rows:
        figures = f"{row.seconds * 1e3:>8.2f} {row.posts / row.seconds:>9,.0f} {row.size / row.seconds / 1e6:>7.2f}"
        print(
            f"  {f'{row.kind}: {row.name}'[:LONGEST_NAME]:<{LONGEST_NAME}} {figures}  {row.seconds / row.plain:>6.1f} x"
        )


if __name__ == "__main__":
    main()

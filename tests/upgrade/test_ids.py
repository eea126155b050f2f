"""Posts that a version stored by other ids than they have now: the first visit after an upgrade brings no new one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from insight.model import Post, Precision, Role, Watch
from insight.pipeline import Pipeline
from scrapers.saved import read_saved
from storage import BatchCounts, Store, UnderstoodBatch, open_store
from tests.contracts.store.samples import batch_of
from tests.shared import REAL, needs_recordings, recordings

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WATCH = Watch("acme", "Acme", Role.BRAND, "acme")
LANDED: dict[str, dict[str, list[str]]] = json.loads(
    gzip.decompress((Path(__file__).parent / "landed" / "ids.json.gz").read_bytes())
)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/test.db" if request.param == "sqlite" else request.getfixturevalue("postgres")()
    with open_store(url) as opened:
        opened.watches.sync([WATCH], NOW)
        yield opened


def read(kind: str, body: bytes, url: str | None = None, status: int = 200) -> list[Post]:
    items = read_saved(kind, body, url=url, status=status, now=NOW).items
    return [item for item in items if isinstance(item, Post)]


def ingest(store: Store, posts: Sequence[Post], at: datetime) -> BatchCounts:
    """As a source that is bound to the watch, so that everything counts."""
    understood = Pipeline(store.watches.all()).understand(posts, frozenset({"acme"}), "source")
    return store.ingest(UnderstoodBatch("source", "", at, tuple(understood)))


def state(store: Store) -> list[Any]:
    """What alerts are made of: counts, and negative mentions that wait to be told as themes."""
    counts = store.counts.totals("acme", NOW - timedelta(days=9999), NOW + timedelta(days=1))
    return [counts, [one.post.key for one in store.themes.pending("acme")]]


def no_news(store: Store, posts: Sequence[Post]) -> None:
    before = state(store)
    for hours in (1, 2):
        counts = ingest(store, posts, NOW + timedelta(hours=hours))
        assert (counts.new, counts.mentions) == (0, 0)
    assert state(store) == before
    assert store.counts.recount() == []


FEED = """<rss version="2.0"><channel><title>t</title><link>https://shop.example/</link>
<item><title>Acme &#8217;s terrible kettle</title><link>https://Shop.example/kettle?utm_source=rss&amp;sid=1</link><guid isPermaLink="false">k-1</guid>
<pubDate>Mon, 30 Nov 2026 10:00:00 GMT</pubDate><description>It is awful.</description></item>
<item><title>Acme search</title><link>https://shop.example/s?q=%EF%F0&amp;utm_source=rss</link></item>
<item><title>Acme by post</title><link>https://shop.example/post?gclsrc=aw</link><guid>https://shop.example/?p=7</guid></item>
<item><title>Acme 1.0</title><link>https://shop.example/changes</link><guid isPermaLink="false">v1</guid></item>
<item><title>Acme 2.0</title><link>https://shop.example/changes</link><guid isPermaLink="false">v2</guid></item>
<item><title>Acme at home</title><link>https://shop.example/</link></item>
<item><title>Acme without anything</title><description>Awful.</description></item>
</channel></rss>"""  # noqa: E501
STORED = {
    "Acme ’s terrible kettle": "https://shop.example/kettle?sid=1",
    "Acme search": "https://shop.example/s?q=%EF%BF%BD%EF%BF%BD",
    "Acme by post": "https://shop.example/post?gclsrc=aw",
    "Acme 1.0": "shop.example#v1",
    "Acme 2.0": "shop.example#v2",
    "Acme at home": "https://shop.example/",
    "Acme without anything": "shop.example#92e804f9da2494d96ca4f3a7",
}
"""What the landed version stored these entries by."""


def test_entries_that_were_stored_by_their_links_bring_no_new_post(store: Store) -> None:
    posts = read("feed", FEED.encode(), "https://shop.example/feed.xml")
    assert {post.title for post in posts} == STORED.keys()
    ingest(store, [replace(post, native_id=STORED[post.title or ""], aliases=()) for post in posts], NOW)
    no_news(store, posts)
    moved = [replace(post, url=f"{post.url}&sid=2", aliases=("https://shop.example/elsewhere",)) for post in posts]
    assert ingest(store, moved, LATER).new == 0, "later the link is not needed any more"
    assert {found.post.native_id for part in store.posts.scan() for found in part} == set(STORED.values())


def test_entries_that_were_read_worse_bring_no_new_post(store: Store) -> None:
    """References stood in words then, pictures in titles, and dates of a rare form were not read."""
    entry = read("feed", FEED.encode(), "https://shop.example/feed.xml")[0]
    former = replace(entry, native_id=STORED[entry.title or ""], aliases=())
    for number, worse in enumerate([
        replace(former, title='Acme &#8217;s terrible kettle <img src="https://cdn.shop.example/7.png">'),
        replace(former, title="Acme s terrible kettle", text="It &nbsp;is awful."),
        replace(former, published_at=None, precision=Precision.UNKNOWN),
    ]):  # fmt: skip
        one, other = (replace(post, native_id=f"{post.native_id}{number}") for post in (worse, entry))
        ingest(store, [one], NOW)
        assert ingest(store, [replace(other, aliases=(one.native_id,))], LATER).new == 0


# -- recordings -------------------------------------------------------------------------------------------------

ROWS = {row["file"]: row for platform in {file.partition("/")[0] for file in LANDED} for row in recordings(platform)}


def by_landed_ids(file: str, kind: str) -> tuple[list[Post], list[Post]]:
    """A recording's posts by the ids of then, and as they are read now. Fails where one of then is not found."""
    row = ROWS[file]
    posts = read(kind, (REAL / file).read_bytes(), row["url"] or None, row["status"] or 200)
    named = {
        sha256(f"{post.network}\n{name}".encode()).hexdigest()[:12]: replace(post, native_id=name, aliases=())
        for post in posts
        for name in (post.native_id, *post.aliases)
    }
    return [named[one] for one in LANDED[file][kind]], posts


@needs_recordings
@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.soak)], indirect=True)
def test_the_first_visit_of_each_recorded_source_brings_no_new_post(store: Store) -> None:
    for file, kinds in LANDED.items():
        for kind in kinds:
            network = f"{kind} {file}"
            stored, posts = ([replace(one, network=network) for one in some] for some in by_landed_ids(file, kind))
            store.ingest(batch_of(*stored, source=network, at=NOW))
            counts = store.ingest(batch_of(*posts, source=network, at=LATER))
            assert (counts.new, counts.mentions) == (0, 0), network
    assert store.counts.recount() == []

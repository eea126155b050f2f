"""Kinds of which no answer was recorded: every field of every post in their samples, as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from insight.model import Post, PostKind, Rating
from scrapers.saved import read_saved
from tests.scrapers import samples
from tests.scrapers.recordings.judging import NOW, Said, differences
from tests.scrapers.recordings.test_fields import UNRECORDED


def on(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


LAUNCH = "s/aaaaa1"
LAUNCH_STORY: Said = {
    "network": "lobsters",
    "native_id": LAUNCH,
    "title": "Acme 3.0",
    "text": "",
    "url": "https://lobste.rs/s/aaaaa1",
    "author": "fern",
    "published_at": on(2, 9),
    "links": ("https://acme.example/3-0",),
    "hashtags": ("databases", "release"),
}

SAMPLES: dict[str, list[Said]] = {
    "devto/articles.json": [
        {
            "network": "devto",
            "native_id": "700001",
            "kind": PostKind.ARTICLE,
            "title": "Moving our notes to Acme",
            "text": "What went well & what did not.",
            "url": "https://dev.to/fern/moving-1",
            "author": "fern",
            "author_name": "Fern",
            "published_at": on(2, 9),
            "edited_at": on(2, 10),
            "language": "en",
            "engagement": {"likes": 14, "replies": 2},
            "links": ("https://fern.example/moving",),
            "hashtags": ("acme", "opensource"),
            "media": ("https://media.example/cover.png",),
        },
        {
            "network": "devto",
            "native_id": "700000",
            "kind": PostKind.ARTICLE,
            "title": "Ten tips",
            "text": "",
            "url": "https://dev.to/moss/ten-tips",
            "author": "moss",
            "author_name": "Moss",
            "published_at": on(1, 9),
            "engagement": {"likes": 0, "replies": 0},
        },
    ],
    "lobsters/newest.json": [
        {**LAUNCH_STORY, "engagement": {"points": 12, "replies": 2}},
        {
            "network": "lobsters",
            "native_id": "s/aaaaa0",
            "title": "What do you use for notes?",
            "text": "I use Bolt & paper.",
            "url": "https://lobste.rs/s/aaaaa0",
            "author": "moss",
            "published_at": on(1, 18),
            "engagement": {"points": 3, "replies": 0},
            "links": ("https://bolt.example/",),
            "hashtags": ("ask",),
        },
    ],
    "lobsters/story.json": [
        {**LAUNCH_STORY, "engagement": {"points": 14, "replies": 3}},
        {
            "network": "lobsters",
            "native_id": "c/bbbbb1",
            "kind": PostKind.COMMENT,
            "text": "Acme is much faster.",
            "url": "https://lobste.rs/c/bbbbb1",
            "author": "moss",
            "published_at": on(2, 10),
            "edited_at": on(2, 10, 9),
            "engagement": {"points": 5},
            "reply_to": LAUNCH,
            "thread": LAUNCH,
        },
        {
            "network": "lobsters",
            "native_id": "c/bbbbb2",
            "kind": PostKind.COMMENT,
            "text": "Faster than Bolt?",
            "url": "https://lobste.rs/c/bbbbb2",
            "author": "oak",
            "published_at": on(2, 11),
            "engagement": {"points": 1},
            "reply_to": "c/bbbbb1",
            "thread": LAUNCH,
        },
    ],
    "page/reviews.html": [
        {
            "network": "web",
            "native_id": "https://example.com/reviews/3",
            "kind": PostKind.REVIEW,
            "title": "Does what it should",
            "text": "Quick & small. I moved here from Bolt.",
            "url": "https://example.com/reviews/3?utm_source=list",
            "author": "Fern Moss",
            "published_at": on(2, 9, 30),
            "rating": Rating(4.5),
            "links": ("https://bolt.example/",),
        },
        {
            "network": "web",
            "native_id": "https://example.com/reviews/2",
            "kind": PostKind.REVIEW,
            "title": "Loses notes",
            "text": "It lost two notes.",
            "url": "https://example.com/reviews/2",
            "author": "Ash Birch",
            "published_at": on(1, 18),
            "rating": Rating(1.0),
        },
    ],
    "threads/search.json": [
        {
            "network": "threads",
            "native_id": "18000000000000002",
            "text": "Moved my notes from Bolt to Acme. No regrets so far.",
            "url": "https://www.threads.net/@fern.moss/post/DAAAAAAAAA2",
            "author": "fern.moss",
            "published_at": on(3, 10, 12, 13),
        },
        {
            "network": "threads",
            "native_id": "18000000000000001",
            "text": "acme is down again?",
            "url": "https://www.threads.net/@birch_reads/post/DAAAAAAAAA1",
            "author": "birch_reads",
            "published_at": on(3, 9),
            "media": ("https://scontent.example/down.jpg",),
        },
    ],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_of_a_sample_is_right(name: str) -> None:
    folder = samples.FOLDER / name.partition("/")[0]
    url = (folder / "address.txt").read_text().strip()
    batch = read_saved(folder.name, (samples.FOLDER / name).read_bytes(), url=url, now=NOW)
    assert list(differences(SAMPLES[name], [item for item in batch.items if isinstance(item, Post)])) == []


def test_each_kind_without_a_recording_is_among_them() -> None:
    assert {name.partition("/")[0] for name in SAMPLES} == UNRECORDED


@pytest.mark.parametrize("files", ["appstore page1.json page1.xml", "reddit listing.json search.xml"])
def test_a_post_says_the_same_by_feed_as_by_the_api(files: str) -> None:
    kind, *names = files.split()
    url = (samples.FOLDER / kind / "address.txt").read_text().strip()
    batches = [read_saved(kind, (samples.FOLDER / kind / name).read_bytes(), url=url, now=NOW) for name in names]
    api, feed = ({one.native_id: one for one in batch.items if isinstance(one, Post)} for batch in batches)
    both = api.keys() & feed.keys()
    assert both
    for one, other in ((api[each], feed[each]) for each in both):
        assert (one.text, one.title, one.author) == (other.text, other.title, other.author)
        assert (one.url, one.kind, set(one.links)) == (other.url, other.kind, set(other.links))

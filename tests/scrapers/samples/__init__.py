"""Answers in the documented formats of each platform, with invented content."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scrapers.base import Batch
from scrapers.saved import read_saved

FOLDER = Path(__file__).parent
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)

ADDRESSES = {
    "appstore": "https://itunes.apple.com/us/rss/customerreviews/page=1/id=700000001/sortby=mostrecent/json",
    "feed": "https://news.example/feed.xml",
    "hackernews": "https://hn.algolia.com/api/v1/search_by_date?query=acme&hitsPerPage=100",
    "mastodon": "https://toots.example/api/v1/timelines/tag/acme",
    "reviews": "https://shop.example/acme",
}


def samples() -> list[tuple[str, str]]:
    """Every sample, as its kind and its file's name."""
    return [(path.parent.name, path.name) for path in sorted(FOLDER.glob("*/*")) if path.parent.name in ADDRESSES]


def body(kind: str, name: str) -> bytes:
    return (FOLDER / kind / name).read_bytes()


def read(kind: str, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Batch:
    return read_saved(kind, content, url=ADDRESSES[kind], status=status, headers=headers, now=NOW)

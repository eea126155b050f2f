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
    "devto": "https://dev.to/api/articles?tag=acme&per_page=100&page=1",
    "bluesky": "https://bsky.social/xrpc/app.bsky.feed.searchPosts?q=acme&sort=latest&limit=100",
    "discourse": "https://forum.example/posts.json",
    "facebook": "https://graph.facebook.com/v25.0/1000000000001/feed?limit=25",
    "feed": "https://news.example/feed.xml",
    "gdelt": "https://api.gdeltproject.org/api/v2/doc/doc?query=acme&mode=ArtList&format=json&maxrecords=250",
    "github": "https://api.github.com/repos/acme/notes/issues?per_page=100",
    "google_alerts": "https://www.google.com/alerts/feeds/1234567890/987654321",
    "google_news": "https://news.google.com/rss/search?q=acme&hl=en-US&gl=US&ceid=US:en",
    "hackernews": "https://hn.algolia.com/api/v1/search_by_date?query=acme&hitsPerPage=100",
    "instagram": "https://graph.facebook.com/v25.0/17840000000000001/tags?limit=50",
    "lemmy": "https://posts.example/api/v3/search?q=acme&sort=New&limit=50",
    "lobsters": "https://lobste.rs/newest.json",
    "mastodon": "https://toots.example/api/v1/timelines/tag/acme",
    "page": "https://example.com/reviews",
    "producthunt": "https://www.producthunt.com/feed",
    "reddit": "https://oauth.reddit.com/r/widgets/comments?limit=100",
    "reviews": "https://shop.example/acme",
    "stackexchange": "https://api.stackexchange.com/2.3/search/advanced?q=acme&site=stackoverflow&sort=creation&pagesize=100",
    "telegram": "https://t.me/s/acmenews",
    "threads": "https://graph.threads.net/v1.0/keyword_search?q=acme&search_type=RECENT&limit=50",
    "x": "https://api.x.com/2/tweets/search/recent?query=acme&max_results=100",
    "youtube": "https://www.googleapis.com/youtube/v3/commentThreads?part=snippet",
}


def samples() -> list[tuple[str, str]]:
    """Every sample, as its kind and its file's name."""
    return [(path.parent.name, path.name) for path in sorted(FOLDER.glob("*/*")) if path.parent.name in ADDRESSES]


def body(kind: str, name: str) -> bytes:
    return (FOLDER / kind / name).read_bytes()


def read(kind: str, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Batch:
    return read_saved(kind, content, url=ADDRESSES[kind], status=status, headers=headers, now=NOW)

"""YouTube in small: sources, and answers in the form of its API, for the tests of the kind."""

from __future__ import annotations

import json
from datetime import datetime

from insight.model import Post
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request
from scrapers.social.youtube import YouTube
from tests.scrapers.samples import NOW

CHANNEL = "UCacmeacmeacmeacmeacmeac"
VIDEO = "acmeVideo01"
SOURCE = YouTube(api_key="s3cret", channels=(CHANNEL,), videos=(VIDEO,), queries=("acme",))
FEEDS = YouTube(channels=(CHANNEL,))
COMMENTS = f"comments on {VIDEO}"


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def answer(request: Request, content: object, status: int = 200, source: YouTube = SOURCE) -> Batch:
    return read_page(source, Page(request, status, json.dumps(content).encode(), request.url, NOW))


def listing(kind: str, items: list[object], token: str | None = None) -> dict[str, object]:
    return {"kind": f"youtube#{kind}ListResponse", "items": items} | ({"nextPageToken": token} if token else {})


def thread(number: int, at: datetime, replies: int = 0) -> dict[str, object]:
    native_id, when = f"UgxThread{number:05}", at.strftime("%Y-%m-%dT%H:%M:%SZ")
    snippet = {"textOriginal": f"comment {number}", "publishedAt": when, "updatedAt": when, "videoId": VIDEO}
    top = {"kind": "youtube#comment", "id": native_id, "snippet": snippet}
    about = {"videoId": VIDEO, "topLevelComment": top, "totalReplyCount": replies}
    return {"kind": "youtube#commentThread", "id": native_id, "snippet": about}


def error(reason: str, message: str = "no") -> dict[str, object]:
    return {"error": {"code": 403, "message": message, "errors": [{"reason": reason, "message": message}]}}


def started(key: str, source: YouTube = SOURCE, high_water: str | None = None) -> Request:
    search = next(search for search in source.searches(()) if search.key == key)
    return source.start(search, high_water, NOW)

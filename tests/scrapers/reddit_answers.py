"""Reddit in small: sources, and answers in the form of its API and its feeds, for the tests of the kind."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from insight.model import Gap, Post
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search
from scrapers.social.reddit import Reddit
from tests.scrapers.samples import NOW

FEEDS = Reddit(subreddits=("widgets",), accept_terms=True)
API = Reddit(subreddits=("widgets",), client_id="acme-app", client_secret="s3cret", accept_terms=True)
POSTS = Search("r/widgets posts", "widgets")


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def gaps(batch: Batch) -> list[Gap]:
    return [item for item in batch.items if isinstance(item, Gap)]


def link(number: int, at: datetime, **changes: object) -> dict[str, object]:
    name = f"t3_{number:06}"
    found = {"name": name, "title": f"post {number}", "selftext": "", "created_utc": at.timestamp(), **changes}
    return {"kind": "t3", "data": found}


def listing(things: list[dict[str, object]], after: str | None = None) -> dict[str, object]:
    return {"kind": "Listing", "data": {"children": things, "after": after}}


def answer(request: Request, content: object, status: int = 200, source: Reddit = API, url: str = "") -> Batch:
    written = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_page(source, Page(request, status, written, url or request.url, NOW))


def feed(numbers: list[int], at: datetime) -> bytes:
    entry = (
        "<entry><id>t3_{0:06}</id><title>post {0}</title><published>{1}</published>"
        '<link href="https://www.reddit.com/r/widgets/comments/{0:06}/x/"/></entry>'
    )
    entries = (entry.format(n, (at - timedelta(minutes=n)).isoformat()) for n in numbers)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(entries)}</feed>".encode()

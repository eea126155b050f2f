"""News in small: feeds, Google Alerts, Google News, GDELT, Product Hunt, DEV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from tests.world.hidden_posts import Told
from tests.world.places.base import Place, iso, paged
from tests.world.web import Call, Reply

ATOM = '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'


def feed(_: Call, rows: Sequence[Told], base: str) -> Reply:
    return _rss(rows, f"{base}/feed.xml", lambda told: f"https://daily.example/{told.mark}")


def google_news(_: Call, rows: Sequence[Told], base: str) -> Reply:
    return _rss(rows, base, lambda told: f"https://news.google.com/rss/articles/{told.mark}?oc=5")


def _rss(rows: Sequence[Told], home: str, link: Any) -> Reply:
    """With an ETag, so that a reader who has it all is told so (304)."""
    items = "".join(
        f"<item><title>{told.title}</title><link>{link(told)}</link><guid isPermaLink='false'>{told.mark}</guid>"
        f"<pubDate>{format_datetime(told.at, usegmt=True)}</pubDate><description>{told.text}</description></item>"
        for told in rows
    )
    channel = f"<channel><title>News</title><link>{home}</link>{items}</channel>"
    body = f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'
    return Reply.text(body, kind="application/rss+xml", etag=f'"{sha256(body.encode()).hexdigest()[:12]}"')


def google_alerts(_: Call, rows: Sequence[Told], base: str) -> Reply:
    entries = "".join(
        f"<entry><id>tag:google.com,2013:googlealerts/feed:{told.number}</id><title type='html'>{told.title}</title>"
        f"<link href='https://www.google.com/url?rct=j&amp;url={quote(f'https://found.example/{told.mark}')}&amp;ct=ga'/>"
        f"<published>{iso(told.at)}</published><updated>{iso(told.at)}</updated>"
        f"<content type='html'>{told.text}</content><author><name></name></author></entry>"
        for told in rows
    )
    return Reply.text(f"{ATOM}<id>tag:alerts</id><title>Google Alert - acme</title>{entries}</feed>", kind="text/xml")


def gdelt(call: Call, rows: Sequence[Told], _: str) -> Reply:
    begin, end = (datetime.strptime(call.query[name], "%Y%m%d%H%M%S").replace(tzinfo=UTC) for name in _BOUNDS)
    articles = [
        {
            "url": f"https://seen.example/{told.mark}", "title": told.title, "seendate": f"{told.at:%Y%m%dT%H%M%SZ}",
            "domain": "seen.example", "language": "English", "sourcecountry": "United Kingdom", "socialimage": "",
        }
        for told in rows
        if begin <= told.at <= end
    ]  # fmt: skip
    return Reply.json({"articles": articles[: int(call.query["maxrecords"])]} if articles else {})


_BOUNDS = ("startdatetime", "enddatetime")


def producthunt(_: Call, rows: Sequence[Told], base: str) -> Reply:
    entries = "".join(
        f"<entry><id>tag:www.producthunt.com,2005:Post/{told.number}</id><title>{told.title}</title>"
        f"<published>{told.at.isoformat()}</published><updated>{told.at.isoformat()}</updated>"
        f'<link rel="alternate" type="text/html" href="https://www.producthunt.com/products/{told.mark}"/>'
        f"<content type='html'>&lt;p&gt;{told.text}&lt;/p&gt;</content>"
        f"<author><name>{told.author}</name></author></entry>"
        for told in rows
    )
    home = (
        f"<id>tag:www.producthunt.com,2005:/feed</id><link rel='self' href='{base}/feed'/><title>Product Hunt</title>"
    )
    return Reply.text(f"{ATOM}{home}{entries}</feed>", kind="application/atom+xml")


def devto(call: Call, rows: Sequence[Told], _: str) -> Reply:
    def article(told: Told) -> dict[str, Any]:
        return {
            "type_of": "article", "id": told.number, "title": told.title, "description": told.text, "comments_count": 0,
            "url": f"https://dev.to/{told.author}/{told.mark}", "published_at": iso(told.at), "edited_at": None,
            "tag_list": ["acme"], "user": {"name": told.author, "username": told.author}, "positive_reactions_count": 1,
        }  # fmt: skip

    if not call.path.endswith("/latest"):
        found = [told for told in rows if call.path.endswith(f"/articles/{told.number}")]
        return Reply.json(article(found[0])) if found else Reply.json({"error": "not found", "status": 404}, 404)
    page, _following = paged(call, rows, size=int(call.query["per_page"]))
    return Reply(200, json.dumps([article(told) for told in page]).encode(), {"content-type": "application/json"})


PLACES = (
    Place("devto", {"base_url": "{url}/api"}, devto),
    Place("feed", {"url": "{url}/feed.xml"}, feed, shows=20),
    Place("gdelt", {"base_url": "{url}"}, gdelt, accept_terms=True),
    Place("google_alerts", {"url": "{url}/alerts/feeds/12/34"}, google_alerts, shows=20),
    Place("google_news", {"base_url": "{url}"}, google_news, shows=100, accept_terms=True),
    Place("producthunt", {"base_url": "{url}/feed", "api_url": "{url}/graphql"}, producthunt, shows=50),
)

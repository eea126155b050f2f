"""Reviews and pages in small: the App Store's feed, a page that marks its reviews up, a page that only lists things."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from tests.world.hidden_posts import Told
from tests.world.places.base import Place, iso, paged
from tests.world.web import Call, Reply

NO_ROBOTS = Reply.text("", 404)
ON_A_PAGE = 50  # reviews of the App Store's feed


def appstore(call: Call, rows: Sequence[Told], base: str) -> Reply:
    def entry(told: Told) -> dict[str, Any]:
        said = {
            "id": str(told.number), "title": told.title, "content": told.text, "updated": told.at.isoformat(),
            "im:rating": "2", "im:voteSum": "0", "im:voteCount": "0",
        }  # fmt: skip
        author = {"name": {"label": told.author}}
        link = {"attributes": {"rel": "related", "href": f"{base}/us/review?id=7000000&type={told.mark}"}}
        return {**{key: {"label": value} for key, value in said.items()}, "author": author, "link": link}

    number = re.search(r"/page=(\d+)/", call.path)
    here, last = int(number[1]) if number else 1, max(1, -(-len(rows) // ON_A_PAGE))
    entries = [entry(told) for told in rows[(here - 1) * ON_A_PAGE : here * ON_A_PAGE]]
    href = f"{base}/us/rss/customerreviews/page={last}/id=7000000/sortby=mostrecent/json"
    link = [{"attributes": {"rel": "last", "href": href}}]
    return Reply.json({"feed": {"entry": entries[0] if len(entries) == 1 else entries, "link": link}})


def reviews(call: Call, rows: Sequence[Told], base: str) -> Reply:
    if call.path == "/robots.txt":
        return NO_ROBOTS
    found = [
        {
            "@type": "Review", "@id": f"{base}/product#{told.mark}", "name": told.title, "reviewBody": told.text,
            "author": {"@type": "Person", "name": told.author}, "datePublished": iso(told.at),
            "reviewRating": {"@type": "Rating", "ratingValue": 4, "bestRating": 5, "worstRating": 1},
        }
        for told in rows
    ]  # fmt: skip
    data = json.dumps({"@context": "https://schema.org", "@type": "Product", "name": "Acme", "review": found})
    return _page(f'<script type="application/ld+json">{data}</script><h1>Acme</h1>')


def page(call: Call, rows: Sequence[Told], base: str) -> Reply:
    if call.path == "/robots.txt":
        return NO_ROBOTS
    shown, following = paged(call, rows)
    items = "".join(
        f'<div class="item"><h2><a href="/thing/{told.mark}">{told.title}</a></h2><p class="body">{told.text}</p>'
        f'<i class="by">{told.author}</i><time datetime="{iso(told.at)}">then</time></div>'
        for told in shown
    )
    return _page(items + (f'<a class="next" href="{base}/list?page={following}">older</a>' if following else ""))


def _page(body: str) -> Reply:
    return Reply.text(f"<!doctype html><html><body>{body}</body></html>", kind="text/html; charset=utf-8")


PLACES = (
    Place("appstore", {"base_url": "{url}", "app": "7000000", "countries": ["us"]}, appstore),
    Place(
        "page",
        {
            "url": "{url}/list", "item": ".item", "heading": "h2", "text": ".body", "author": ".by", "date": "time",
            "link": "h2 a", "next": "a.next",
        },
        page,
        shows=12,
    ),
    Place("reviews", {"url": "{url}/product"}, reviews, shows=20),
)  # fmt: skip

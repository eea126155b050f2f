"""Reviews: the App Store's, and what pages say of themselves by schema.org as JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from insight.model import PostKind, Precision, Rating
from tests.scrapers.recordings.articles import ATOM, Item, items, moment
from tests.scrapers.recordings.judging import Said, numbers
from tests.scrapers.recordings.markup import Markup


# https://affiliate.itunes.apple.com: the customer reviews of an app, as JSON and as a feed
def appstore(raw: Any, url: str) -> Sequence[Said] | None:
    if isinstance(raw, str):
        return [_starred_entry(item) for item in items(raw)]
    return [_starred(one) for one in raw.get("feed", {}).get("entry", ())]


def _review(number: str, text: str, title: str, stars: str, author: str, votes: tuple[str, str], version: str) -> Said:
    return {
        "network": "appstore",
        "native_id": number,
        "kind": PostKind.REVIEW,
        "text": text,
        "title": title,
        "author": author,
        "country": "JP",  # of both recordings
        "rating": Rating(float(stars)),
        "engagement": numbers(helpful=votes[0], votes=votes[1]),
        "facts": {"version": version},
    }


def _starred(one: Any) -> Said:
    label = {name: value.get("label", "") for name, value in one.items() if isinstance(value, dict)}
    said = _review(
        label["id"],
        label["content"],
        label["title"],
        label["im:rating"],
        one["author"]["name"]["label"],
        (label["im:voteSum"], label["im:voteCount"]),
        label["im:version"],
    )
    return {**said, "url": one["link"]["attributes"]["href"], "published_at": None, "precision": Precision.UNKNOWN}


def _starred_entry(item: Item) -> Said:
    space = "{http://itunes.apple.com/rss}"
    plain = [each for each in item.all("content") if each.get("type") == "text"]
    names = [each.findtext(f"{ATOM}name") for each in item.all("author")]
    said = _review(
        item.text("id") or "",
        plain[0].text or "",
        item.text("title") or "",
        item.text(f"{space}rating") or "",
        names[0] or "",
        (item.text(f"{space}voteSum") or "", item.text(f"{space}voteCount") or ""),
        item.text(f"{space}version") or "",
    )
    link = item.all("link")
    return {**said, "url": link[0].get("href") if link else None, "published_at": moment(item.text("updated"))}


# https://schema.org/Review, as JSON-LD
def reviews(raw: Any, url: str) -> Sequence[Said] | None:
    if not isinstance(raw, str) or not re.search(r"ld\+json|itemprop=", raw):
        return None  # it says nothing of itself
    found: list[Any] = []
    for block in re.findall(r"<script[^>]*ld\+json[^>]*>(.*?)</script>", raw, re.DOTALL | re.IGNORECASE):
        with suppress(ValueError):
            found += _reviews_in(json.loads(block))
    said = {json.dumps(one, sort_keys=True): _schema_review(one, url) for one in found}
    return list(said.values())


def _reviews_in(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for one in node:
            yield from _reviews_in(one)
    elif isinstance(node, dict):
        if node.get("@type") == "Review":
            yield node
        for name, value in node.items():
            if name != "itemReviewed":
                yield from _reviews_in(value)


def _schema_review(one: Any, url: str) -> Said:
    rating = one.get("reviewRating") or one.get("ReviewRating") or {}
    best, worst = float(rating.get("bestRating") or 5), float(rating.get("worstRating") or 1)
    dated = one.get("datePublished")
    at, day = moment(dated), bool(dated) and len(dated) == len("2026-03-02")
    body = Markup(one.get("reviewBody") or one.get("description") or "")
    author = one.get("author")
    title, own = one.get("headline") or one.get("name"), one.get("@id", "")
    return {
        "network": "web",
        "native_id": None,
        "kind": PostKind.REVIEW,
        "text": body.text,
        "title": Markup(title).text if title else None,
        "url": one.get("url") or (own if own.startswith("http") else url) or None,
        "author": (author["name"] if isinstance(author, dict) else author) or None,
        "published_at": at,
        "precision": Precision.DAY if day else Precision.SECOND if at else Precision.UNKNOWN,
        "language": one.get("inLanguage"),
        "rating": Rating(float(rating["ratingValue"]), worst, best) if rating.get("ratingValue") else None,
    }

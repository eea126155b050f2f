"""An independent review site: a page for each product with its newest twenty reviews as schema.org JSON-LD."""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from listener.demo.phrases import names
from listener.demo.platforms.serving import HttpAnswer, PostTimeline
from listener.demo.posts import MarketPost

SITE = "https://softshelf.example"
SHOWN = 20


class ReviewSite:
    def __init__(self, posts: Iterable[MarketPost]) -> None:
        by_product: dict[str, list[MarketPost]] = defaultdict(list)
        for post in posts:
            by_product[post.place].append(post)
        self._products = {product: PostTimeline(reviews) for product, reviews in by_product.items()}

    def page(self, product: str, now: datetime) -> HttpAnswer:
        if product not in names():
            return HttpAnswer(404, {"content-type": "text/html; charset=utf-8"}, b"<h1>Not found</h1>")
        timeline = self._products.get(product, PostTimeline(()))
        reviews = list(timeline.newest_first(now))
        data = json.dumps(_product(product, reviews, now), ensure_ascii=False).replace("</", "<\\/")
        blocks = "\n".join(_block(post, now) for post in reviews[:SHOWN])
        name = html.escape(names()[product])
        body = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{name} reviews | Softshelf</title>
<link rel="canonical" href="{SITE}/{product}">
<script type="application/ld+json">{data}</script></head>
<body><p>Simulated market: nobody is real.</p><h1>{name}: {len(reviews)} reviews</h1>
{blocks}
</body></html>
"""
        return HttpAnswer(200, {"content-type": "text/html; charset=utf-8"}, body.encode())


def _product(product: str, reviews: list[MarketPost], now: datetime) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "SoftwareApplication",
        "name": names()[product],
        "url": f"{SITE}/{product}",
        "applicationCategory": "ProductivityApplication",
    }
    if reviews:
        stars = [post.stars(now) or 0 for post in reviews]
        average = f"{sum(stars) / len(stars):.1f}"
        rating = {"@type": "AggregateRating", "ratingValue": average, "reviewCount": len(stars), "bestRating": 5}
        data["aggregateRating"] = rating
    return data | {"review": [_review(post, now) for post in reviews[:SHOWN]]}


def _review(post: MarketPost, now: datetime) -> dict[str, Any]:
    """A review is dated to the day, as on most sites."""
    return {
        "@type": "Review",
        "@id": f"{SITE}/{post.place}#review-{post.id}",
        "url": f"{SITE}/{post.place}#review-{post.id}",
        "name": post.title,
        "reviewBody": post.says(now),
        "author": {"@type": "Person", "name": post.author.name},
        "datePublished": f"{post.at:%Y-%m-%d}",
        "inLanguage": post.language,
        "reviewRating": {"@type": "Rating", "ratingValue": post.stars(now), "bestRating": 5, "worstRating": 1},
    }


def _block(post: MarketPost, now: datetime) -> str:
    return (
        f'<article id="review-{post.id}"><h2>{html.escape(post.title)}</h2><p>{html.escape(post.says(now))}</p>'
        f"<footer>{html.escape(post.author.name)}, {post.at:%Y-%m-%d}, {post.stars(now)} of 5</footer></article>"
    )

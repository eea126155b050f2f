"""Pages in HTML: Telegram's previews and reviews as microdata, cut out of the raw page by their attributes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from urllib.parse import unquote

from insight.model import PostKind, Precision, Rating
from tests.scrapers.recordings.articles import moment
from tests.scrapers.recordings.judging import Said, time
from tests.scrapers.recordings.markup import Markup, web


# https://t.me/s/CHANNEL: nothing documents it but the pages themselves
def telegram(raw: Any, url: str) -> Sequence[Said] | None:
    if not isinstance(raw, str) or "data-post=" not in raw:
        return None
    blocks = re.split(r'(?=<div class="tgme_widget_message_wrap)', raw)
    subscribers = re.search(r'header_counter">([\d\s]+)([KM]?) subscribers', raw)
    audience = round(float(subscribers[1]) * _THOUSANDS[subscribers[2]]) if subscribers else None
    return [_message(block, audience) for block in blocks if "data-post=" in block]


_THOUSANDS = {"": 1, "K": 1_000, "M": 1_000_000}


def _found(pattern: str, block: str) -> str | None:
    found = re.search(pattern, block, re.DOTALL)
    return unescape(found[1]) if found else None


def _message(block: str, audience: int | None) -> Said:
    number = _found(r'data-post="([^"]+)"', block) or ""
    words = re.search(r'<div class="tgme_widget_message_text[^>]*>(.*?)</div>', block, re.DOTALL)
    body = Markup(words[1] if words else "", "https://t.me/")
    tags = re.findall(r'href="\?q=%23([^"]+)"', block)
    views = re.search(r'message_views">([\d.]+)([KM]?)<', block)
    reactions = re.findall(r'<span class="tgme_reaction">.*?(\d+(?:\.\d+)?)([KM]?)</span>', block, re.DOTALL)
    pictures = re.findall(r"(?:photo_wrap|video_thumb)[^>]*background-image:url\('([^']+)'\)", block)
    pictures += re.findall(r'<video[^>]* src="([^"]+)"', block)
    preview = _found(r'message_link_preview" href="([^"]+)"', block)
    made = _found(r'<time datetime="([^"]+)"', block)
    liked = round(sum(float(count) * _THOUSANDS[short] for count, short in reactions))
    seen = round(float(views[1]) * _THOUSANDS[views[2]]) if views else None
    forwarded = _found(r'forwarded_from_name" href="https://t.me/([^"/]+/\d+)"', block)
    reply = _found(r'<a class="tgme_widget_message_reply[^"]*" href="https://t.me/([^"]+/\d+)"', block)
    owner = _found(r"owner_name[^>]*>(.*?)</a>", block)
    return {
        "network": "telegram",
        "native_id": number,
        "text": body.text,
        "url": _found(r'message_date" href="([^"]+)"', block),
        "author": number.split("/")[0],
        "author_name": Markup(owner or "").text or None,
        "audience": audience,
        "published_at": time(made),
        "engagement": {**({} if seen is None else {"views": seen}), **({"reactions": liked} if liked else {})},
        "reply_to": reply,
        "repost_of": forwarded,
        "links": web([*(link for link in body.hrefs if "?q=" not in link), preview or ""]),
        "hashtags": tuple(dict.fromkeys(map(unquote, tags))),
        "media": web(pictures),
    }


# https://html.spec.whatwg.org/multipage/microdata.html
def microdata(raw: str, url: str) -> Sequence[Said]:
    found = []
    for block in raw.split('itemprop="review"')[1:]:
        prop = dict(re.findall(r'<meta itemprop="(\w+)" content="([^"]*)"', block[: block.find("</div></div>")]))
        text = re.search(r'itemprop="description"[^>]*>(.*?)</div>', block, re.DOTALL)
        dated = prop["datePublished"]
        found.append(
            {
                "network": "web",
                "native_id": None,
                "kind": PostKind.REVIEW,
                "text": Markup(text[1] if text else "").text,
                "url": url,
                "author": unescape(prop["author"]),
                "published_at": moment(dated),
                "precision": Precision.DAY,
                "rating": Rating(float(prop["ratingValue"]), float(prop["worstRating"]), float(prop["bestRating"])),
            }
        )
    return found

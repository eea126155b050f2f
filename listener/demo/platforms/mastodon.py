"""A Mastodon server: hashtag timelines with ids and Link headers, single statuses, and what it says of itself."""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from listener.demo.platforms.serving import HttpAnswer, PostTimeline, Query, Rendered, json_answer, number
from listener.demo.posts import MarketPost

HOST = "social.example"
TAG = re.compile(r"#(\w+)")
LINK = re.compile(r"https://(\S+)")


class Mastodon:
    def __init__(self, posts: Iterable[MarketPost], base: str) -> None:
        self._base = base
        self._by_id = {post.id: post for post in sorted(posts, key=_id)}
        self._replies = Counter(post.reply_to for post in self._by_id.values())
        by_tag: dict[str, list[MarketPost]] = defaultdict(list)
        for post in self._by_id.values():
            for tag in {tag.lower() for tag in (*post.tags, *TAG.findall(post.text))}:
                by_tag[tag].append(post)
        self._tags = {tag: PostTimeline(tagged) for tag, tagged in by_tag.items()}
        self._rendered = Rendered(self._fields)

    def timeline(self, tag: str, query: Query, now: datetime) -> HttpAnswer:
        """Statuses newest first: below `max_id`, above `since_id` (the newest) or above `min_id` (the next ones)."""
        timeline, limit = self._tags.get(tag.lower(), PostTimeline(())), number(query, "limit", 20, 40)
        above, least = number(query, "since_id", 0, 1 << 62), number(query, "min_id", 0, 1 << 62)
        begin = bisect_right(timeline.posts, max(above, least), key=_id)
        end = bisect_left(timeline.posts, number(query, "max_id", 1 << 62, 1 << 62), key=_id)
        statuses = timeline.newest_first(now, begin, end)
        page = [*statuses][-limit:] if least else list(islice(statuses, limit))
        body = "[" + ",".join(self._rendered.of(post, now) for post in page) + "]"
        reset = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0) + timedelta(minutes=5)
        headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "299", "x-ratelimit-reset": _time(reset)}
        # A next page is announced when this one is full, a previous one whenever there is anything.
        address = f"{self._base}/api/v1/timelines/tag/{tag}?limit={limit}"
        links = [f'<{address}&max_id={page[-1].id}>; rel="next"'] if page and len(page) == limit else []
        links += [f'<{address}&min_id={page[0].id}>; rel="prev"'] if page else []
        return json_answer(body, headers=({"link": ", ".join(links)} if links else {}) | headers)

    def status(self, status_id: str, now: datetime) -> HttpAnswer:
        post = self._by_id.get(status_id)
        if post is None or not post.exists(now):
            return json_answer({"error": "Record not found"}, status=404)
        return json_answer(self._rendered.of(post, now))

    def instance(self) -> HttpAnswer:
        public = {"local": "public", "remote": "public"}
        return json_answer(
            {
                "domain": HOST,
                "title": "A server of the simulated market",
                "version": "4.5.0",
                "description": "Simulated market: nobody is real.",
                "languages": ["en"],
                "configuration": {"timelines_access": {"live_feeds": public, "hashtag_feeds": public}},
                "registrations": {"enabled": False},
                "api_versions": {"mastodon": 7},
                "rules": [],
            }
        )

    # -- rendering ---------------------------------------------------------------------------------------------

    def _fields(self, post: MarketPost, now: datetime) -> dict[str, Any]:
        parent, home = self._by_id.get(post.reply_to), post.author.server or HOST
        text = post.says(now)
        return {
            "id": post.id,
            "created_at": _time(post.at),
            "in_reply_to_id": post.reply_to or None,
            "in_reply_to_account_id": str(parent.author.number) if parent else None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "language": post.language,
            "uri": f"https://{home}/users/{post.author.handle}/statuses/{post.id}",
            "url": f"https://{home}/@{post.author.handle}/{post.id}",
            "replies_count": self._replies[post.id],
            "reblogs_count": post.applause // 3,
            "favourites_count": post.applause,
            "quotes_count": 0,
            "edited_at": _time(post.edited_at) if post.edited_at and post.edited(now) else None,
            "content": content(text),
            "reblog": None,
            "account": _account(post),
            "media_attachments": [],
            "mentions": [],
            "tags": [{"name": tag.lower(), "url": f"https://{HOST}/tags/{tag.lower()}"} for tag in TAG.findall(text)],
            "emojis": [],
            "quote": None,
            "card": None,
            "poll": None,
        }


def content(text: str) -> str:
    """Text as Mastodon's HTML: tags and links as anchors, the middle of a link visible only."""
    marked = LINK.sub(
        lambda link: (
            f'<a href="{link[0]}" target="_blank" rel="nofollow noopener"><span class="invisible">https://</span>'
            f'<span class="ellipsis">{link[1][:30]}</span><span class="invisible">{link[1][30:]}</span></a>'
        ),
        html.escape(text, quote=False),
    )
    anchor = rf'<a href="https://{HOST}/tags/\1" class="mention hashtag" rel="tag">#<span>\1</span></a>'
    return f"<p>{TAG.sub(anchor, marked)}</p>".replace("\n", "<br />")


def _account(post: MarketPost) -> dict[str, Any]:
    who = post.author
    return {
        "id": str(who.number),
        "username": who.handle,
        "acct": f"{who.handle}@{who.server}" if who.server else who.handle,
        "display_name": who.name,
        "locked": False,
        "bot": False,
        "indexable": True,
        "group": False,
        "created_at": "2023-04-01T00:00:00.000Z",
        "note": "",
        "url": f"https://{who.server or HOST}/@{who.handle}",
        "uri": f"https://{who.server or HOST}/users/{who.handle}",
        "followers_count": 4000 // who.number + who.number * 37 % 190,
        "following_count": who.number * 17 % 230,
        "statuses_count": 9000 // who.number + 12,
        "noindex": False,
        "emojis": [],
        "fields": [],
    }


def _id(post: MarketPost) -> int:
    return int(post.id)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"

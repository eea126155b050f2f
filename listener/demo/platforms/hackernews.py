"""Hacker News as Algolia serves it: `/api/v1/search_by_date`, with its words, phrases, tags and windows of time."""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from listener.demo.platforms.serving import HttpAnswer, PostTimeline, Query, Rendered, json_answer, number
from listener.demo.posts import MarketPost

PATH = "/api/v1/search_by_date"
FURTHEST = 1000  # no page reaches beyond this many hits
FILTER = re.compile(r"^(\w+)\s*(<=|>=|<|>|=)\s*(\d+)$")


class SearchDocument(NamedTuple):
    """What Algolia looks into: words between single spaces, and tags."""

    text: str
    tags: tuple[str, ...]


class HackerNews:
    def __init__(self, posts: Iterable[MarketPost]) -> None:
        self._all = PostTimeline(posts)
        self._by_id = {post.id: post for post in self._all.posts}
        self._children = Counter(post.reply_to for post in self._all.posts)
        self._documents = {post.id: self._document(post) for post in self._all.posts}
        self._found: dict[tuple[str, str], PostTimeline] = {}
        self._rendered = Rendered(self._fields)

    def search(self, query: Query, now: datetime) -> HttpAnswer:
        """Hits newest first. An unknown filter is an error, as it is there."""
        per_page, page = number(query, "hitsPerPage", 20, 1000), number(query, "page", 0, 10**6)
        timeline = self._matches(query.get("query", ""), query.get("tags", ""))
        try:
            begin, end = self._time_window(timeline, query.get("numericFilters", ""))
        except ValueError as error:
            return json_answer({"message": str(error), "status": 400}, status=400)
        hits = list(timeline.newest_first(now, begin, end))
        reachable = min(len(hits), FURTHEST)
        chosen = islice(hits, min(page * per_page, reachable), min((page + 1) * per_page, reachable))
        frame = {
            "hitsPerPage": per_page,
            "nbHits": len(hits),
            "nbPages": -(-reachable // per_page) if per_page else 0,
            "page": page,
            "processingTimeMS": 1,
            "query": query.get("query", ""),
        }
        body = ",".join(self._rendered.of(post, now) for post in chosen)
        return json_answer(f'{{"exhaustiveNbHits":true,"hits":[{body}],' + json_answer(frame).body.decode()[1:])

    # -- finding -----------------------------------------------------------------------------------------------

    def _document(self, post: MarketPost) -> SearchDocument:
        story = self._by_id.get(post.thread, post)
        text = " ".join(words(f"{post.title} {post.text} {post.link} {story.title}"))
        return SearchDocument(f" {text} ", (post.place, f"author_{post.author.handle}", f"story_{story.id}"))

    def _matches(self, query: str, tags: str) -> PostTimeline:
        if (query, tags) not in self._found:
            texts = _required_texts(query)
            groups = [  # of several tags in parentheses one is enough
                {tag.strip() for tag in group.strip("()").split(",")}
                for group in re.findall(r"\([^)]*\)|[^,()]+", tags)
            ]
            documents = ((post, self._documents[post.id]) for post in self._all.posts)
            self._found[query, tags] = PostTimeline(
                post
                for post, document in documents
                if all(text in document.text for text in texts)
                and not any(group.isdisjoint(document.tags) for group in groups)
            )
        return self._found[query, tags]

    @staticmethod
    def _time_window(timeline: PostTimeline, filters: str) -> tuple[int, int]:
        """The part of the timeline that the filters on the time leave."""
        begin, end = 0, len(timeline.posts)
        for condition in filter(None, filters.split(",")):
            parsed = FILTER.match(condition.strip())
            if not parsed or parsed[1] != "created_at_i":
                raise ValueError(f"invalid filter: {condition}")
            sign, second = parsed[2], int(parsed[3])
            low = bisect_left(timeline.posts, second, key=_second)
            high = bisect_right(timeline.posts, second, key=_second)
            if sign in (">", ">=", "="):
                begin = max(begin, high if sign == ">" else low)
            if sign in ("<", "<=", "="):
                end = min(end, low if sign == "<" else high)
        return begin, end

    # -- rendering ---------------------------------------------------------------------------------------------

    def _fields(self, post: MarketPost, _now: datetime) -> dict[str, Any]:
        """The shape of 2026: a key that does not apply is absent."""
        story = self._by_id.get(post.thread, post)
        common = {
            "_tags": self._documents[post.id].tags,
            "author": post.author.handle,
            "created_at": f"{post.at:%Y-%m-%dT%H:%M:%SZ}",
            "created_at_i": _second(post),
            "objectID": post.id,
            "story_id": int(story.id),
            "updated_at": f"{post.at:%Y-%m-%dT%H:%M:%SZ}",
        }
        if post.place == "comment":
            return common | {
                "comment_text": markup(post.text),
                "parent_id": int(post.reply_to),
                "story_title": story.title,
            }
        fields = common | {"title": post.title, "points": 1 + post.applause, "num_comments": self._children[post.id]}
        return (
            fields
            | ({"url": post.link} if post.link else {})
            | ({"story_text": markup(post.text)} if post.text else {})
        )


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def markup(text: str) -> str:
    """Text as Hacker News stores it: escaped, slashes too, paragraphs without an end."""
    return html.escape(text).replace("/", "&#x2F;").replace("\n", "<p>")


def _second(post: MarketPost) -> int:
    return int(post.at.timestamp())


def _required_texts(query: str) -> list[str]:
    """What must occur: every word, a quoted phrase in its order; the last word may be the beginning of one."""
    terms = re.findall(r'"[^"]*"|[^\s"]+', query)
    prefix = terms[-1] if terms and not terms[-1].startswith('"') else ""
    wanted = [(" ".join(words(term)), term is prefix) for term in terms]
    return [f" {text}" if beginning else f" {text} " for text, beginning in wanted if text]

"""Posts in order, found by time: what every platform of the simulated market serves from, and how it answers."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from listener.demo.posts import MarketPost

JSON = "application/json; charset=utf-8"


class HttpAnswer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


Query = Mapping[str, str]


class PostTimeline:
    """Posts of one place, oldest first."""

    def __init__(self, posts: Iterable[MarketPost]) -> None:
        self.posts = tuple(posts)
        self._times = [post.at for post in self.posts]

    def published(self, now: datetime) -> int:
        """How many have been published by then."""
        return bisect_right(self._times, now)

    def newest_first(self, now: datetime, begin: int = 0, end: int | None = None) -> Iterator[MarketPost]:
        """Those that exist then, from the newest on; `begin` and `end` cut the timeline first."""
        last = self.published(now) if end is None else min(end, self.published(now))
        for index in range(last - 1, begin - 1, -1):
            if self.posts[index].exists(now):
                yield self.posts[index]


class Rendered:
    """Keeps what a post looks like on the wire, before and after its edit."""

    def __init__(self, render: Callable[[MarketPost, datetime], Any]) -> None:
        """`render` makes a text, or a value that is kept as JSON."""
        self._render = render
        self._kept: dict[tuple[str, bool], str] = {}

    def of(self, post: MarketPost, now: datetime) -> str:
        key = post.id, post.edited(now)
        if key not in self._kept:
            made = self._render(post, now)
            text = made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, separators=(",", ":"))
            self._kept[key] = text
        return self._kept[key]


def number(query: Query, name: str, default: int, most: int) -> int:
    """A whole number among the parameters, within what the platform allows."""
    value = query.get(name, "")
    return min(int(value), most) if value.isdigit() else default


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """An answer of JSON, from a value or from text that is JSON already."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return HttpAnswer(status, {"content-type": JSON, **(headers or {})}, text.encode())

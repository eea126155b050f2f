"""What a query finds in a post, as a reader sees it."""

from __future__ import annotations

from insight.model import Post
from insight.query import Match, Matcher, parse


def post(text: str, **more: object) -> Post:
    return Post("net", "1", text, **more)  # type: ignore[arg-type]


def matched(query: str, about: Post) -> Match | None:
    return Matcher(parse(query)).match(about)


def found(query: str, about: Post) -> list[str] | None:
    """What matched, as it is written in the post; None if nothing did."""
    match = matched(query, about)
    return None if match is None else [getattr(about, span.field)[span.start : span.end] for span in match.spans]

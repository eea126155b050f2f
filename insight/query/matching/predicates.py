"""What fields ask of a post: one predicate a field. What is not known of a post fulfils none of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from insight.query.fields import FACTS, FIELDS
from insight.query.matching.document import Document
from insight.query.text.folding import fold
from insight.query.text.words import Row

Predicate = Callable[[Document], bool]

_REPOST = re.compile(r"RT @\w")


def compile_predicate(name: str, value: str) -> Predicate:
    """The question that `name:value` asks. `value` is canonical, as the parser gives it."""
    return _PREDICATES[name](value)


def number_of(name: str, document: Document) -> float | None:
    """The number that a range is about; None: it is not known of this post."""
    post = document.post
    match name:
        case "rating":
            if post.rating is None or post.rating.best == post.rating.worst:  # such a scale says nothing
                return None
            return 1 + 4 * post.rating.share  # in stars
        case "followers":
            return post.audience
        case "engagement":
            return sum(post.engagement.values()) if post.engagement else None
        case _:
            known = post.facts.get(name)
            return known if isinstance(known, float | int) else None


def _source(value: str) -> Predicate:
    wanted = value.casefold()

    def asks(document: Document) -> bool:
        source = document.facts.source.casefold()
        return wanted in (source, source.partition(":")[0], document.post.network.casefold())

    return asks


def _theme(value: str) -> Predicate:
    words = Row.of(fold(value))

    def asks(document: Document) -> bool:
        themes = document.facts.themes
        return value in themes or any(words.pieces and any(words.find(fold(theme))) for theme in themes)

    return asks


def _is(value: str) -> Predicate:
    match value:
        case "reply":
            return lambda document: document.post.reply_to is not None
        case "repost":
            return lambda document: document.post.repost_of is not None or _REPOST.match(document.post.text) is not None
        case _:  # owned
            return lambda document: (
                document.handle in document.facts.owned or not document.sites.isdisjoint(document.facts.owned)
            )


def _has(value: str) -> Predicate:
    match value:
        case "link":
            return lambda document: document.has_link
        case "media":
            return lambda document: bool(document.post.media)
        case _:  # rating
            return lambda document: document.post.rating is not None


def _after(value: str) -> Predicate:
    bound = moment(value)
    return lambda document: document.post.published_at is not None and document.post.published_at >= bound


def _before(value: str) -> Predicate:
    bound = moment(value)
    return lambda document: document.post.published_at is not None and document.post.published_at < bound


def _attribute(name: str, value: str) -> Predicate:
    return lambda document: (getattr(document.post, name) or "").lower() == value


def _fact(name: str, value: str) -> Predicate:
    compared = str.lower if value.isascii() else fold  # what databases do with ASCII, so that they can be asked
    wanted = compared(value)

    def asks(document: Document) -> bool:
        known = document.post.facts.get(name)
        return isinstance(known, str) and known.isascii() == value.isascii() and compared(known) == wanted

    return asks


def moment(value: str) -> datetime:
    """The canonical value of `after:` and `before:` as a time in UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


_PREDICATES: dict[str, Callable[[str], Predicate]] = {
    "site": lambda value: lambda document: value in document.sites,
    "mention": lambda value: lambda document: f"@{value}" in document.named,
    "lang": lambda value: lambda document: document.language == value or document.language.startswith(f"{value}-"),
    "source": _source,
    "sentiment": lambda value: lambda document: document.facts.label == value,
    "theme": _theme,
    "watch": lambda value: lambda document: document.facts.watch == value,
    "is": _is,
    "has": _has,
    "after": _after,
    "before": _before,
    **{name: partial(_attribute, spec.of) for name, spec in FIELDS.items() if spec.of},
    **{name: partial(_fact, name) for name in FACTS},
}

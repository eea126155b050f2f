"""What columns say of the fields of a query: conditions that every post fulfils for which the query holds.

Not the other way round: what no column decides for certain is left out, because what is found is matched again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, floor, isfinite
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_

from insight.query.fields import FACTS, FIELDS
from insight.query.matching.predicates import moment
from insight.query.tree import And, Between, Field, Or, Query
from storage.rows import tables
from storage.rows.columns import LARGEST, is_clean

Condition = ColumnElement[bool]
MOST = 100
"""Comparisons in one statement. SQLite limits how deep an expression may go (1,000, and each AND or OR goes one deeper:
https://sqlite.org/limits.html#max_expr_depth), and longer lists select little."""

_posts, _mentions = tables.posts.c, tables.mentions.c


def condition(query: Query) -> Condition | None:
    """None: the columns say nothing of this query."""
    found, comparisons = _condition_and_size(query)
    return found if comparisons <= MOST else None


def _condition_and_size(query: Query) -> tuple[Condition | None, int]:
    """With the number of comparisons in it."""
    match query:
        case And(parts):
            known = [(one, count) for one, count in map(_condition_and_size, parts) if one is not None]
            return and_(*(one for one, _ in known)) if known else None, sum(count for _, count in known)
        case Or(parts):
            sides = list(map(_condition_and_size, parts))
            known_sides = [one for one, _ in sides if one is not None]
            every = len(known_sides) == len(sides)
            return or_(*known_sides) if every else None, sum(count for _, count in sides) if every else 0
        case Field(name, value) if name in _FIELDS and value.isascii() and is_clean(value):
            return _FIELDS[name](value), 1
        case Between(name, low, high):
            return _numbers(name, low, high), 1
        case _:
            return None, 0


def _numbers(name: str, low: float | None, high: float | None) -> Condition:
    """A bound that is not in the range is let in: the exact check leaves it out."""
    if name in FACTS:
        return _has_fact(name)
    if name != "followers":
        return (_posts.rating if name == "rating" else _posts.engagement).is_not(None)
    bounds: list[Condition] = [_posts.audience.is_not(None)]
    if low is not None and isfinite(low):
        bounds.append(_posts.audience >= max(-LARGEST, min(LARGEST, floor(low))))
    if high is not None and isfinite(high):
        bounds.append(_posts.audience <= max(-LARGEST, min(LARGEST, ceil(high))))
    return and_(*bounds)


def _language(value: str) -> Condition:
    """The region stands with the post, as its platform writes it: the exact check reads that."""
    code = value.partition("-")[0]
    language: Any = func.lower(_mentions.language)
    return or_(language == code, language.startswith(f"{code}-", autoescape=True))


def _source(value: str) -> Condition:
    value, source = value.casefold(), func.lower(_posts.source)
    kind: Any = source.startswith(f"{value}:", autoescape=True)
    return or_(source == value, kind, func.lower(_posts.network) == value)


def _is(value: str) -> Condition | None:
    match value:
        case "reply":
            return _posts.reply_to.is_not(None)
        case "repost":
            return or_(_posts.repost_of.is_not(None), _posts.text.startswith("RT @"))
        case _:
            return None


def _has(value: str) -> Condition | None:
    column = {"media": _posts.media, "rating": _posts.rating}.get(value)
    return None if column is None else column.is_not(None)


def _attribute(name: str, value: str) -> Condition:
    return func.lower(_posts[name]) == value


def _has_fact(name: str) -> Condition:
    """Said in two ways: by the first, an index of the posts with facts can be used."""
    return and_(_posts.facts.is_not(None), _posts.facts[name].as_string().is_not(None))


def _fact(name: str, value: str) -> Condition:
    return and_(_has_fact(name), func.lower(_posts.facts[name].as_string()) == value.lower())


_FIELDS: dict[str, Callable[[str], Condition | None]] = {
    "site": lambda _: _posts.url.is_not(None),
    "lang": _language,
    "source": _source,
    "sentiment": lambda value: _mentions.label == value,
    "theme": lambda _: _mentions.complaint.is_(True),
    "watch": lambda value: _mentions.watch == value,
    "is": _is,
    "has": _has,
    "after": lambda value: _posts.published_at >= moment(value),
    "before": lambda value: _posts.published_at < moment(value),
    **{name: partial(_attribute, asked.of) for name, asked in FIELDS.items() if asked.of},
    **{name: partial(_fact, name) for name in FACTS},
}

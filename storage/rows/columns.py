"""Column types that mean the same on SQLite and Postgres, and what text both can hold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from insight.model.clean import clean

LARGEST = 2**63 - 1  # what a 64-bit column holds
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_decode: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined] # json.loads, without its checks of the input
# jsonb refuses the first: https://www.postgresql.org/docs/current/datatype-json.html
_UNSTORABLE_JSON = re.compile(r"\\u0000|[\ud800-\udfff]")


class UtcTime(TypeDecorator[datetime]):
    """An aware time in, an aware UTC time out; a naive one is refused. SQLite keeps it as text that sorts by time."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _as_sqlite if dialect.name == "sqlite" else _in_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return _from_sqlite if dialect.name == "sqlite" else _in_utc


def _in_utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone: the store takes aware times only")
    return value.astimezone(UTC)


def _as_sqlite(value: datetime | None) -> str | None:
    time = _in_utc(value)
    return None if time is None else time.isoformat(" ", "microseconds")[:26]


def _from_sqlite(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text from outside: what a database cannot hold is taken out on the way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return clean(value) if value else value


def is_clean(text: str) -> bool:
    return clean(text) == text


def dumps(value: Any) -> str:
    """JSON that both databases can hold: no NUL, no half surrogate pair, no infinity or NaN."""
    try:
        text = _encode(value)
    except ValueError:
        return _encode(cleaned(value))
    return _encode(cleaned(value)) if _UNSTORABLE_JSON.search(text) else text


def loads(text: str) -> Any:
    """JSON as SQLite gives it back: without white space around it, because `dumps` wrote it."""
    return _decode(text, 0)[0]


def cleaned(value: Any) -> Any:
    """A JSON value with every text cleaned and every number finite (null where it was not)."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item) for item in value]
    return value


# none_as_null: an empty column and not the JSON value null, so that IS NULL finds it
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# only INTEGER is SQLite's own row number: https://sqlite.org/rowidtable.html
BigId = BigInteger().with_variant(Integer, "sqlite")

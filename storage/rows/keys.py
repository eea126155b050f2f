"""Keys of posts as they are stored, and queries for the rows of many posts at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, select
from sqlalchemy import bindparam as bind

from insight.model import PostKey
from insight.model.clean import clean
from storage.rows import tables

T = TypeVar("T")
CHUNK = 1000
"""Keys in one SELECT … IN; SQLite binds at most 32,766 values (https://sqlite.org/limits.html#max_variable_number)."""
LONGEST_KEY = 600
"""Characters of a native id. Postgres refuses index entries beyond a third of a page, about 2,700 bytes:
https://www.postgresql.org/docs/current/btree.html"""

key_order = attrgetter("network", "native_id")


def storable_key(key: PostKey) -> PostKey:
    """The key as it is stored: clean, and an overlong one (a feed's guid may be any text) shortened to a digest."""
    network, native_id = clean(key.network), clean(key.native_id)
    if len(native_id) > LONGEST_KEY:
        native_id = f"{native_id[:200]}…{digest(native_id)}"
    return key if (network, native_id) == (key.network, key.native_id) else PostKey(network, native_id)


def digest(*parts: object) -> str:
    """A short name for content: the same parts give the same name."""
    return hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=20).hexdigest()


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def has_key(table: Table = tables.posts) -> ColumnElement[bool]:
    """The condition that a statement for `rows_by_key` holds."""
    return and_(table.c.network == bind("network"), table.c.native_id.in_(bind("native_ids", expanding=True)))


def rows_by_key(
    connection: Connection, statement: Select[Any], keys: Iterable[PostKey], **values: Any
) -> Iterator[Any]:
    """The rows of a statement with `has_key` for these keys (as they are stored), CHUNK keys of one network at a time.

    `(network, native_id) IN (…)` would need no loop by network, but SQLite takes a subquery there, and no list:
    https://sqlite.org/rowvalue.html
    """
    for network, group in groupby(sorted(keys, key=key_order), key=lambda key: key.network):
        for part in chunks([key.native_id for key in group]):
            yield from connection.execute(statement, {"network": network, "native_ids": part, **values})


_NUMBERS = select(tables.posts.c.network, tables.posts.c.native_id, tables.posts.c.id).where(has_key())


def numbers_of(connection: Connection, keys: Iterable[PostKey]) -> dict[PostKey, int]:
    """The row numbers of those of these posts that are stored."""
    stored = {key: storable_key(key) for key in keys}
    rows = rows_by_key(connection, _NUMBERS, set(stored.values()))
    numbers = {PostKey(network, native_id): number for network, native_id, number in rows}
    return {key: numbers[name] for key, name in stored.items() if name in numbers}


def keys_below(connection: Connection, network: str, beginning: str) -> list[PostKey]:
    """The stored posts of a network whose native ids begin so.

    SQLite finds them by their index. In Postgres all of the network's keys are looked at: no index in the order of a
    language knows beginnings (https://www.postgresql.org/docs/current/indexes-opclass.html).
    """
    posts = tables.posts.c
    begins_so = func.substr(posts.native_id, 1, len(beginning)) == beginning
    if connection.dialect.name == "sqlite":
        begins_so = and_(begins_so, posts.native_id >= beginning, posts.native_id <= f"{beginning}\U0010ffff")
    found = connection.execute(select(posts.native_id).where(posts.network == network, begins_so))
    return [PostKey(network, native_id) for (native_id,) in found]

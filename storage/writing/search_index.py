"""The search index: what each post can be looked up by, kept in the transaction that changes the post.

Each key of `index_keys` is one token, written so that no database's own idea of words can have a say: letters a-z,
digits and everything beyond ASCII stand as they are, any other character as `_` and two hexadecimal digits. That is
done letter by letter, so what begins alike still does. SQLite holds the tokens in FTS5 (with its content: without, a
row cannot be taken out before SQLite 3.43, https://sqlite.org/fts5.html), Postgres in a tsvector.

Posts up to a mark may be missing: those of an earlier version until they have been indexed. A search looks at them all.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from insight.model import Post
from insight.query.matching.keys import index_keys
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.convert import read_post
from storage.rows.keys import digest
from storage.state import put_states, read_state

LONGEST_KEY = 100
"""Characters of a key; of a longer one only its beginning is kept, and looked up."""
MOST_WORDS = 250_000
"""Characters of a post's tokens together, of up to four bytes each; a tsvector holds a megabyte:
https://www.postgresql.org/docs/current/textsearch-limitations.html"""
EVERYTHING = "_"
"""The token, made of no key, of a post with more than that: whatever is looked up, it is looked at."""
STATE = "search"

_PROBE = Post(
    "net", "1", "Don't 3.5 c++ AT&T #Acme_1 @a@b.example cà PHÊ đ Straße ﬁ 小米手机 ดีมาก 삼성은 👩‍💻 👍🏽 a-b ½ ™"
    " ışık ايرانـسل ke\u200btt\u034fle क्\u200dष",
    title="It's", author="@Acme@b.example", author_name="Acme", url="https://acme.example", hashtags=("Cà",),
)  # fmt: skip
VERSION = digest(1, LONGEST_KEY, MOST_WORDS, unicodedata.unidata_version, *sorted(index_keys(_PROBE)))[:12]
"""Other keys, other version: then all is indexed again. Raise the 1 for a change that the probe does not show."""

_LETTERS = frozenset(f"{string.ascii_lowercase}{string.digits}".encode())
_TOKENS = {code: f"_{code:02x}" for code in range(128) if code not in _LETTERS}
_TOKENS |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # half pairs, as `insight.model.clean` stores them

_PUT = {
    "sqlite": "INSERT OR REPLACE INTO search (rowid, words) VALUES (?, ?)",
    "postgresql": "INSERT INTO search (post, words) "
    "SELECT one.post, array_to_tsvector(string_to_array(one.words, ' ')) "
    "FROM unnest(%(posts)s::bigint[], %(words)s::text[]) AS one (post, words) "
    "ON CONFLICT (post) DO UPDATE SET words = excluded.words",
}
_REMOVE = {
    "sqlite": "DELETE FROM search WHERE rowid = ?",
    "postgresql": "DELETE FROM search WHERE post = ANY(%(posts)s::bigint[])",
}


def token(key: str) -> str:
    """A key as it stands in the index: only a-z, 0-9, `_` and what is not ASCII."""
    return key[:LONGEST_KEY].translate(_TOKENS)


def tokens(post: Post) -> str:
    """Everything a post can be looked up by, with blanks between."""
    found = " ".join({token(key) for key in index_keys(post)})
    return found if len(found) <= MOST_WORDS else EVERYTHING


def put_words(connection: Connection, posts: Sequence[tuple[int, Post]]) -> None:
    """Index these posts, by row number, in place of what was known of them."""
    rows = [(number, tokens(post)) for number, post in posts]
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_PUT["sqlite"], rows)
    else:
        values = {"posts": [number for number, _ in rows], "words": [words for _, words in rows]}
        connection.exec_driver_sql(_PUT["postgresql"], values)


def remove_words(connection: Connection, posts: Iterable[int]) -> None:
    """Emptied posts leave the index."""
    numbers = list(posts)
    if not numbers:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_REMOVE["sqlite"], [(number,) for number in numbers])
    else:
        connection.exec_driver_sql(_REMOVE["postgresql"], {"posts": numbers})


def unindexed_up_to(connection: Connection) -> int | None:
    """The row number up to which posts may be missing in the index (0: none is); None: it cannot be used at all."""
    value = read_state(connection, STATE) or {}
    return int(value["left"]) if value.get("version") == VERSION else None


def begin_indexing(connection: Connection, at: datetime) -> int:
    """Before anything is written: if the index is another version's, all there is now has to be indexed again.

    Gives the mark. Several writers may find that at the same time: what each of them writes it indexes itself, and the
    mark of any of them lies beyond all that was there before.
    """
    mark = unindexed_up_to(connection)
    if mark is not None:
        return mark
    last: int = connection.execute(select(func.max(tables.posts.c.id))).scalar() or 0
    _put_mark(connection, last, at)
    return last


def index_older(database: Database, now: datetime, batch: int) -> int:
    """Index the newest posts that are not, in one transaction; gives the mark that is left, 0 when all is done."""
    with database.read() as connection:
        if unindexed_up_to(connection) == 0:
            return 0
    table = tables.posts
    with database.write() as connection:  # alone: else an edit might be indexed, and then what was read before it
        mark = begin_indexing(connection, now)
        left = max(0, mark - batch)
        rows = connection.execute(select(table).where(table.c.id > left, table.c.id <= mark)).all()
        put_words(connection, [(row.id, read_post(row)) for row in rows if not (row.deleted_at or row.expired_at)])
        remove_words(connection, [row.id for row in rows if row.deleted_at or row.expired_at])
        _put_mark(connection, left, now)
    return left


def _put_mark(connection: Connection, mark: int, at: datetime) -> None:
    put_states(connection, {STATE: {"version": VERSION, "left": mark}}, at)

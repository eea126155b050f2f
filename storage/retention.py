"""What is let go once it has been kept long enough: a few rows a turn, so that other writers wait a moment only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, select, text, tuple_, update

from insight.model import MentionState
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import read_post
from storage.rows.tables import HIDDEN, POST
from storage.searching.reading import WITH_TEXT
from storage.writing.changes import POST_COLUMNS
from storage.writing.merge import empty_post
from storage.writing.search_index import begin_indexing, remove_words

TURN = 500  # rows; some milliseconds
Condition = Callable[[], ColumnElement[bool]]
_STILL_OPEN = text("alerts.state <> 'resolved'")  # written out: the index of open alerts serves it


def _has_ended() -> ColumnElement[bool]:
    """A delivery that nothing asks for any more: a digest's `once` is kept, and what an open alert has said, too.

    An alert's `once` is its own id, which nobody asks for again.
    """
    table, alerts = tables.deliveries, tables.alerts
    still_open = select(alerts.c.id).where(_STILL_OPEN, alerts.c.id == table.c.conversation)
    repeatable = table.c.once.is_(None) | (table.c.once == table.c.id)
    return table.c.next_at.is_(None) & repeatable & ~still_open.exists()


def _has_no_open_alert() -> ColumnElement[bool]:
    alerts = tables.alerts
    return ~select(alerts.c.id).where(_STILL_OPEN, alerts.c.key == tables.signals.c.key).exists()


def _is_not_the_latest() -> ColumnElement[bool]:
    """What a page said last is what its next visit is compared with."""
    table, later = tables.snapshots, tables.snapshots.alias("later")
    return select(later.c.id).where(later.c.page == table.c.page, later.c.at > table.c.at).exists()


# By name: the table, the column that says when, and what of it may go (None: all). With a signal go its decisions.
_RECORDS: dict[str, tuple[Table, str, Condition | None]] = {
    "deliveries": (tables.deliveries, "created_at", _has_ended),
    "signals": (tables.signals, "at", _has_no_open_alert),
    "alerts": (tables.alerts, "updated_at", lambda: tables.alerts.c.state == "resolved"),
    "visits": (tables.visits, "hour", None),
    "gaps": (tables.gaps, "until", None),
    "rejected": (tables.rejected, "last_at", None),
    "revisions": (tables.revisions, "replaced_at", None),
    "snapshots": (tables.snapshots, "at", _is_not_the_latest),
    "tombstones": (tables.tombstones, "deleted_at", None),
}
RECORDS = tuple(_RECORDS)


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    def forget(self, record: str, before: datetime) -> int:
        """Remove some of what is no longer needed (RECORDS) from before then; gives how many it were, 0 at the end."""
        table, when, condition = _RECORDS[record]
        keys = list(table.primary_key.columns)
        # the oldest TURN rows by a subquery: neither SQLite as it is mostly built nor Postgres knows DELETE … LIMIT
        # (https://sqlite.org/compile.html#enable_update_delete_limit)
        due = select(*keys).where(table.c[when] < before).order_by(table.c[when]).limit(TURN)
        due = due if condition is None else due.where(condition())
        with self._database.write() as connection:
            return connection.execute(delete(table).where(tuple_(*keys).in_(due))).rowcount

    def expired_posts(self, network: str, before: datetime) -> list[int]:
        """The posts of a network that were collected before then and still say something, for `empty_posts`."""
        return self._posts(tables.posts.c.network == network, tables.posts.c.collected_at < before)

    def hidden_posts(self, before: datetime) -> list[int]:
        """Those collected before then that concern nobody: exclusions hide every mention, and could be undone."""
        posts, mentions = tables.posts, tables.mentions
        hidden = select(mentions.c.post).where(text(f"mentions.{HIDDEN}"))  # written out: its index serves
        kept = select(mentions.c.post).where(mentions.c.post == posts.c.id, mentions.c.state == MentionState.KEPT.value)
        return self._posts(posts.c.id.in_(hidden), ~kept.exists(), posts.c.collected_at < before)

    def empty_posts(self, numbers: Sequence[int], now: datetime) -> int:
        """Take what these posts say, and who said it; mentions and counts stay. Gives how many posts were emptied.

        With the words go earlier revisions, and what mentions quote. One transaction: name a few hundred at a time.
        """
        posts, mentions, revisions = tables.posts, tables.mentions, tables.revisions
        with self._database.write() as connection:
            rows = connection.execute(select(posts).where(posts.c.id.in_(numbers), *WITH_TEXT)).all()
            if not rows:
                return 0
            begin_indexing(connection, now)
            ids = [row.id for row in rows]
            emptied = [{**row._mapping, **POST.write(empty_post(read_post(row))), "expired_at": now} for row in rows]
            put(connection, posts, emptied, replace=POST_COLUMNS)
            remove_words(connection, ids)
            connection.execute(delete(revisions).where(revisions.c.post.in_(ids)))
            connection.execute(update(mentions).where(mentions.c.post.in_(ids)).values(evidence=None, spans=None))
        return len(rows)

    def _posts(self, *conditions: ColumnElement[bool]) -> list[int]:
        with self._database.read() as connection:
            return list(connection.execute(select(tables.posts.c.id).where(*conditions, *WITH_TEXT)).scalars())

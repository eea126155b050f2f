"""What is let go once it has been kept long enough: a few rows a turn, so that other writers wait a moment only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, select, text, tuple_

from storage.databases.database import Database
from storage.rows import tables

TURN = 500  # rows; some milliseconds
Condition = Callable[[], ColumnElement[bool]]


def _ended() -> ColumnElement[bool]:
    """A delivery that nothing asks for any more: a digest's `once` is kept, and what an open alert has said, too.

    An alert's `once` is its own id, which nobody asks for again.
    """
    table, alerts = tables.deliveries, tables.alerts
    still_open = select(alerts.c.id).where(text("alerts.state <> 'resolved'"), alerts.c.id == table.c.conversation)
    repeatable = table.c.once.is_(None) | (table.c.once == table.c.id)
    return table.c.next_at.is_(None) & repeatable & ~still_open.exists()


def _of_no_open_alert() -> ColumnElement[bool]:
    signals, alerts = tables.signals, tables.alerts
    still_open = select(alerts.c.id).where(text("alerts.state <> 'resolved'"), alerts.c.key == signals.c.key)
    return ~still_open.exists()


def _not_the_latest() -> ColumnElement[bool]:
    """What a page said last is what its next visit is compared with."""
    table, later = tables.snapshots, tables.snapshots.alias("later")
    return select(later.c.id).where(later.c.page == table.c.page, later.c.at > table.c.at).exists()


# By name: the table, the column that says when, and what of it may go (None: all). With a signal go its decisions.
_RECORDS: dict[str, tuple[Table, str, Condition | None]] = {
    "deliveries": (tables.deliveries, "created_at", _ended),
    "signals": (tables.signals, "at", _of_no_open_alert),
    "alerts": (tables.alerts, "updated_at", lambda: tables.alerts.c.state == "resolved"),
    "visits": (tables.visits, "hour", None),
    "gaps": (tables.gaps, "until", None),
    "rejected": (tables.rejected, "last_at", None),
    "revisions": (tables.revisions, "replaced_at", None),
    "snapshots": (tables.snapshots, "at", _not_the_latest),
    "tombstones": (tables.tombstones, "deleted_at", None),
}
RECORDS = tuple(_RECORDS)


def forget(database: Database, record: str, before: datetime) -> int:
    """Remove at most TURN rows of this kind from before then, in one short transaction; gives how many it were."""
    table, when, condition = _RECORDS[record]
    keys = list(table.primary_key.columns)
    due = select(*keys).where(table.c[when] < before).order_by(table.c[when]).limit(TURN)
    due = due if condition is None else due.where(condition())
    with database.write() as connection:
        return connection.execute(delete(table).where(tuple_(*keys).in_(due))).rowcount

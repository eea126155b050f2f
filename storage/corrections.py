"""What people say that mentions are: used at once, and kept over every new understanding; counts follow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from insight.model import Correction, PostKey
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.keys import storable_key
from storage.rows.tables import CORRECTION
from storage.writing.changes import locks, read_changes, write_changes

_TABLE, _POSTS = tables.corrections, tables.posts
_ALL = select(
    _TABLE.c.watch, _POSTS.c.network, _POSTS.c.native_id, *(_TABLE.c[name] for name in CORRECTION.names)
).join(_POSTS, _POSTS.c.id == _TABLE.c.post)


class Corrections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, since: datetime | None = None) -> list[Correction]:
        """The corrections, the newest first."""
        query = _ALL if since is None else _ALL.where(_TABLE.c.at >= since)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_TABLE.c.at.desc(), _TABLE.c.post, _TABLE.c.watch)).all()
        return [CORRECTION.read(row[3:], row.watch, PostKey(row.network, row.native_id)) for row in rows]

    def put(self, correction: Correction) -> bool:
        """Store it in the place of an earlier one of the same mention. False: there is no such mention."""
        key = storable_key(correction.post)
        with self._database.write(locks([key])) as connection:
            change = read_changes(connection, [key])[key]
            if change.new is None or correction.watch not in change.new.mentions:
                return False
            row = {"post": change.id, "watch": correction.watch, **CORRECTION.write(correction)}
            put(connection, _TABLE, [row], replace=CORRECTION.names)
            change.corrections[correction.watch] = correction
            write_changes(connection, [change], correction.at)
        return True

    def remove(self, watch: str, post: PostKey) -> bool:
        """Forget it. The mention stays as it is until its post is understood again. False: there was none."""
        key = storable_key(post)
        number = select(_POSTS.c.id).where(_POSTS.c.network == key.network, _POSTS.c.native_id == key.native_id)
        with self._database.write(locks([key])) as connection:
            gone = connection.execute(delete(_TABLE).where(_TABLE.c.watch == watch, _TABLE.c.post.in_(number)))
        return bool(gone.rowcount)

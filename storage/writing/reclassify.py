"""A new understanding of stored posts: their mentions are replaced, and the counts move along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from insight.detect import HISTORY
from insight.model import UnderstoodPost
from storage.databases.database import Database
from storage.rows.convert import storable
from storage.watches import refuse_outdated
from storage.writing.changes import locks, read_changes, retired_watches, write_changes
from storage.writing.merge import is_revision, replace_mentions


def reclassify(
    database: Database, understood: Iterable[UnderstoodPost], now: datetime, versions: Mapping[str, int] | None
) -> int:
    """See `Posts.reclassify`."""
    items = [storable(item) for item in understood]
    keys = {item.post.key for item in items}
    with database.write(locks(keys)) as connection:
        refuse_outdated(connection, versions)
        retired, changes = retired_watches(connection), read_changes(connection, keys)
        for item in items:
            record = changes[item.post.key].new
            if record is None or record.emptied or is_revision(record.post, item.post):
                continue
            new = {mention.watch: mention for mention in item.mentions}
            mentions = replace_mentions(record.mentions, new, retired)
            if mentions != record.mentions:
                changes[item.post.key].new = replace(record, mentions=mentions)
        write_changes(connection, changes.values(), now, pending_since=now - HISTORY)
    return sum(1 for one in changes.values() if one.changed)

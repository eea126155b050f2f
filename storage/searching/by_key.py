"""Statements that read what belongs to posts of given keys (`rows.keys.rows_by_key` runs them).

Built once: making a statement takes longer than running it.
"""

from __future__ import annotations

from sqlalchemy import bindparam as bind
from sqlalchemy import select

from storage.rows import tables
from storage.rows.keys import has_key
from storage.searching.reading import select_stored_mentions

POST = select(tables.posts).where(has_key())
KEY = select(tables.posts.c.network, tables.posts.c.native_id).where(has_key())
ALIAS = select(tables.aliases.c.network, tables.aliases.c.native_id).where(has_key(tables.aliases))
ALIASES = (
    select(tables.posts.c.native_id, tables.aliases.c.native_id.label("alias"))
    .join(tables.aliases, tables.aliases.c.post == tables.posts.c.id)
    .where(has_key())
)
REVISIONS = (
    select(tables.revisions)
    .join(tables.posts, tables.posts.c.id == tables.revisions.c.post)
    .where(has_key())
    .order_by(tables.revisions.c.number)
)
SIGHTINGS = (
    select(tables.posts.c.network, tables.posts.c.native_id, tables.sightings.c.source, tables.sightings.c.at)
    .join(tables.sightings, tables.posts.c.id == tables.sightings.c.post)
    .where(has_key())
    .order_by(tables.sightings.c.at, tables.sightings.c.source)
)
MENTIONS = select_stored_mentions().where(has_key()).order_by(tables.mentions.c.watch)
MENTIONS_OF_WATCH = select_stored_mentions().where(has_key(), tables.mentions.c.watch == bind("watch"))

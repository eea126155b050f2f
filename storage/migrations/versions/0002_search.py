"""The search index, and which post a post repeats."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, PrimaryKeyConstraint, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# No ranking and no phrases are asked of it, so neither sizes nor places are kept.
_FTS5 = """CREATE VIRTUAL TABLE search USING fts5(words, detail=none, columnsize=0, tokenize="ascii tokenchars '_'")"""


def upgrade() -> None:
    op.add_column("posts", Column("repost_of", Text, nullable=True))
    hidden = sql("state <> 'kept'")
    op.create_index("ix_mentions_hidden", "mentions", ["post"], sqlite_where=hidden, postgresql_where=hidden)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_FTS5)
    else:
        _tsvector()


def _tsvector() -> None:
    op.create_table(
        "search",
        Column("post", BigInteger, nullable=False),
        Column("words", TSVECTOR, nullable=False),
        PrimaryKeyConstraint("post", name=op.f("pk_search")),
        ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_search_post"), ondelete="CASCADE"),
    )
    # every lookup reads what has not been sorted in yet: with the default of 4 MB, 10,000 words take 5 seconds
    few = {"gin_pending_list_limit": 512}
    op.create_index(op.f("ix_search_words"), "search", ["words"], postgresql_using="gin", postgresql_with=few)

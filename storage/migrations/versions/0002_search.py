"""The search index, and which post a post repeats."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.migrations.schema import key, optional, partial_index, reference, required

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# No ranking and no phrases are asked of it, so neither sizes nor places are kept: https://sqlite.org/fts5.html
_FTS5 = """CREATE VIRTUAL TABLE search USING fts5(words, detail=none, columnsize=0, tokenize="ascii tokenchars '_'")"""


def upgrade() -> None:
    op.add_column("posts", optional("repost_of", Text))
    partial_index("ix_mentions_hidden", "mentions", ["post"], "state <> 'kept'")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_FTS5)
    else:
        op.create_table(
            "search",
            required("post", BigInteger),
            required("words", TSVECTOR),
            key("search", "post"),
            reference("search", "post", "posts.id"),
        )
        # every lookup reads what has not been sorted in yet: with the default of 4 MB, 10,000 words take 5 seconds
        # https://www.postgresql.org/docs/current/gin.html
        few = {"gin_pending_list_limit": 512}
        op.create_index(op.f("ix_search_words"), "search", ["words"], postgresql_using="gin", postgresql_with=few)

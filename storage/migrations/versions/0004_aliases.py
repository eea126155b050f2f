"""Other ids of posts."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Text

from storage.migrations.schema import key, reference, required

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "aliases",
        required("network", Text),
        required("native_id", Text),
        required("post", BigInteger),
        key("aliases", "network", "native_id"),
        reference("aliases", "post", "posts.id"),
        sqlite_with_rowid=False,
    )

"""What people say that mentions are."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Text

from storage.migrations.schema import key, reference, required
from storage.rows.columns import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        required("post", BigInteger), required("watch", Text), required("label", Text),
        required("complaint", Boolean), required("person", Text), required("at", UtcTime),
        key("corrections", "post", "watch"),
        reference("corrections", "post", "posts.id"),
        sqlite_with_rowid=False,
    )  # fmt: skip

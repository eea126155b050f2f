"""What is a complaint, and with what probability a label is right."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, text

from storage.migrations.schema import required

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Until posts are understood anew, what is negative is a complaint, as it was for detection."""
    op.execute("ALTER TABLE mentions RENAME COLUMN confidence TO probability")
    op.add_column("mentions", required("complaint", Boolean, server_default=text("false")))
    op.execute("UPDATE mentions SET complaint = true WHERE label = 'negative'")
    op.execute(
        "INSERT INTO counts (number, watch, source, grain, start, facet, value, lag) "
        "SELECT number, watch, source, grain, start, 'complaint', 'yes', lag "
        "FROM counts WHERE facet = 'sentiment' AND value = 'negative'"
    )

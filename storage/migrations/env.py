"""What Alembic runs: the revisions, on the connection and in the transaction that the store has opened."""

from __future__ import annotations

from alembic import context

from storage.migrations import VERSION_TABLE
from storage.rows.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
context.run_migrations()

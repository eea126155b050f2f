"""What is remembered: posts, counts, sources, themes, signals, deliveries; on SQLite or Postgres."""

from storage.after_restore import HELD_BACK
from storage.databases.database import chunks
from storage.databases.sqlite_files import made_whole
from storage.errors import HeldError, LostError, NewerSchemaError, OutdatedError, StoreError, UnusableError
from storage.restore import Restored, restore
from storage.retention import RECORDS
from storage.store import Store, open_store
from storage.values import (
    Arrival,
    DecisionRecord,
    Delay,
    DeliveryRecord,
    Difference,
    Distinct,
    Found,
    Outcome,
    Revision,
    SearchState,
    Sighting,
    SourceEntry,
    SourceGap,
    SourceRejected,
    SourceState,
    Step,
    StoredPost,
    Visit,
)

__all__ = [
    "HELD_BACK",
    "RECORDS",
    "Arrival",
    "DecisionRecord",
    "Delay",
    "DeliveryRecord",
    "Difference",
    "Distinct",
    "Found",
    "HeldError",
    "LostError",
    "NewerSchemaError",
    "Outcome",
    "OutdatedError",
    "Restored",
    "Revision",
    "SearchState",
    "Sighting",
    "SourceEntry",
    "SourceGap",
    "SourceRejected",
    "SourceState",
    "Step",
    "Store",
    "StoreError",
    "StoredPost",
    "UnusableError",
    "Visit",
    "chunks",
    "made_whole",
    "open_store",
    "restore",
]

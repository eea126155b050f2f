"""What is remembered: posts, counts, sources, themes, signals, deliveries; on SQLite or Postgres."""

from storage.after_restore import HELD_BACK
from storage.databases.database import chunks
from storage.databases.sqlite_files import create_atomically
from storage.errors import HeldError, LostError, NewerSchemaError, OutdatedError, StoreError, UnusableError
from storage.restore import Restored, restore
from storage.retention import RECORDS
from storage.store import Store, open_store
from storage.values import (
    BatchCounts,
    DecisionRecord,
    Delay,
    DeliveryRecord,
    Difference,
    Distinct,
    Found,
    Revision,
    SearchState,
    Sighting,
    SourceEntry,
    SourceGap,
    SourceRejected,
    SourceState,
    StepResult,
    StoredPost,
    UnderstoodBatch,
    Visit,
)

__all__ = [
    "HELD_BACK",
    "RECORDS",
    "BatchCounts",
    "DecisionRecord",
    "Delay",
    "DeliveryRecord",
    "Difference",
    "Distinct",
    "Found",
    "HeldError",
    "LostError",
    "NewerSchemaError",
    "OutdatedError",
    "Restored",
    "Revision",
    "SearchState",
    "Sighting",
    "SourceEntry",
    "SourceGap",
    "SourceRejected",
    "SourceState",
    "StepResult",
    "Store",
    "StoreError",
    "StoredPost",
    "UnderstoodBatch",
    "UnusableError",
    "Visit",
    "chunks",
    "create_atomically",
    "open_store",
    "restore",
]

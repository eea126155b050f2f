"""What is remembered: posts, counts, sources, themes, signals, deliveries; on SQLite or Postgres."""

from storage.databases.sqlite_files import create_atomically
from storage.deliveries.held_back import HELD_BACK
from storage.errors import HeldError, LostError, NewerSchemaError, OutdatedError, StoreError, UnusableError
from storage.inputs import BatchCounts, SourceEntry, StepResult, UnderstoodBatch
from storage.outputs import (
    DecisionRecord,
    Delay,
    DeliveryRecord,
    Difference,
    Distinct,
    Revision,
    SearchHit,
    SearchState,
    Sighting,
    SourceGap,
    SourceRejected,
    SourceState,
    StoredPost,
    Undated,
    Visit,
)
from storage.posts import Place
from storage.restore import Restored, restore
from storage.retention import RECORDS
from storage.rows.keys import chunks
from storage.store import Store, open_store

__all__ = [
    "HELD_BACK",
    "RECORDS",
    "BatchCounts",
    "DecisionRecord",
    "Delay",
    "DeliveryRecord",
    "Difference",
    "Distinct",
    "HeldError",
    "LostError",
    "NewerSchemaError",
    "OutdatedError",
    "Place",
    "Restored",
    "Revision",
    "SearchHit",
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
    "Undated",
    "UnderstoodBatch",
    "UnusableError",
    "Visit",
    "chunks",
    "create_atomically",
    "open_store",
    "restore",
]

"""What is remembered: posts, counts, sources, themes, signals, deliveries; on SQLite or Postgres."""

from storage.errors import HeldError, NewerSchemaError, StoreError
from storage.store import Store, open_store
from storage.values import (
    Arrival,
    Delay,
    DeliveryRecord,
    Difference,
    Distinct,
    Found,
    Outcome,
    Revision,
    Sighting,
    SourceEntry,
    SourceGap,
    SourceRejected,
    SourceState,
    Step,
    StoredPost,
    Theme,
    Visit,
)

__all__ = [
    "Arrival",
    "Delay",
    "DeliveryRecord",
    "Difference",
    "Distinct",
    "Found",
    "HeldError",
    "NewerSchemaError",
    "Outcome",
    "Revision",
    "Sighting",
    "SourceEntry",
    "SourceGap",
    "SourceRejected",
    "SourceState",
    "Step",
    "Store",
    "StoreError",
    "StoredPost",
    "Theme",
    "Visit",
    "open_store",
]

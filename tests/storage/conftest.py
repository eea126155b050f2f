"""Both databases, as the contracts of the store have them."""

from tests.contracts.store.conftest import sqlite, store, url

__all__ = ["sqlite", "store", "url"]

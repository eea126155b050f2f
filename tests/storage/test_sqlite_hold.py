"""Holding an SQLite database: where it cannot be said who holds it, that is one clear line."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage import StoreError, open_store

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_full_disk_at_the_start_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_store(f"sqlite:///{tmp_path}/test.db") as store:
        monkeypatch.setattr(os, "pwrite", full)
        with pytest.raises(StoreError, match=r"No space left on device.*free space"), store.hold({}, NOW):
            pass
        monkeypatch.undo()
        with store.hold({}, NOW):
            assert store.owner() is not None

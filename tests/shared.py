"""Where recordings and labelled data lie beside the project, for the tests that skip without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
REAL = SHARED / "real"
BENCH = SHARED / "bench"

needs_recordings = pytest.mark.skipif(not REAL.is_dir(), reason="no recordings beside the project (../shared/real)")
needs_benchmarks = pytest.mark.skipif(
    not BENCH.is_dir(), reason="no labelled data beside the project (../shared/bench)"
)


def recorded(file: str) -> tuple[bytes, dict[str, Any]]:
    """An answer, and what was noted when it was recorded: its address, status and headers."""
    meta: dict[str, Any] = json.loads((REAL / file).with_suffix(".meta.json").read_text())
    return (REAL / file).read_bytes(), meta


def recordings(platform: str) -> list[dict[str, Any]]:
    """The INDEX rows of one platform that are wire input: never derived or synthetic ones. Empty without the folder."""
    index = REAL / "INDEX.json"
    rows = json.loads(index.read_text()) if index.is_file() else []
    return [row for row in rows if row["platform"] == platform and not row["synthetic"] and row["quality"] != "derived"]

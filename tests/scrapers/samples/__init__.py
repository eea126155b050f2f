"""Answers in the documented formats of each platform, with invented content."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scrapers.base import Batch
from scrapers.saved import read_saved

FOLDER = Path(__file__).parent
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)

ADDRESSES = {path.parent.name: path.read_text().strip() for path in sorted(FOLDER.glob("*/address.txt"))}
"""Where each kind's samples come from: `NAME/address.txt`, an address that the kind itself would ask for."""


def samples() -> list[tuple[str, str]]:
    """Every sample, as its kind and its file's name."""
    found = (path for path in sorted(FOLDER.glob("[!_]*/*")) if path.is_file() and path.suffix != ".py")
    return [(path.parent.name, path.name) for path in found if path.name != "address.txt"]


def body(kind: str, name: str) -> bytes:
    return (FOLDER / kind / name).read_bytes()


def address_of(kind: str) -> str:
    """Where a kind's samples come from. Fails with what to write where nobody has said it."""
    assert kind in ADDRESSES, (
        f"tests/scrapers/samples/{kind}/address.txt is missing: write the address that the samples beside it answer, "
        "as the kind itself would ask for it"
    )
    return ADDRESSES[kind]


def read(kind: str, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Batch:
    return read_saved(kind, content, url=address_of(kind), status=status, headers=headers, now=NOW)

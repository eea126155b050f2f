"""Fixtures for every test."""

from __future__ import annotations

import pytest

from tests.databases import postgres

__all__ = ["anyio_backend", "postgres"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

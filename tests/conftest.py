"""Fixtures for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.databases import postgres, postgres_server

__all__ = ["anyio_backend", "postgres", "postgres_server"]

# No deadline: machines that run tests are shared, and how long one example takes says nothing about the code.
shared = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", shared, max_examples=25)
settings.register_profile("soak", shared, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """A command's log goes to the stream that its test has captured, which is closed when the next one logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

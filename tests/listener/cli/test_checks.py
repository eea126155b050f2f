"""Trying a source: whatever is wrong with it is a finding with a remedy, and nobody waits for it for long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from insight.model import Role, Watch
from listener.cli import checks
from listener.clock import SimulatedClock
from scrapers.base import Batch, Page, Request
from tests.fake_source import NOW, Board, FakeDoor

pytestmark = pytest.mark.anyio
ACME = Watch("acme", "Acme", Role.BRAND, "acme")


async def test_a_kind_that_stumbles_is_a_finding() -> None:
    class Stumbling(Board):
        def parse(self, page: Page) -> Batch:
            raise KeyError("author")

    found = await checks.check_source(FakeDoor(range(3)), Stumbling(), [ACME], SimulatedClock(NOW))  # type: ignore[arg-type]
    assert not found.fine
    assert "stumbled: KeyError: 'author'" in found.says
    assert found.remedy


async def test_a_source_that_does_not_answer_in_time_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(FakeDoor):
        async def fetch(self, request: Request, **options: Any) -> Page:
            await asyncio.Event().wait()
            raise AssertionError("nobody woke it")

    monkeypatch.setattr(checks, "PATIENCE", 0.01)
    found = await checks.check_source(Silent([]), Board(), [ACME], SimulatedClock(NOW))  # type: ignore[arg-type]
    assert (found.fine, "has not answered whole" in found.says) == (False, True)

"""The terminal's other end: what pytest has captured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alerts.console import Console
from tests.contracts.channels import Stage


@contextmanager
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    capsys, printed = request.getfixturevalue("capsys"), []

    def received() -> list[str]:
        printed.append(capsys.readouterr().out)
        return [block for block in "".join(printed).split("\n\n\n") if block.strip()]

    yield Stage(Console(), received)

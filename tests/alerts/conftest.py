"""A real store for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from storage import Store, open_store


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Gives a function that opens another empty store."""
    opened: list[Store] = []
    numbers = count()

    def another() -> Store:
        opened.append(open_store(f"sqlite:///{tmp_path}/listener_{next(numbers)}.db"))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


@pytest.fixture
def store(new_store: Callable[[], Store]) -> Store:
    return new_store()

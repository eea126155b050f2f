"""A real store for each test, made in an instant."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from storage import Store, open_store


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stores") / "empty.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def new_store(empty: Path, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Gives a function that opens another empty store."""
    opened: list[Store] = []
    numbers = count()

    def another() -> Store:
        path = tmp_path / f"listener_{next(numbers)}.db"
        shutil.copyfile(empty, path)
        opened.append(open_store(f"sqlite:///{path}"))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


@pytest.fixture
def store(new_store: Callable[[], Store]) -> Store:
    return new_store()

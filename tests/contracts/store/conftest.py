"""The stores under test: SQLite in a temporary folder, and a real Postgres (tests/databases.py)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from storage import Store, open_store

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """The same for SQLite."""
    folder = tmp_path_factory.mktemp("sqlite")
    yield lambda: f"sqlite:///{folder}/listener_{next(_NUMBERS)}.db"
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, of each kind in turn."""
    address: str = request.getfixturevalue("postgres" if request.param == "postgresql" else "sqlite")()
    return address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened

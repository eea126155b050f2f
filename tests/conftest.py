"""What every test has, and which tests run when.

- `make test` runs what is not marked `soak`, and each property with 25 examples.
- `make soak` runs what is marked `soak` and every property with 300 examples, until its minutes are up.
- tests/README.md says where things are.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import sampling
from tests.databases import postgres, postgres_server, schema_made_once

__all__ = ["anyio_backend", "postgres", "postgres_server", "schema_made_once"]

# No deadline: machines that run tests are shared, and how long one example takes says nothing about the code.
shared = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", shared, max_examples=25)
settings.register_profile("soak", shared, max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

TIME_IS_UP = "its turn had not come when the minutes were up"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", type=float, help="begin no test after so many; first cases come first")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    sampling.leave_to_soak(items)
    yield  # pytest leaves out what `-m` does not want
    if config.getoption("--minutes"):
        sampling.first_cases_first(items)
    else:
        sampling.longest_first(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_sessionstart(session: pytest.Session) -> None:
    minutes = session.config.getoption("--minutes")
    session.config.stash[ENDS] = time.monotonic() + minutes * 60 if minutes else float("inf")


ENDS = pytest.StashKey[float]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() > item.config.stash[ENDS]:
        pytest.skip(TIME_IS_UP)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line a reason what was skipped, and by name which tests did not get their turn at all."""
    skipped = [(one.nodeid.partition("[")[0], one.longrepr[2]) for one in terminalreporter.stats.get("skipped", ())]
    for reason, number in Counter(reason.removeprefix("Skipped: ") for _, reason in skipped).most_common():
        terminalreporter.write_line(f"{number} skipped: {reason}")
    ran = {one.nodeid.partition("[")[0] for one in terminalreporter.stats.get("passed", ())}
    for name in sorted({name for name, reason in skipped if TIME_IS_UP in reason} - ran):
        terminalreporter.write_line(f"  no case of {name} had its turn")


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """A command's log goes to the stream that its test has captured, which is closed when the next one logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

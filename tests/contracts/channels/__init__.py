"""The other ends of the channels. `NAME.py` has `stage(request)`, which plays the other end of the channel NAME."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from alerts.base import Channel

FOLDER = Path(__file__).parent


@dataclass
class Stage:
    """A channel, how to read what its people got, and how to break its other end: before or after it has accepted.

    `received`: the text of each message that arrived, oldest first. `refuse`: from now on the next message is refused
    for good; None where nobody could refuse. `lose_reply`: the next message is accepted, and its reply is lost; None
    where there is no reply. `secrets`: words of the settings that must never be shown.
    """

    channel: Channel
    received: Callable[[], list[str]]
    refuse: Callable[[], object] | None = None
    lose_reply: Callable[[], object] | None = None
    secrets: tuple[str, ...] = ()


@contextmanager
def stage_of(kind: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage of a channel of the catalogue. Fails with what to write where there is none."""
    found = importlib.import_module(f"{__name__}.{kind}") if (FOLDER / f"{kind}.py").exists() else None
    stage: Callable[..., AbstractContextManager[Stage]] | None = getattr(found, "stage", None)
    if stage is None:
        pytest.fail(
            f"the channel {kind!r} has no stage: write tests/contracts/channels/{kind}.py with a context manager "
            "stage(request), which plays the channel's other end on the loopback and yields a Stage; slack_webhook.py "
            "beside it is an example, and `listener new channel` writes one",
            pytrace=False,
        )
    with stage(request) as made:
        yield made

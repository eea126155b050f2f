"""Noticeboard's webhook on the loopback: the other end of the channel in the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alerts.noticeboard import Noticeboard
from tests.contracts.channels import Stage
from tests.world import faults
from tests.world.web import Call, Reply, World

HOOK = "/hooks/secretpart"


@contextmanager
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with World().run_in_thread() as world:
        board: list[str] = []

        # Change this: take what the receiver takes, refuse what it refuses, and answer as it does.
        def accept(call: Call) -> Reply:
            posted = call.json()
            if not posted.get("title") or len(posted["text"]) > 10_000:
                return Reply.json({"error": "invalid"}, 400)
            board.append(f"{posted['title']}\n{posted['text']}")
            return Reply.json({"ok": True})

        world.route(HOOK, accept)
        yield Stage(
            Noticeboard(url=world.url + HOOK),
            received=lambda: board,
            refuse=lambda: world.fault(HOOK, faults.answer(404, '{"error": "no such board"}')),
            lose_reply=lambda: world.fault(HOOK, faults.LOST_REPLY),
            secrets=("secretpart",),
        )

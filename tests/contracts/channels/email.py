"""Mail's other end: a real SMTP server on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alerts.email import Email
from tests.contracts.channels import Stage
from tests.world.smtp import DROP, MailServer


@contextmanager
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with MailServer(login=("listener", "hunter2")).running() as server:
        settings = {"host": server.host, "port": server.port, "user": "listener", "password": "hunter2"}
        yield Stage(
            Email(**settings, sender="Listener <l@example.org>", to=["t@example.org"]),
            lambda: [f"{mail['Subject']}\n{server.text(number)}" for number, mail in enumerate(server.mails)],
            lambda: server.refuse.update({"t@example.org": "550 5.1.1 no such mailbox"}),
            lambda: server.after_dot.append(DROP),
            ("hunter2",),
        )

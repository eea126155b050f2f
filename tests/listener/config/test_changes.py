"""A reload says what differs, in words and without secrets, and what waits for a restart."""

from __future__ import annotations

import pytest

from listener.config import changes
from tests.listener.configs import GOOD, spoilt, understood


def lines(old: str, new: str, **environ: str) -> tuple[str, ...]:
    return changes(understood(old, environ), understood(new, environ)).lines


def test_the_same_config_changes_nothing():
    found = changes(understood(GOOD), understood(GOOD + "# a comment\n"))
    assert not found
    assert str(found) == "nothing changed"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: Firefox", "name: Fox", ("watch firefox renamed from 'Firefox' to 'Fox'",)),
        ('"vivaldi browser"', "vivaldi", ("watch vivaldi: query changed",)),
        ("role: competitor", "role: topic", ("watch vivaldi: role changed",)),
        ("id: vivaldi", "id: opera", ("watch opera added", "watch vivaldi removed")),
        ("- kind: board\n", "- kind: board\n    limit: 5\n", ("source board:board.example.org: limit changed",)),
        ("- kind: board\n", "- {kind: board, name: b}\n", ("source b added", "source board:board.example.org removed")),
        ("you@example.org", "me@example.org", ("contact changed",)),
        ("bell: {kind: bell}", "bell: {kind: chat, token: xoxb}", ("channel bell: kind changed",)),
    ],
)
def test_what_differs_is_said(old, new, says):
    assert lines(GOOD, spoilt(old, new)) == says


def test_a_changed_secret_is_said_without_the_secret():
    text = spoilt("{kind: bell}", "{kind: chat, token: '%s'}")
    assert lines(text % "xoxb-old", text % "xoxb-new") == ("channel bell: token changed",)


def test_what_is_opened_once_waits_for_a_restart():
    more = "storage: {url: 'sqlite:///other.db', keep_days: 9}\ndaemon: {web: '127.0.0.1:1'}\ndigest: {hour: 9}\n"
    found = changes(understood(GOOD), understood(GOOD + more))
    assert found.restart == ("storage.url", "daemon.web")
    assert found.lines == (
        "digest.hour changed",
        "storage.url changed (after a restart)",
        "storage.keep_days changed",
        "daemon.web changed (after a restart)",
    )

"""The terminal: colour where it is wanted, nothing that acts, and an error where nobody reads any more."""

from __future__ import annotations

import io
import sys

import pytest

from alerts.base import SendError
from alerts.console import Console
from tests.alerts.guarded_channel import send
from tests.alerts.samples import message


@pytest.mark.parametrize(("color", "bold"), [(True, True), (False, False), (None, False)])
def test_the_headline_is_bold_only_on_a_terminal_or_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], color: bool | None, bold: bool
) -> None:
    send(Console(color=color), message())
    printed = capsys.readouterr().out
    assert (f"\x1b[1m{message().headline}\x1b[0m" in printed) is bold
    assert message().headline in printed


def test_what_acts_on_a_terminal_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    send(Console(), message(body="red \x9b31m and \u202e turned"))
    printed = capsys.readouterr().out
    assert "\x9b" not in printed
    assert "\u202e" not in printed


def test_a_standard_output_that_is_closed_refuses_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    with pytest.raises(SendError) as caught:
        send(Console(color=False), message())
    assert (caught.value.permanent, caught.value.remedy) == (True, "use another channel")

"""Prints what to change as the last thing, each rule once, after a run of the contracts that failed."""

from __future__ import annotations

import re
import textwrap

from _pytest.terminal import TerminalReporter

_WORDS = re.compile(r"(?:AssertionError|Failed): (.+)")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """pytest's own summary cuts a message at the terminal's width, and the remedy stands at its end."""
    failed = [one for one in terminalreporter.stats.get("failed", ()) if one.nodeid.startswith("tests/contracts/")]
    # of several failures that Hypothesis has found in one test, each has its words somewhere in the text
    found = dict.fromkeys(words for report in failed for words in _WORDS.findall(report.longreprtext))
    if found:
        terminalreporter.section("what to change")
    for words in list(found)[:20]:
        terminalreporter.write_line(textwrap.fill(words[:1000], 110, initial_indent="- ", subsequent_indent="  "))

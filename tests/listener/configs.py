"""Configs for the tests: a good one, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from listener.config import Config, ConfigError, Problem, parse
from tests.listener.kinds import CHANNELS, SOURCES

GOOD = """\
contact: you@example.org
watches:
  - id: firefox
    name: Firefox
    role: brand
    query: 'firefox OR #firefox'
    time_zone: Europe/Berlin
  - id: vivaldi
    role: competitor
    query: '"vivaldi browser"'
sources:
  - kind: board
  - kind: tags
    base_url: https://tags.example.org
    watches: [firefox]
channels:
  bell: {kind: bell}
"""


def understood(
    text: str, environ: Mapping[str, str] | None = None, file: Path = Path("/etc/listener/c.yaml")
) -> Config:
    return parse(text, file, environ or {}, sources=SOURCES, channels=CHANNELS)


def spoilt(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} is not in the good config exactly once"
    return GOOD.replace(old, new)


def refused(text: str, environ: Mapping[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        understood(text, environ)
    return caught.value


def problem(text: str, environ: Mapping[str, str] | None = None) -> Problem:
    """The one problem of a config."""
    problems = refused(text, environ).problems
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


def marked(text: str, found: Problem) -> str:
    """What stands where a problem points."""
    return text.splitlines()[found.line - 1][found.column - 1 :]

"""What a command loads: no more than it needs, so that help, version and completion answer at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from docs.commands import walk
from listener.cli import COMMANDS
from listener.cli.query import QUERY_COMMANDS

HEAVY = {
    "alembic", "anyio", "apscheduler", "httpx", "jinja2", "jsonschema", "lxml", "pydantic", "re2", "ruamel",
    "sqlalchemy", "sqlmodel", "starlette", "uvicorn", "websockets", "insight", "scrapers", "alerts", "storage",
}  # fmt: skip

READS_OPTIONS = {"pydantic"}  # Typer itself, once it reads the options before a command's name

LOADED = """
import atexit, sys
atexit.register(lambda: sys.stderr.write("\\nLOADED " + " ".join(sys.modules)))
sys.argv[0] = "listener"
from listener.cli import main
main()
"""


def loaded(*words: str, **environ: str) -> set[str]:
    """The modules that a process of its own has loaded by the end of a command."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
    )
    return set(ran.stderr.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_only_tells_about_the_program_loads_no_heavy_module(option: str) -> None:
    modules = loaded(option)
    assert "listener.cli" in modules
    assert not modules & HEAVY


def test_the_list_of_a_familys_commands_loads_no_module_of_ours() -> None:
    assert not loaded("query", "--help") & HEAVY - READS_OPTIONS


def test_completion_of_a_command_loads_no_heavy_module() -> None:
    completion = {"_LISTENER_COMPLETE": "complete_bash", "COMP_WORDS": "listener so", "COMP_CWORD": "1"}
    assert not loaded(**completion) & HEAVY - READS_OPTIONS


def test_the_help_of_a_family_loads_no_other_family() -> None:
    families = {f"listener.cli.{place.partition(':')[0]}" for place, _ in COMMANDS.values()}
    assert families & loaded("jobs", "--help") == {"listener.cli.jobs"}


def test_each_summary_is_the_first_paragraph_of_the_commands_own_help() -> None:
    helps = {name: " ".join((command.help or "").split("\n\n")[0].split()) for name, command in walk()}
    listed = {**COMMANDS, **{f"query {name}": entry for name, entry in QUERY_COMMANDS.items()}}
    assert {name: helps[name] for name in listed} == {name: summary for name, (_, summary) in listed.items()}

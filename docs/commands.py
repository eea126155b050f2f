"""Every command with its options and examples, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from docs.tables import shown, table
from listener.cli import app
from listener.cli.lazy import LazyGroup

_EXAMPLE = re.compile(r"\s*Examples?:\s*")


def page() -> str:
    whole = typer.main.get_command(app)
    parts = ["## Before any command", _options(whole.params)]
    for name, command in walk():
        text, *examples = _EXAMPLE.split((command.help or "").replace("\b", ""))
        parts += [f"## listener {name}", "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))]
        lines = [line.strip() for example in examples for line in re.split(r"·|\n", example) if line.strip()]
        parts += ["```sh\n" + "\n".join(lines) + "\n```"] if lines else []
        parts += [_options(command.params)]
    return "\n\n".join(filter(None, parts))


def walk(group: Any = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its full name, a group before what is in it."""
    whole: Any = group or typer.main.get_command(app)
    for name, listed in whole.commands.items():
        command = whole.load(name) if isinstance(whole, LazyGroup) else listed
        yield before + name, command
        if getattr(command, "commands", None):
            yield from walk(command, f"{before}{name} ")


def _options(params: list[Any]) -> str:
    rows = [_row(param) for param in params if not param.hidden and "completion" not in param.name]
    return table(("Option", "What it does", "If left out"), rows) if rows else ""


def _row(param: Any) -> tuple[str, str, str]:
    argument = not param.opts[0].startswith("-")
    called = f"`{(param.metavar or param.name).upper()}`" if argument else ", ".join(f"`{opt}`" for opt in param.opts)
    unset = "**required**" if param.required else "" if param.default in (None, False) else shown(_plain(param.default))
    return called, param.help or "", unset


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float) else str(getattr(value, "value", value))

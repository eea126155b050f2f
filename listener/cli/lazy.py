"""Commands that are imported when they are called: `--help`, `--version` and shell completion load none of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

Commands = Mapping[str, tuple[str, str]]
"""Name of a command → `module:function` below listener.cli (`module:app` for a group), and its help in a line."""


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table, and imports the one that is called."""

    table: ClassVar[Commands] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, summary) in self.table.items():
            self.commands[name] = TyperCommand(name, help=summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command in place of the listed one: what runs it comes through here, and so does completion."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, self.load(name) if name else listed, rest

    def load(self, name: str) -> Any:
        module, _, attribute = self.table[name][0].partition(":")
        found = getattr(importlib.import_module(f"listener.cli.{module}"), attribute)
        parent = typer.Typer()  # builds the command as if it had been registered with the whole program
        if isinstance(found, typer.Typer):
            parent.add_typer(found, name=name)
        else:
            parent.command(name)(found)
        return typer.main.get_group(parent).commands[name]


def lazy(table: Commands) -> type[LazyGroup]:
    """The `cls` of a Typer whose commands stand in this table."""
    return type("LazyCommands", (LazyGroup,), {"table": table})

"""label: say what a mention is, where the rules are wrong."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from insight.model import Label
from listener.cli.common import hand_over, load_config, lock, store_for_reading
from listener.cli.output import done, fail, print_json
from listener.clock import SystemClock
from listener.engine import JobRefusedError
from listener.labelling import label as carry_out
from listener.setup import store_setup
from storage import HeldError


def label(
    context: typer.Context,
    post: Annotated[str, typer.Argument(help="Its address, or network/id as `listener search --json` has it.")],
    says: Annotated[
        Label | None, typer.Argument(metavar="LABEL", help=f"{', '.join(Label)}. None: with --undo.")
    ] = None,
    watch: Annotated[
        str | None, typer.Option(help="Only for this watch (its id); else for all that it mentions.")
    ] = None,
    complaint: Annotated[
        bool | None, typer.Option("--complaint/--no-complaint", help="Whether it says that something fails.")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--by", help="Who says so; your user name, if you leave it out.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take it back: the rules decide again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a mention is, where the rules are wrong: it counts at once, and stays over every new understanding.

    What is negative is a complaint, unless you say otherwise.

    \b
    Examples:
      listener label https://mastodon.example/@ana/1 negative
      listener label hackernews/4242 neutral --complaint --watch acme
      listener label hackernews/4242 --undo
    """
    if (says is None) != undo:
        fail("say what it is, or take it back", "listener label hackernews/4242 negative, or … --undo")
    config, now = load_config(context), SystemClock().now()
    arguments: dict[str, Any] = {
        "post": post, "label": says and says.value, "watch": watch, "complaint": complaint,
        "person": person or getpass.getuser(),
    }  # fmt: skip
    with store_for_reading(config) as store:
        try:
            with lock(store, "label"):
                found = carry_out(store, store_setup(store, config, now), now, arguments)
        except HeldError as error:
            found = hand_over(error.owner, "label", arguments)
        except JobRefusedError as refused:
            fail(str(refused))
    if as_json:
        print_json(found)
        return
    for name, is_now in found.items():
        done(f"{name}: {is_now['label']}{', a complaint' if is_now['complaint'] else ''}")

"""new: the first version of a source or a channel, with its tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from listener.cli.output import done, fail, out, print_json

if TYPE_CHECKING:
    from listener.cli.scaffold import Draft

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Its name in the config: a letter, then lower-case letters, digits and _.")]
Here = Annotated[
    bool, typer.Option("--here", help="Write one of your own into the current folder, also inside a checkout.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: what was written, and what to do next.")]


@app.callback()
def family() -> None:
    """Write the first version of a source or a channel, with its tests: it runs as it is, and says what to change.

    \b
    Examples:
      listener new source noticeboard
      listener new channel pager
    """


@app.command()
def source(
    name: Name,
    family: Annotated[
        str, typer.Option(help="The folder in a checkout: social, news, reviews, pages.", metavar="FAMILY")
    ] = "social",
    here: Here = False,
    as_json: AsJson = False,
) -> None:
    """Write a new kind of source with its sample and tests: into a checkout of Listener, else into the current folder.

    What is written reads an invented JSON API and passes every test. Change what its comments "Change this" name, and
    its sample with it. In the current folder it is a kind of your own, `kind: NAME:Class`.

    \b
    Examples:
      listener new source noticeboard
      listener new source trade_press --family news
      listener new source intranet --here
    """
    from listener.cli import scaffold

    draft = _write(
        lambda checkout: scaffold.new_source(name, family, checkout),
        lambda folder: scaffold.own_source(name, folder),
        here=here,
    )
    made = scaffold.class_of(name)
    if draft.changed:  # else it is one of the user's own
        following = [
            f"python -m pytest tests/scrapers/test_{name}.py tests/contracts -k {name}    # it passes as it is",
            'grep -rn --include="*.py" "Change this" scrapers tests    # what to change; then the sample',
            "python -m pytest tests/listener/test_all_kinds_week.py -k showers    # a day and a half with all kinds",
            f"listener sources test {name}    # one visit to the real site; nothing is stored",
            "make docs    # writes its page; then a line in CHANGELOG.md",
            "make test",
        ]
    else:
        following = [
            f"python -m pytest test_{name}.py    # it passes as it is (pip install pytest)",
            f'grep -n "Change this" {" ".join(draft.new)}    # what to change, one after the other',
            f"sources: [{{kind: {name}:{made}}}]    # in the config.yaml of this folder",
            "listener check",
        ]
    _report(draft, following, as_json=as_json)


@app.command()
def channel(name: Name, here: Here = False, as_json: AsJson = False) -> None:
    """Write a new kind of channel with its tests: into a checkout of Listener, else into the current folder.

    What is written posts JSON to an invented webhook and passes every test. Change what its comments "Change this"
    name. In the current folder it is a kind of your own, `kind: NAME:Class`.

    \b
    Examples:
      listener new channel pager
      listener new channel intranet --here
    """
    from listener.cli import scaffold

    draft = _write(
        lambda checkout: scaffold.new_channel(name, checkout),
        lambda folder: scaffold.own_channel(name, folder),
        here=here,
    )
    made = scaffold.class_of(name)
    if draft.changed:  # else it is one of the user's own
        following = [
            f"python -m pytest tests/alerts/test_{name}.py tests/contracts -k {name}    # it passes as it is",
            'grep -rnI "Change this" alerts tests docs/channels.md    # what to change, one after the other',
            f"channels: {{team: {{kind: {name}, url: ${{{name.upper()}_URL}}}}}}    # in your config",
            "listener test-alert team    # a real message",
            "make docs    # writes its settings; then a line in CHANGELOG.md",
            "make test",
        ]
    else:
        following = [
            f"python -m pytest test_{name}.py    # it passes as it is (pip install pytest)",
            f'grep -n "Change this" {" ".join(draft.new)}    # what to change, one after the other',
            f"channels: {{team: {{kind: {name}:{made}, url: ${{{name.upper()}_URL}}}}}}    # in the config.yaml here",
            "listener test-alert team",
        ]
    _report(draft, following, as_json=as_json)


def _write(in_checkout: Callable[[Path], Draft], own: Callable[[Path], Draft], *, here: bool) -> Draft:
    """What was written: into the checkout that the current folder lies in, else, or with `here`, beside a config."""
    from listener.cli import scaffold

    root = None if here else scaffold.checkout(Path.cwd())
    try:
        draft = in_checkout(root) if root else own(Path.cwd())
        draft.write()
    except scaffold.ScaffoldError as error:
        fail(str(error), error.remedy)
    return draft


def _report(draft: Draft, following: list[str], *, as_json: bool) -> None:
    """Tidy what was written, and say what to do next."""
    if draft.changed and find_spec("ruff"):  # in a checkout: a long name moves imports, and breaks lines elsewhere
        files = [path for path in (*draft.new, *draft.changed) if path.endswith(".py")]
        for step in (("check", "--select", "I", "--fix"), ("format",)):
            command = [sys.executable, "-m", "ruff", *step, "--quiet", "--no-cache", *files]
            subprocess.run(command, cwd=draft.root, check=False)  # noqa: S603 - files that have just been written
    if as_json:
        print_json({"folder": str(draft.root), "written": list(draft.new), "changed": list(draft.changed),
                    "next": following})  # fmt: skip
        return
    for path in draft.new:
        done(path)
    for path in draft.changed:
        out.print(f"  changed: {path}", markup=False)
    out.print("\nNext:")
    for number, line in enumerate(following, 1):
        out.print(f"  {number}. {line}", markup=False, soft_wrap=True)

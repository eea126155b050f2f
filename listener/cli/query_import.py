"""query import: the Google Alerts of before become watches and feeds, with a word on what was lost."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from listener.cli.common import config_path, settings
from listener.cli.google_alerts.config_entries import AppendError, append_entries, entries_yaml
from listener.cli.google_alerts.export import MAX_BYTES, ExportError, read_export
from listener.cli.google_alerts.feeds import AlertFeed, address, parse_feeds
from listener.cli.google_alerts.migration import AlertOutcome, ExistingEntries, MigratedAlert, Migration, migrate
from listener.cli.google_alerts.notes import ConversionNote
from listener.cli.output import complain, done, err, fail, print_json, print_text
from listener.cli.query_parts import perhaps
from listener.config import Config, ConfigError, parse
from storage import create_atomically

_NOTHING = "nothing to add: the config has it all already, or none of it could be taken"
_OFTEN = 3  # a note that so many alerts share is told once, below them


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Google's export of Alerts: the .zip or .tgz, or the JSON in it.")],
    feeds: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the feeds' addresses stand: a feed reader's OPML, or a list."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Append what is new to the config, which keeps its comments.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, the YAML in it.")] = False,
) -> None:
    """Bring Google Alerts over: each becomes a watch, its RSS feed a source, and what cannot be kept is named.

    Prints YAML for the config, and on standard error what became of each alert. An alert that the config has already
    is not added again. How to get the export and the feeds' addresses: docs/google-alerts.md.

    \b
    Examples:
      listener query import takeout-20260302.zip
      listener query import Alerts.json --feeds subscriptions.opml --write
    """
    config = settings(context) if write else perhaps(context)
    try:
        brought = migrate(read_export(file), _feeds(feeds), _known(config))
    except ExportError as error:
        fail(str(error), error.remedy)
    added = bool(brought.watches or brought.feeds)
    if write and config and added:
        _write(config_path(context), brought)
    if as_json:
        where = str(config_path(context)) if write and added else None
        print_json({**_as_data(brought), "yaml": entries_yaml(brought.watches, brought.feeds), "written": where})
        return
    _report(brought)
    if write:
        done(_said(brought, config_path(context)) if added else _NOTHING)
    else:
        print_text(entries_yaml(brought.watches, brought.feeds))


def _feeds(file: Path | None) -> list[AlertFeed]:
    if file is None:
        return []
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", "name an OPML file, or a list with an address a line")
    if len(data) > MAX_BYTES:
        fail(f"{file} has more than {MAX_BYTES / 1e6:.0f} MB, which is no list of feeds")
    found = parse_feeds(data.decode("utf-8-sig", errors="replace"))
    if not found:
        remedy = "their addresses look like https://www.google.com/alerts/feeds/123/456"
        fail(f"{file} holds no feed of Google Alerts", remedy)
    return found


def _known(config: Config | None) -> ExistingEntries:
    if config is None:
        return ExistingEntries()
    urls = [address(url) or url for url in (str(getattr(source, "url", "")) for source in config.sources)]
    return ExistingEntries(
        {watch.id: watch.query for watch in config.watches}, [source.id for source in config.sources], urls
    )


def _write(path: Path, brought: Migration) -> None:
    """All of it or nothing: the new text must be a config that loads before it takes the old one's place."""
    target = path.resolve()
    text = target.read_bytes().decode()
    try:
        new = append_entries(text, brought.watches, brought.feeds)
        parse(new, path)
    except AppendError as error:
        fail(f"{path}: {error}; nothing was written", error.remedy)
    except ConfigError as error:
        complain(str(error))
        fail("with the new entries the config would not load; nothing was written", AppendError.remedy)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with create_atomically(beside) as fresh:
            fresh.write_bytes(new.encode())
            shutil.copymode(target, fresh)
        beside.replace(target)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}", "check who may write there")


def _said(brought: Migration, path: Path) -> str:
    names = [f"watch {watch.id}" for watch in brought.watches] + [f"source {feed.name}" for feed in brought.feeds]
    return f"added to {path}: {', '.join(names)}\n  next: listener check && listener reload"


# -- the report --------------------------------------------------------------------------------------------------------


def _as_data(brought: Migration) -> dict[str, object]:
    alerts = [
        {"google": each.google, "became": each.became.name.lower(), "watch": each.watch, "query": each.query,
         "feeds": each.feeds, "notes": each.notes}
        for each in brought.outcomes
    ]  # fmt: skip
    return {"alerts": alerts, "watches": brought.watches, "sources": brought.feeds, "unpaired_feeds": brought.unpaired}


def _report(brought: Migration) -> None:
    counted = Counter(note for outcome in brought.outcomes for note in outcome.notes)
    shared = {note: count for note, count in counted.items() if count >= _OFTEN}
    for outcome in brought.outcomes:
        _print(_about(outcome, [note for note in outcome.notes if note not in shared]))
    for note, count in shared.items():
        _print([Text(f"{count} of the {len(brought.outcomes)} alerts", style="bold"), *_about_note(note)])
    for url in brought.unpaired:
        _print([Text(url, style="bold"), Text("  no alert could be found for this feed"),
                Text("    → write the alert's query before the address, on the same line", style="dim")])  # fmt: skip
    became = Counter(_COUNTED[outcome.became] for outcome in brought.outcomes)
    said = ", ".join(f"{count} {kind}" for kind, count in became.items())
    err.print(Text(f"{len(brought.outcomes)} alerts: {said}; new feeds: {len(brought.feeds)}"), soft_wrap=True)
    if brought.watches:
        err.print(Text(_FORMS, style="dim"), soft_wrap=True)


_COUNTED = {
    AlertOutcome.WATCH: "new",
    AlertOutcome.MERGED: "the same as another",
    AlertOutcome.KNOWN: "in your config already",
    AlertOutcome.TAKEN: "left out",
    AlertOutcome.REFUSED: "left out",
}
_FORMS = (
    "Google also finds other forms of a word and its synonyms; a watch finds words as written: crash* finds crashes."
)


def _about(outcome: MigratedAlert, notes: list[ConversionNote]) -> Iterator[Text]:
    yield Text(outcome.google, style="bold")
    where = f" {outcome.watch}" if outcome.watch else ""
    yield Text(
        f"  {outcome.became}{where}",
        style="red" if outcome.became in (AlertOutcome.REFUSED, AlertOutcome.TAKEN) else "green",
    )
    if outcome.query and outcome.query != outcome.google:
        yield Text(f"    {outcome.query}")
    for url in outcome.feeds:
        yield Text(f"    its feed: {url}")
    for note in notes:
        yield from _about_note(note)


def _about_note(note: ConversionNote) -> Iterator[Text]:
    yield Text.assemble(("  lost  ", "yellow") if note.lost else ("  note  ", "cyan"), f"{note.what}: {note.why}")
    if note.do:
        yield Text(f"        → {note.do}", style="dim")


def _print(lines: Iterator[Text] | list[Text]) -> None:
    for line in lines:
        err.print(line, soft_wrap=True)
    err.print()

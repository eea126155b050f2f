"""query import: Google Alerts become watches and feeds, with a report of what changed or was lost on the way."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from listener.cli.common import config_path, load_config, load_config_if_usable
from listener.cli.google_alerts.config_entries import AppendError, append_entries, entries_yaml
from listener.cli.google_alerts.export import MAX_BYTES, ExportError, read_export
from listener.cli.google_alerts.feeds import AlertFeed, address, parse_feeds
from listener.cli.google_alerts.migration import AlertOutcome, ExistingEntries, Migration, migrate
from listener.cli.google_alerts.notes import ConversionNote
from listener.cli.output import complain, done, err, fail, print_json, print_text
from listener.config import Config, ConfigError, parse
from storage import create_atomically

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
    config = load_config(context) if write else load_config_if_usable(context)
    try:
        migration = migrate(read_export(file), _read_feeds(feeds) if feeds else (), _existing(config))
    except ExportError as error:
        fail(str(error), error.remedy)
    added = bool(migration.watches or migration.feeds)
    if write and added:
        _write(config_path(context), migration)
    if as_json:
        print_json(_as_data(migration, config_path(context) if write and added else None))
        return
    _report(migration)
    if not write:
        print_text(entries_yaml(migration.watches, migration.feeds))
    elif added:
        names = [f"watch {watch.id}" for watch in migration.watches] + [f"source {it.name}" for it in migration.feeds]
        done(f"added to {config_path(context)}: {', '.join(names)}\n  next: listener check && listener reload")
    else:
        done("nothing to add: the config has it all already, or none of it could be taken")


def _read_feeds(file: Path) -> list[AlertFeed]:
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


def _existing(config: Config | None) -> ExistingEntries:
    if config is None:
        return ExistingEntries()
    urls = [address(url) or url for url in (str(getattr(source, "url", "")) for source in config.sources)]
    return ExistingEntries(
        {watch.id: watch.query for watch in config.watches}, [source.id for source in config.sources], urls
    )


def _write(path: Path, migration: Migration) -> None:
    """All of it or nothing: the new text must be a config that loads before it takes the old one's place."""
    target = path.resolve()
    text = target.read_bytes().decode()
    try:
        new = append_entries(text, migration.watches, migration.feeds)
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


def _as_data(migration: Migration, written: Path | None) -> dict[str, object]:
    alerts = [
        {"google": each.google, "became": each.became.name.lower(), "watch": each.watch, "query": each.query,
         "feeds": each.feeds, "notes": each.notes}
        for each in migration.alerts
    ]  # fmt: skip
    return {
        "alerts": alerts, "watches": migration.watches, "sources": migration.feeds,
        "unpaired_feeds": migration.unpaired, "yaml": entries_yaml(migration.watches, migration.feeds),
        "written": written and str(written),
    }  # fmt: skip


# -- the report --------------------------------------------------------------------------------------------------------

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


def _report(migration: Migration) -> None:
    """What became of each alert, on standard error: standard output is for the YAML alone."""
    counted = Counter(note for alert in migration.alerts for note in alert.notes)
    shared = {note: count for note, count in counted.items() if count >= _OFTEN}
    for alert in migration.alerts:
        where = f" {alert.watch}" if alert.watch else ""
        colour = "red" if _COUNTED[alert.became] == "left out" else "green"
        lines = [Text(alert.google, style="bold"), Text(f"  {alert.became}{where}", style=colour)]
        if alert.query and alert.query != alert.google:
            lines.append(Text(f"    {alert.query}"))
        lines += [Text(f"    its feed: {url}") for url in alert.feeds]
        _print([*lines, *(line for note in alert.notes if note not in shared for line in _note_lines(note))])
    for note, count in shared.items():
        _print([Text(f"{count} of the {len(migration.alerts)} alerts", style="bold"), *_note_lines(note)])
    for url in migration.unpaired:
        _print([Text(url, style="bold"), Text("  no alert could be found for this feed"),
                Text("    → write the alert's query before the address, on the same line", style="dim")])  # fmt: skip
    became = Counter(_COUNTED[alert.became] for alert in migration.alerts)
    summary = ", ".join(f"{count} {kind}" for kind, count in became.items())
    err.print(Text(f"{len(migration.alerts)} alerts: {summary}; new feeds: {len(migration.feeds)}"), soft_wrap=True)
    if migration.watches:
        err.print(Text(_FORMS, style="dim"), soft_wrap=True)


def _note_lines(note: ConversionNote) -> list[Text]:
    head = ("  lost  ", "yellow") if note.lost else ("  note  ", "cyan")
    lines = [Text.assemble(head, f"{note.what}: {note.why}")]
    return [*lines, Text(f"        → {note.do}", style="dim")] if note.do else lines


def _print(lines: list[Text]) -> None:
    for line in lines:
        err.print(line, soft_wrap=True)
    err.print()

"""sources: the catalogue, one's own, and a trial of any kind on the live world or on a saved answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from pydantic import ValidationError

from insight.model import Post, Role, Watch
from listener import log
from listener.cli.common import load_config, write
from listener.cli.output import done, fail, out, plain, print_json, print_json_line, table
from listener.cli.source_health import show_sources
from listener.clock import SystemClock
from listener.collecting.access import open_doors
from listener.collecting.preview import preview_source
from listener.config import Redactor
from listener.config.secrets import held_secrets
from scrapers import KINDS, kind_of
from scrapers.base import Batch, Source, SourceError
from scrapers.saved import read_saved

_TIMES = [f"%Y-%m-%d{time}" for time in ("", "T%H:%M:%S", " %H:%M:%S", "T%H:%M:%S%z", "T%H:%M:%S.%f%z")]

app = typer.Typer(no_args_is_help=False)


@app.callback(invoke_without_command=True)
def catalogue(
    context: typer.Context,
    mine: Annotated[bool, typer.Option("--mine", help="The sources of your config, and how they do.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Every kind of source: what its platform allows, what it costs, how long posts may be kept.

    \b
    Examples:
      listener sources
      listener sources --mine
    """
    if context.invoked_subcommand:
        return
    if mine:
        show_sources(context, as_json)
        return
    rows = [
        {
            "kind": name,
            "title": kind.title,
            "access": kind.terms.access.value,
            "keep_days": kind.terms.keep_days,
            "terms": kind.terms.summary,
            "terms_url": kind.terms.url,
            "settings": sorted(kind.model_fields),
        }
        for name, kind in KINDS.items()
    ]
    if as_json:
        print_json(rows)
        return
    shown = [(r["kind"], r["title"], r["access"], r["keep_days"] or "no limit", r["terms"]) for r in rows]
    table(("Kind", "Reads", "Access", "Keep (days)", "What the platform allows"), shown)
    out.print("Settings of each kind: docs/sources.md. Try one: listener sources test KIND key=value …")


@app.command("test")
def trial(
    kind: Annotated[str, typer.Argument(help="A kind, as `listener sources` lists them.")],
    values: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE…", help="Its settings.")] = None,
    query: Annotated[str, typer.Option(help="What a watch would ask for, where the kind searches.")] = "firefox",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Fetch once from the live platform and show the posts; nothing is stored.

    \b
    Examples:
      listener sources test feed url=https://blog.mozilla.org/feed/
      listener sources test mastodon 'hashtags=["opensource"]'
    """
    source = _build(kind, values or [])
    log.configure("auto", str, level="warning")
    try:
        batches = anyio.run(_fetch_once, source, query)
    except SourceError as error:
        fail(str(error), error.remedy)
    posts = [item for batch in batches for item in batch.items if isinstance(item, Post)]
    for post in posts:
        if as_json:
            print_json_line(post)
            continue
        title = f"{post.title}: " if post.title else ""
        out.print(f"{plain(post.published_at) or 'no date'}  {post.author or '?'}", style="dim", markup=False)
        out.print((title + post.text)[:280], markup=False)
        out.print(f"{post.url or ''}\n", style="dim", markup=False, soft_wrap=True)
    set_aside = Counter(rejected.reason for batch in batches for rejected in batch.rejected)
    if not as_json:
        for reason, number in set_aside.most_common(10):
            out.print(f"set aside {number} ×: {reason}", style="dim", markup=False)
        done(f"{source.id}: {len(posts)} posts, {set_aside.total()} set aside")


def _build(kind: str, values: list[str]) -> Source:
    """The source that KEY=VALUE… describe; with none of them, the kind's own example."""
    try:
        cls = kind_of(kind)
    except LookupError as error:
        fail(str(error.args[0]))
    given: dict[str, Any] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals:
            fail(f"{value!r} is not a setting", "write key=value, such as url=https://example.com/feed")
        try:
            given[key] = json.loads(text)  # a number, a list
        except ValueError:
            given[key] = text
    try:
        return cls(**{**(given or cls.example), "accept_terms": True})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        fail(f"{kind} cannot be built: {problems}", f"its settings: {', '.join(sorted(cls.model_fields))}")


async def _fetch_once(source: Source, query: str) -> list[Batch]:
    clock = SystemClock()
    watch = Watch("trial", "Trial", Role.TOPIC, query)
    contact, mask = "https://example.com/listener-trial", Redactor(held_secrets(source)).mask
    async with open_doors(contact, clock, [source], mask) as (http, streams):
        # One after the other, as the platform's pace asks for.
        return [await preview_source(http, streams, source, it, clock) for it in source.searches([watch])]


@app.command()
def parse(
    kind: Annotated[str, typer.Argument(help="A kind, as `listener sources` lists them.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A saved answer of the platform.")],
    url: Annotated[str | None, typer.Option(help="Where it came from.")] = None,
    status: Annotated[int, typer.Option(help="The HTTP status it came with.")] = 200,
    header: Annotated[
        list[str] | None, typer.Option(metavar="'NAME: VALUE'", help="A header it came with; may be given again.")
    ] = None,
    now: Annotated[
        datetime | None,
        typer.Option("--now", "--at", formats=_TIMES, help="When it was fetched; UTC, where it names no zone."),
    ] = None,
) -> None:
    """Show as JSON lines everything that a kind reads from a saved answer, each with its `type`.

    Posts with all fields, readings, deletions and other items; `rejected`, what was set aside; further requests; the
    mark of the newest item; the pause and the dollars that the answer asks for; or the error, with its class, and exit
    code 1.

    \b
    Examples:
      listener sources parse hackernews answer.json --url https://hn.algolia.com/api/v1/search_by_date
      listener sources parse feed busy.html --status 429 --header 'Retry-After: 30' --now 2026-03-02T10:00:00Z
    """
    fetched_at = (now if now.tzinfo else now.replace(tzinfo=UTC)) if now else SystemClock().now()
    headers = _headers(header or [])
    try:
        batch = read_saved(kind, file.read_bytes(), url=url, status=status, headers=headers, now=fetched_at)
    except LookupError as error:
        fail(str(error.args[0]))
    except SourceError as error:
        print_json_line({"type": "error", "class": type(error).__name__, "error": str(error), **vars(error)})
        raise typer.Exit(1) from error
    for line in _lines_of(batch):
        print_json_line(line)


def _headers(written: list[str]) -> dict[str, str]:
    """Headers as they stand in an answer. The same name again is a list, as RFC 9110 has it."""
    found: dict[str, str] = {}
    for line in written:
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not (name and colon):
            fail(f"{line!r} is no header", "write 'Name: value', such as 'Retry-After: 30'")
        name = name.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _lines_of(batch: Batch) -> Iterator[dict[str, Any]]:
    for item in batch.items:
        yield {"type": type(item).__name__.lower(), **plain(item)}
    for rejected in batch.rejected:
        yield {"type": "rejected", **plain(rejected)}
    for request in batch.requests:
        yield {"type": "request", **request.to_json()}
    if batch.newest is not None:
        yield {"type": "newest", "mark": batch.newest}
    if batch.pause is not None:
        yield {"type": "pause", "seconds": batch.pause}
    if batch.spent:
        yield {"type": "spent", "dollars": batch.spent}


@app.command()
def resume(
    context: typer.Context, source: Annotated[str, typer.Argument(help="As `sources --mine` lists it.")]
) -> None:
    """Visit a paused source again at once, after its trouble has been mended.

    \b
    Examples:
      listener sources resume mastodon:mastodon.social
    """
    write(load_config(context), "resume", {"source": source})
    done(f"{source} is visited again at the next turn")

"""search, stats, export: what has been stored, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any

import typer
from rich.text import Text

from insight.model import Label, MentionState, Post, Span, StoredMention
from insight.query import QueryError, parse
from listener.cli.common import load_config, now_for, store_for_reading, warn_of_mixed_history
from listener.cli.output import complain, fail, out, plain, print_csv, print_json, print_json_line, table, when
from listener.cli.source_health import health_of
from storage import SearchHit

COLOURS = {
    Label.NEGATIVE: "red",
    Label.POSITIVE: "green",
    Label.NEUTRAL: "",
    Label.MIXED: "yellow",
    Label.UNKNOWN: "dim",
}


SHOWN, LEAD = 280, 80  # characters of a post that are shown; those that lead up to what matched


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


def since_time(text: str | None, now: datetime) -> datetime | None:
    """A time as people write it: 7d, 12h, 30m before now, or an ISO date or time (UTC where it names no zone)."""
    if text is None:
        return None
    units = {"d": 86_400, "h": 3600, "m": 60, "w": 7 * 86_400}
    if text[-1:] in units and text[:-1].isdigit():
        return now - timedelta(seconds=int(text[:-1]) * units[text[-1]])
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is not a time", "write 7d, 12h or 30m (before now), or 2026-03-02 or 2026-03-02T09:30Z")
    return time if time.tzinfo else time.replace(tzinfo=now.tzinfo)


Since = Annotated[str | None, typer.Option(help="2w, 7d, 12h, 30m, or a date.")]


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="In the query language of the watches.")],
    watch: Annotated[str | None, typer.Option(help="Only mentions of this watch (its id).")] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 20,
    excluded: Annotated[bool, typer.Option("--excluded", help="Those that an exclusion of their watch hides.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Search the stored mentions, newest first, by the same rules as incoming posts.

    Of them more is known, so `sentiment:`, `theme:` and `watch:` may be asked for, too.

    \b
    Examples:
      listener search 'crash* OR "will not start" NOT beta' --since 7d
      listener search 'acme sentiment:neg lang:en' --json
      listener search acme --excluded
    """
    config = load_config(context)
    try:
        tree = parse(query, config.library)
    except QueryError as error:
        fail(str(error))
    states = (MentionState.EXCLUDED if excluded else MentionState.KEPT,)
    shown = 0
    with store_for_reading(config) as store:
        now = now_for(store)
        begin = since_time(since, now)
        found = store.posts.search(tree, since=begin, watch=watch, states=states, limit=limit, owned=config.owned)
        for shown, one in enumerate(found, 1):  # noqa: B007 - the last count is the answer
            print_json_line({**plain(one.stored), "match": {"spans": one.match.spans}}) if as_json else _show(one, now)
    if not shown and not as_json:
        out.print("Nothing stored matches that. `listener stats` shows what is stored.")


def _show(found: SearchHit, now: datetime) -> None:
    post, mention = found.stored.post, found.stored.mention
    label = mention.sentiment.label
    head = Text.assemble(
        (f"{label.value:<8}", COLOURS[label]), "  ", (when(post.published_at, now), "dim"), f"  {post.author or '?'}  ",
        (found.stored.source, "dim"),
    )  # fmt: skip
    if mention.excluded_by:
        head.append(f"  {mention.watch}: {mention.excluded_by}", "yellow")
    out.print(head)
    out.print(excerpt(post, found.match.spans))
    out.print(Text(f"{post.url or ''}\n", style="dim"), soft_wrap=True)


def excerpt(post: Post, spans: Sequence[Span]) -> Text:
    """The part of the post around its first match, with every match in bold."""
    title = f"{post.title}: " if post.title else ""
    text = Text(title + post.text)
    places = [(span.start + (len(title) if span.field == "text" else 0), span) for span in spans]
    places = [(start, span) for start, span in places if span.field in ("title", "text")]
    for start, span in places:
        text.stylize("bold", start, start + span.end - span.start)
    first = min((start for start, _ in places), default=0)
    begin = 0 if first < SHOWN - LEAD else first - LEAD
    part = text[begin : begin + SHOWN]
    return Text.assemble("…" if begin else "", part, "…" if begin + SHOWN < len(text) else "")


def stats(
    context: typer.Context,
    since: Since = "7d",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Mentions per watch and sentiment, and how each source is doing.

    \b
    Examples:
      listener stats --since 30d
    """
    config = load_config(context)
    with store_for_reading(config) as store:
        now = now_for(store)
        begin = since_time(since, now) or datetime.min.replace(tzinfo=now.tzinfo)
        warn_of_mixed_history(store)
        watches = {
            # Up to the next hour: counts are kept by the hour, and this one has begun.
            watch: store.counts.totals(watch.id, begin, now + timedelta(hours=1))
            for watch in store.watches.all()
        }
        states = [state for state in store.sources.all() if state.active]
    totals = {
        watch.id: {label: sum(counts.get(label, 0) for counts in per_source.values()) for label in Label}
        for watch, per_source in watches.items()
    }
    if as_json:
        print_json({"until": now, "since": begin, "watches": totals, "sources": states})
        return
    columns = ("Watch", "Mentions", *(label.value for label in Label))
    rows = [
        (watch.name, sum(totals[watch.id].values()), *(totals[watch.id][label] for label in Label)) for watch in watches
    ]
    table(columns, rows, title=f"Since {begin:%Y-%m-%d %H:%M} UTC")
    table(
        ("Source", "Last spoke", "Last new post", "State"),
        [(s.id, when(s.last_success, now), when(s.last_item_at, now), health_of(s)) for s in states],
    )


# -- export -----------------------------------------------------------------------------------------------------

COLUMNS: dict[str, Callable[[StoredMention], Any]] = {
    "watch": lambda it: it.mention.watch,
    "network": lambda it: it.post.network,
    "id": lambda it: it.post.native_id,
    "url": lambda it: it.post.url,
    "kind": lambda it: it.post.kind.value,
    "published_at": lambda it: it.post.published_at,
    "collected_at": lambda it: it.collected_at,
    "source": lambda it: it.source,
    "author": lambda it: it.post.author,
    "title": lambda it: it.post.title,
    "text": lambda it: it.post.text,
    "language": lambda it: it.mention.language,
    "sentiment": lambda it: it.mention.sentiment.label.value,
    "score": lambda it: it.mention.sentiment.score,
    "rating": lambda it: it.post.rating.value if it.post.rating else None,
    "story": lambda it: it.mention.story,
    "state": lambda it: it.mention.state.value,
    "excluded_by": lambda it: it.mention.excluded_by,
}


# A deleted mention has no text any more: what is left of it is counts.
EXPORTED = tuple(state for state in MentionState if state is not MentionState.DELETED)


def export(
    context: typer.Context,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="csv for spreadsheets, jsonl for programs (everything).")
    ] = ExportFormat.CSV,
    watch: Annotated[str | None, typer.Option(help="Only this watch (its id).")] = None,
    since: Since = None,
) -> None:
    """Write every mention to standard output, also those that an exclusion hides: your data, all of it.

    \b
    Examples:
      listener export > mentions.csv
      listener export --format jsonl --since 30d
    """
    with store_for_reading(load_config(context)) as store:
        begin = since_time(since, now_for(store))
        batches = store.posts.scan(since=begin, watch=watch, states=EXPORTED)
        mentions, count = chain.from_iterable(batches), 0
        if form is ExportFormat.CSV:
            rows = ([plain(value(found)) for value in COLUMNS.values()] for found in mentions)
            count = print_csv(tuple(COLUMNS), rows)
        else:
            for count, found in enumerate(mentions, 1):  # noqa: B007 - the last count is the answer
                print_json_line(found)
    complain(f"{count} mentions")

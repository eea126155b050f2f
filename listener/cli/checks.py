"""What `listener check` tries, without changing or sending anything: one page of each source, each channel's login."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from alerts import base
from alerts.base import Channel, SendError
from insight.model import Post, Watch
from insight.query import parse
from insight.query.advice.cases import run
from listener.clock import Clock
from listener.collecting.conditions import searches_of
from listener.collecting.pace import shortfalls
from listener.collecting.preview import preview_source
from listener.config import Config
from scrapers.base import Source, SourceError
from scrapers.network.http import Http
from scrapers.network.stream import Streams

PATIENCE = 30.0
"""Seconds that a source may take: somebody is waiting for the answer, unlike with the daemon's own visits."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found: `fine`, a line about it, and what to do where it is not fine, or a `warning`."""

    what: str
    name: str
    fine: bool
    says: str
    remedy: str = ""
    warning: bool = False


def check_queries(config: Config) -> list[CheckResult]:
    """The tests beside each watch: one finding for each that comes out otherwise, or one that all is as expected."""
    found: list[CheckResult] = []
    for watch in config.watches:
        cases = config.cases(watch.id)
        failures = run(parse(watch.query), cases)
        for failure in failures:
            entry = f"`tests: {'match' if failure.case.expected else 'reject'}:`"
            remedy = f"change the query, or the entry under {entry}"
            found.append(CheckResult("watch", watch.id, False, str(failure), remedy))
        if cases and not failures:
            found.append(CheckResult("watch", watch.id, True, f"{len(cases)} tests come out as expected"))
    return found


def check_budgets(config: Config, now: datetime) -> list[CheckResult]:
    """A warning for each schedule that needs more than its budget: such a source rests until the next day."""
    remedy = "give it a longer `every` or `max_delay`, or fewer searches; over its budget it rests until the reset"
    return [
        CheckResult("source", source.id, True, says, remedy, warning=True)
        for source in config.sources
        for says in shortfalls(source, searches_of(source, config.watches, now), now)
    ]


async def check_source(
    door: Http, source: Source, watches: Sequence[Watch], clock: Clock, streams: Streams | None = None
) -> CheckResult:
    """Fetch and read the first page of a source's first search, or listen to its stream for a moment."""
    searches = source.searches(watches)
    if not searches:
        remedy = "give a watch a query with words in it, or remove the source"
        return CheckResult("source", source.id, False, "it has nothing to search for", remedy)
    try:
        with anyio.fail_after(PATIENCE):
            batch = await preview_source(door, streams, source, searches[0], clock)
    except TimeoutError:
        says = f"it has not answered whole within {PATIENCE:.0f} seconds"
        return CheckResult("source", source.id, False, says, "check its address, or try again later")
    except SourceError as error:
        return CheckResult("source", source.id, False, str(error), error.remedy)
    posts = sum(1 for item in batch.items if isinstance(item, Post))
    more = f", 1 of {len(searches)} searches tried" if len(searches) > 1 else ""
    aside = f", {len(batch.rejected)} set aside" if batch.rejected else ""
    streamed = streams is not None and not source.polls and source.stream(searches[0], None, clock.now()) is not None
    where = "heard" if streamed else "on its first page"
    return CheckResult("source", source.id, True, f"{posts} posts {where}{aside}{more}")


async def check_channel(name: str, channel: Channel, post: base.Post) -> CheckResult:
    try:
        says = await anyio.to_thread.run_sync(channel.check, post)
    except SendError as error:
        return CheckResult("channel", name, False, channel.masked(str(error)), error.remedy)
    return CheckResult("channel", name, True, says)


async def check_all(
    door: Http,
    streams: Streams,
    sources: Sequence[Source],
    channels: Mapping[str, Channel],
    watches: Sequence[Watch],
    clock: Clock,
    post_of: Callable[[str], base.Post],
) -> list[CheckResult]:
    """Every channel and source, side by side; the results in the config's order."""
    results: dict[str, CheckResult] = {}

    async def one_source(source: Source) -> None:
        results[f"source {source.id}"] = await check_source(door, source, watches, clock, streams)

    async def one_channel(name: str) -> None:
        results[f"channel {name}"] = await check_channel(name, channels[name], post_of(name))

    async with anyio.create_task_group() as group:
        for name in channels:
            group.start_soon(one_channel, name)
        for source in sources:
            group.start_soon(one_source, source)
    order = [f"channel {name}" for name in channels] + [f"source {source.id}" for source in sources]
    return [results[key] for key in order]

"""Trying what a config names, without changing or telling anything: one page of each source, each channel's door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from alerts import base
from alerts.base import Channel, SendError
from insight.model import Post, Watch
from insight.query import parse
from insight.query.advice.cases import Failure, run
from listener.clock import Clock
from listener.collecting.conditions import searches_of
from listener.collecting.pace import shortfalls
from listener.collecting.preview import preview_source
from listener.config import Config
from scrapers.base import Search, Source, SourceError
from scrapers.network.http import Http
from scrapers.network.stream import Streams

PATIENCE = 30.0
"""Seconds that a trial may take: somebody is waiting for it, unlike for the daemon's own visits."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one trial found: `fine`, a line about it, and what to do where it is not fine, or a `warning`."""

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
        found += [_failed(watch.id, failure) for failure in failures]
        if cases and not failures:
            found.append(CheckResult("watch", watch.id, True, f"{len(cases)} tests come out as expected"))
    return found


def _failed(watch: str, failure: Failure) -> CheckResult:
    remedy = f"change the query, or the entry under `tests: {'match' if failure.case.expected else 'reject'}:`"
    return CheckResult("watch", watch, False, str(failure), remedy)


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
    where = (
        "on its first page" if source.polls or streams is None or not _streams(source, searches[0], clock) else "heard"
    )
    return CheckResult("source", source.id, True, f"{posts} posts {where}{aside}{more}")


def _streams(source: Source, search: Search, clock: Clock) -> bool:
    return source.stream(search, None, clock.now()) is not None


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
    """Every trial, side by side, in the config's order."""
    findings: dict[str, CheckResult] = {}

    async def source_trial(source: Source) -> None:
        findings[f"source {source.id}"] = await check_source(door, source, watches, clock, streams)

    async def channel_trial(name: str) -> None:
        findings[f"channel {name}"] = await check_channel(name, channels[name], post_of(name))

    async with anyio.create_task_group() as group:
        for name in channels:
            group.start_soon(channel_trial, name)
        for source in sources:
            group.start_soon(source_trial, source)
    order = [f"channel {name}" for name in channels] + [f"source {source.id}" for source in sources]
    return [findings[key] for key in order]

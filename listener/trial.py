"""Trying what a config names, without changing or telling anything: one page of each source, each channel's door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio

from alerts.base import Channel, SendError
from insight.model import Post, Watch
from listener.clock import Clock
from scrapers.base import Source, SourceError
from scrapers.http import Http


@dataclass(frozen=True, slots=True)
class Finding:
    """What one trial found: `fine`, a line about it, and what to do where it is not fine."""

    what: str
    name: str
    fine: bool
    says: str
    remedy: str = ""


async def try_source(door: Http, source: Source, watches: Sequence[Watch], clock: Clock) -> Finding:
    """Fetch and read the first page of a source's first search."""
    searches = source.searches(watches)
    if not searches:
        remedy = "give a watch a query with words in it, or remove the source"
        return Finding("source", source.id, False, "it has nothing to search for", remedy)
    try:
        request = source.start(searches[0], None, clock.now())
        page = await door.fetch(
            request, headers=source.headers(), terms_pace=source.pace, obey_robots=source.obey_robots
        )
        batch = source.parse(page)
    except SourceError as error:
        return Finding("source", source.id, False, str(error), error.remedy)
    posts = sum(1 for item in batch.items if isinstance(item, Post))
    more = f", 1 of {len(searches)} searches tried" if len(searches) > 1 else ""
    aside = f", {len(batch.rejected)} set aside" if batch.rejected else ""
    return Finding("source", source.id, True, f"{posts} posts on its first page{aside}{more}")


async def try_channel(name: str, channel: Channel) -> Finding:
    try:
        says = await anyio.to_thread.run_sync(channel.check)
    except SendError as error:
        return Finding("channel", name, False, str(error), error.remedy)
    return Finding("channel", name, True, says)


async def try_all(
    door: Http, sources: Sequence[Source], channels: Mapping[str, Channel], watches: Sequence[Watch], clock: Clock
) -> list[Finding]:
    """Every trial, side by side, in the config's order."""
    findings: dict[str, Finding] = {}

    async def source_trial(source: Source) -> None:
        findings[f"source {source.id}"] = await try_source(door, source, watches, clock)

    async def channel_trial(name: str) -> None:
        findings[f"channel {name}"] = await try_channel(name, channels[name])

    async with anyio.create_task_group() as group:
        for name in channels:
            group.start_soon(channel_trial, name)
        for source in sources:
            group.start_soon(source_trial, source)
    order = [f"channel {name}" for name in channels] + [f"source {source.id}" for source in sources]
    return [findings[key] for key in order]

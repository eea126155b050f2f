"""Trying what a config names, without changing or telling anything: one page of each source, each channel's door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio

from alerts.base import Channel, SendError
from insight.model import Post, Watch
from listener.clock import Clock
from scrapers.answers import read
from scrapers.base import Page, Search, Source, SourceError
from scrapers.http import Http

PATIENCE = 30.0
"""Seconds that a trial may take: somebody is waiting for it, unlike for the daemon's own visits."""


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
        with anyio.fail_after(PATIENCE):
            page = await _first_page(door, source, searches[0], clock)
        batch = read(source, page)
    except TimeoutError:
        says = f"it has not answered whole within {PATIENCE:.0f} seconds"
        return Finding("source", source.id, False, says, "check its address, or try again later")
    except SourceError as error:
        return Finding("source", source.id, False, str(error), error.remedy)
    posts = sum(1 for item in batch.items if isinstance(item, Post))
    more = f", 1 of {len(searches)} searches tried" if len(searches) > 1 else ""
    aside = f", {len(batch.rejected)} set aside" if batch.rejected else ""
    return Finding("source", source.id, True, f"{posts} posts on its first page{aside}{more}")


async def _first_page(door: Http, source: Source, search: Search, clock: Clock) -> Page:
    request = source.start(search, None, clock.now())
    return await door.fetch(request, headers=source.headers(), terms_pace=source.pace, obey_robots=source.obey_robots)


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

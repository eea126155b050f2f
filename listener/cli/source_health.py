"""sources --mine: how the sources of the config do, in a table and a few lines on each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import typer
from rich.text import Text

from listener.cli.common import load_config, now_for, store_for_reading
from listener.cli.output import duration, out, plain, print_json, table, when
from listener.collecting import completeness
from listener.collecting.conditions import SourceCondition, conditions
from storage import SourceState


def show_sources(context: typer.Context, as_json: bool) -> None:
    """Print what `listener sources --mine` prints."""
    config = load_config(context)
    with store_for_reading(config) as store:
        now = now_for(store)
        states = [state for state in store.sources.all() if state.active]
        kept = {state.id: store.state.get(completeness.name_of(state.id)) for state in states}
        found = conditions(store, config.sources, config.watches, now)
    figures = {state.id: completeness.stored_figures(kept[state.id]) for state in states}
    if as_json:
        more = {name: condition.to_json() for name, condition in found.items()}
        print_json([{**plain(it), "completeness": figures[it.id], **more.get(it.id, {})} for it in states])
        return
    table(
        ("Source", "Kind", "Next visit", "Last spoke", "State"),
        [
            (s.id, s.kind, when(s.next_at, now), when(s.last_success, now), _health_with_searches(s, found.get(s.id)))
            for s in states
        ],
    )
    for state in states:
        lines = [*_details(found[state.id], now)] if state.id in found else []
        if figures[state.id]:
            lines.append(f"found by its own search: {completeness.together(figures[state.id].values())}")
        if lines:
            out.print(state.id, style="bold", markup=False)
        for line in lines:
            out.print(f"  {line}", markup=False, soft_wrap=True)


def health_of(state: SourceState) -> Text:
    """How a source does, in a few words and a colour."""
    if state.paused:
        return Text(f"paused: {state.error}", style="red")
    if state.failures:
        return Text(f"failing ({state.failures} times): {state.error}", style="yellow")
    return Text("ok" if state.last_success else "not visited yet", style="green" if state.last_success else "dim")


def _health_with_searches(state: SourceState, found: SourceCondition | None) -> Text:
    """A source of which only some searches fail says so, and is not called failing."""
    if found is None or state.failures or state.paused or not found.failing:
        return health_of(state)
    fails = "fails" if len(found.failing) == 1 else "fail"
    return Text(f"ok, but {len(found.failing)} of {len(found.searches)} searches {fails}", style="yellow")


def _details(found: SourceCondition, now: datetime) -> Iterator[str]:
    """What there is to say of a source; nothing of what is not known."""
    if found.rest:
        yield f"rests until {found.rest.until:%Y-%m-%d %H:%M} UTC: {found.rest.why}"
    if found.items is not None:
        late = found.delay
        half = f", half of them within {duration(late.p50)} of being published" if late else ""
        most = f", 95 of 100 within {duration(late.p95)}" if late else ""
        yield f"{found.items:,.1f} new posts a day{half}{most}"
    if found.undated:
        counted, left_out = found.undated.counted, found.undated.left_out
        rest = f"; {left_out:,} of a first visit or after a gap are in no figure" if left_out else ""
        yield f"{counted + left_out:,} posts of a week name no time: {counted:,} count on the day they came{rest}"
    if found.plan:
        left = "".join(f"; {value:,.10g} {name} left" for name, value in found.left.items())
        yield f"visited every {duration(found.plan.pause)}: needs {found.plan}{left}"
    if found.canary:
        how = "found" if found.canary.found else "NOT FOUND"
        yield f"canary {how} since {found.canary.since:%Y-%m-%d %H:%M} UTC (looked for {when(found.canary.at, now)})"
    for search in found.failing if len(found.searches) > 1 else ():
        again = f", tried again {when(search.next_at, now)}" if search.next_at else ""
        spoke = f"last read {when(search.last_success, now)}" if search.last_success else "never read yet"
        yield f"search {search.search!r} failed {search.failures} times in a row ({spoke}{again}): {search.error}"
    for trouble in found.troubles:
        yield f"failed {trouble.times} times, last {when(trouble.last, now)}: {trouble.reason}"
    for it in found.gaps:
        gap, where = it.gap, f" in search {it.search!r}" if it.search else ""
        since = f"{gap.since:%Y-%m-%d %H:%M}" if gap.since else "?"
        yield f"gap{where} from {since} to {gap.until:%Y-%m-%d %H:%M} UTC: {gap.reason}"

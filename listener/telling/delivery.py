"""What leaves: each channel's one sender, and word of a channel in trouble on the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from alerts.outbox import OnStore, Outcome, Sender
from insight.model import ChannelTrouble, Signal, SignalKind
from listener.clock import Clock
from listener.config import Config
from listener.telling.decisions import Context, DecidedSignal, commit
from listener.telling.posting import post_to
from scrapers.network.poster import Poster
from storage import StepResult, Store

LONG = timedelta(hours=6)
"""Passing trouble of a channel is worth a word on the others after so long; a refusal for good is at once."""


async def deliver_channel(
    name: str,
    config: Config,
    store: Store,
    poster: Poster,
    clock: Clock,
    random: Random,
    on_store: OnStore,
    on_outcome: Callable[[Outcome], None],
    stopping: Callable[[], bool] = lambda: False,
    may_give_up: Callable[[], bool] = lambda: True,
) -> list[Outcome]:
    """Send what waits for one channel and is due, in order. A name that the config has no longer is cleared away."""
    channel = config.channels.get(name)
    post = post_to(config, name, poster) if channel else _nowhere
    sender = Sender(
        name, channel, store.outbox, post, clock.now, random.random, on_store=on_store, on_outcome=on_outcome,
        stopping=stopping, may_give_up=may_give_up,
    )  # fmt: skip
    return await sender.run()


def _nowhere(_: Any) -> Any:
    raise AssertionError("a channel that is not configured sends nothing")


def look_at_channels(context: Context) -> list[DecidedSignal]:
    """Which channels refuse messages for good, or have failed for long, and which work again: told on the others."""
    store, now = context.store, context.now
    before: Mapping[str, Any] = store.state.get("channels") or {}
    troubles = _configured(context, store.outbox.troubles())
    grave: dict[str, list[ChannelTrouble]] = {}
    for one in troubles:
        if one.parked or now - one.since >= LONG:
            grave.setdefault(one.channel, []).append(one)
    after = {
        name: before.get(name) or {"since": min(one.since for one in its).isoformat()} for name, its in grave.items()
    }
    if after == before:
        return []
    signals = tuple(
        _in_trouble(name, grave[name], now) if name in after else _works_again(name, before[name], context)
        for name in sorted(after.keys() ^ before.keys())
    )
    return commit(context, StepResult(now, {"channels": after}, signals))


def _configured(context: Context, troubles: list[ChannelTrouble]) -> list[ChannelTrouble]:
    """Those of channels and recipients that the config still has; the others are forgotten."""
    channels = context.config.channels
    gone = [
        one
        for one in troubles
        if one.channel not in channels or (one.recipient and one.recipient not in channels[one.channel].recipients())
    ]
    for one in gone:
        context.store.outbox.forget(one.channel, one.recipient)
    return [one for one in troubles if one not in gone]


def _in_trouble(name: str, troubles: list[ChannelTrouble], now: datetime) -> Signal:
    first, waiting = troubles[0], max(one.waiting for one in troubles)
    who = f"{name} ({', '.join(one.recipient for one in troubles)})" if first.recipient else name
    what = "refuses messages" if first.parked else f"has failed since {first.since:%A %H:%M} UTC"
    detail = (
        f"Listener tries again once an hour at least, and keeps what it has to say there for 7 days "
        f"({waiting} waiting). Try it with `listener check`; `listener alerts` shows what waits."
    )
    figures = {"waiting": float(waiting)}
    return Signal(
        SignalKind.CHANNEL,
        f"channel:{name}",
        None,
        None,
        now,
        f"The channel {who} {what}: {first.error}",
        detail,
        figures,
    )


def _works_again(name: str, before: Mapping[str, Any], context: Context) -> Signal:
    """Or it is not in the config any more."""
    what = "works again" if name in context.config.channels else "is no longer in the config"
    hours = round((context.now - datetime.fromisoformat(before["since"])) / timedelta(hours=1), 1)
    headline, detail = f"The channel {name} {what}", "What had waited for it, and is not too old, is being sent."
    return Signal(
        SignalKind.CHANNEL, f"channel:{name}", None, None, context.now, headline, detail, {"hours": hours}, over=True
    )

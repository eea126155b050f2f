"""Which channels refuse messages or have failed for long: told, as every signal is, on the other channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from insight.model import ChannelTrouble, Signal, SignalKind
from listener.telling.decisions import Context, DecidedSignal, decide_and_store
from storage import StepResult

LONG = timedelta(hours=6)
"""Passing trouble of a channel is worth a word on the others after so long; a refusal for good is at once."""


def look_at_channels(context: Context) -> list[DecidedSignal]:
    """Which channels refuse messages for good, or have failed for long, and which work again: told on the others."""
    # 1. The trouble that is worth a word, by channel. What the config has no longer is forgotten.
    store, now, channels = context.store, context.now, context.config.channels
    grave: dict[str, list[ChannelTrouble]] = {}
    for one in store.outbox.troubles():
        if one.channel not in channels or (one.recipient and one.recipient not in channels[one.channel].recipients()):
            store.outbox.forget(one.channel, one.recipient)
        elif one.parked or now - one.since >= LONG:
            grave.setdefault(one.channel, []).append(one)

    # 2. What is new, and what is over.
    before: Mapping[str, Any] = store.state.get("channels") or {}
    after = {
        name: before.get(name) or {"since": min(one.since for one in troubles).isoformat()}
        for name, troubles in grave.items()
    }
    if after == before:
        return []
    signals = tuple(
        _in_trouble(name, grave[name], now) if name in after else _works_again(name, before[name], context)
        for name in sorted(after.keys() ^ before.keys())
    )
    return decide_and_store(context, StepResult(now, {"channels": after}, signals))


def _in_trouble(name: str, troubles: list[ChannelTrouble], now: datetime) -> Signal:
    first, waiting = troubles[0], max(one.waiting for one in troubles)
    who = f"{name} ({', '.join(one.recipient for one in troubles)})" if first.recipient else name
    what = "refuses messages" if first.parked else f"has failed since {first.since:%A %H:%M} UTC"
    headline = f"The channel {who} {what}: {first.error}"
    detail = (
        f"Listener tries again once an hour at least, and keeps what it has to say there for 7 days "
        f"({waiting} waiting). Try it with `listener check`; `listener alerts` shows what waits."
    )
    figures = {"waiting": float(waiting)}
    return Signal(SignalKind.CHANNEL, f"channel:{name}", None, None, now, headline, detail, figures)


def _works_again(name: str, before: Mapping[str, Any], context: Context) -> Signal:
    """Or it is not in the config any more."""
    what = "works again" if name in context.config.channels else "is no longer in the config"
    hours = round((context.now - datetime.fromisoformat(before["since"])) / timedelta(hours=1), 1)
    headline, detail = f"The channel {name} {what}", "What had waited for it, and is not too old, is being sent."
    return Signal(
        SignalKind.CHANNEL, f"channel:{name}", None, None, context.now, headline, detail, {"hours": hours}, over=True
    )

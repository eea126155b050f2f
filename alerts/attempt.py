"""One message, once: sent, or found to have been sent, in a thread that cannot hold the program up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import anyio

from alerts.base import Channel, Fault, Message, Post, Ref, SendError
from insight.model import Delivery

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What happened to one message. `tried`: it was really sent, or may have been."""

    headline: str = ""
    ref: Ref | None = None
    error: SendError | None = None
    tried: bool = True
    looked_up: bool = False
    joined: bool = False


def send_one(channel: Channel, message: Message, delivery: Delivery, post: Post) -> Attempt:
    """In the channel's thread: send, or find the first copy, or leave it to a newer message of the conversation."""
    attempt = Attempt(message.headline, tried=False)
    if delivery.was_unknown:
        try:
            found = channel.lookup(message, delivery.ref, post) if channel.capabilities.lookup else None
            asked = channel.capabilities.lookup
        except SendError as error:
            if not error.permanent:
                error.unknown = True
                return replace(attempt, error=error)
            found, asked = None, False
        if found is not None:
            return replace(attempt, ref=found, looked_up=True)
        if delivery.outdated:
            return replace(attempt, joined=True)
        message = replace(message, sent_before=not asked)
    attempt = replace(attempt, tried=True)
    try:
        return replace(attempt, ref=channel.send(message, delivery.ref, post))
    except SendError as error:
        if message.sent_before and not error.permanent:
            error.unknown = True  # this copy was refused, but the first may still have arrived
        return replace(attempt, error=error)


async def in_own_thread(call: Callable[[], T], patience: float) -> T:
    """Run a call in a thread that nobody waits for at the end of the program, however long it hangs.

    Raises SendError, also for what the call should not have raised, and when it is not back in `patience` seconds.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(found: T | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_result(found) if error is None else done.set_exception(error)  # type: ignore[arg-type]

    def run() -> None:
        found: T | None = None
        error: BaseException | None = None
        try:
            found = call()
        except SendError as refused:
            error = refused
        except Exception as mistake:  # noqa: BLE001 - a mistake in one channel must neither stop it nor send twice
            said = f"the channel failed unexpectedly: {type(mistake).__name__}"
            error = SendError(said, unknown=True, fault=Fault.MESSAGE)
        except BaseException as end:  # noqa: BLE001 - the program is being ended, so it is said where it waits
            error = end
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, found, error)

    threading.Thread(target=run, name="channel", daemon=True).start()
    with anyio.move_on_after(patience):
        return await done
    raise SendError(f"the channel has not come back in {patience:.0f} seconds", unknown=True)

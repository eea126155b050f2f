"""The door for what channels send: one guarded exchange, for callers in worker threads."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from scrapers.base import Request, SourceError
from scrapers.network.guard import Resolve, look_up
from scrapers.network.hops import Answer
from scrapers.network.http import Http, Limits, Wire
from scrapers.network.pace import PassingError


class Poster:
    """Exchanges, each on an event loop and a connection of its own, so that none waits for the program's loop.

    To be called from threads without a running loop. `close`, from any thread, ends what is under way.
    """

    def __init__(
        self,
        *,
        contact: str,
        now: Callable[[], datetime],
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._contact, self._now, self._resolve, self._tls = contact, now, resolve, tls
        self._running: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._closed = False

    def exchange(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        method: str,
        deadline: float,
        cap: int,
        vouched: Collection[str],
    ) -> Answer:
        """The answer, whatever its status, a redirect among them: it is not followed.

        `deadline`: seconds for everything, from the name to the last byte. `cap`: bytes of the answer's body. Only
        `vouched` origins may be private. Raises SourceError, which says whether the request may have been `sent`, and
        names nothing but the origin: the path of a webhook is its secret.
        """
        limits = Limits(body=cap, seconds=deadline, connect=deadline)
        door = Http(
            contact=self._contact, now=self._now, sleep=asyncio.sleep,
            limits=limits, resolve=self._resolve, tls=self._tls, connections=1,
        )  # fmt: skip

        async def run() -> Answer:
            wire, task = Wire(), asyncio.current_task()
            assert task is not None  # noqa: S101 - asyncio.run has made one
            self._running[task] = asyncio.get_running_loop()
            try:
                if self._closed:
                    raise PassingError("nothing is sent any more: Listener is ending")
                hop = replace(door.hop(Request(url, method=method), headers, vouched), body=body)
                if hop.target.scheme == "https":
                    self._tls = door.tls()
                hop = replace(hop, target=replace(hop.target, path=""))
                async with door:
                    return await door.exchange(hop, deadline, cap, False, wire)
            except asyncio.CancelledError:
                if not self._closed:
                    raise  # Ctrl-C
                raise PassingError("Listener ended before there was an answer", sent=wire.sent) from None
            except SourceError:
                raise
            except Exception as error:
                # what nobody has thought of costs this message, never the daemon
                raise SourceError(f"{type(error).__name__} while sending: {error}", sent=wire.sent) from error
            finally:
                del self._running[task]

        return asyncio.run(run())

    def close(self) -> None:
        """End what is under way, and refuse what comes after."""
        self._closed = True
        for task, loop in tuple(self._running.items()):
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(task.cancel)

"""How a command that writes reaches the running daemon: over its loopback API, with the token from the store."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from listener.engine import JobRefusedError
from storage import Store


class HandoffError(Exception):
    """The daemon could not be reached, or refused; the message says why and what to do."""


def hand_over(
    owner: Mapping[str, Any], command: str, arguments: Mapping[str, Any], wait: float = 120.0
) -> dict[str, Any]:
    """Ask the daemon that holds the database to run a command; its answer. `wait` is in seconds."""
    url = owner.get("url")
    if not url:
        raise HandoffError(
            f"the daemon (process {owner.get('pid')}) holds the database and offers no control address; "
            "stop it first, or set daemon.web in the config"
        )
    request = urllib.request.Request(  # noqa: S310 - the address is the daemon's own, from our store
        f"{url}/control/{command}",
        data=json.dumps(dict(arguments)).encode(),
        headers={"authorization": f"Bearer {owner.get('token')}", "content-type": "application/json"},
    )
    # the daemon is on this machine: a proxy of the environment could only be in the way, and would read the token
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=wait) as answer:
            value: dict[str, Any] = json.load(answer)
            return value
    except urllib.error.HTTPError as error:
        raise HandoffError(_reason(error)) from error
    except OSError as error:
        raise HandoffError(f"the daemon (process {owner.get('pid')}) did not answer at {url}: {error}") from error


def jobs(owner: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """The daemon's jobs of these names, or all: those that wait or run, and what has ended with something to show."""
    found: list[dict[str, Any]] = hand_over(owner, "jobs", {"names": names})["jobs"]
    return found


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the daemon answered {error.code}"


def resume(store: Store, now: datetime, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Visit a paused source again at once."""
    known = {state.id for state in store.sources.all()}
    source = str(arguments.get("source"))
    if source not in known:
        raise JobRefusedError(f"there is no source {source!r}; `listener sources --mine` lists yours")
    store.sources.resume(source, now)
    return {"source": source}


def recount(store: Store, _now: datetime, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the stored counts with the mentions they come from, and mend them on demand."""
    found = store.counts.recount(repair=bool(arguments.get("repair")))
    return {"differences": len(found)}


def resend(store: Store, now: datetime, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Put deliveries that were given up back in the queue: one, those of a channel, or all."""
    delivery, channel = arguments.get("delivery"), arguments.get("channel")
    return {"deliveries": store.outbox.resend(now, None if delivery is None else [str(delivery)], channel)}


WRITES: Mapping[str, Callable[[Store, datetime, Mapping[str, Any]], dict[str, Any]]] = {
    "resume": resume,
    "recount": recount,
    "resend": resend,
}
"""The commands that write, as both the daemon and a command that found no daemon carry them out."""

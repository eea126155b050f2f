"""What can go wrong with the store, said with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class StoreError(Exception):
    """The store could not do what was asked. The message says what, and what to do; the state before is whole."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}: {remedy}" if remedy else message)
        self.remedy = remedy


class NewerSchemaError(StoreError):
    """The database was written by a newer Listener (or is not a Listener's at all), so nothing touches it."""


class UnusableError(StoreError):
    """The database itself is in trouble (disk, lock, server, rights, damage): whatever is asked of it may fail."""


class LostError(StoreError):
    """This process holds the database no more, or its file has gone: it writes nothing from now on."""


class OutdatedError(StoreError):
    """Posts were understood by queries that have changed meanwhile. Nothing was stored: understand them again."""


class HeldError(StoreError):
    """Another process holds the store. `owner` is what that process said of itself: pid, url, token, since."""

    def __init__(self, message: str, owner: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.owner = owner


def held_by(where: str, owner: Mapping[str, Any]) -> HeldError:
    """The refusal that a second holder gets."""
    known = [f"process {owner['pid']}"] if owner.get("pid") else ["another process"]
    known += [f"since {owner['since']}"] if owner.get("since") else []
    known += [f"at {owner['url']}"] if owner.get("url") else []
    return HeldError(f"{where} is held by {', '.join(known)}: stop that one first, or use another database", owner)

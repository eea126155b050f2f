"""Many terms, filed under what a document must have among its keys: those it may fulfil are found by looking up."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from insight.query.matching.document import Way
from insight.query.matching.wildcards import Wildcards


@dataclass(frozen=True, slots=True)
class Lookup:
    """Every document that a term holds for has this among its keys. `wildcard`: `key` is one, a key must match it."""

    place: str | None
    way: Way
    key: str
    wildcard: bool = False


class Table:
    """Numbers, each under the lookups of one place and way that lead to it: filled, closed, then asked."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[int]] = {}
        self._by_wildcard: dict[str, list[int]] = {}
        self._keys: frozenset[str] = frozenset()
        self._wildcards = Wildcards(())

    def add(self, lookup: Lookup, number: int) -> None:
        (self._by_wildcard if lookup.wildcard else self._by_key).setdefault(lookup.key, []).append(number)

    def close(self) -> None:
        self._keys = frozenset(self._by_key)
        self._wildcards = Wildcards(self._by_wildcard)

    def collect(self, keys: AbstractSet[str], found: set[int]) -> None:
        """What these keys lead to, added to what is found."""
        for key in keys & self._keys:
            found.update(self._by_key[key])
        if self._by_wildcard:
            for wildcard in self._wildcards.matching(keys):
                found.update(self._by_wildcard[wildcard])

"""JSON-LD as pages really hold it: leniently parsed, its references followed, its keys without their vocabulary."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scrapers.formats import limits
from scrapers.formats.values import UnreadableError, listed, mapping

MOST = 50_000  # nodes of a page that are looked at: more is no page about something

# A string is taken first, so that what looks like a comment inside one stays. What has no end is taken to the end of
# the block, so that nothing is looked for twice.
_STRING = r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*(?:.*?\*/|.*\Z)", re.DOTALL)
_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)
_WRAPPED = re.compile(r"\A\s*(?://\s*)?(?:<!\[CDATA\[|<!--)|(?://\s*)?(?:\]\]>|-->)\s*\Z|;\s*\Z")


def loads(block: str) -> Any:
    """The JSON of a script block; comments, trailing commas, control characters and entities are forgiven."""
    text = _WRAPPED.sub("", block.replace("\ufeff", "")).strip()
    if not text:
        return None
    repairs: tuple[Callable[[str], str], ...] = (str, _without_noise, lambda raw: _without_noise(html.unescape(raw)))
    problem = ""
    for repair in repairs:
        try:
            return limits.loads(repair(text))
        except ValueError as error:
            problem = problem or str(error)
    raise UnreadableError(f"a JSON-LD block that is no JSON: {problem}")


def _without_noise(text: str) -> str:
    for noise in (_COMMENT, _COMMA):
        text = noise.sub(lambda found: found[1] or "", text)
    return text


def nodes(root: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in it, outer ones first, in the order of the page."""
    waiting, seen = [root], 0
    while waiting and seen < MOST:
        found, seen = waiting.pop(), seen + 1
        if isinstance(found, dict):
            yield found
            waiting += reversed(list(found.values()))
        elif isinstance(found, list):
            waiting += reversed(found)


def simple(name: object) -> str:
    """`http://schema.org/reviewBody`, `schema:reviewBody` and `ReviewBody` are all reviewBody."""
    last = re.split(r"[/#:]", str(name))[-1]
    return last[:1].lower() + last[1:]


def types(node: Mapping[str, Any]) -> set[str]:
    return {simple(written) for written in listed(node.get("@type"))}


class Graph:
    """The objects of all blocks, so that `{"@id": …}` is found wherever what it names is written."""

    def __init__(self, roots: list[Any]) -> None:
        self.all = [node for root in roots for node in nodes(root)]
        self._named: dict[str, Mapping[str, Any]] = {}
        self._properties: dict[int, dict[str, list[Any]]] = {}
        for node in self.all:
            if isinstance(node.get("@id"), str) and len(node) > 1:
                self._named.setdefault(node["@id"], node)

    def values(self, node: Mapping[str, Any], *names: str) -> list[Any]:
        """All values of the first of these properties that has any."""
        if id(node) not in self._properties:
            self._properties[id(node)] = by_name = defaultdict(list)
            for key, value in node.items():
                by_name[simple(key)].append(value)
        for name in names:
            for value in self._properties[id(node)].get(name, ()):
                found = [inner for inner in map(self._plain, _flat(value)) if inner not in (None, "", [], {})]
                if found:
                    return found
        return []

    def text(self, node: Mapping[str, Any], *names: str) -> str | None:
        """The first value that says something as text or number; of an object its name."""
        for value in self.values(node, *names):
            if isinstance(value, str) and value.strip():
                return value
            if isinstance(value, int | float) and not isinstance(value, bool):
                return str(value)
            if isinstance(value, dict):
                named = value.get("name")
                if isinstance(named, list):  # microdata has lists everywhere
                    named = next((each for each in named if isinstance(each, str) and each.strip()), None)
                if isinstance(named, str) and named.strip():
                    return named
        return None

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict) and "@value" in value:
            return value["@value"]
        if isinstance(value, dict) and set(value) == {"@id"}:
            return self._named.get(str(value["@id"]), value)
        return value


def _flat(value: Any) -> list[Any]:
    """Values in lists of lists, as some pages nest them; two levels are enough."""
    flat: list[Any] = []
    for outer in listed(mapping(value).get("@list", value)):
        flat += outer if isinstance(outer, list) else [outer]
    return flat

"""The rules of X's filtered stream: what is there, what is wanted, and the requests that make it so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scrapers.answers import not_read
from scrapers.base import Page, Request, SourceError
from scrapers.formats.values import identifier, listed, mapping, text

TAG = "listener"  # by it we know our own rules: those of other programs stay as they are
MOST = 1000


def wanted(terms: str) -> tuple[str, ...]:
    return tuple(filter(None, terms.split("\n")))


def changes(page: Page, body: Mapping[str, Any]) -> tuple[Request, ...]:
    """What makes the rules of the stream those that this page was asked for with. Raises SourceError for a refusal."""
    if page.request.method == "POST":
        _check_created(page, body)
        return ()
    if "meta" not in body:
        raise not_read(page, "rules of a stream")
    there = (mapping(rule) for rule in listed(body.get("data")))
    found = {text(rule.get("value")): identifier(rule.get("id")) for rule in there if rule.get("tag") == TAG}
    ours = {value: rule for value, rule in found.items() if value and rule}
    rules = wanted(page.request.note.get("rules", ""))
    old = [rule for value, rule in ours.items() if value not in rules]
    new = [{"value": value, "tag": TAG} for value in rules[:MOST] if value not in ours]
    # First what is no longer wanted goes: there is room for a thousand rules only.
    bodies: list[dict[str, Any]] = [{"delete": {"ids": old}}] if old else []
    bodies += [{"add": new}] if new else []
    url, since, note = page.request.url, page.request.since, {"rules": "changed"}
    return tuple(Request(url, method="POST", body=json.dumps(one), since=since, note=note) for one in bodies)


def _check_created(page: Page, body: Mapping[str, Any]) -> None:
    """A rule that is there already is no harm; one that X cannot read is for a person."""
    for error in map(mapping, listed(body.get("errors"))):
        if error.get("title") == "DuplicateRule":
            continue
        why = [text(detail) for detail in listed(error.get("details"))] + [text(error.get("detail"))]
        told = next(filter(None, why), text(error.get("title")) or "no reason given")
        raise SourceError(
            f"X refuses the rule {text(error.get('value')) or ''!r}: {told[:300]}",
            permanent=True,
            remedy="make the query of that watch, or `queries`, simpler",
            status=page.status,
        )
    if "meta" not in body and "data" not in body:
        raise not_read(page, "rules of a stream")

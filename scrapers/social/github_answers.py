"""How GitHub says no: limits that pass with status 403, GraphQL's errors with status 200, searches cut short."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scrapers.answers import not_read, platform_message, refused
from scrapers.base import Page, SourceError
from scrapers.formats.values import listed, mapping, text
from scrapers.network.pace import asked_pause

_LIMITED = re.compile(r"rate limit|abuse detection", re.IGNORECASE)
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
_A_MINUTE = 60.0  # what GitHub asks for where it names no time
_REMEDIES = {
    401: "the `token` is not valid any more: make a new one",
    403: "the `token` may not read this, or the platform blocks this machine",
    404: "check the names of the `repositories`; a private one needs a `token` that may read it",
    422: "GitHub does not understand this search, or may not show a repository or user it names: check `queries`",
}
_FINAL = {
    "NOT_FOUND": _REMEDIES[404],
    "FORBIDDEN": _REMEDIES[403],
    "INSUFFICIENT_SCOPES": "give a `token` with the scope that the message names",
}


def refusal(page: Page, *, token: bool) -> SourceError:
    """The error for a page that is not usable, with how long to wait where a limit has been reached."""
    spent = page.headers.get("x-ratelimit-remaining", "").strip() == "0"
    # of a limit of the second kind only the message speaks
    if page.status in (403, 429) and (spent or _LIMITED.search(platform_message(page) or "")):
        wait = refused(page).retry_after or asked_pause(429, page.headers, page.fetched_at) or _A_MINUTE
        more = "" if token else "; a `token` allows more"
        says = f"{page.url} answered {page.status}: {platform_message(page)}{more}"
        return SourceError(says, retry_after=wait, status=page.status)
    return refused(page, remedy=_REMEDIES.get(page.status, ""))


def body_of(page: Page) -> Any:
    """The JSON of a successful answer. Raises SourceError for GraphQL's errors, which come with status 200."""
    body = page.json()
    errors = [mapping(error) for error in listed(mapping(body).get("errors"))]
    if errors:
        raise _graphql_error(page, errors)
    if isinstance(body, dict) and "data" in body and not isinstance(body["data"], dict):
        raise not_read(page, "data")
    return body


def _graphql_error(page: Page, errors: list[Mapping[str, Any]]) -> SourceError:
    kinds = [text(error.get("type")) or "" for error in errors]
    says = "; ".join(filter(None, (text(error.get("message")) for error in errors))) or "an error without a message"
    told = f"{page.url} answered {page.status} with: {' '.join(says.split())[:300]}"
    if "RATE_LIMITED" in kinds or _LIMITED.search(says):
        wait = asked_pause(429, page.headers, page.fetched_at) or _A_MINUTE
        return SourceError(told, retry_after=wait, status=page.status)
    remedy = next((_FINAL[kind] for kind in kinds if kind in _FINAL), "")
    return SourceError(told, permanent=bool(remedy), remedy=remedy, status=page.status)


def incomplete(body: Any) -> bool:
    """Whether a search ran out of time: what it shows is kept, but it is no reason to take the rest as read."""
    return mapping(body).get("incomplete_results") is True

"""A saved answer, read as if it had just come: for `listener sources parse`, for tests, for a stranger's recording."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pydantic import ValidationError

from scrapers import kind_of
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, Source
from scrapers.formats.values import address


def read_saved(
    kind: str,
    body: bytes,
    *,
    url: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    now: datetime,
    source: Source | None = None,
) -> Batch:
    """What a kind reads from an answer. Raises SourceError as `parse` does, UnknownKindError for a kind there is not.

    Settings come from the address where it names them (an instance, an app, a country), else from the kind's example.
    """
    found = kind_of(kind)
    if source is None and url and address(url):
        with suppress(ValidationError):
            source = found.for_page(url)
    source = source or found(**found.example)
    if url:
        request = Request(url)
        with suppress(ValueError):  # its query as parameters, so that the walk can go on from there
            parts = urlsplit(url)
            request = Request(urlunsplit(parts._replace(query="", fragment="")), dict(parse_qsl(parts.query)))
    else:
        request = source.start(next(iter(source.searches(())), Search()), None, now)
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    return read_page(source, Page(request, status, body, url or "", now, lower))

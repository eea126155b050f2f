"""Settings that several kinds share, and what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from scrapers.base import Request, Search, Source
from scrapers.formats.values import digest

ADDRESS = r"^https?://[^\s@/]+(/\S*)?$"


def own_searches(queries: Iterable[str]) -> list[Search]:
    """The setting `queries`: each under a key that no quotes and capitals make another one."""
    return [Search(query.lower().strip('"'), query) for query in queries]


def bearer(token: SecretStr | None) -> Mapping[str, str]:
    """The header with an access token, where there is one."""
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def host_and_path(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc + parts.path.rstrip("/")


def under(base: str, path: str) -> str:
    """An address below another one, which may be written with a slash at its end."""
    return f"{base.rstrip('/')}/{path}"


def named(given: Iterable[str], form: re.Pattern[str], meant: str) -> tuple[str, ...]:
    """What the pattern's first group takes from each, every one once. Raises ValueError for what does not fit."""
    names: dict[str, None] = {}
    for written in given:
        found = form.fullmatch(written.strip())
        if not found:
            raise ValueError(f"{written!r} is no {meant}")
        names[found[1]] = None
    return tuple(names)


class UrlSource(Source):
    """A source that is one address; a subclass says how the page is read."""

    hosts_from_settings = ("url",)

    url: str = Field(description="Its address.", pattern=ADDRESS)

    @field_validator("url", mode="before")
    @classmethod
    def _stripped(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value

    @classmethod
    def for_page(cls, url: str) -> Self:
        return cls(url=url)

    @property
    def label(self) -> str:
        parts = urlsplit(self.url)
        # A query may be what tells two addresses apart, or a secret: shown as a mark of its own, not in full.
        mark = f"?{digest(parts.query)[:6]}" if parts.query else ""
        return parts.netloc + parts.path.rstrip("/") + mark

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        return Request(self.url, since=high_water)

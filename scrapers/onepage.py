"""Sources that are one address: the setting, the label and the request they share."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from scrapers.base import Request, Search, Source
from scrapers.formats.values import digest

ADDRESS = r"^https?://[^\s@/]+(/\S*)?$"


class OnePage(Source):
    """A subclass says how the page is read."""

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

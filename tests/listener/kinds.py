"""Tiny kinds of source and channel, so that these tests need no real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import AliasChoices, Field, SecretStr, field_validator

from alerts.base import Channel
from insight.model import Watch
from listener.config import Catalogue
from scrapers.base import Access, Search, Source, Terms

OPEN = Terms(Access.OPEN, "read away", "https://example.org/terms")


class Board(Source):
    """A board that anybody may read."""

    kind: ClassVar[str] = "board"
    title: ClassVar[str] = "A board"
    terms: ClassVar[Terms] = OPEN
    example: ClassVar[dict[str, Any]] = {}

    base_url: str = Field("https://board.example.org", validation_alias=AliasChoices("base_url", "instance"))
    countries: tuple[str, ...] = Field((), description="Where.")
    limit: int = Field(10, ge=1)
    token: SecretStr | None = None

    @property
    def label(self) -> str:
        return self.base_url.removeprefix("https://")

    @field_validator("countries")
    @classmethod
    def _two_letters(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(country) != 2 for country in value):
            raise ValueError("a country has two letters")
        return value


class Tags(Board):
    """Finds hashtags only."""

    kind: ClassVar[str] = "tags"

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return tuple(Search(watch.id) for watch in watches if "#" in watch.query)


class Grey(Board):
    """For personal readers."""

    kind: ClassVar[str] = "grey"
    title: ClassVar[str] = "A grey board"
    terms: ClassVar[Terms] = Terms(Access.GREY, "personal readers only", "https://example.org/grey")


class Bell(Channel):
    kind: ClassVar[str] = "bell"
    title: ClassVar[str] = "A bell"
    example: ClassVar[dict[str, Any]] = {}


class Chat(Channel):
    kind: ClassVar[str] = "chat"
    title: ClassVar[str] = "A chat"
    example: ClassVar[dict[str, Any]] = {}

    token: SecretStr
    room: str = "lobby"
    port: int = 443
    tls: bool = True


class Moody(Source):
    """A kind whose own code fails."""

    kind: ClassVar[str] = "moody"
    title: ClassVar[str] = "Moody"
    terms: ClassVar[Terms] = OPEN
    example: ClassVar[dict[str, Any]] = {}

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        raise RuntimeError("not today")


not_a_kind = 5

SOURCES: Catalogue[Source] = Catalogue("source", Source, {kind.kind: kind for kind in (Board, Tags, Grey)})
CHANNELS: Catalogue[Channel] = Catalogue("channel", Channel, {kind.kind: kind for kind in (Bell, Chat)})

# what `listener init` writes, for tests that run without the real kinds
INIT: Catalogue[Source] = Catalogue("source", Source, {"hackernews": Board, "mastodon": Tags, "feed": Board})

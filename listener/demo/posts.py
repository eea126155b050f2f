"""What the simulated market consists of: posts that know what they were made as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from listener.demo.people import Author


class Made(StrEnum):
    """What a post was made as."""

    ORDINARY = "ordinary"
    SPIKE = "spike"
    THEME = "theme"
    NOISE = "noise"  # holds the brand's name and means something else: an exclusion of the query hides it


@dataclass(frozen=True, slots=True)
class Truth:
    """`watches`: which watches the post concerns, by construction; noise concerns none."""

    made: Made
    sentiment: str
    topic: str
    watches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarketPost:
    """One invented post.

    `place` is where on the platform: "story" or "comment", "press" or "forum", the watch id of a reviewed product.
    `id`, `reply_to` and `thread` are the platform's own ids. `story` is the id of the post this one copies, else its
    own. `edited_text` and `edited_rating` hold from `edited_at` on; from `deleted_at` on the post is gone.
    """

    at: datetime
    platform: str
    place: str
    author: Author
    text: str
    truth: Truth
    title: str = ""
    language: str = "en"
    country: str = ""
    rating: int | None = None
    tags: tuple[str, ...] = ()
    link: str = ""
    id: str = ""
    reply_to: str = ""
    thread: str = ""
    story: str = ""
    applause: int = 0
    edited_at: datetime | None = None
    edited_text: str = ""
    edited_rating: int | None = None
    deleted_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.platform, self.id

    def exists(self, now: datetime) -> bool:
        return self.at <= now and (self.deleted_at is None or now < self.deleted_at)

    def edited(self, now: datetime) -> bool:
        return self.edited_at is not None and self.edited_at <= now

    def says(self, now: datetime) -> str:
        """Its text as of then."""
        return self.edited_text if self.edited(now) else self.text

    def stars(self, now: datetime) -> int | None:
        """Its rating as of then."""
        return self.edited_rating if self.edited(now) and self.edited_rating else self.rating

    def changed(self, now: datetime) -> datetime:
        """When it was last written to, as of then."""
        return self.edited_at if self.edited_at and self.edited(now) else self.at

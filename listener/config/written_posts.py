"""Posts that people write down: an entry under a watch's `tests`, a line of JSON for `listener query match`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from insight.model import Label, Post, PostKind, Rating
from insight.query import Facts
from insight.query.fields import FACTS, Takes

NETWORK = "written"

_EXPORTED_AS = {"lang": "language", "followers": "audience"}

Native = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]


class PostEntry(BaseModel):
    """A post as it is written down; everything but what it says may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    text: str = Field("", description="What it says.")
    title: str | None = Field(None, description="Its title.")
    author: str | None = Field(None, description="The account of who writes.")
    author_name: str | None = Field(None, description="The name of who writes.")
    lang: str | None = Field(None, min_length=1, description="Its language (en, vi); recognised if unset.")
    url: str | None = Field(None, description="Its address.")
    source: str = Field("", description="The id of the source that brings it, such as mastodon:mastodon.social.")
    kind: PostKind = Field(PostKind.POST, description="What sort of post it is.")
    rating: float | None = Field(None, ge=1, le=5, description="Stars, from 1 to 5.")
    followers: int | None = Field(None, ge=0, description="How many follow who writes.")
    engagement: int | dict[str, int] | None = Field(None, description="Its likes, replies, reposts and so on.")
    reply_to: Native | None = Field(None, min_length=1, description="The id of the post that it answers.")
    repost_of: Native | None = Field(None, min_length=1, description="The id of the post that it repeats.")
    links: tuple[str, ...] = Field((), description="Addresses that it links to.")
    hashtags: tuple[str, ...] = Field((), description="Hashtags that stand beside the text.")
    media: tuple[str, ...] = Field((), description="Addresses of its pictures and videos.")
    published_at: str | None = Field(None, description="When: a date, or a time such as 2026-03-02T09:30Z.")
    country: str | None = Field(None, description="Two letters: de, us.")
    facts: dict[str, str | float] = Field({}, description="What only some kinds know: version, verified, plan, nps, ….")
    sentiment: Literal["negative", "neutral", "positive", "mixed", "unknown"] | None = Field(
        None, description="How it sounds, for queries with `sentiment:`."
    )
    watch: str | None = Field(None, description="The watch that it is a mention of, for queries with `watch:`.")

    @field_validator("facts", mode="before")
    @classmethod
    def _are_facts(cls, value: Any) -> Any:
        """YAML reads 2.1 as a number and yes as true."""
        if not isinstance(value, Mapping):
            return value
        for name in set(value) - set(FACTS):
            raise ValueError(f"{name!r} is none of {', '.join(FACTS)}")
        return {
            name: fact if FACTS[name].takes is Takes.NUMBER
            else ("no", "yes")[fact] if isinstance(fact, bool) else str(fact)
            for name, fact in value.items()
        }  # fmt: skip

    @field_validator("published_at")
    @classmethod
    def _is_time(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                datetime.fromisoformat(value)
            except ValueError:
                raise ValueError(f"{value!r} is no date and no time: write 2026-03-02 or 2026-03-02T09:30Z") from None
        return value

    @field_validator("country")
    @classmethod
    def _is_country(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch("[A-Za-z]{2}", value):
            raise ValueError(f"{value!r} is no country: write its two letters, such as us or de")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.text or self.title or self.rating):
            raise ValueError("nothing to read: a post needs a text, a title or a rating")
        return self

    def post(self, native_id: str = "1") -> Post:
        at = None if self.published_at is None else datetime.fromisoformat(self.published_at)
        if at is not None:
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        counts = self.engagement if isinstance(self.engagement, dict) else {"together": self.engagement or 0}
        return Post(
            NETWORK,
            native_id,
            self.text,
            kind=self.kind,
            url=self.url,
            title=self.title,
            author=self.author,
            author_name=self.author_name,
            audience=self.followers,
            published_at=at,
            language=self.lang,
            country=self.country,
            rating=None if self.rating is None else Rating(self.rating),
            engagement={} if self.engagement is None else counts,
            reply_to=self.reply_to,
            repost_of=self.repost_of,
            links=self.links,
            hashtags=self.hashtags,
            media=self.media,
            facts=self.facts,
        )

    def as_facts(self, owned: frozenset[str] = frozenset()) -> Facts:
        label = None if self.sentiment is None else Label(self.sentiment)
        return Facts(source=self.source, owned=owned, language=self.lang, watch=self.watch, label=label)


def read_post(entry: Any) -> PostEntry:
    """A post that somebody wrote down: a text alone, or a mapping.

    Keys that are not known are another program's and left alone; what `listener export` calls otherwise (`language`,
    `audience`, a rating on its own scale) is understood.

    Raises ValueError with a reason that names the key.
    """
    if isinstance(entry, str):
        entry = {"text": entry}
    if not isinstance(entry, Mapping):
        message = 'a post is a text, or settings such as {"text": …, "lang": …}'
        raise ValueError(message)  # noqa: TRY004 - one kind of error, whatever is wrong with it
    known = {name: entry[name] for name in PostEntry.model_fields if entry.get(name) is not None}
    for name, other in _EXPORTED_AS.items():
        if entry.get(other) is not None:
            known.setdefault(name, entry[other])
    if isinstance(known.get("rating"), Mapping):  # on its own scale: as stars from 1 to 5
        try:
            known["rating"] = 1 + 4 * Rating(**known["rating"]).share
        except (TypeError, ZeroDivisionError):
            raise ValueError('`rating` must be a number of stars, or {"value": …, "worst": …, "best": …}') from None
    try:
        return PostEntry.model_validate(known)
    except ValidationError as error:
        reasons = []
        for detail in error.errors(include_url=False):
            says = str(detail["msg"]).removeprefix("Value error, ")
            says = says.replace("Input should", "must").replace("String should", "must")
            reasons.append(f"`{detail['loc'][0]}` {says}" if detail["loc"] else says)
        raise ValueError("; ".join(reasons)) from None

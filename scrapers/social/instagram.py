"""Instagram: media under a hashtag, media that tag an account, comments below an account's own media."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from insight.model import Gap, Post, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Terms
from scrapers.formats.dates import moment
from scrapers.formats.values import each, identifier, listed, mapping, origin_of
from scrapers.marks import distinct, gap_since, mark_of, newest_mark, times_of
from scrapers.social import graph
from scrapers.social.graph import GraphApi
from scrapers.social.instagram_media import NETWORK, comment, medium
from scrapers.social.mastodon import hashtag
from scrapers.terms import searches, with_own

# recent_media shows 24 hours, and 30 hashtags may be asked for in 7 days:
# https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/hashtag-search
WINDOW = timedelta(hours=24)
COMMENTS = "id,text,timestamp,username,like_count,parent_id"
MEDIA = "id,caption,media_type,media_url,permalink,timestamp,like_count,comments_count"
CHILDREN = "children{media_url}"
TOO_MANY = (
    "Instagram lets an account ask for 30 hashtags in 7 days: name fewer, or wait until the older ones are forgotten"
)
NOBODY = frozenset({24})  # a hashtag that nobody has used: an empty answer, said as an error


class Instagram(GraphApi):
    """Meta's Platform Terms: an Instagram professional account with a Facebook app, free of charge; hashtags only after
    an app review for Instagram Public Content Access. What its author deletes or Meta asks to delete has to go.

    An account may ask for 30 hashtags in 7 days, so name few; the hashtags, words, phrases and names of the watches are
    asked for as hashtags. Under a hashtag the platform shows what was published in the last 24 hours, in no strict
    order and without saying by whom; a source that did not get to ask for longer records a gap. Media that tag the
    account, and comments below its own newest media, come with their authors' names.
    """

    kind = "instagram"
    title = "Instagram"
    network = NETWORK
    terms = Terms(
        Access.KEY,
        "Professional accounts; hashtags after Meta's app review, 30 in 7 days. Delete what is deleted there.",
        "https://developers.facebook.com/terms",
    )
    example: ClassVar[dict[str, Any]] = {"token": "${INSTAGRAM_TOKEN}", "account": "17840000000000001"}
    default_every = 1800.0
    window = "hashtags: what was published in the last 24 hours"

    dialect = Dialect(word=None, phrase=None, both=None, either=None, brackets=Brackets.NONE, complete=False)

    account: str = Field(description="The id of the professional account that asks.", pattern=r"^\d{1,30}$")
    hashtags: tuple[str, ...] = Field((), description="Hashtags to read too, besides what the watches name.")
    read: tuple[Literal["hashtags", "tags", "comments"], ...] = Field(
        ("hashtags", "tags", "comments"),
        description="What to read: hashtags, tags (media that tag the account), comments (below its own).",
        min_length=1,
    )

    @field_validator("hashtags")
    @classmethod
    def _tags(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        tags = tuple(hashtag(written) for written in given)
        if None in tags:
            raise ValueError(f"{given[tags.index(None)]!r} is no hashtag: it needs a letter")
        return tuple(dict.fromkeys(filter(None, tags)))

    @classmethod
    def for_page(cls, url: str) -> Instagram:
        return cls(**{**cls.example, "base_url": origin_of(url)})

    @property
    def label(self) -> str:
        return self.account

    def budget(self) -> Budget:
        return Budget(per_minute=200 / 60)  # and 30 hashtags in 7 days, which the platform counts itself

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        edges = tuple(Search(name, name) for name in ("tags", "comments") if name in self.read)
        if "hashtags" not in self.read:
            return edges
        own = [Search(f"#{tag}", f"#{tag}") for tag in self.hashtags]
        return (*edges, *with_own(own, searches(self, watches)))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        if search.terms.startswith("#"):
            tag = search.terms.removeprefix("#")
            params = {"user_id": self.account, "q": tag}
            return self.ask("ig_hashtag_search", params, since=high_water, note={"tag": tag})
        if search.terms == "comments":
            fields = f"{MEDIA},username,comments.limit(50){{{COMMENTS},replies{{{COMMENTS}}}}}"
            return self.ask(
                f"{self.account}/media", {"fields": fields, "limit": "25"}, since=high_water, note={"own": "yes"}
            )
        fields = f"{MEDIA},username,{CHILDREN}"
        return self.ask(f"{self.account}/tags", {"fields": fields, "limit": "50"}, since=high_water)

    remedies = {18: TOO_MANY}  # noqa: RUF012  # a ClassVar of GraphApi

    def parse_graph_error(self, page: Page, error: Mapping[str, Any]) -> Batch:
        if "q" in page.request.params and error.get("code") in NOBODY:
            return Batch(newest=mark_of(page.fetched_at), pause=graph.pause(page))
        return super().parse_graph_error(page, error)

    def parse_body(self, page: Page, body: dict[str, Any]) -> Batch:
        body = _unwrapped(body)
        data = body.get("data") if "data" in body else [body] if "id" in body else None
        if not isinstance(data, list):
            raise not_read(page, "Instagram media")
        names_only = all(isinstance(one, dict) and "id" in one and one.keys() <= {"id", "name"} for one in data)
        if "ig_hashtag_search" in page.request.url or (data and names_only):
            return Batch(requests=self._recent_media_request(page, data))
        tag, own = page.request.note.get("tag"), page.request.note.get("own") is not None
        posts, rejected = each(data, partial(_parse_medium_or_comment, tag=tag, listing=page.request.url))
        below, broken = each(_comments_in(data), lambda pair: comment(pair[0], pair[1]))
        # new comments stand below the newest media: its list is not walked
        ended = own or graph.ended(posts, page.request.since)
        onward = () if ended else graph.further(page, body)
        # Under a hashtag a walk reads the whole window, so what it marks is until when, not what was newest.
        read_until = mark_of(page.fetched_at) if tag else newest_mark(times_of((*posts, *below)), page)
        items = distinct((*(() if own else posts), *below))
        gap: tuple[Gap, ...] = ()
        if tag and not onward:
            began = [page.fetched_at - WINDOW]
            reason = f"Instagram shows 24 hours of #{tag}, and was not asked for longer"
            gap = gap_since(moment(page.request.since)[0], began, reason)
        return Batch((*items, *gap), onward, read_until, (*rejected, *broken))

    def _recent_media_request(self, page: Page, data: list[Any]) -> tuple[Request, ...]:
        tag, found = page.request.note.get("tag"), identifier(mapping(data[0]).get("id")) if data else None
        if found is None or not found.isdigit():
            return ()
        params = {"user_id": self.account, "fields": f"{MEDIA},{CHILDREN}", "limit": "50"}
        note = {"tag": tag} if tag else {}
        return (self.ask(f"{found}/recent_media", params, since=page.request.since, note=note),)


def _unwrapped(body: dict[str, Any]) -> dict[str, Any]:
    """What an answer about an account is about: another account's media, a mention of the account."""
    for name in ("business_discovery", "mentioned_media", "mentioned_comment"):
        if isinstance(body.get(name), dict):
            found: dict[str, Any] = body[name]
            return found["media"] if isinstance(found.get("media"), dict) and "data" in found["media"] else found
    return body


def _parse_medium_or_comment(found: Any, tag: str | None, listing: str) -> Post:
    if isinstance(found, dict) and "text" in found and "caption" not in found:
        parts = urlsplit(listing).path.rstrip("/").split("/")
        return comment(found, {"id": parts[-2]} if parts[-1] == "comments" and re.fullmatch(r"\d+", parts[-2]) else {})
    return medium(found, tag)


def _comments_in(data: list[Any]) -> list[tuple[Any, Any]]:
    """The comments below media, and the replies to them, each with the medium it belongs to."""
    pairs = []
    for found in map(mapping, data):
        for said in listed(mapping(found.get("comments")).get("data")):
            replies = listed(mapping(mapping(said).get("replies")).get("data"))
            pairs += [(said, found), *((reply, {**found, "parent": mapping(said).get("id")}) for reply in replies)]
    return pairs

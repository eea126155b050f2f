"""Hashtag timelines of a Mastodon instance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import AliasChoices, Field, SecretStr

from insight.model import Watch
from scrapers.answers import expect, not_read
from scrapers.base import Access, Batch, Page, Request, Search, Source, Terms
from scrapers.social.toots import NETWORK, entities, local_ids, read
from scrapers.terms import literals
from scrapers.values import each, origin_of

OVERLAP = timedelta(hours=1)  # a server files a late toot of another server under the time it was written
CLOSED = "this instance shows its timelines to members only: give a `token`, or choose another `instance`"
PAGE = 40  # the most a timeline gives


class Mastodon(Source):
    """Instances serve public hashtag timelines to everybody unless their admins close them; `token` opens those.

    300 requests in five minutes and address. Each instance has terms of its own; toots may be kept as long as their
    authors leave them, so deletions are obeyed. Only what is public comes this way. There is no search by word without
    an account: the hashtags, words, phrases and names of the watches are asked for as hashtags, and `hashtags` adds
    more. A boost is no new post: the boosted toot is read. A toot is known by its `uri`, the same on every instance.
    """

    kind = "mastodon"
    title = "Mastodon"
    network = NETWORK
    terms = Terms(
        Access.OPEN,
        "Public hashtag timelines, 300 requests in five minutes; see the instance's own rules.",
        "https://docs.joinmastodon.org/methods/timelines/#tag",
    )
    example: ClassVar[dict[str, Any]] = {"instance": "https://mastodon.social", "hashtags": ["opensource"]}
    hosts_from_settings = ("instance",)

    instance: str = Field(
        "https://mastodon.social",
        description="The instance whose timelines are read (`base_url` says the same).",
        pattern=r"^https?://[^\s@/]+(/\S*)?$",
        validation_alias=AliasChoices("instance", "base_url"),
    )
    hashtags: tuple[str, ...] = Field((), description="Hashtags to read too, besides what the watches name.")
    token: SecretStr | None = Field(None, description="An access token, for an instance that shows nothing without.")

    @classmethod
    def for_page(cls, url: str) -> Mastodon:
        return cls(instance=origin_of(url))

    @property
    def label(self) -> str:
        parts = urlsplit(self.instance)
        return parts.netloc + parts.path.rstrip("/")

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"} if self.token else {}

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        wanted = [*self.hashtags, *(literal.text for literal in literals(self, watches))]
        tags = dict.fromkeys(filter(None, map(hashtag, wanted)))
        return tuple(Search(f"#{tag}", tag) for tag in tags)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        params = {"limit": str(PAGE)}
        if high_water is not None:
            params["since_id"] = _earlier(high_water)
        url = f"{self.instance.rstrip('/')}/api/v1/timelines/tag/{quote(search.terms)}"
        return Request(url, params, since=high_water)

    def parse(self, page: Page) -> Batch:
        found = entities(page)
        if not found.gone:
            closed = page.status in (401, 403, 422) and "/timelines/" in page.url and not self.token
            expect(page, remedy=CLOSED if closed else "")
        if found.error is not None:
            raise not_read(page, "toots")
        known, host = local_ids(found.toots), urlsplit(page.url).netloc
        posts, rejected = each(found.toots, lambda toot: read(toot, known, host))
        once = tuple({post.key: post for post in posts}.values())
        ids = [
            str(toot["id"]) for toot in found.toots if isinstance(toot, dict) and isinstance(toot.get("id"), str | int)
        ]
        return Batch((*found.gone, *once), _further(page, ids), _newest(ids), rejected)


def hashtag(written: str) -> str | None:
    """A term as a hashtag: `#Acme`, "acme corp" → acme, acmecorp. None where nothing a hashtag may be is left."""
    tag = re.sub(r"[^\w]", "", written.strip("@").partition("@")[0]).lower()
    return tag if re.search(r"[^\W\d_]", tag) else None


def _further(page: Page, ids: list[str]) -> tuple[Request, ...]:
    """Older toots: what the Link header calls next, asked of the address that was asked before (a mirror, perhaps)."""
    following = _link_next(page.headers.get("link", ""))
    full = "/timelines/" in page.request.url and len(ids) >= (_number(page.request.params.get("limit")) or PAGE)
    if following is None and full:
        following = min(ids, key=_order)  # a mirror without the header
    if not ids or following is None:
        return ()
    asked, since = page.request.params.get("max_id"), page.request.params.get("since_id")
    ended = since is not None and _order(following) <= _order(since)
    if ended or (asked is not None and _order(following) >= _order(asked)):  # not older: it would go round for ever
        return ()
    params = {key: value for key, value in page.request.params.items() if key not in ("min_id", "max_id")}
    return (replace(page.request, params={**params, "max_id": following}),)


def _link_next(header: str) -> str | None:
    for target, rel in re.findall(r"<([^<>]{1,2000})>\s*;\s*rel=\"?(\w+)", header):
        if rel == "next":
            try:
                return next(iter(parse_qs(urlsplit(target).query).get("max_id", ())), None)
            except ValueError:
                return None
    return None


def _newest(ids: list[str]) -> str | None:
    return max(ids, key=_order, default=None)


def _order(toot: str) -> tuple[int, str]:
    """Ids grow with time: Mastodon's as numbers, those of its relatives as text of one length."""
    return len(toot), toot


def _earlier(toot: str) -> str:
    """The id that a toot an hour older would have: Mastodon's ids are milliseconds with 16 bits behind them."""
    number = _number(toot)
    if number is None or number >> 16 < OVERLAP // timedelta(milliseconds=1):
        return toot
    return str(number - ((OVERLAP // timedelta(milliseconds=1)) << 16))


def _number(written: str | None) -> int | None:
    return int(written) if written and re.fullmatch(r"[0-9]{1,19}", written) else None

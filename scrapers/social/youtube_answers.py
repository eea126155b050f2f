"""YouTube's answers as a whole: what its errors mean, what a feed of a channel holds, and who is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from insight.model import Deletion, Engagement, Post, Rejected
from scrapers.answers import missing_posts, not_read, refused
from scrapers.base import Batch, Page, SourceError
from scrapers.bodies import entries_of
from scrapers.formats.dates import moment
from scrapers.formats.values import listed, mapping, text
from scrapers.marks import distinct, gap_since, newest_mark, times_of
from scrapers.social.youtube_items import NETWORK, from_feed

FEED = 15  # entries of a channel's feed
KEY = "look at the `api_key` in the Google Cloud console: the YouTube Data API v3 must be enabled and allowed for it"
_PACIFIC = ZoneInfo("America/Los_Angeles")  # where the day of a quota begins
# https://developers.google.com/youtube/v3/docs/errors
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_KEY = frozenset(
    {"keyInvalid", "keyExpired", "accessNotConfigured", "ipRefererBlocked", "API_KEY_INVALID", "SERVICE_DISABLED"}
    | {"API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"}
)
_GONE = frozenset({"videoNotFound", "commentNotFound", "commentThreadNotFound", "notFound"})


def check_error(page: Page, error: Mapping[str, Any]) -> None:
    """Raises SourceError, unless the error says that comments are switched off, or that what was looked up is gone."""
    said = [*listed(error.get("errors")), *listed(error.get("details"))]
    reasons = {reason for part in said if (reason := text(mapping(part).get("reason")))}
    says = text(error.get("message")) or "an error"
    if "commentsDisabled" in reasons or (reasons & _GONE and page.request.note.get("look")):
        return
    if reasons & _SPENT or (reasons & _FAST and "per day" in says):
        tomorrow = page.fetched_at.astimezone(_PACIFIC) + timedelta(days=1)
        midnight = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
        pause = midnight.timestamp() - page.fetched_at.timestamp() + 60
        raise SourceError(f"YouTube's quota of this day is used up ({says})", retry_after=pause, status=429)
    if reasons & _FAST:
        raise SourceError(f"YouTube is asked too fast ({says})", retry_after=60.0, status=429)
    if reasons & _KEY or "API key" in says:
        raise SourceError(f"YouTube does not take the key ({says})", permanent=True, remedy=KEY)
    raise refused(page, remedy=KEY if page.status == 403 else "") if page.status >= 300 else not_read(page, "answer")


def body(page: Page) -> Mapping[str, Any]:
    """A list of resources; one without items may have left them out."""
    found = mapping(page.json())
    if not (text(found.get("kind")) or "").startswith("youtube#") or not isinstance(found.get("items", []), list):
        raise not_read(page, "list of YouTube's resources")
    return found


def parse_lookup(page: Page, asked: str, posts: Sequence[Post], rejected: tuple[Rejected, ...]) -> Batch:
    """What was asked for by its id and is not shown is gone, unless it may be what could not be read.

    Of a reply that is asked for alone YouTube does not say under which video it is: only its numbers are news.
    """
    shown = {post.native_id for post in posts}
    missing = [] if rejected else missing_posts(page, asked.split(","), shown)
    known = [
        Engagement(NETWORK, post.native_id, post.engagement) if post.reply_to and post.thread is None else post
        for post in posts
    ]
    return Batch((*known, *(Deletion(NETWORK, one) for one in missing)), rejected=rejected)


def parse_channel_feed(page: Page) -> Batch:
    """A channel's feed: its newest videos, and a gap when none of them was known."""
    posts, rejected = entries_of(page, from_feed, "channel's feed")
    posts = distinct(posts)
    since, times = moment(page.request.since)[0], times_of(posts)
    full = len(times) >= FEED
    missed = gap_since(since, times, f"the feed shows the {FEED} newest videos only") if full else ()
    return Batch((*posts, *missed), (), newest_mark(times, page), rejected)

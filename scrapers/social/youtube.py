"""Videos and comments of YouTube: its Data API with a key, the feeds of its channels without."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from insight.model import Deletion, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import error_body
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, Terms
from scrapers.bodies import begins
from scrapers.formats.dates import moment
from scrapers.formats.values import each, identifier, listed, mapping, whole_number
from scrapers.marks import distinct, mark_of, newest_mark, portions, reaches_back
from scrapers.settings import named
from scrapers.social.youtube_answers import body, check_error, parse_channel_feed, parse_lookup
from scrapers.social.youtube_items import NETWORK, read, replies, reply_count, resources
from scrapers.terms import searches, with_own

OVERLAP = timedelta(hours=6)  # what was published reaches the search hours later
# https://developers.google.com/youtube/v3/determine_quota_cost
FIRST = timedelta(days=7)  # how far back a first search goes: each page of it costs a hundredth of the day's quota
# https://developers.google.com/youtube/v3/docs/search/list
SEARCHED = 10  # pages of 50: a search shows no more
LOOKED = 50  # ids in one request
_CHANNEL = re.compile(r"(?:.*/channel/)?(UC[\w-]{22})(?:[/?].*)?")
_VIDEO = re.compile(r"(?:.*(?:[?&]v=|youtu\.be/|/shorts/|/live/))?([\w-]{11})(?:[?&#/].*)?")


class YouTube(Source):
    """The Data API is free with a key of one's own, 10,000 units a day: a page of a list costs 1, one of a search 100.

    What was read must be refreshed or deleted after 30 days, so it is kept no longer; a video or comment that is gone
    is deleted here. Without a key the feeds of `channels` show their 15 newest videos and how often they were seen.
    With one the whole of a channel is read, the comments on it and on `videos` (all, or those with `comment_terms`),
    and videos are searched for, newest first. The key travels in a header, so that no address shows it. A video whose
    comments are switched off is passed over. When the quota is used up the source rests until midnight Pacific time.
    """

    kind = "youtube"
    title = "YouTube"
    network = NETWORK
    terms = Terms(
        Access.OPEN,
        "Channel feeds without a key; Data API with one, 10,000 units a day. Stored data is kept for 30 days at most.",
        "https://developers.google.com/youtube/terms/developer-policies",
        keep_days=30,
    )
    example: ClassVar[dict[str, Any]] = {"channels": ["UC_x5XG1OV2P6uZZ5FSM9Ttw"]}
    hosts_from_settings = ("base_url", "feeds_url")
    default_every = 3600.0
    window = "without a key: the 15 newest videos of a channel"
    looks_again = (timedelta(days=1), timedelta(days=7), timedelta(days=25))

    # boating|sailing is documented; what else the search makes of a query is not, and it shows what it thinks fits.
    dialect = Dialect(hashtag=None, names=("{}",), either="|", brackets=Brackets.NONE, accents=True, complete=False)

    api_key: SecretStr | None = Field(None, description="A key of the YouTube Data API v3, for comments and searches.")
    channels: tuple[str, ...] = Field((), description="Channels, by their id (UC…) or address: their videos.")
    videos: tuple[str, ...] = Field((), description="Videos, by their id or address: their comments.")
    comment_terms: tuple[str, ...] = Field(
        (), description="Read comments with one of these only, each asked for by itself; none: every comment."
    )
    search: bool = Field(True, description="With a key, search for what the watches name: 100 units a page.")
    queries: tuple[str, ...] = Field((), description="Search for these too.")
    daily_units: float = Field(10_000, gt=0, description="The quota that Google grants the key's project.")
    base_url: str = Field("https://www.googleapis.com/youtube/v3", description="Where the Data API is.")
    feeds_url: str = Field("https://www.youtube.com/feeds/videos.xml", description="Where the feeds are.")

    @field_validator("channels")
    @classmethod
    def _channel_ids(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return named(given, _CHANNEL, "channel: write the id that begins with UC, from Share → Copy channel ID")

    @field_validator("videos")
    @classmethod
    def _video_ids(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return named(given, _VIDEO, "video: write its address, or the 11 characters behind v=")

    @model_validator(mode="after")
    def _able(self) -> Self:
        needing = [name for name in ("videos", "comment_terms", "queries") if getattr(self, name) and not self.api_key]
        if needing:
            raise ValueError(f"`{needing[0]}` can be read with an `api_key` only")
        if not (self.api_key or self.channels):
            raise ValueError("give `channels`, an `api_key`, or both")
        return self

    @classmethod
    def for_page(cls, url: str) -> YouTube:
        found = parse_qs(urlsplit(url).query).get("channel_id")
        return cls(channels=(found[0],)) if found else cls(**cls.example)

    @property
    def label(self) -> str:
        return ",".join((*self.channels, *self.videos))[:80]

    def headers(self) -> Mapping[str, str]:
        return {"X-Goog-Api-Key": self.api_key.get_secret_value()} if self.api_key else {}

    def budget(self) -> Budget:
        return Budget(units=self.daily_units, zone="America/Los_Angeles") if self.api_key else Budget()

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        own = [Search(key) for key in self._lists()] + [Search(query.lower(), query) for query in self.queries]
        return with_own(own, searches(self, watches) if self.api_key and self.search else ())

    def _lists(self) -> dict[str, Request]:
        """What is read whole, by the key of its search."""
        if not self.api_key:
            return {f"videos of {one}": Request(self.feeds_url, {"channel_id": one}) for one in self.channels}
        found: dict[str, Request] = {}
        for channel in self.channels:
            listed_as = "UU" + channel[2:]  # the playlist of a channel's uploads bears its name
            params = {"part": "snippet,contentDetails", "playlistId": listed_as, "maxResults": "50"}
            found[f"videos of {channel}"] = self._ask("playlistItems", params, {"then": "videos"})
        places = {f"comments on {video}": {"videoId": video} for video in self.videos}
        places |= {f"comments on {one}": {"allThreadsRelatedToChannelId": one} for one in self.channels}
        for key, place in places.items():
            for term in self.comment_terms or ("",):
                only = {"searchTerms": term} if term else {}
                params = {"part": "snippet,replies", **place, **only, "order": "time", "maxResults": "100"}
                search = f"{key}: {term}" if term else key
                found[search] = self._ask("commentThreads", params, {"video": place.get("videoId", "")})
        return found

    def _ask(
        self, end: str, params: Mapping[str, str], note: Mapping[str, str] | None = None, units: float = 1.0
    ) -> Request:
        kept = {key: value for key, value in (note or {}).items() if value}
        return Request(f"{self.base_url.rstrip('/')}/{end}", params, note=kept, units=units)

    def _videos(self, ids: Sequence[str], *, look: bool = False) -> Request:
        asked = ",".join(ids)
        return self._ask("videos", {"part": "snippet,statistics", "id": asked}, {"look": asked if look else ""})

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        if not search.terms and (known := self._lists().get(search.key)):
            return replace(known, since=high_water)
        since = moment(high_water)[0]
        after = since - OVERLAP if since else now - FIRST
        params = {"part": "snippet", "type": "video", "order": "date", "q": search.terms, "maxResults": "50"}
        params["publishedAfter"] = _stamp(after)
        return replace(self._ask("search", params, {"then": "videos"}, units=100.0), since=high_water)

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at) if self.api_key else None

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        if not self.api_key:
            return ()
        shown = [one for one in ids if _VIDEO.fullmatch(one)]
        said = [one for one in ids if "." in one]
        begun = [one for one in ids if one not in shown and one not in said]
        return (
            *(self._videos(some, look=True) for some in portions(shown, LOOKED)),
            *(self._comments("commentThreads", "snippet,replies", some) for some in portions(begun, LOOKED)),
            *(self._comments("comments", "snippet", some) for some in portions(said, LOOKED)),
        )

    def _comments(self, end: str, part: str, ids: Sequence[str]) -> Request:
        asked = ",".join(ids)
        return self._ask(end, {"part": part, "id": asked, "maxResults": "100"}, {"look": asked})

    def parse_error(self, page: Page) -> Batch | None:
        error, look = mapping(error_body(page).get("error")), page.request.note.get("look")
        if not error:
            return None
        check_error(page, error)
        if not look:
            return Batch()
        # One of those that were asked for is not there: each is asked for alone, until it is known which.
        ids, asked = look.split(","), page.request.params
        alone = (replace(page.request, params={**asked, "id": one}, note={"look": one}) for one in ids)
        return Batch(requests=tuple(alone)) if len(ids) > 1 else Batch((Deletion(NETWORK, look),))

    def parse(self, page: Page) -> Batch:
        if begins(page, b"<"):
            return parse_channel_feed(page)
        if told := self.parse_error(page):  # YouTube tells errors with status 200, too
            return told
        found, video, look = body(page), page.request.note.get("video"), page.request.note.get("look")
        posts, rejected = each(resources(found), lambda item: read(item, video))
        posts = distinct(posts)
        if look:
            return parse_lookup(page, look, posts, rejected)
        times = [post.published_at for post in posts if post.published_at and post.reply_to == post.thread]
        requests = (*self._reply_requests(found), *self._next_requests(page, found, times))
        if page.request.note.get("then") == "videos":
            # what a search or a playlist says of a video is cut short: it is read whole, and only then stored
            requests = (*map(self._videos, portions([post.native_id for post in posts], LOOKED)), *requests)
            posts = ()
        return Batch(posts, requests, newest_mark(times, page), rejected)

    def _reply_requests(self, body: Mapping[str, Any]) -> tuple[Request, ...]:
        """Those of the threads that have more of them than they carry."""
        found = []
        for thread in map(mapping, listed(body.get("items"))):
            native_id, video = identifier(thread.get("id")), mapping(thread.get("snippet")).get("videoId")
            if native_id and self.api_key and reply_count(thread) > len(replies(thread)):
                params = {"part": "snippet", "parentId": native_id, "maxResults": "100"}
                found.append(self._ask("comments", params, {"video": identifier(video) or ""}))
        return tuple(found)

    def _next_requests(self, page: Page, body: Mapping[str, Any], times: Sequence[datetime]) -> tuple[Request, ...]:
        request, token = page.request, identifier(body.get("nextPageToken"))
        since = moment(request.since)[0]
        if reaches_back(times, since - OVERLAP if since else None):
            return ()
        number = (whole_number(request.note.get("page")) or 1) + 1
        if token:
            note = {**request.note, "page": str(number)}
            return (replace(request, params={**request.params, "pageToken": token}, note=note),)
        if "q" not in request.params or number <= SEARCHED or not times:
            return ()
        # A search shows no more than 500 videos: it is asked again, before the oldest of what it showed.
        params = {key: value for key, value in request.params.items() if key != "pageToken"}
        before = _stamp(min(times))
        note = {key: value for key, value in request.note.items() if key != "page"}
        again = before >= params.get("publishedBefore", "9999") or before <= params.get("publishedAfter", "")
        return () if again else (replace(request, params={**params, "publishedBefore": before}, note=note),)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

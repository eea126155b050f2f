"""Posts, comments and recommendations of Facebook pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from insight.model import Deletion, Post, Rejected, Watch
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Terms
from scrapers.formats.values import each, listed, mapping, origin_of, text
from scrapers.marks import distinct, mark_of, newest_mark, times_of
from scrapers.social import facebook_posts as pageposts
from scrapers.social import graph
from scrapers.social.graph import GraphApi

COMMENTS = "id,message,permalink_url,created_time,from,parent{id},like_count,comment_count,attachment"
NEWEST = "filter(stream).order(reverse_chronological)"
# of all reactions, and of LIKE alone: https://developers.facebook.com/docs/graph-api/reference/post/reactions
REACTIONS = "reactions.limit(0).summary(true),reactions.type(LIKE).limit(0).summary(true).as(likes)"
SUMMARIES = f"{REACTIONS},comments.limit(0).summary(true)"
WITH_COMMENTS = f"{REACTIONS},comments.limit(25).{NEWEST}.summary(true){{{COMMENTS}}}"
POSTS = "id,message,story,permalink_url,created_time,from,shares,full_picture,parent_id"
POSTS += ",attachments{title,unshimmed_url,url,media_type,media}"
RATINGS = "created_time,has_rating,has_review,open_graph_story{id},rating,recommendation_type,review_text,reviewer"
NO_RATINGS = "version v22.0 and later give no recommendations: take `ratings` out of `read`, or set an older `version`"


class Facebook(GraphApi):
    """Meta's Platform Terms allow an app to read the pages it manages with a page token, free of charge; other pages
    only after an app review for Page Public Content Access. What its author deletes or Meta asks to delete has to go.

    200 calls an hour for each user of the app, or a share of the page's own traffic; the answers say how much of it
    is used, and the source rests before it is used up. There is no search: a page's posts, what visitors write on it
    and the newest comments below posts of the last days are read. Who wrote something is told to page tokens only. A
    recommendation counts 1, its opposite 0. Since version v22.0 the platform gives recommendations no longer.
    """

    kind = "facebook"
    title = "Facebook pages"
    network = pageposts.NETWORK
    terms = Terms(
        Access.KEY,
        "Own pages with a page token; other pages after Meta's app review. Delete what is deleted there.",
        "https://developers.facebook.com/terms",
    )
    example: ClassVar[dict[str, Any]] = {"token": "${FACEBOOK_TOKEN}", "pages": ["1000000000001"]}
    default_every = 900.0
    looks_again = (timedelta(days=1), timedelta(days=7), timedelta(days=30))

    pages: tuple[str, ...] = Field(description="The pages to read, by id or name.", min_length=1)
    read: tuple[Literal["feed", "comments", "ratings"], ...] = Field(
        ("feed", "comments"), description="What to read: feed, comments, ratings (recommendations).", min_length=1
    )
    comment_days: float = Field(7.0, ge=0, le=90, description="Days for which new comments below a post are read.")
    page_size: int = Field(25, ge=1, le=100, description="Posts a request; fewer if the platform finds it too much.")

    @field_validator("pages")
    @classmethod
    def _named(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return pageposts.page_names(given)

    @classmethod
    def for_page(cls, url: str) -> Facebook:
        named = [part for part in urlsplit(url).path.split("/") if part][1:2]
        return cls(**{**cls.example, "base_url": origin_of(url), **({"pages": named} if named else {})})

    @property
    def label(self) -> str:
        return ",".join(self.pages)[:80]

    def budget(self) -> Budget:
        return Budget(per_minute=200 / 60)  # of an app with one user; the answers tell what is left

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        edges = ["feed"] if {"feed", "comments"} & set(self.read) else []
        edges += ["ratings"] if "ratings" in self.read else []
        return tuple(Search(f"{edge} of {page}", f"{page}/{edge}") for page in self.pages for edge in edges)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        if search.terms.endswith("/ratings"):
            return self.ask(search.terms, {"fields": RATINGS, "limit": "25"}, since=high_water)
        since = graph.earlier(high_water)
        if since and "comments" in self.read:  # new comments stand below old posts
            since = min(since, now - timedelta(days=self.comment_days))
        summaries = WITH_COMMENTS if "comments" in self.read else SUMMARIES
        params = {"fields": f"{POSTS},{summaries}", "limit": str(self.page_size)}
        if since:
            params["since"] = str(int(since.timestamp()))
        return self.ask(search.terms, params, since=high_water)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        fields = f"id,message,permalink_url,created_time,from,{SUMMARIES}"
        return tuple(
            self.ask(one, {"fields": fields}, note={"again": one}) for one in ids if pageposts.ID.fullmatch(one)
        )

    remedies = {12: NO_RATINGS}  # noqa: RUF012  # a ClassVar of GraphApi

    def parse_graph_error(self, page: Page, error: Mapping[str, Any]) -> Batch:
        again = page.request.note.get("again")
        if again and graph.is_gone(error):
            return Batch((Deletion(self.network, again),), pause=graph.pause(page))
        return super().parse_graph_error(page, error)

    def parse_body(self, page: Page, body: dict[str, Any]) -> Batch:
        if isinstance(body.get("data"), list):
            return self._parse_list(page, body)
        if "id" not in body:
            raise not_read(page, "Facebook post or list of posts")
        if not {"created_time", "message", "permalink_url"} & body.keys():
            return Batch(pageposts.readings(body, page))  # a page, not a post
        posts, rejected = each([body], lambda found: pageposts.item(found, None))
        return Batch(posts, rejected=rejected)

    def _parse_list(self, page: Page, body: dict[str, Any]) -> Batch:
        thread = page.request.note.get("thread") or pageposts.thread_of(page.request.url)
        posts, rejected = each(body["data"], lambda found: pageposts.item(found, thread))
        below: list[Post] = []
        requests: list[Request] = []
        for found in map(mapping, body["data"]):
            comments, broken, more = self._newest_comments(page, found)
            below += comments
            rejected += broken
            requests += more
        ratings = urlsplit(page.request.url).path.endswith("/ratings")
        items = distinct((*(posts if thread or ratings or "feed" in self.read else ()), *below))
        # a feed was asked for what is new by its `since`
        ended = "since" not in page.request.params and graph.ended(posts, page.request.since)
        onward = () if ended else graph.further(page, body)
        mark = newest_mark(times_of((*posts, *below)), page)
        return Batch(items, (*onward, *requests), mark, rejected)

    def _newest_comments(self, page: Page, post: Any) -> tuple[list[Post], tuple[Rejected, ...], list[Request]]:
        """The newest comments below a post, and a request for more where none of these was seen before."""
        inside, thread = mapping(post.get("comments")), text(post.get("id"))
        if thread is None or "comments" not in self.read:
            return [], (), []
        comments, broken = each(listed(inside.get("data")), lambda found: pageposts.item(found, thread))
        following, since = mapping(inside.get("paging")).get("next"), page.request.since
        marks = [mark_of(at) for at in times_of(comments)]
        seen = since is not None and (not marks or min(marks) <= since)
        moved = graph.paged(following) if isinstance(following, str) and not seen else {}
        if not moved or not pageposts.ID.fullmatch(thread):
            return list(comments), broken, []
        params = {"fields": COMMENTS, "filter": "stream", "order": "reverse_chronological", "limit": "100", **moved}
        more = self.ask(f"{thread}/comments", params, since=since, note={"thread": thread})
        return list(comments), broken, [more]

"""What a Discourse forum calls a post, in lists, topics, searches and feeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from insight.model import Deletion, Post, PostKind, Rejected, Visibility
from scrapers.answers import not_read
from scrapers.base import Page
from scrapers.bodies import entries_of
from scrapers.formats import html
from scrapers.formats.dates import UNKNOWN, moment
from scrapers.formats.entries import Entry
from scrapers.formats.values import (
    UnreadableError,
    address,
    counts,
    excerpt,
    identifier,
    listed,
    mapping,
    text,
    whole_number,
)
from scrapers.marks import distinct
from scrapers.social import markdown

NETWORK = "discourse"

# https://github.com/discourse/discourse/blob/main/app/models/post.rb (types), post_action_type.rb (actions)
_SAID = (1, 2)  # kinds of posts that somebody wrote: regular ones and those of moderators
_PLACE = re.compile(r"/t/(?:[^/]+/)?(\d{1,18})(?:/(\d{1,18}))?/?")
_TAIL = re.compile(r"(?:^|\n)(?:[0-9][^\n]{1,30} [-–] [0-9][^\n]{1,30}\n)?[^\n]*\Z")
_LIKE = 2  # the number of this action in `actions_summary`


@dataclass(frozen=True, slots=True)
class Posts:
    """The posts of an answer, and the titles it gives of their topics."""

    posts: tuple[Any, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)


def posts_of(page: Page, body: Any) -> Posts:
    """Raises SourceError when the answer is none of a forum's."""
    if not isinstance(body, dict):
        raise not_read(page, "posts of a forum")
    stream = mapping(body.get("post_stream")).get("posts")
    if isinstance(stream, list):
        number, title = identifier(body.get("id")), text(body.get("title"))
        return Posts(tuple(stream), {number: title} if number and title else {})
    if isinstance(body.get("latest_posts"), list):
        return Posts(tuple(body["latest_posts"]))
    if isinstance(body.get("posts"), list):
        about = (mapping(topic) for topic in listed(body.get("topics")))
        named = ((identifier(topic.get("id")), text(topic.get("title"))) for topic in about)
        return Posts(tuple(body["posts"]), {number: title for number, title in named if number and title})
    topics = mapping(body.get("topic_list")).get("topics")
    if isinstance(topics, list):
        return Posts(tuple(_opening_post(topic) for topic in topics))
    if {"cooked", "raw"} & body.keys():
        return Posts((body,))
    if "grouped_search_result" in body:  # which leaves the list out where nothing was found
        return Posts()
    raise not_read(page, "posts of a forum")


def _opening_post(topic: Any) -> Any:
    """A topic of a list, as the post that opened it: of its text there is the beginning at most."""
    if not isinstance(topic, dict):
        return topic
    total = whole_number(topic.get("posts_count"))
    return {
        "topic_id": topic.get("id"),
        "post_number": 1,
        "topic_slug": topic.get("slug"),
        "topic_title": topic.get("title"),
        "created_at": topic.get("created_at"),
        "cooked": topic.get("excerpt") or "",
        "category_id": topic.get("category_id"),
        "reads": topic.get("views"),
        "like_count": topic.get("like_count"),
        "reply_count": None if total is None else max(0, total - 1),
    }


@dataclass(frozen=True, slots=True)
class Forum:
    """A forum's address, the categories that are read of it (none: all), and whether everybody may read it."""

    url: str
    categories: frozenset[int] = frozenset()
    visibility: Visibility = Visibility.PUBLIC

    @property
    def name(self) -> str:
        parts = urlsplit(self.url)
        return parts.netloc.lower() + parts.path.rstrip("/")

    def id_of(self, topic: str, number: str) -> str:
        return f"{self.name}/t/{topic}/{number}"

    def place_of(self, native_id: str) -> str | None:
        """The topic and number of a post of this forum."""
        found = re.fullmatch(re.escape(self.name) + r"/t/(\d{1,18}/\d{1,18})", native_id)
        return found[1] if found else None

    def read(self, post: Any, titles: Mapping[str, str]) -> Post | Deletion | None:
        """One post; None for what nobody wrote and for other categories. Raises UnreadableError."""
        if not isinstance(post, dict):
            raise UnreadableError(f"a post is a {type(post).__name__}")
        topic, number = identifier(post.get("topic_id")), identifier(post.get("post_number"))
        if not (topic and number and topic.isdigit() and number.isdigit()):
            raise UnreadableError("a post without its topic and number")
        kind, category = whole_number(post.get("post_type")), whole_number(post.get("category_id"))
        if kind not in (None, *_SAID) or (self.categories and category not in (None, *self.categories)):
            return None
        native_id = self.id_of(topic, number)
        hidden = post.get("hidden") is True or post.get("cooked_hidden") is True
        if hidden or post.get("deleted_at") or post.get("user_deleted") is True:
            return Deletion(NETWORK, native_id)
        return self._parse_post(post, native_id, topic, number, titles)

    def _parse_post(
        self, post: Mapping[str, Any], native_id: str, topic: str, number: str, titles: Mapping[str, str]
    ) -> Post:
        body, first = self._text(post), number == "1"
        title = text(post.get("topic_title")) or text(mapping(post.get("topic")).get("title")) or titles.get(topic)
        at, precision = moment(post.get("created_at"))
        above = identifier(post.get("reply_to_post_number"))
        slug = text(post.get("topic_slug")) or text(mapping(post.get("topic")).get("slug"))
        # by its topic's number alone a forum finds a post, too
        named = f"{slug}/" if slug and re.fullmatch(r"[\w%.-]{1,300}", slug) else ""
        actions = (mapping(action) for action in listed(post.get("actions_summary")))
        given = [action.get("count") for action in actions if action.get("id") == _LIKE]
        # A forum changes a post's time for itself, too; a version above the first says that a person did
        version = whole_number(post.get("version"))
        return Post(
            network=NETWORK,
            native_id=native_id,
            kind=PostKind.POST if first else PostKind.COMMENT,
            text=body.text,
            title=html.line(title) or None if title and first else None,
            url=address(post.get("post_url"), self.url) or address(f"{self.url}/t/{named}{topic}/{number}"),
            author=text(post.get("username")),
            author_name=text(post.get("name")),
            published_at=at,
            precision=precision,
            edited_at=moment(post.get("updated_at"))[0] if version and version > 1 else None,
            engagement=counts(
                likes=post.get("like_count") if "like_count" in post else next(iter(given), None),
                replies=post.get("reply_count"),
                views=post.get("reads"),
            ),
            reply_to=self.id_of(topic, above) if above and above.isdigit() else None,
            thread=None if first else self.id_of(topic, "1"),
            links=body.links,
            media=body.images,
            visibility=self.visibility,
        )

    def _text(self, post: Mapping[str, Any]) -> html.Text:
        """What the author wrote, as the forum shows it: so it is the same from a feed."""
        cooked, raw, blurb = post.get("cooked"), post.get("raw"), post.get("blurb")
        shown = cooked if isinstance(cooked, str) else blurb
        if not isinstance(shown, str) and not isinstance(raw, str):
            raise UnreadableError("a post without its text")
        read = html.read(shown, self.url) if isinstance(shown, str) else html.Text("")
        if read.text or not isinstance(raw, str):
            return read
        # A post of nothing but a video shows no words: here is its address
        written = markdown.read(raw, self.url, breaks=True)
        return html.Text(written.text, read.links or written.links, read.images or written.images)


def from_feed(page: Page, forum: Forum) -> tuple[tuple[Post, ...], tuple[Rejected, ...]]:
    """The posts of a forum's feed, which tells them by the same topic and number."""
    posts, rejected = entries_of(page, lambda entry: _parse_entry(entry, forum), "posts of a forum")
    return _without_tails(distinct(posts)), rejected


def _without_tails(posts: tuple[Post, ...]) -> tuple[Post, ...]:
    """Feeds of topics close every entry with the same words, in the forum's language: "20 posts - 17 participants",
    "Read full topic", which leads back to the topic."""
    tails = {post.text.rpartition("\n")[2] for post in posts}
    if len(tails) != 1 or not all(map(_leads_back, posts)):
        return posts
    return tuple(replace(post, text=_TAIL.sub("", post.text), links=post.links[:-1]) for post in posts)


def _leads_back(post: Post) -> bool:
    last, own = _PLACE.search(post.links[-1] if post.links else ""), _PLACE.search(post.url or "")
    return bool(last and own and last[1] == own[1])


def _parse_entry(entry: Entry, forum: Forum) -> Post:
    parts = urlsplit(entry.link or "")
    place = _PLACE.search(parts.path)
    if not place or parts.path[place.end() :]:
        raise UnreadableError(f"an entry without the address of a post: {excerpt(entry.link or entry.id or '')[:200]}")
    anchor = re.fullmatch(r"post_(\d{1,18})", parts.fragment)
    topic, number = place[1], anchor[1] if anchor else place[2] or "1"
    at, precision = next((known for known in map(moment, entry.published) if known[0]), UNKNOWN)
    first, named = number == "1", re.fullmatch(r"@(\S+)(?:\s+(\S.*))?", entry.author or "")
    return Post(
        network=NETWORK,
        native_id=forum.id_of(topic, number),
        kind=PostKind.POST if first else PostKind.COMMENT,
        text=entry.text,
        title=entry.title if first else None,
        url=entry.link,
        author=named[1] if named else entry.author,
        author_name=named[2] if named else None,
        published_at=at,
        precision=precision,
        thread=None if first else forum.id_of(topic, "1"),
        # a feed writes a place on the post's own page as one of the forum's
        links=tuple(link for link in entry.links if not link.startswith(f"{forum.url}#")),
        media=(*entry.media, *entry.images),
        visibility=forum.visibility,
    )

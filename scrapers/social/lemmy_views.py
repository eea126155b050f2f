"""What Lemmy's API calls a view, a post or comment with its author and counts, in the shapes of 0.18 to 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from insight.model import Deletion, Post, PostKind, Visibility
from scrapers.answers import not_read
from scrapers.base import Page
from scrapers.formats.dates import moment
from scrapers.formats.values import UnreadableError, address, addresses, counts, identifier, mapping, text, whole_number
from scrapers.social import markdown

NETWORK = "lemmy"

# The ids of languages are the order in which a migration of Lemmy's database put them in, on every instance the same:
# https://github.com/LemmyNet/lemmy/tree/main/migrations
_CODES = (
    "und aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el "
    "en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja "
    "jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd "
    "ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss "
    "st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_LANGUAGES = tuple(_CODES.split())
_PUBLIC = frozenset({"public", "unlisted"})  # a community may be for its own instance or its followers only
_LISTS = ("posts", "comments", "search", "items")
_ONE = ("post_view", "comment_view", "resolve")
# What marks the other answers of the platform, which hold no post: a site, communities, people, counters.
_OTHERS = frozenset({"site_view", "federated_instances", "communities", "community_view", "community", "person_view"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of an answer: how long it is, its ids, and its times in order, leaving out what is pinned."""

    length: int
    ids: tuple[str, ...]
    times: tuple[datetime, ...]

    @classmethod
    def of(cls, entries: list[Any]) -> Listed:
        bodies = [_body(entry) for entry in entries]
        loose = [body for body in bodies if not body.get("featured_community") and not body.get("featured_local")]
        times = (moment(_first(body, "published", "published_at"))[0] for body in loose)
        ids = (text(body.get("ap_id")) for body in bodies)
        return cls(len(entries), tuple(filter(None, ids)), tuple(filter(None, times)))


@dataclass(frozen=True, slots=True)
class Views:
    """The entries of an answer, and what is known of its lists."""

    entries: tuple[Any, ...] = ()
    lists: tuple[Listed, ...] = ()
    next_page: str | None = None

    def parent_comments(self, origin: str) -> ParentComments:
        pairs = ((identifier(body.get("id")), text(body.get("ap_id"))) for body in map(_comment, self.entries))
        return ParentComments(origin, {local: uri for local, uri in pairs if local and uri})


@dataclass(frozen=True, slots=True)
class ParentComments:
    """The asked instance, and the `ap_id` of the comments on a page by the ids they have there."""

    origin: str
    comments: Mapping[str, str]

    def uri_of(self, local: str) -> str:
        """The comment that another one answers; where its `ap_id` is not known, its address on this instance."""
        return self.comments.get(local) or f"{self.origin}/comment/{local}"


def views(page: Page) -> Views:
    """The posts and comments in an answer. Raises SourceError when it is none of Lemmy's."""
    body = page.json()
    if not isinstance(body, dict) or isinstance(body.get("error"), str):
        raise not_read(page, "posts of Lemmy")
    lists = [body[name] for name in _LISTS if isinstance(body.get(name), list)]
    one = [body[name] for name in _ONE if isinstance(body.get(name), dict)]
    one += [{name: body[name]} | body for name in ("post", "comment") if isinstance(body.get(name), dict)][:1]
    one = [_unwrapped(view) for view in one]
    if not lists and not one and not _OTHERS & body.keys():
        raise not_read(page, "posts of Lemmy")
    # a search of 1.0 finds communities and people, too
    others = ("community", "person", "multi_community")
    entries = [entry for found in lists for entry in found if mapping(entry).get("type_") not in others]
    return Views((*one, *entries), tuple(map(Listed.of, lists)), text(body.get("next_page")))


def _unwrapped(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of `{"post": {"post": …, "creator": …}}`, as an object that was looked up comes, the view inside."""
    for name in ("post", "comment"):
        inner = mapping(view.get(name))
        if isinstance(inner.get(name), dict):
            return inner
    return view


def _comment(entry: Any) -> Mapping[str, Any]:
    return mapping(mapping(entry).get("comment"))


def _body(entry: Any) -> Mapping[str, Any]:
    return _comment(entry) or mapping(mapping(entry).get("post"))


def _first(found: Mapping[str, Any], *names: str) -> Any:
    return next((found[name] for name in names if found.get(name) is not None), None)


def read(entry: Any, parents: ParentComments) -> Post | Deletion:
    """One post or comment; one that is deleted or removed is a deletion. Raises UnreadableError."""
    body = _body(entry)
    if not body:
        raise UnreadableError("neither a post nor a comment")
    uri = text(body.get("ap_id"))
    if uri is None:
        raise UnreadableError("a post without its ap_id")
    if body.get("deleted") is True or body.get("removed") is True:
        return Deletion(NETWORK, uri)
    return _parse_comment(entry, body, uri, parents) if _comment(entry) else _parse_post(entry, body, uri)


def _parse_post(entry: Mapping[str, Any], body: Mapping[str, Any], uri: str) -> Post:
    title = text(body.get("name"))
    if title is None:
        raise UnreadableError("a post without a title")
    written = markdown.read(text(body.get("body")) or "")
    shown = [*written.images, address(body.get("thumbnail_url"))]
    return Post(
        network=NETWORK,
        native_id=uri,
        text=written.text,
        title=" ".join(title.split()),
        links=addresses([body.get("url"), *written.links]),
        media=addresses(shown),
        **_common(entry, body, uri, "comments"),
    )


def _parse_comment(entry: Mapping[str, Any], body: Mapping[str, Any], uri: str, parents: ParentComments) -> Post:
    content = text(body.get("content"))
    if content is None:
        raise UnreadableError("a comment without its content")
    written = markdown.read(content)
    thread = text(mapping(entry.get("post")).get("ap_id"))
    above = [part for part in (text(body.get("path")) or "").split(".") if part not in ("", "0")][:-1]
    return Post(
        network=NETWORK,
        native_id=uri,
        kind=PostKind.COMMENT,
        text=written.text,
        reply_to=parents.uri_of(above[-1]) if above else thread,
        thread=thread,
        links=written.links,
        media=written.images,
        **_common(entry, body, uri, "child_count"),
    )


def _common(entry: Mapping[str, Any], body: Mapping[str, Any], uri: str, replies: str) -> dict[str, Any]:
    shown = text(mapping(entry.get("community")).get("visibility")) or "public"
    creator, numbers = mapping(entry.get("creator")), mapping(entry.get("counts")) or body
    at, precision = moment(_first(body, "published", "published_at"))
    name, home = text(creator.get("name")), urlsplit(address(_first(creator, "actor_id", "ap_id")) or "").netloc
    language = whole_number(body.get("language_id")) or 0
    return {
        "url": address(uri),
        "author": f"{name}@{home}" if name and home else name,  # the same whichever instance was asked
        "author_name": text(creator.get("display_name")),
        "published_at": at,
        "precision": precision,
        "edited_at": moment(_first(body, "updated", "updated_at"))[0],
        "language": _LANGUAGES[language] if 0 < language < len(_LANGUAGES) else None,
        "engagement": counts(
            points=numbers.get("score"),
            likes=numbers.get("upvotes"),
            dislikes=numbers.get("downvotes"),
            replies=numbers.get(replies),
        ),
        "visibility": Visibility.PUBLIC if shown.lower() in _PUBLIC else Visibility.PRIVATE,
    }

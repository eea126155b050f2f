"""Articles and comments of DEV (dev.to)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from insight.model import Deletion, Post, PostKind, Watch
from scrapers.answers import deleted, not_read
from scrapers.base import Access, Batch, Page, Request, Search, Source, Terms
from scrapers.formats import html
from scrapers.formats.dates import moment
from scrapers.formats.values import (
    UnreadableError,
    address,
    addresses,
    counts,
    each,
    identifier,
    listed,
    mapping,
    text,
    whole_number,
)
from scrapers.marks import distinct, mark_of, newest_mark, reaches_back, times_of
from scrapers.paging import Numbered
from scrapers.settings import under

NETWORK = "devto"
OVERLAP = timedelta(hours=1)
# https://developers.forem.com/api
PAGE = 100
NUMBERED = Numbered("page", "per_page", PAGE)
HOT = 250  # a tag's articles come by their heat, not by their age: what is new stands near the top
ALL = "newest"
_TYPES = ("article", "comment")


class DevTo(Source):
    """DEV's API (Forem, version 1) shows what is public to everybody, without a key: three requests a second at most.

    Its terms leave the rights to the authors and set no limit on how long what was read is kept; what was taken down is
    deleted here. There is no search in it: by default all new articles are read, with `tags` and `users` only theirs. A
    list gives an article's title, its teaser and its tags; `full_text` asks for each new one by itself. `comments` in
    `include` reads what was said below the articles of a list since the last visit.
    """

    kind = "devto"
    title = "DEV (dev.to)"
    network = NETWORK
    terms = Terms(
        Access.OPEN, "Public API without a key, three requests a second.", "https://developers.forem.com/api/v1"
    )
    example: ClassVar[dict[str, Any]] = {"tags": ["opensource"]}
    default_every = 900.0
    window = "of a tag: the 250 articles that are read most"
    looks_again = (timedelta(days=1), timedelta(days=7))

    base_url: str = Field("https://dev.to/api", description="Where the API is.")
    tags: tuple[str, ...] = Field((), description="Read what has these tags only.")
    users: tuple[str, ...] = Field((), description="Read what these people and organizations write only.")
    include: tuple[Literal["articles", "comments"], ...] = Field(
        ("articles",), description="What to read: articles, comments.", min_length=1
    )
    full_text: bool = Field(False, description="Ask for the text of each new article, one request more for each.")

    @field_validator("tags", "users", mode="after")
    @classmethod
    def _plain(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.strip().lstrip("#@").lower() for name in given))

    @classmethod
    def for_page(cls, url: str) -> DevTo:
        base = re.match(r"https?://[^/]+/api", url)
        return cls(base_url=base[0]) if base else cls(**cls.example)

    @property
    def label(self) -> str:
        return ",".join([*(f"#{tag}" for tag in self.tags), *(f"@{user}" for user in self.users)])

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        named = [Search(f"#{tag}", tag) for tag in self.tags] + [Search(f"@{user}", user) for user in self.users]
        return tuple(named) or (Search(ALL),)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        params = {"per_page": str(PAGE), "page": "1"}
        if search.key == ALL:
            return Request(under(self.base_url, "articles/latest"), params, since=high_water)
        by = {"#": "tag", "@": "username"}[search.key[0]]
        return Request(under(self.base_url, "articles"), {by: search.terms, **params}, since=high_water)

    def headers(self) -> Mapping[str, str]:
        return {"Accept": "application/vnd.forem.api-v1+json"}

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        return tuple(
            Request(under(self.base_url, place), note={"look": native_id}) for native_id, place in _paths_of(ids)
        )

    def parse_error(self, page: Page) -> Batch | None:
        return deleted(page, NETWORK)

    def parse(self, page: Page) -> Batch:
        body = page.json()
        one = isinstance(body, dict)
        entries = [body] if one else body
        known = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else [{}]
        if known and not any({"id_code", "title"} & entry.keys() or entry.get("type_of") in _TYPES for entry in known):
            raise not_read(page, "articles of DEV")
        items: tuple[Post | Deletion, ...]
        beside = {"text", "comments", "look"} & page.request.note.keys()
        if one or beside or any("id_code" in mapping(entry) for entry in entries):
            # single articles, and comments: no part of a list that goes on
            thread = page.request.params.get("a_id")
            items, rejected = each(
                _with_comments(entries, thread), lambda one: _parse_entry(one[0], one[1], thread, self.full_text)
            )

            return Batch(distinct(items), rejected=rejected)
        return self._parse_list(page, entries)

    def _parse_list(self, page: Page, entries: Sequence[Any]) -> Batch:
        since = moment(page.request.since)[0]
        known = since - OVERLAP if since else None
        items: tuple[Post | Deletion, ...]
        items, rejected = each(entries, lambda entry: _parse_entry(entry, None, None, whole_text=False))
        times = times_of(items)
        requests = tuple(self._text_and_comment_requests(entries, known))
        number, size = NUMBERED.place(page.request)
        hot = "tag" in page.request.params
        old = all(at <= known for at in times) if known and times else False
        ended = len(entries) < size or (number * size >= HOT or old if hot else reaches_back(times, known))
        ids = [str(mapping(entry).get("id")) for entry in entries]
        onward, gap = NUMBERED.following(page, [ids], more=not ended)
        shown = () if self.full_text or "articles" not in self.include else distinct(items)
        return Batch((*shown, *gap), (*requests, *onward), newest_mark(times, page), rejected)

    def _text_and_comment_requests(self, entries: Sequence[Any], known: datetime | None) -> Iterator[Request]:
        """What is asked for by itself: the texts of new or changed articles, and comments where there are new ones."""
        for entry in map(mapping, entries):
            number = whole_number(entry.get("id"))
            if number is None:
                continue
            if self.full_text and "articles" in self.include and _since(entry, known, "published_at", "edited_at"):
                yield Request(under(self.base_url, f"articles/{number}"), note={"text": str(number)})
            said = whole_number(entry.get("comments_count")) or 0
            if said and "comments" in self.include and _since(entry, known, "last_comment_at"):
                yield Request(under(self.base_url, "comments"), {"a_id": str(number)}, note={"comments": str(number)})


def _paths_of(ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    for native_id in ids:
        found = re.fullmatch(r"(c/)?(\w{1,20})", native_id)
        if found:
            yield native_id, f"comments/{found[2]}" if found[1] else f"articles/{found[2]}"


def _since(entry: Mapping[str, Any], known: datetime | None, *names: str) -> bool:
    times = [at for at in (moment(entry.get(name))[0] for name in names) if at]
    return known is None or any(at > known for at in times)


def _with_comments(entries: Sequence[Any], thread: str | None) -> Iterator[tuple[Any, str | None]]:
    """Each entry with what it answers: comments hold the answers to them."""
    waiting: list[tuple[Any, str | None]] = [(entry, thread) for entry in reversed(entries)]
    while waiting:
        entry, parent = waiting.pop()
        yield entry, parent
        code = text(mapping(entry).get("id_code"))
        below = [(child, f"c/{code}" if code else parent) for child in listed(mapping(entry).get("children"))]
        waiting += reversed(below)


def _parse_entry(entry: Any, parent: str | None, thread: str | None, whole_text: bool) -> Post | Deletion:
    if not isinstance(entry, dict):
        raise UnreadableError(f"an article is a {type(entry).__name__}")
    return _parse_comment(entry, parent, thread) if "id_code" in entry else _parse_article(entry, whole_text)


def _parse_article(entry: Mapping[str, Any], whole_text: bool) -> Post:
    native_id, title = identifier(entry.get("id")), text(entry.get("title"))
    if native_id is None or title is None:
        raise UnreadableError("an article without its id" if native_id is None else "an article without its title")
    body = html.read(text(entry.get("body_html")) or "") if whole_text else html.Text("")
    url, home = address(entry.get("url")), address(entry.get("canonical_url"))
    user = mapping(entry.get("user"))
    at, precision = moment(entry.get("published_at") or entry.get("published_timestamp"))
    # a list has the tags as a list and their text, a single article the other way round
    tags = next((named for named in (entry.get("tag_list"), entry.get("tags")) if isinstance(named, list)), [])
    return Post(
        network=NETWORK,
        native_id=native_id,
        kind=PostKind.ARTICLE,
        text=body.text or html.read(text(entry.get("description")) or "").text,
        title=" ".join(title.split()),
        url=url,
        author=text(user.get("username")),
        author_name=text(user.get("name")),
        published_at=at,
        precision=precision,
        edited_at=moment(entry.get("edited_at"))[0],
        language=text(entry.get("language")),
        engagement=counts(likes=entry.get("public_reactions_count"), replies=entry.get("comments_count")),
        links=tuple(dict.fromkeys([*body.links, *([home] if home and home != url else [])])),
        hashtags=tuple(dict.fromkeys(filter(None, map(text, tags)))),
        media=addresses([entry.get("cover_image")]),
    )


def _parse_comment(entry: Mapping[str, Any], parent: str | None, thread: str | None) -> Post | Deletion:
    code = text(entry.get("id_code"))
    if code is None or not isinstance(entry.get("body_html"), str):
        raise UnreadableError("a comment without its id" if code is None else "a comment without its text")
    user = mapping(entry.get("user"))
    name = text(user.get("username"))
    if not user:
        return Deletion(NETWORK, f"c/{code}")  # by its writer, or hidden by the article's
    body = html.read(entry["body_html"])
    at, precision = moment(entry.get("created_at"))
    return Post(
        network=NETWORK,
        native_id=f"c/{code}",
        kind=PostKind.COMMENT,
        text=body.text,
        url=f"https://dev.to/{name}/comment/{code}" if name and re.fullmatch(r"\w+", name + code) else None,
        author=name,
        author_name=text(user.get("name")),
        published_at=at,
        precision=precision,
        reply_to=parent,
        thread=thread,
        links=body.links,
    )

"""Stories and comments of Lobsters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
    counts,
    each,
    listed,
    mapping,
    origin_of,
    text,
    whole_number,
)
from scrapers.marks import distinct, mark_of, newest_mark, reaches_back, times_of
from scrapers.paging import both_ways
from scrapers.settings import named

NETWORK = "lobsters"
OVERLAP = timedelta(hours=6)  # a story that was held back or merged turns up under the time it was sent
PAGE = 25  # a list is never longer
ALL = "newest"
_TAG = re.compile(r"([\w+-]+)")
_LIST = re.compile(r"^(.*?/(?:newest|t/[\w,+-]+))(?:/page/(\d+))?\.json$")


class Lobsters(Source):
    """Lobsters forbids programs: since 2026 its robots.txt closes all of it but to a few named search engines. So
    nothing is read of it, and the source says why; robots.txt is asked again and again, and obeyed on other sites that
    run its software, too. The lists are JSON without a key; it asks readers to go easy on a small server.

    Nothing is said about how long what was read may be kept; what its writer or a moderator took away is deleted here.
    There is no search for programs: all new stories are read, or with `tags` those that have one of them. With
    `comments` in `include` the page of each story on a list that has any is read, too, one request for each. A story
    that is looked at again brings its comments with it.
    """

    kind = "lobsters"
    title = "Lobsters"
    network = NETWORK
    terms = Terms(
        Access.OPEN, "Its robots.txt forbids all but named search engines, and is obeyed; public lists without a key.",
        "https://lobste.rs/robots.txt", pace=2.0,
    )  # fmt: skip
    example: ClassVar[dict[str, Any]] = {"tags": ["databases"]}
    obey_robots = True
    default_every = 1800.0
    looks_again = (timedelta(hours=6), timedelta(days=1), timedelta(days=3))

    base_url: str = Field("https://lobste.rs", description="Where it is.")
    tags: tuple[str, ...] = Field((), description="Read the stories with these tags only.")
    include: tuple[Literal["stories", "comments"], ...] = Field(
        ("stories",), description="What to read: stories, comments.", min_length=1
    )

    @field_validator("tags", mode="after")
    @classmethod
    def _plain(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return named(given, _TAG, "tag of Lobsters: write it as lobste.rs/tags does")

    @classmethod
    def for_page(cls, url: str) -> Lobsters:
        return cls(base_url=origin_of(url))

    @property
    def label(self) -> str:
        return ",".join(self.tags)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return tuple(Search(f"#{tag}", tag) for tag in self.tags) or (Search(ALL),)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        return Request(self._url("newest" if search.key == ALL else f"t/{search.terms}"), since=high_water)

    def _url(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{path}.json"

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        known = (native_id for native_id in ids if re.fullmatch(r"[sc]/\w{1,12}", native_id))
        return tuple(Request(self._url(native_id), note={"look": native_id}) for native_id in known)

    def parse_error(self, page: Page) -> Batch | None:
        return deleted(page, NETWORK)

    def parse(self, page: Page) -> Batch:
        body = page.json()
        entries = [body] if isinstance(body, dict) else body
        stories = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else [{}]
        if stories and not any("short_id" in story for story in stories):
            raise not_read(page, "stories of Lobsters")
        found = [entry for story in entries for entry in _with_comments(story)]
        items: tuple[Post | Deletion, ...]
        items, rejected = each(found, lambda entry: _parse_entry(entry[0], entry[1], entry[2], page.url))
        items = distinct(items)
        if isinstance(body, dict):
            return Batch(items, rejected=rejected)
        since, times, place = moment(page.request.since)[0], times_of(items), _LIST.match(page.request.url)
        requests = tuple(self._comments(entries))
        if place:
            number, ids = int(place[2] or 1), [str(mapping(entry).get("short_id")) for entry in entries]
            before, after = (
                replace(page.request, url=f"{place[1]}/page/{one}.json") for one in (number - 1, number + 1)
            )
            more = len(entries) >= PAGE and times and not reaches_back(times, since - OVERLAP if since else None)
            requests += both_ways(page, before if number > 1 else None, after if more else None, ids)
        return Batch(items, requests, newest_mark(times, page), rejected)

    def _comments(self, entries: Sequence[Any]) -> Iterator[Request]:
        for story in map(mapping, entries) if "comments" in self.include else ():
            short = text(story.get("short_id")) or ""
            if (whole_number(story.get("comment_count")) or 0) > 0 and re.fullmatch(r"\w{1,12}", short):
                yield Request(self._url(f"s/{short}"), note={"comments": short})


def _with_comments(story: Any) -> Iterator[tuple[Any, str | None, str | None]]:
    """A story and its comments, each with what it answers: by name, or in older answers by how far it is set in."""
    yield story, None, None
    thread = text(mapping(story).get("short_id"))
    above: list[str] = []
    for comment in listed(mapping(story).get("comments")):
        said = mapping(comment)
        depth = whole_number(said.get("depth"))
        if depth is None:
            depth = (whole_number(said.get("indent_level")) or 1) - 1
        parent = text(said.get("parent_comment")) or (above[depth - 1] if 0 < depth <= len(above) else None)
        above = [*above[: max(0, depth)], text(said.get("short_id")) or ""]
        yield comment, f"c/{parent}" if parent else (f"s/{thread}" if thread else None), thread and f"s/{thread}"


def _parse_entry(entry: Any, parent: str | None, thread: str | None, base: str) -> Post | Deletion:
    if not isinstance(entry, dict):
        raise UnreadableError(f"a story is a {type(entry).__name__}")
    short = text(entry.get("short_id"))
    if short is None:
        raise UnreadableError("a story without its id")
    comment = "comment" in entry or "commenting_user" in entry
    if comment and (entry.get("is_deleted") is True or entry.get("is_moderated") is True):
        return Deletion(NETWORK, f"c/{short}")
    return _parse_comment(entry, short, parent, thread, base) if comment else _parse_story(entry, short, base)


def _parse_story(entry: Mapping[str, Any], short: str, base: str) -> Post:
    title = text(entry.get("title"))
    if title is None:
        raise UnreadableError("a story without its title")
    body, outside = html.read(text(entry.get("description")) or "", base), address(entry.get("url"))
    at, precision = moment(entry.get("created_at"))
    return Post(
        network=NETWORK,
        native_id=f"s/{short}",
        text=body.text,
        title=" ".join(title.split()),
        url=address(entry.get("short_id_url")) or address(entry.get("comments_url")) or address(f"/s/{short}", base),
        author=_name_of(entry.get("submitter_user")),
        published_at=at,
        precision=precision,
        engagement=counts(points=entry.get("score"), replies=entry.get("comment_count")),
        links=tuple(dict.fromkeys([*([outside] if outside else []), *body.links])),
        hashtags=tuple(dict.fromkeys(filter(None, map(text, listed(entry.get("tags")))))),
    )


def _parse_comment(entry: Mapping[str, Any], short: str, parent: str | None, thread: str | None, base: str) -> Post:
    if not isinstance(entry.get("comment"), str):
        raise UnreadableError("a comment without its text")
    body = html.read(entry["comment"], base)
    at, precision = moment(entry.get("created_at"))
    edited = moment(entry.get("last_edited_at") or entry.get("updated_at"))[0]
    named = text(entry.get("parent_comment"))
    return Post(
        network=NETWORK,
        native_id=f"c/{short}",
        kind=PostKind.COMMENT,
        text=body.text,
        url=address(entry.get("short_id_url")) or address(entry.get("url")) or address(f"/c/{short}", base),
        author=_name_of(entry.get("commenting_user")),
        published_at=at,
        precision=precision,
        # the site itself takes the first minute for the writing
        edited_at=edited if edited and at and edited - at > timedelta(minutes=1) else None,
        engagement=counts(points=entry.get("score")),
        reply_to=f"c/{named}" if named else parent,
        thread=thread,
        links=body.links,
    )


def _name_of(user: object) -> str | None:
    """Of who wrote it; until 2023 a person with a name."""
    return text(user) or text(mapping(user).get("username"))

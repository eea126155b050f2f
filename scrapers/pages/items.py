"""What a list page's selectors found, as posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from insight.model import Post, PostKind, Rating, Rejected
from scrapers.base import Page, SourceError
from scrapers.formats.dates import UNKNOWN
from scrapers.formats.landed_ids import address_ids
from scrapers.formats.values import address, canonical, digest, excerpt, plain
from scrapers.pages.reading import counted, written_date, written_rating

if TYPE_CHECKING:
    from scrapers.pages.listing import Item

NETWORK = "web"


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How what was found is read. `whole_text`: the text is all an item says; `stars`: their number is its rating."""

    kind: PostKind
    whole_text: bool
    stars: bool
    scale: tuple[float, float]
    date_format: str | None
    day_first: bool | None


def posts_of(
    options: ReadingOptions, page: Page, items: Sequence[Item]
) -> tuple[tuple[Post, ...], tuple[Rejected, ...]]:
    """The posts of a page, each once. An item that the page breaks off inside of is set aside."""
    shared = Counter(_link(page, item) for item in items)
    posts: dict[str, Post] = {}
    rejected: list[Rejected] = []
    for item in items:
        post = _parse_post(options, page, item, shared)
        if item.torn:
            rejected.append(Rejected("the page breaks off inside this item", excerpt(item.text.text)))
        elif post.text or post.title or post.rating:
            posts.setdefault(post.native_id, post)
        else:
            rejected.append(Rejected("an item without a text, a title and a rating", excerpt(item.values)))
    return tuple(posts.values()), tuple(rejected)


def not_found(page: Page, said: str) -> SourceError:
    remedy = "look at the page in a browser; where it may have no items, name in `nothing` what it shows then"
    return SourceError(f"{page.url}: {said}", remedy=remedy, status=page.status)


def _parse_post(options: ReadingOptions, page: Page, item: Item, shared: Counter[str | None]) -> Post:
    said, link = item.values, _link(page, item)
    dated = written_date(said["date"], options.date_format, options.day_first) if "date" in said else UNKNOWN
    text = item.text.text if options.whole_text else plain(said.get("text", ""))
    title, author = _line(said.get("heading")), _line(said.get("author"))
    alone = link and shared[link] == 1 and canonical(link) != canonical(page.url)
    day = _line(said.get("date")) or ""
    # "Two days ago" is another text tomorrow; the landed version took it in.
    made = (
        digest(author or "", when, title or "", text, said.get("rating", ""))[:24]
        for when in (day if dated[0] else "", day)
    )
    named = (*_own_ids(page, said.get("identity")), *(address_ids(link) if link and alone else ()))
    native_id, *aliases = dict.fromkeys((*named, *(f"{_place(page)}#{one}" for one in made)))
    return Post(
        network=NETWORK,
        native_id=native_id,
        kind=options.kind,
        text=text,
        title=title,
        url=link or address(page.url),
        author=author,
        published_at=dated[0],
        precision=dated[1],
        rating=_rating(options, item),
        links=tuple(one for one in item.text.links if one != link),
        media=item.text.images,
        aliases=tuple(aliases),
    )


def _rating(options: ReadingOptions, item: Item) -> Rating | None:
    if options.stars:
        return counted(item.stars, options.scale)
    return written_rating(item.values["rating"], options.scale) if "rating" in item.values else None


def _link(page: Page, item: Item) -> str | None:
    return address(item.values.get("link"), page.url)


def _own_ids(page: Page, identity: str | None) -> tuple[str, ...]:
    """An id of the site's own; an address is one everywhere, anything else only on its page."""
    name = _line(identity)
    if name is None:
        return ()
    absolute = address(name) if name.startswith(("http://", "https://")) else None
    return address_ids(absolute) if absolute else (f"{_place(page)}#{name}",)


def _place(page: Page) -> str:
    """The page that was first asked for, so that an item keeps its id when it moves to the next one."""
    parts = urlsplit(page.request.note.get("first") or page.request.url)
    query = f"?{parts.query}" if parts.query else ""
    return parts.netloc.removeprefix("www.") + parts.path.rstrip("/") + query


def _line(said: str | None) -> str | None:
    return " ".join(plain(said).split()) or None if said else None

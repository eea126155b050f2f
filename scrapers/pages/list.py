"""Items of any page that lists them, found by CSS selectors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from insight.model import Post, PostKind, Rejected
from scrapers.base import Access, Batch, Page, Request, Search, SourceError, Terms
from scrapers.bodies import markup_of
from scrapers.formats import limits
from scrapers.formats.dates import moment
from scrapers.formats.values import address, canonical, origin_of, whole_number
from scrapers.marks import gap_since, mark_of, times_of
from scrapers.pages.items import ReadingOptions, not_found, posts_of
from scrapers.settings import ADDRESS, UrlSource

if TYPE_CHECKING:  # Beautiful Soup is imported where a list page is read: it would make every command start later
    from scrapers.pages.listing import Item, Listing

FIELDS = ("text", "heading", "author", "date", "rating", "stars", "link", "identity")
_SEEN = "id:"  # a mark of a page without dates: the id of its first item


def _check_selector(written: str) -> str:
    from scrapers.pages.listing import Wanted

    Wanted.parse(written)
    return written


Selector = Annotated[str, AfterValidator(_check_selector)]


class ListPage(UrlSource):
    """Whether programs may read a page is its site's to say: robots.txt is obeyed, and its terms bind the operator.

    Some sites forbid it; how long an item may be kept is the site's to say, too. A field is a CSS selector for what
    stands inside an item, with an attribute behind an @ where the text is not what is wanted: `time@datetime`,
    `.stars@title`; `@data-id` is the item's own. Without one, a link is the `href` and a date the `datetime` that
    the element has. Selectors are those of CSS, such as `li:has(> .rating):not(:last-child)`, with `:scope` for the
    item itself and `:-soup-contains('words')` for what has these words in it. An item is known by its `identity`,
    else by its link, else by what it says: then an edit makes a new one. A page on which `item` finds nothing is an
    error, unless it shows what `nothing` finds. Lists should come newest first.
    """

    kind = "page"
    title = "Any list page (CSS selectors)"
    network = "web"
    terms = Terms(
        Access.OPEN,
        "Pages that robots.txt leaves open; read the site's terms: some forbid programs.",
        "https://www.rfc-editor.org/rfc/rfc9309.html",
        pace=5.0,
    )
    example: ClassVar[dict[str, Any]] = {
        "url": "https://example.com/reviews",
        "item": ".review",
        "text": ".body",
        "heading": "h3",
        "author": ".author",
        "date": "time",
        "rating": ".rating@data-rating",
        "link": "h3 a",
        "next": "a.next",
    }
    default_every = 3600.0
    window = "what the list shows, ten pages of it at a visit"
    obey_robots = True

    url: str = Field(description="The page that lists the items.", pattern=ADDRESS)
    item: Selector = Field(description="Each item: what it finds is one post.")
    text: Selector | None = Field(None, description="What an item says; several are paragraphs. Unset: all of it.")
    heading: Selector | None = Field(
        None, description="Its title (`title` says the same).", validation_alias=AliasChoices("heading", "title")
    )
    author: Selector | None = Field(None, description="Who wrote it.")
    date: Selector | None = Field(None, description="When: as people or machines write it.")
    date_format: str | None = Field(None, description="How the date is written, as in strptime: %d/%m/%Y.")
    day_first: bool | None = Field(None, description="Whether 03/04/2026 is in April.")
    rating: Selector | None = Field(None, description="A rating: the first number in it, perhaps with its scale.")
    stars: Selector | None = Field(None, description="A rating by stars: each full one.")
    scale: tuple[float, float] = Field((1.0, 5.0), description="The worst and the best rating there is.")
    link: Selector | None = Field(None, description="Where the item leads to.")
    identity: Selector | None = Field(
        None,
        description="What tells it from others, mostly an attribute: @data-id (`id` says the same).",
        validation_alias=AliasChoices("identity", "id"),
    )
    next: Selector | None = Field(None, description="The link to the next page.")
    nothing: Selector | None = Field(None, description="What the page shows when it has no items.")
    post_kind: PostKind | None = Field(None, description="What the items are; review with a rating, else post.")
    render: bool = Field(False, description="Let a browser run the page's JavaScript first (extra `browser`).")

    @model_validator(mode="after")
    def _scaled(self) -> Self:
        if self.scale[0] >= self.scale[1]:
            raise ValueError("`scale` is the worst rating, then the best one")
        if self.rating and self.stars:
            raise ValueError("give `rating` or `stars`, not both")
        return self

    @classmethod
    def for_page(cls, url: str) -> Self:
        return cls(**{**cls.example, "url": url})

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        return Request(self.url, since=high_water, render=self.render)

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at) if self.date else None

    def parse(self, page: Page) -> Batch:
        from scrapers.pages.listing import Wanted, read

        written = {name: getattr(self, name) for name in ("item", *FIELDS, "next", "nothing")}
        wanted = {name: Wanted.parse(selector) for name, selector in written.items() if selector}
        found = read(markup_of(page), wanted, page.url)
        if not found.items:
            if found.nothing:
                return Batch()
            if limits.spent():
                raise SourceError(f"{page.url} takes too long to read", status=page.status)
            said = f"the item selector finds nothing ({self.item})"
            before = page.request.since is not None or "page" in page.request.note
            raise not_found(page, f"the page changed: {said}" if before else said)
        posts, rejected = posts_of(self._options(), page, found.items)
        dates = list(map(mark_of, times_of(posts)))
        newest = max((mark for mark in dates if mark <= mark_of(page.fetched_at)), default=None)
        if not self.date and posts:
            newest = _SEEN + posts[0].native_id
        told = (*rejected, *self._fields_found(page, found.items))
        onward = self._next_requests(page, found, posts, dates)
        since = moment(page.request.since)[0] if self.date and not onward else None
        missed = gap_since(since, times_of(posts), "the list ended before what was known")
        return Batch((*posts, *missed), onward, newest, told)

    def _options(self) -> ReadingOptions:
        kind = PostKind.REVIEW if self.rating or self.stars else PostKind.POST
        return ReadingOptions(
            kind=self.post_kind or kind,
            whole_text=self.text is None,
            stars=self.stars is not None,
            scale=self.scale,
            date_format=self.date_format,
            day_first=self.day_first,
        )

    def _next_requests(
        self, page: Page, found: Listing, posts: Sequence[Post], dates: Sequence[str]
    ) -> tuple[Request, ...]:
        """The next page, as long as something on this one is new."""
        following, number = address(found.next, page.url), (whole_number(page.request.note.get("page")) or 1) + 1
        if not following or number > self.max_pages or origin_of(following) != origin_of(page.url):
            return ()
        if canonical(following) in {canonical(page.url), canonical(page.request.url)}:
            return ()
        since = page.request.since
        if since is not None and (
            (bool(dates) and max(dates) <= since) or since.removeprefix(_SEEN) in {post.native_id for post in posts}
        ):
            return ()
        note = {"page": str(number), "first": page.request.note.get("first") or page.request.url}
        return (Request(following, since=since, note=note, render=self.render),)

    def _fields_found(self, page: Page, items: Sequence[Item]) -> tuple[Rejected, ...]:
        """How many items had what: at the first visit, and later when a selector finds nothing any more."""
        named = [name for name in FIELDS if getattr(self, name)]
        had = {
            name: sum(bool(item.stars if name == "stars" else name in item.values) for item in items) for name in named
        }
        first = page.request.since is None and "page" not in page.request.note
        if all(number == len(items) for number in had.values()) or not (first or 0 in had.values()):
            return ()
        figures = ", ".join(f"{name} {number}" for name, number in had.items())
        return (Rejected(f"of {len(items)} items so many had: {figures}", ""),)

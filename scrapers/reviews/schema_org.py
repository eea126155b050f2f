"""Reviews that a page marks up with schema.org's words, in JSON-LD or microdata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from insight.model import Item, Post, PostKind, Rating, Reading, Rejected
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Page, Request, Terms
from scrapers.bodies import markup_of
from scrapers.formats import html, limits
from scrapers.formats.dates import moment
from scrapers.formats.jsonld import Graph, loads, types
from scrapers.formats.values import (
    MOST_REJECTED,
    UnreadableError,
    address,
    counts,
    each,
    excerpt,
    origin_of,
    plain,
    whole_number,
)
from scrapers.marks import distinct, gap_since, mark_of, newest_mark, times_of
from scrapers.pages.reading import written_count
from scrapers.reviews.review_ids import Ids, canonical_of, page_name
from scrapers.settings import ADDRESS, UrlSource

if TYPE_CHECKING:  # Beautiful Soup is imported where a page is read: it would make every command start later
    from scrapers.formats.microdata import Outline

# ClaimReview and MediaReview are left out: they check facts, and nobody used anything.
REVIEWS = frozenset({"review", "userReview", "criticReview", "employerReview", "recommendation"})
_MARKUP = re.compile(r"<[a-zA-Z/!]|&#?\w{1,31};")
_WHOLE = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_RATED = re.compile(
    r"(-?\d{1,9}(?:[.,]\d{1,20})?)\s*(?:(?:/|out of|of|von|sur|de)\s*(\d{1,6}))?\s*(%)?\s*(?:stars?|★)?", re.IGNORECASE
)

SHOWS = "the page shows so many reviews only, and none that was known"


class Reviews(UrlSource):
    """Whether programs may read a page is its site's to say: robots.txt is obeyed, and its terms bind the operator.

    Some review sites forbid it (Trustpilot, G2, Capterra, Amazon): use their own interfaces. How long a review may be
    kept is the site's to say, too. A review is known by its `@id` or address, unless that only counts the
    reviews down the page, else by its page, author, date and text.
    A page's microdata is read where its JSON-LD has no reviews, as the two say the same. The page's average ratings are
    readings `rating:<page>` on the site's own scale; `reviews:<page>` is how many reviews there are, and
    `ratings:<page>` how many people rated, most of them without a word.
    """

    kind = "reviews"
    title = "Reviews on any page (schema.org)"
    network = "web"
    terms = Terms(
        Access.OPEN,
        "Pages that robots.txt leaves open; read the site's terms: some forbid programs.",
        "https://schema.org/Review",
        pace=5.0,
    )
    example: ClassVar[dict[str, Any]] = {"url": "https://example.com/product"}
    default_every = 6 * 3600.0
    window = "the reviews that the page shows"
    obey_robots = True

    url: str = Field(description="The page that shows the reviews.", pattern=ADDRESS)

    def parse(self, page: Page) -> Batch:
        from scrapers.formats.microdata import Outline, outline

        markup = markup_of(page)
        if markup.lstrip("\ufeff \t\r\n").startswith(("{", "[")):  # JSON-LD itself is one block
            found = Outline(blocks=[markup] if '"@type"' in markup else [])
        else:
            found = outline(markup, page.url)
        if not found.blocks and not found.items:
            raise not_read(page, "schema.org data", remedy="check in a browser that the page marks up its reviews")
        roots, broken = each(found.blocks, loads)
        graphs = [Graph(list(roots)), Graph(list(found.items))]
        cut = [] if _WHOLE.search(markup[-2000:]) else found.cut
        posts, rejected = _first_reviews(graphs, page.url, cut)
        readings = next(filter(None, (_parse_readings(graph, page) for graph in graphs)), ())
        onward, times = self._next_requests(page, found, posts), times_of(posts)
        missed = () if onward else gap_since(moment(page.request.since)[0], times, SHOWS)
        items: tuple[Item, ...] = (*posts, *readings, *missed)
        return Batch(items, onward, newest_mark(times, page), (*broken, *rejected))

    def _next_requests(self, page: Page, found: Outline, posts: tuple[Post, ...]) -> tuple[Request, ...]:
        """The next page of reviews, as long as one on this page is newer than the mark."""
        number = whole_number(page.request.note.get("page")) or 1
        dates = list(map(mark_of, times_of(posts)))
        if not found.next or not dates or number >= self.max_pages or origin_of(found.next) != origin_of(page.url):
            return ()
        if canonical_of(found.next) in {canonical_of(page.url), canonical_of(page.request.url)}:
            return ()
        if page.request.since is not None and max(dates) <= page.request.since:
            return ()
        return (Request(found.next, since=page.request.since, note={"page": str(number + 1)}),)


def _first_reviews(
    graphs: list[Graph], url: str, cut: list[dict[str, Any]]
) -> tuple[tuple[Post, ...], tuple[Rejected, ...]]:
    """The reviews of the first graph that has some: JSON-LD, else microdata."""
    open_ended = set(map(id, cut))
    for graph in graphs:
        found = list(limits.first(_review_nodes(graph)))
        unbroken = [node for node in found if id(node) not in open_ended]
        if found:
            posts, rejected = each(unbroken, partial(_parse_post, graph, Ids.of_page(graph, found, url)))
            broken_off = limits.first([node for node in found if id(node) in open_ended], MOST_REJECTED)
            torn = [Rejected("the page breaks off inside this review", excerpt(node)) for node in broken_off]
            return distinct(posts), (*rejected, *torn)
    return (), ()


def _review_nodes(graph: Graph) -> Iterator[Mapping[str, Any]]:
    seen: set[int] = set()
    for node in graph.all:
        named = graph.values(node, "review", "reviews") if types(node) else []
        untyped = [value for value in named if isinstance(value, dict) and not types(value)]
        candidates = [node] if types(node) & REVIEWS else untyped
        for review in candidates:
            if id(review) not in seen and set(review) - {"@id", "@type"}:
                seen.add(id(review))
                yield review


def _parse_post(graph: Graph, ids: Ids, node: Mapping[str, Any]) -> Post:
    written = graph.text(node, "reviewBody", "description", "text")
    title = graph.text(node, "headline", "name")
    stars = rating(graph, node)
    text = _prose(written or "")
    if not (text or title or stars):
        raise UnreadableError("a review without a text, a title and a rating")
    dated = graph.text(node, "datePublished", "dateCreated", "uploadDate")
    author = graph.text(node, "author", "creator")
    at, precision = moment(dated, midnight_is_a_day=True)
    reviewed = (item for item in graph.values(node, "itemReviewed") if isinstance(item, dict))
    # https://schema.org/softwareVersion
    version = next(filter(None, (graph.text(item, "softwareVersion") for item in reviewed)), None)
    native_id, *aliases = ids.of(node, author, dated, text, title, stars, sure=at is not None or dated is None)
    return Post(
        network=Reviews.network,
        native_id=native_id,
        kind=PostKind.REVIEW,
        text=text,
        title=" ".join(_prose(title).split()) or None if title else None,
        url=address(graph.text(node, "url"), ids.url) or ids.own.get(id(node)) or address(ids.url),
        author=" ".join(_prose(author).split()) or None if author else None,
        published_at=at,
        precision=precision,
        edited_at=moment(graph.text(node, "dateModified"), midnight_is_a_day=True)[0],
        language=graph.text(node, "inLanguage"),
        rating=stars,
        engagement=counts(likes=_count(graph, node, "upvoteCount"), replies=_count(graph, node, "commentCount")),
        facts={"version": version} if version else {},
        aliases=tuple(aliases),
    )


def _prose(written: str) -> str:
    """Reviews are plain text in principle, and HTML or its entities on many pages."""
    return html.read(written).text if _MARKUP.search(written) else plain(written)


def rating(graph: Graph, node: Mapping[str, Any]) -> Rating | None:
    """A rating on the scale that the page names, or schema.org's 1 to 5; None for one that does not fit its scale."""
    given = next(iter(graph.values(node, "reviewRating", "rating")), node)
    inner = given if isinstance(given, dict) else {"ratingValue": given}
    found = _RATED.fullmatch((graph.text(inner, "ratingValue") or "").strip())
    if not found:
        return None
    best = _number(graph.text(inner, "bestRating")) or _number(found[2]) or (100.0 if found[3] else 5.0)
    worst, value = _number(graph.text(inner, "worstRating")), float(found[1].replace(",", "."))
    if worst is None:
        worst = 0.0 if found[3] or 0 <= value < 1 else 1.0
    return Rating(value, worst, best) if worst < best and worst <= value <= best else None


def _number(written: str | None) -> float | None:
    found = re.fullmatch(r"\s*(-?\d{1,9}(?:[.,]\d{1,20})?)\s*%?\s*", written or "")
    return float(found[1].replace(",", ".")) if found else None


def _count(graph: Graph, node: Mapping[str, Any], name: str) -> int | None:
    return written_count(graph.text(node, name) or "")


def _parse_readings(graph: Graph, page: Page) -> tuple[Reading, ...]:
    """The averages of a page; those of several things are told apart by their names."""
    owners = {id(value): node for node in graph.all for value in graph.values(node, "aggregateRating")}
    averages = [node for node in graph.all if "aggregateRating" in types(node)]
    subjects: dict[str, Mapping[str, Any]] = {}
    for node in averages:
        owner = owners.get(id(node))
        named = graph.text(owner, "name") if owner else graph.text(node, "itemReviewed")
        subjects.setdefault(" ".join((named or "").split())[:80], node)
    readings: list[Reading] = []
    place = page_name(page.url)
    for subject, node in subjects.items():
        where = f"{place}#{subject}" if len(subjects) > 1 and subject else place
        average = rating(graph, node)
        # https://schema.org/ratingCount: stars alone count among them, which are no reviews
        values = {
            "rating": average.value if average else None,
            "reviews": _count(graph, node, "reviewCount"),
            "ratings": _count(graph, node, "ratingCount"),
        }
        readings += [
            Reading(f"{name}:{where}", page.fetched_at, float(value))
            for name, value in values.items()
            if value is not None
        ]
    return tuple({reading.indicator: reading for reading in readings}.values())

"""Which entries of a feed are asked for as whole articles, so that each is asked for once and none is lost."""

from __future__ import annotations

from collections.abc import Sequence

from insight.model import Post
from scrapers.base import Batch, Page, Request
from scrapers.formats.values import digest
from scrapers.pages import article

ARTICLES = 8  # a visit; with the feed itself they fit into a first visit's pages


def split(posts: Sequence[Post], since: str | None, *, first: bool) -> tuple[tuple[Post, ...], tuple[Request, ...]]:
    """The posts to take as the feed gives them, and requests for the articles of the others.

    Those that the mark knows are neither: the feed's few words must not take the place of the whole text. `first`: the
    walk's first page, the only one that articles are read of.
    """
    article.require_trafilatura()
    known = set((since or "").split()[1:])
    plain: list[Post] = []
    requests: list[Request] = []
    for post in posts:
        if not known.isdisjoint(_signs(post)):
            continue
        request = article.request_for(post) if first and len(requests) < ARTICLES else None
        if request:
            requests.append(request)
        else:
            plain.append(post)
    return tuple(plain), tuple(requests)


def mark(newest: str | None, posts: Sequence[Post]) -> str:
    """A mark that tells each entry of the page, also one without a date or with an old one."""
    return " ".join([newest or "-", *(_signs(post)[0] for post in posts)])


def time_of(since: str | None) -> str | None:
    """What such a mark says of time."""
    return since and since.partition(" ")[0]


def read(page: Page) -> Batch:
    post = article.with_main_text(page)
    return Batch((post,) if post else ())


def _signs(post: Post) -> list[str]:
    """One for each of its ids: an earlier mark may know it by an alias."""
    return [digest(name, str(post.edited_at))[:8] for name in (post.native_id, *post.aliases)]

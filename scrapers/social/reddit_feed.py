"""Reddit's Atom feeds (and the RSS of older days): the same posts and comments, under the same names."""

from __future__ import annotations

import re
from dataclasses import replace

from insight.model import Deletion, Post, PostKind, Rejected
from scrapers.base import Page
from scrapers.bodies import entries_of
from scrapers.formats.dates import UNKNOWN, moment
from scrapers.formats.entries import Entry
from scrapers.formats.values import UnreadableError, address, text, whole_number
from scrapers.social.reddit_things import GONE, NETWORK, SITE

_NAME = re.compile(r"t[13]_[0-9a-z]{1,16}")
_PATH = re.compile(r"/comments/(?P<link>[0-9a-z]{1,16})(?:/[^/]*(?:/(?P<comment>[0-9a-z]{1,16}))?)?/?(?:[?#].*)?$")
_USER = re.compile(r"https?://(?:www\.)?reddit\.com/user/([\w-]{1,40})/?")
# What Reddit writes behind everything that was posted.
_TAIL = re.compile(r"submitted by[^\n]{0,160}\s*\[link\]\s*\[(?:(?P<replies>[0-9]{1,9}) )?comments?\]\s*")


def read(page: Page) -> tuple[tuple[Post | Deletion, ...], tuple[Rejected, ...]]:
    """The items of a feed. Raises SourceError when it is none."""
    return entries_of(page, _parse_item)


def _parse_item(entry: Entry) -> Post | Deletion | None:
    path = _PATH.search(entry.link or "")
    if entry.id and _NAME.fullmatch(entry.id):
        name = entry.id
    elif path:  # RSS of older days has no other name
        name = f"t1_{path['comment']}" if path["comment"] else f"t3_{path['link']}"
    else:
        if (entry.id or "").startswith(("t5_", "t2_")):
            return None  # a subreddit or a person that a search found
        raise UnreadableError("an entry that is no post or comment of Reddit")
    start = max(0, entry.text.rfind("submitted by"))
    tail = _TAIL.fullmatch(entry.text, start)
    words = entry.text[:start].strip() if tail else entry.text
    if words in GONE:
        return Deletion(NETWORK, name)
    published = next((known for known in map(moment, (*entry.published, *entry.updated)) if known[0]), UNKNOWN)
    people = [found[1] for found in map(_USER.fullmatch, entry.links) if found] if tail else []
    author = text((entry.author or next(reversed(people), "")).removeprefix("/u/"))
    replies = whole_number(tail["replies"]) if tail else None
    comment = name.startswith("t1_")
    post = Post(
        network=NETWORK,
        native_id=name,
        kind=PostKind.COMMENT if comment else PostKind.POST,
        text=words,
        url=entry.link,
        title=None if comment else entry.title,  # a comment's is "/u/name on" what it belongs to
        author=None if author == "[deleted]" else author,
        published_at=published[0],
        precision=published[1],
        engagement={} if replies is None else {"replies": replies},
        thread=f"t3_{path['link']}" if comment and path else None,
        media=entry.media,
    )
    # Where the post leads to: not to itself, to who wrote it, to where, or to Reddit's own page of its pictures
    place = (post.url or "").partition("/comments/")[0] + "/"
    by = address(f"/user/{post.author}", SITE) if post.author else None
    own = {post.url, by, place, f"{SITE}/gallery/{post.native_id[3:]}"}
    outside = (link for link in entry.links if link not in own and not re.match(r"https://[iv]\.redd\.it/", link))
    return replace(post, links=tuple(outside))

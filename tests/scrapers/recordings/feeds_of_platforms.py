"""Feeds that platforms write in a way of their own: Google, Product Hunt, Reddit, Discourse; and GDELT's list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from insight.model import PostKind
from tests.scrapers.recordings.articles import Item, feed, items, read_entry
from tests.scrapers.recordings.judging import Said, numbers
from tests.scrapers.recordings.markup import forum_post, web


# https://www.google.com/alerts: an Atom feed whose links lead over Google, with the words that matched in bold
def google_alerts(raw: Any, url: str) -> Sequence[Said] | None:
    return [
        {**said, "url": parse_qs(urlsplit(said["url"]).query)["url"][0], "edited_at": None}
        for said in feed(raw, url) or ()
    ]


def google_news(raw: Any, url: str) -> Sequence[Said] | None:
    """Behind each headline stands its publisher; the description is a list of other headlines."""
    found = []
    for item in items(raw):
        source = item.all("source")[0]
        title = item.text("title") or ""
        said = read_entry(item)
        found.append(
            {
                **said,
                "text": "",
                "title": title.removesuffix(f" - {(source.text or '').strip()}"),
                "author": (source.text or "").strip(),
                "links": (source.get("url", ""),),
            }
        )
    return found


# https://www.producthunt.com/feed: the tagline, then links to the discussion and to the product
def producthunt(raw: Any, url: str) -> Sequence[Said] | None:
    found = []
    for item in items(raw):
        said = read_entry(item)
        number = (item.text("id") or "").rpartition("/")[2]
        found.append(
            {
                **said,
                "network": "producthunt",
                "native_id": f"post/{number}",
                "kind": PostKind.POST,
                "text": re.sub(r"\s*Discussion\s*\|\s*Link\s*$", "", said["text"]),
                "edited_at": None,
                "links": tuple(link for link in said["links"] if "/r/p/" in link),
            }
        )
    return found


# https://www.reddit.com/wiki/rss: below the words stands who submitted it, where it leads and how many answered
def reddit_feed(raw: Any, url: str) -> Sequence[Said] | None:
    return [_reddit_entry(item) for item in items(raw)]


def _reddit_entry(item: Item) -> Said:
    said = read_entry(item)
    path = re.search(r"/comments/(\w+)/[^/]*/(\w+)?", said["url"])
    name = item.text("id") or (f"t3_{path[1]}" if path else "")
    comment = name.startswith("t1_")
    words, submitted, tail = said["text"].rpartition("submitted by")
    replies = re.search(r"\[(\d+) comments?\]", tail)
    people = [found for link in said["links"] if (found := re.match(r"https://www\.reddit\.com/user/([\w-]+)$", link))]
    by = people[-1] if people and submitted else None
    author = (said["author"] or (by[1] if by else "")).removeprefix("/u/")
    site = "https://www.reddit.com"
    links = [link for link in said["links"] if not re.match(r"https://[iv]\.redd\.it", link)]
    own = (f"{site}/user/{author}", f"{said['url'].partition('/comments/')[0]}/", f"{site}/gallery/{name[3:]}")
    return {
        **said,
        "network": "reddit",
        "native_id": name,
        "kind": PostKind.COMMENT if comment else PostKind.POST,
        "text": words.strip() if submitted else said["text"],
        "title": None if comment else said["title"],
        "author": author or None,
        "language": None,
        "edited_at": None,
        "engagement": numbers(replies=replies[1] if replies else None),
        "thread": f"t3_{path[1]}" if comment and path else None,
        "links": tuple(link for link in links if link not in own),
    }


def discourse_feed(raw: Any, url: str) -> Sequence[Said] | None:
    """Its entries are the posts of the forum's other answers: what those say as JSON they say too."""
    found = []
    for item in items(raw):
        said = read_entry(item)
        where = re.search(r"//([^/]+)/t/[^/]+/(\d+)(?:/|(?:[?]page=\d+)?#post_)(\d+)", said["url"])
        named = re.fullmatch(r"@(\S+)(?: (.+))?", said["author"] or "")
        if where and named:
            first = where[3] == "1"
            # below the words stand who took part and where the whole topic is
            cooked = re.sub(
                r"<p><small>.*?</small></p>\s*<p><a [^>]*>Read full topic</a></p>", "", item.markup("description")
            )
            body = forum_post(cooked, where[1])
            found.append(
                {
                    **said,
                    "network": "discourse",
                    "text": body.text,
                    "links": tuple(link for link in body.links if not link.startswith(f"https://{where[1]}#")),
                    "media": body.pictures,
                    "native_id": f"{where[1]}/t/{where[2]}/{where[3]}",
                    "kind": PostKind.POST if first else PostKind.COMMENT,
                    "title": said["title"] if first else None,
                    "author": named[1],
                    "author_name": named[2],
                    "language": None,
                    "thread": None if first else f"{where[1]}/t/{where[2]}/1",
                }
            )
    return found


# https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts
def gdelt(raw: Any, url: str) -> Sequence[Said] | None:
    codes = {"English": "en", "Spanish": "es", "German": "de", "Italian": "it", "French": "fr", "Chinese": "zh"}
    countries = {
        "Greece": "GR",
        "United States": "US",
        "China": "CN",
        "Australia": "AU",
        "Ireland": "IE",
        "India": "IN",
    }
    return [
        {
            "network": "web",
            "native_id": None,
            "kind": PostKind.ARTICLE,
            "text": "",
            "title": re.sub(r" (?=[,;:.])", "", one["title"]),  # GDELT sets punctuation apart
            "url": one["url"].removesuffix("%20title=").replace(":443/", "/"),
            "author": one["domain"],
            "published_at": datetime.strptime(one["seendate"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
            "language": codes[one["language"]],
            "country": countries.get(one["sourcecountry"], one["sourcecountry"]),
            "media": web([one["socialimage"]]),
        }
        for one in raw["articles"]
    ]

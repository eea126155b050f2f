"""Hacker News, Reddit and Stack Exchange: what their answers say, by their documentation's paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from insight.model import PostKind, Precision
from tests.scrapers.recordings.judging import Said, at, numbers
from tests.scrapers.recordings.markup import Markup, unescaped, web, words


# https://hn.algolia.com/api and https://github.com/HackerNews/API
def hackernews(raw: Any, url: str) -> Sequence[Said] | None:
    if isinstance(raw, list):  # numbers of stories
        return []
    if isinstance(raw, dict) and "hits" in raw:
        return [_hit(hit) for hit in raw["hits"]]
    if isinstance(raw, dict) and raw.get("type") in ("story", "comment", "poll"):
        return [_hit(item) for item in _tree(raw)]
    return []


def _tree(item: Any) -> Iterator[Any]:
    yield item
    for child in item.get("children", ()):
        yield from _tree(child)


def _hit(item: Any) -> Said:
    number = str(item.get("objectID") or item["id"])
    comment = "comment" in item.get("_tags", ()) or item.get("type") == "comment"
    parent, story = item.get("parent_id") or item.get("parent"), item.get("story_id")
    body = Markup(item.get("comment_text") or item.get("story_text") or item.get("text") or "")
    return {
        "network": "hackernews",
        "native_id": number,
        "kind": PostKind.COMMENT if comment else PostKind.POST,
        "text": body.text,
        "title": None if comment else words(item["title"]),
        "url": f"https://news.ycombinator.com/item?id={number}",
        "author": item.get("author") or item.get("by"),
        "published_at": at(item.get("created_at_i") or item.get("time")),
        "engagement": numbers(
            points=item.get("points", item.get("score")), replies=item.get("num_comments", item.get("descendants"))
        ),
        "reply_to": str(parent) if comment else None,
        "thread": str(story) if comment and story else None,
        "links": web([*([] if comment else [item.get("url") or ""]), *body.hrefs]),
    }


# https://www.reddit.com/dev/api and https://github.com/reddit-archive/reddit/wiki/JSON
def reddit(raw: Any, url: str) -> Sequence[Said] | None:
    if isinstance(raw, str) or "access_token" in raw:
        return None
    things = list(_things(raw))
    if things and all(thing["kind"] == "t5" for thing in things):
        return None
    kinds = {"t1": _comment, "t3": _submission}
    found = [
        kinds[thing["kind"]](thing["data"])
        for thing in things
        if thing["kind"] in kinds and not _gone(thing["data"]) and not thing["data"].get("promoted")
    ]
    return list({said["native_id"]: said for said in found}.values())


def _things(raw: Any) -> Iterator[Any]:
    for listing in raw if isinstance(raw, list) else [raw]:
        for child in listing["data"]["children"]:
            yield child
            replies = child["data"].get("replies")
            if replies:
                yield from _things(replies)


def _gone(data: Any) -> bool:
    return data.get("body", data.get("selftext")).strip() in ("[deleted]", "[removed]") or bool(
        data.get("removed_by_category")
    )


def _reddit_common(data: Any, markup: str) -> tuple[Markup, Said]:
    body = Markup(markup or "", "https://www.reddit.com")
    edited = data.get("edited")
    return body, {
        "network": "reddit",
        "native_id": data["name"],
        "text": body.text,
        "url": f"https://www.reddit.com{data['permalink'].split('?')[0]}"
        if data.get("permalink")
        else f"https://www.reddit.com/comments/{data['link_id'].removeprefix('t3_')}/_/{data['id']}/",
        "author": None if data.get("author") in (None, "[deleted]") else data["author"],
        "published_at": at(data.get("created_utc")),
        "precision": Precision.SECOND if data.get("created_utc") else Precision.UNKNOWN,
        "edited_at": at(edited) if isinstance(edited, float) else None,
    }


def _comment(data: Any) -> Said:
    body, said = _reddit_common(data, data["body_html"])
    return {
        **said,
        "kind": PostKind.COMMENT,
        "engagement": numbers(points=None if data.get("score_hidden") else data.get("score")),
        "reply_to": data["parent_id"],
        "thread": data.get("link_id"),
        "links": body.links,
        "media": body.pictures,
    }


def _submission(data: Any) -> Said:
    body, said = _reddit_common(data, data.get("selftext_html"))
    target = data.get("url_overridden_by_dest") or data.get("url") or ""
    host = urlsplit(target).hostname or ""
    outside = "" if not host or re.search(r"(^|\.)(reddit\.com|redd\.it)$", host) else target
    gallery = [
        data["media_metadata"][one["media_id"]].get("s", {})
        for one in (data.get("gallery_data") or {}).get("items", ())
    ]
    video = ((data.get("media") or {}).get("reddit_video") or {}).get("fallback_url", "")
    picture = target if host == "i.redd.it" else ""
    options = [option["text"] for option in (data.get("poll_data") or {}).get("options", ())]
    return {
        **said,
        "text": " ".join([said["text"], *options]),
        "title": unescaped(data["title"]),
        "engagement": numbers(
            points=None if data.get("hide_score") else data.get("score"),
            replies=data.get("num_comments"),
            reposts=data.get("num_crossposts"),
        ),
        "repost_of": data.get("crosspost_parent"),
        "links": web([outside, *body.hrefs]),
        "media": web(
            [*(unescaped(one.get("u") or one.get("gif") or "") for one in gallery), video, picture, *body.sources]
        ),
    }


# https://api.stackexchange.com/docs/types/question
def stackexchange(raw: Any, url: str) -> Sequence[Said] | None:
    return [_question(item) for item in raw["items"]]


def _question(item: Any) -> Said:
    body = Markup(item.get("body") or "", "https://stackoverflow.com/")
    return {
        "network": "stackexchange",
        "native_id": f"{urlsplit(item['link']).netloc.removesuffix('.com') or 'stackoverflow'}/q{item['question_id']}",
        "text": body.text,
        "title": unescaped(item["title"]),
        "url": item["link"] if "//" in item["link"] else f"https://stackoverflow.com/q/{item['question_id']}",
        "author": unescaped(item["owner"]["display_name"]),
        "published_at": at(item["creation_date"]),
        "edited_at": at(item.get("last_edit_date")),
        "engagement": numbers(points=item["score"], replies=item["answer_count"], views=item["view_count"]),
        "links": body.links,
        "hashtags": tuple(item["tags"]),
        "media": body.pictures,
    }

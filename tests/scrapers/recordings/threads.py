"""Discourse and GitHub: what their answers say, by the paths in their documentation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from insight.model import PostKind
from tests.scrapers.recordings.judging import Said, numbers, time
from tests.scrapers.recordings.markup import Markup, forum_post, unescaped


# https://docs.discourse.org
def discourse(raw: Any, url: str) -> Sequence[Said] | None:
    if isinstance(raw, list):  # the search of 2013: no posts in it
        return None
    host = urlsplit(url).netloc
    if "topic_list" in raw:
        return [_topic(topic, host) for topic in raw["topic_list"]["topics"]]
    if "post_stream" in raw:
        title = raw.get("title")
        return [
            _forum_post(post, host, title, raw.get("slug")) for post in raw["post_stream"]["posts"] if _written(post)
        ]
    if "latest_posts" in raw:
        return [
            _forum_post(post, host, post.get("topic_title"), None) for post in raw["latest_posts"] if _written(post)
        ]
    return [_forum_post(raw, host, None, None)] if "cooked" in raw else []


def _topic(topic: Any, host: str) -> Said:
    """In a list of topics stands the opening post, of which only pinned topics say the beginning."""
    return {
        "network": "discourse",
        "native_id": f"{host}/t/{topic['id']}/1",
        "text": Markup(topic.get("excerpt") or "").text,
        "title": unescaped(topic["title"]),
        "url": f"https://{host}/t/{topic['slug']}/{topic['id']}/1",
        "published_at": time(topic["created_at"]),
        "engagement": numbers(likes=topic["like_count"], replies=topic["posts_count"] - 1, views=topic["views"]),
        "hashtags": tuple(topic.get("tags") or ()),
    }


def _written(post: Any) -> bool:
    """By a person: what the forum itself says of a topic (closed, split) is no post."""
    return post.get("post_type", 1) in (1, 2) and not post.get("user_deleted") and not post.get("deleted_at")


def _forum_post(post: Any, host: str, title: str | None, slug: str | None) -> Said:
    topic, number = post["topic_id"], post["post_number"]
    body = forum_post(post["cooked"], host)
    likes = [action.get("count") for action in post.get("actions_summary") or () if action.get("id") == 2]
    above, first = post.get("reply_to_post_number"), number == 1
    path = post.get("post_url") or f"/t/{post.get('topic_slug') or slug}/{topic}/{number}"
    return {
        "network": "discourse",
        "native_id": f"{host}/t/{topic}/{number}",
        "kind": PostKind.POST if first else PostKind.COMMENT,
        "text": body.text,
        "title": unescaped(title) if title and first else None,
        "url": f"https://{host}{path}",
        "author": post["username"],
        "author_name": post.get("name") or None,
        "published_at": time(post["created_at"]),
        "edited_at": time(post["updated_at"]) if post.get("version", 1) > 1 else None,
        "engagement": numbers(
            likes=post.get("like_count", next(iter(likes), None)),
            replies=post.get("reply_count"),
            views=post.get("reads"),
        ),
        "reply_to": f"{host}/t/{topic}/{above}" if above else None,
        "thread": None if first else f"{host}/t/{topic}/1",
        "links": body.links,
        "media": tuple(one for one in body.pictures if "/emoji/" not in one),
    }


# https://docs.github.com/en/rest/issues
def github(raw: Any, url: str) -> Sequence[Said] | None:
    items = raw
    if isinstance(raw, dict):
        if "message" in raw or ("data" in raw and "repository" not in (raw["data"] or {})):
            return None
        items = raw.get("items", raw.get("issues", ()))
    return [_issue(item) for item in items if "title" in item or "body" in item]


def _issue(item: Any) -> Said:
    comment = "title" not in item
    api = re.search(r"/repos/([^/]+/[^/]+)/", item.get("url", "")) or re.search(
        r"github.com/([^/]+/[^/]+)/", item["html_url"]
    )
    place = api[1] if api else ""
    page = item.get("html_url")
    anchored = re.search(r"/(?:issues|pull)/(\d+)#(issuecomment-\d+)", page or "")
    thread = f"{place}#{anchored[1]}" if anchored else None
    number = f"issuecomment-{item['id']}" if comment else item["number"]
    created, updated = time(item["created_at"]), time(item.get("updated_at"))
    reactions, user = item.get("reactions") or {}, item.get("user")
    body = _rendered(item.get("body") or "")
    return {
        "network": "github",
        "native_id": f"{place}#{number}",
        "kind": PostKind.COMMENT if comment else PostKind.POST,
        "text": body.text,
        "title": None if comment else item["title"],
        "url": page,
        "author": user["login"] if isinstance(user, dict) else user,
        "published_at": created,
        "edited_at": updated if comment and updated and created and updated > created else None,
        "engagement": numbers(
            replies=None if comment else item.get("comments"),
            likes=reactions.get("+1"),
            dislikes=reactions.get("-1"),
            reactions=reactions.get("total_count"),
        ),
        "reply_to": thread,
        "thread": thread,
        "links": body.links,
        "media": body.pictures,
    }


def _rendered(markdown: str) -> Markup:
    """https://github.github.com/gfm: addresses in the text are links there, and comments in HTML are not shown."""
    return Markup(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown), bare=True)

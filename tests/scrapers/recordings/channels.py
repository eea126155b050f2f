"""YouTube, Facebook pages and Instagram: what their answers say, by their documentation's paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from insight.model import PostKind, Precision
from tests.scrapers.recordings.judging import Said, numbers, time
from tests.scrapers.recordings.markup import bare_links, unescaped, web

_SIZES = ("maxres", "standard", "high", "medium", "default")


# https://developers.google.com/youtube/v3/docs
def youtube(raw: Any, url: str) -> Sequence[Said] | None:
    found = []
    for item in raw["items"]:
        if item["kind"] in ("youtube#video", "youtube#searchResult"):
            found.append(_video(item))
        elif item["kind"] == "youtube#comment":
            found.append(_comment(item["id"], item["snippet"], None, None))
        elif item["kind"] == "youtube#commentThread":
            top = item["snippet"]["topLevelComment"]
            video = item["snippet"].get("videoId")  # a comment on a channel has none
            found.append(_comment(top["id"], top["snippet"], video, item["snippet"]["totalReplyCount"]))
            inside = item.get("replies", {}).get("comments", ())
            found += [_comment(one["id"], one["snippet"], video, None) for one in inside]
    return found


def _video(item: Any) -> Said:
    number = item["id"]["videoId"] if isinstance(item["id"], dict) else item["id"]
    snippet, seen = item["snippet"], item.get("statistics", {})
    pictures = [snippet["thumbnails"][size]["url"] for size in _SIZES if size in snippet.get("thumbnails", {})]
    return {
        "network": "youtube",
        "native_id": number,
        "text": snippet["description"],
        "title": unescaped(snippet["title"]),
        "url": f"https://www.youtube.com/watch?v={number}",
        "author": snippet["channelTitle"],
        "published_at": time(snippet["publishedAt"]),
        "language": snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage"),
        "engagement": numbers(
            views=seen.get("viewCount"), likes=seen.get("likeCount"), replies=seen.get("commentCount")
        ),
        "links": bare_links(snippet["description"]),
        "media": tuple(pictures[:1]),
    }


def _comment(number: str, snippet: Any, video: str | None, replies: int | None) -> Said:
    thread = snippet.get("videoId") or video
    created, updated = time(snippet["publishedAt"]), time(snippet["updatedAt"])
    return {
        "network": "youtube",
        "native_id": number,
        "kind": PostKind.COMMENT,
        "text": snippet["textOriginal"],
        "url": f"https://www.youtube.com/watch?v={thread}&lc={number}" if thread else None,
        "author": snippet["authorDisplayName"].removeprefix("@"),
        "published_at": created,
        "edited_at": updated if created and updated and updated > created else None,
        "engagement": numbers(likes=snippet["likeCount"], replies=replies),
        "reply_to": snippet.get("parentId") or thread,
        "thread": thread,
        "links": bare_links(snippet["textOriginal"]),
    }


# https://developers.facebook.com/docs/graph-api/reference/page/feed
def facebook(raw: Any, url: str) -> Sequence[Said] | None:
    if "error" in raw or "data" not in raw:
        return None
    return [_page_comment(one) if "comment_count" in one else _page_post(one) for one in raw["data"]]


def _page_post(one: Any) -> Said:
    attached = one.get("attachments", {}).get("data", ())
    outside = [part for part in attached if part.get("media_type") == "link"]
    pictures = [part.get("media", {}).get("image", {}).get("src", "") for part in attached]
    likes = one.get("likes", {}).get("summary", {}).get("total_count")
    return {
        "network": "facebook",
        "native_id": one["id"],
        "text": one.get("message") or one.get("story") or "",
        "title": next((part["title"] for part in outside if part.get("title")), None),
        "url": one.get("permalink_url"),
        "author": one.get("from", {}).get("name"),
        "published_at": time(one["created_time"]),
        "engagement": numbers(
            likes=likes,
            reactions=one.get("reactions", {}).get("summary", {}).get("total_count"),
            replies=one.get("comments", {}).get("summary", {}).get("total_count"),
            reposts=one.get("shares", {}).get("count"),
        ),
        "links": web([part.get("unshimmed_url") or part.get("url") or "" for part in outside]),
        "media": web([one.get("full_picture", ""), *pictures]),
    }


def _page_comment(one: Any) -> Said:
    """Where only its address names a comment, `comment_id` is its number and `reply_comment_id` that of an answer."""
    asked = parse_qs(urlsplit(one["permalink_url"]).query)
    post = re.search(r"/(\d+)/posts/(\d+)", one["permalink_url"])
    page, number = post.groups() if post else ("", "")
    comment, reply = asked["comment_id"][0], asked.get("reply_comment_id", [None])[0]
    return {
        "network": "facebook",
        "native_id": one.get("id") or f"{number}_{reply or comment}",
        "kind": PostKind.COMMENT,
        "text": one["message"],
        "url": one["permalink_url"],
        "published_at": time(one["created_time"]),
        "engagement": numbers(likes=one.get("like_count"), replies=one.get("comment_count")),
        "reply_to": f"{number}_{comment}" if reply else f"{page}_{number}",
        "thread": f"{page}_{number}",
    }


# https://developers.facebook.com/docs/instagram-platform/reference
def instagram(raw: Any, url: str) -> Sequence[Said] | None:
    if "error" in raw:
        return None
    if "mentioned_media" in raw:
        return [_medium(raw["mentioned_media"])]
    if "business_discovery" in raw:
        return [_medium(one) for one in raw["business_discovery"]["media"]["data"]]
    if all("text" in one for one in raw["data"]):
        return [_medium_comment(one) for one in raw["data"]]
    return [_medium(one) for one in raw["data"] if "media_type" in one]


def _medium(one: Any) -> Said:
    children = [child.get("media_url", "") for child in one.get("children", {}).get("data", ())]
    return {
        "network": "instagram",
        "native_id": one["id"],
        "text": one.get("caption") or "",
        "url": one.get("permalink"),
        "author": one.get("username"),
        "published_at": time(one.get("timestamp")),
        "precision": Precision.SECOND if one.get("timestamp") else Precision.UNKNOWN,
        "engagement": numbers(likes=one.get("like_count"), replies=one.get("comments_count")),
        "media": web([one.get("media_url", ""), *children]),
    }


def _medium_comment(one: Any) -> Said:
    """Below which medium it stands, its own address would say; the recorded one is cut short."""
    return {
        "network": "instagram",
        "native_id": one["id"],
        "kind": PostKind.COMMENT,
        "text": one["text"],
        "published_at": time(one["timestamp"]),
        "engagement": numbers(likes=one.get("like_count")),
    }

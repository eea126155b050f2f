"""Mastodon, Bluesky and Lemmy: what their answers say, by the paths in their documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from insight.model import PostKind, Precision, Visibility
from tests.scrapers.recordings.judging import Said, numbers, time
from tests.scrapers.recordings.markup import Markup, web


# https://docs.joinmastodon.org/entities/Status/
def mastodon(raw: Any, url: str) -> Sequence[Said] | None:
    if raw == "OK":
        return None
    toots = list(_toots(raw))
    here = {toot["id"]: toot["uri"] for toot in toots}
    return list({said["native_id"]: said for said in (_toot(toot, here, url) for toot in toots)}.values())


def _toots(raw: Any) -> Iterator[Any]:
    """Statuses, wherever they lie: in lists, in contexts, in lines of a stream; of a boost what is boosted."""
    if isinstance(raw, str):
        for line in raw.split("\n"):  # U+2028 is text in JSON
            data = line.removeprefix("data:").strip()
            if data.startswith(("{", "[")):
                with suppress(ValueError):  # a recording may end within a line
                    yield from _toots(json.loads(data))
    elif isinstance(raw, list):
        for one in raw:
            yield from _toots(one)
    elif "uri" in raw and "content" in raw and "account" in raw:
        yield raw["reblog"] if raw.get("reblog") else raw
    elif "uri" not in raw:
        for name in ("ancestors", "descendants", "statuses", "last_status", "status", "payload"):
            inside = raw.get(name)
            yield from _toots(inside if name != "payload" else inside or "") if inside else ()


def _toot(toot: Any, here: dict[str, str], url: str) -> Said:
    quote = toot.get("quote") or {}
    # people and hashtags that are named are no pages that are linked to
    body = Markup(toot["content"], skip="quote-inline" if quote else "", unlinked="mention")
    account, poll, parent = toot["account"], toot.get("poll") or {}, toot.get("in_reply_to_id")
    said = " ".join([body.text, *(option["title"] for option in poll.get("options", ()))]).strip()
    home = urlsplit(account["url"]).netloc or urlsplit(url).netloc
    cited = [(toot.get("card") or {}).get("url") or "", (quote.get("quoted_status") or {}).get("url") or ""]
    return {
        "network": "mastodon",
        "native_id": toot["uri"],
        "text": said or " ".join(one["description"] or "" for one in toot["media_attachments"]),
        "url": toot.get("url") or toot["uri"],
        "title": toot["spoiler_text"] or None,
        "author": account["acct"] if "@" in account["acct"] else f"{account['acct']}@{home}",
        "author_name": account["display_name"].strip() or None,
        "audience": account["followers_count"],
        "published_at": time(toot["created_at"]),
        "edited_at": time(toot.get("edited_at")),
        "language": toot["language"],
        "engagement": numbers(
            likes=toot.get("favourites_count"),
            reposts=toot.get("reblogs_count"),
            replies=toot.get("replies_count"),
            quotes=toot.get("quotes_count"),
        ),
        "reply_to": here.get(parent) if parent else None,  # an id of this server alone says nothing elsewhere
        "links": web([*body.links, *cited]),
        "hashtags": tuple(dict.fromkeys(tag["name"] for tag in toot["tags"])),
        "media": web([one.get("url") or one.get("remote_url") or "" for one in toot["media_attachments"]]),
        "visibility": Visibility.PRIVATE if toot["visibility"] in ("private", "direct") else Visibility.PUBLIC,
    }


# https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky/feed
def bluesky(raw: Any, url: str) -> Sequence[Said] | None:
    if isinstance(raw, str):
        events = [json.loads(line) for line in raw.splitlines() if line.strip()]
        made = [one for one in events if (one.get("commit") or {}).get("collection") == "app.bsky.feed.post"]
        return [
            _record(f"at://{one['did']}/app.bsky.feed.post/{one['commit']['rkey']}", one["commit"]["record"])
            for one in made
            if one["commit"]["operation"] in ("create", "update")
        ]
    if "value" in raw and "uri" in raw:
        return [_record(raw["uri"], raw["value"])]
    if "error" in raw:
        return None
    views = [*raw.get("posts", ()), *(entry["post"] for entry in raw.get("feed", ()))]
    if "thread" in raw:
        views.append(raw["thread"]["post"])
    return list({view["uri"]: _view(view) for view in views}.values())


def _view(view: Any) -> Said:
    author, said = view["author"], _record(view["uri"], view["record"])
    seen = time(view["indexedAt"])
    handle = author["handle"]
    return {
        **said,
        "author": said["author"] if handle == "handle.invalid" else handle,
        "author_name": (author.get("displayName") or "").strip() or None,
        "published_at": min(filter(None, (said["published_at"], seen))),
        "engagement": numbers(
            likes=view.get("likeCount"),
            reposts=view.get("repostCount"),
            replies=view.get("replyCount"),
            quotes=view.get("quoteCount"),
            bookmarks=view.get("bookmarkCount"),
        ),
    }


def _record(uri: str, record: Any) -> Said:
    did, rkey = uri.removeprefix("at://").split("/")[0], uri.rsplit("/", 1)[1]
    embed, reply = record.get("embed") or {}, record.get("reply") or {}
    features = [feature for facet in record.get("facets") or () for feature in facet["features"]]
    links = [one["uri"] for one in features if "uri" in one]
    tags = [one["tag"] for one in features if "tag" in one] + list(record.get("tags") or ())
    inner = embed.get("media", embed)
    images = inner.get("images") or ()
    external = (inner.get("external") or {}).get("uri")
    quoted = embed.get("record") or {}
    quoted = (quoted.get("record") or quoted).get("uri", "")
    described = " ".join(image["alt"] for image in images if image.get("alt"))
    video = (inner.get("video") or {}).get("ref", {}).get("$link")
    cdn = "https://cdn.bsky.app/img/feed_fullsize/plain"
    page = bsky_page(quoted) if "/app.bsky.feed.post/" in quoted else ""
    return {
        "network": "bluesky",
        "native_id": uri,
        "text": record["text"].strip() or described,
        "url": f"https://bsky.app/profile/{did}/post/{rkey}",
        "author": did,
        "published_at": time(record.get("createdAt")),
        "precision": Precision.SECOND if record.get("createdAt") else Precision.UNKNOWN,
        "language": next(iter(record.get("langs") or ()), None),
        "reply_to": (reply.get("parent") or {}).get("uri"),
        "thread": (reply.get("root") or {}).get("uri"),
        "links": web([*links, external or "", page]),
        "hashtags": tuple(dict.fromkeys(tag.lstrip("#") for tag in tags)),
        "media": tuple(f"{cdn}/{did}/{image['image']['ref']['$link']}@jpeg" for image in images)
        + ((f"https://video.bsky.app/watch/{did}/{video}/playlist.m3u8",) if video else ()),
    }


def bsky_page(uri: str) -> str:
    did, _, rkey = uri.removeprefix("at://").split("/")
    return f"https://bsky.app/profile/{did}/post/{rkey}"


# https://join-lemmy.org/api/v3: an undetermined language is the number 0
def lemmy(raw: Any, url: str) -> Sequence[Said] | None:
    if "error" in raw:
        return None
    return [_lemmy_post(view) for view in raw.get("posts", ())] + [
        _lemmy_comment(view) for view in raw.get("comments", ())
    ]


def _lemmy_common(view: Any, body: Any, replies: str) -> Said:
    creator, counts = view["creator"], view["counts"]
    return {
        "network": "lemmy",
        "native_id": body["ap_id"],
        "url": body["ap_id"],
        "author": f"{creator['name']}@{urlsplit(creator['actor_id']).netloc}",
        "author_name": creator.get("display_name"),
        "published_at": time(body["published"]),
        "edited_at": time(body.get("updated")),
        "language": {0: None, 37: "en"}[body["language_id"]],
        "engagement": numbers(
            points=counts.get("score"),
            likes=counts.get("upvotes"),
            dislikes=counts.get("downvotes"),
            replies=counts.get(replies),
        ),
    }


def _lemmy_post(view: Any) -> Said:
    post = view["post"]
    return {
        **_lemmy_common(view, post, "comments"),
        "title": post["name"],
        "text": post.get("body") or "",
        "links": web([post.get("url") or ""]),
        "media": web([post.get("thumbnail_url") or ""]),
    }


def _lemmy_comment(view: Any) -> Said:
    comment = view["comment"]
    return {
        **_lemmy_common(view, comment, "child_count"),
        "kind": PostKind.COMMENT,
        "text": comment["content"],
        "reply_to": view["post"]["ap_id"],
        "thread": view["post"]["ap_id"],
    }

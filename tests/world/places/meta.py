"""Meta's platforms in small, all by one Graph API: Facebook, Instagram, Threads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.world.hidden_posts import Told
from tests.world.places.base import Place, after
from tests.world.web import Call, Reply

OWNER = "1000000000001"
HASHTAG = "17840000000000009"


def _list(call: Call, rows: Sequence[Told], one: Any, base: str) -> Reply:
    """A page of a list, as the Graph API frames it."""
    since = int(call.query.get("since", 0))
    page, following = after(call, [told for told in rows if told.second >= since], "after")
    paging: dict[str, Any] = {"cursors": {"after": following or "end"}}
    if following:
        paging["next"] = f"{base}{call.path}?access_token=hidden&after={following}"
    return Reply.json({"data": [one(told) for told in page], "paging": paging})


def _written(told: Told) -> str:
    return f"{told.at:%Y-%m-%dT%H:%M:%S}+0000"


def facebook(call: Call, rows: Sequence[Told], base: str) -> Reply:
    def post(told: Told) -> dict[str, Any]:
        return {
            "id": f"{OWNER}_{told.number}", "message": told.text, "created_time": _written(told),
            "permalink_url": f"https://www.facebook.com/{OWNER}/posts/{told.number}/",
            "from": {"name": told.author, "id": "7"}, "reactions": {"data": [], "summary": {"total_count": 1}},
        }  # fmt: skip

    if call.path.endswith("/feed"):
        return _list(call, rows, post, base)
    found = [told for told in rows if call.path.endswith(f"/{OWNER}_{told.number}")]
    return Reply.json(post(found[0])) if found else _gone()


def instagram(call: Call, rows: Sequence[Told], base: str) -> Reply:
    def medium(told: Told) -> dict[str, Any]:
        return {
            "id": str(17900000000000000 + told.number), "caption": f"{told.text} #acme", "media_type": "IMAGE",
            "permalink": f"https://www.instagram.com/p/{told.mark}/", "timestamp": _written(told), "like_count": 1,
        }  # fmt: skip

    if call.path.endswith("/ig_hashtag_search"):
        return Reply.json({"data": [{"id": HASHTAG}]})
    if call.path.endswith(f"/{HASHTAG}/recent_media"):
        return _list(call, rows, medium, base)
    return _gone()


def threads(call: Call, rows: Sequence[Told], base: str) -> Reply:
    def post(told: Told) -> dict[str, Any]:
        return {
            "id": str(18000000000000000 + told.number), "text": told.text, "media_type": "TEXT_POST",
            "permalink": f"https://www.threads.net/@{told.author}/post/{told.mark}", "timestamp": _written(told),
            "username": told.author, "has_replies": False, "is_quote_post": False, "is_reply": False,
        }  # fmt: skip

    return _list(call, rows, post, base) if call.path.endswith("/keyword_search") else _gone()


def _gone() -> Reply:
    error = {"message": "Unsupported get request.", "type": "GraphMethodException", "code": 100, "error_subcode": 33}
    return Reply.json({"error": error}, 400)


PLACES = (
    Place("facebook", {"base_url": "{url}", "token": "small-world", "pages": [OWNER], "read": ["feed"]}, facebook),
    Place(
        "instagram",
        {"base_url": "{url}", "token": "small-world", "account": "17840000000000001", "read": ["hashtags"]},
        instagram,
        shows=timedelta(hours=24),
    ),
    Place("threads", {"base_url": "{url}", "token": "small-world"}, threads),
)

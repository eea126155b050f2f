"""Forums in small: Hacker News, Lemmy, Stack Exchange, Discourse, Lobsters, Reddit, GitHub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.world.hidden_posts import Told
from tests.world.places.base import FEW, Place, after, at_of, iso, let_in, paged, token
from tests.world.web import Call, Reply

NOT_FOUND = Reply.json({"error": "not found"}, 404)


def hackernews(call: Call, rows: Sequence[Told], _: str) -> Reply:
    one = re.fullmatch(r"/v0/item/(\d+)\.json", call.path)
    if one:
        return Reply.json(next((_story(told) for told in rows if told.number == int(one[1])), None))
    low, high, size = 0, 2**40, int(call.query["hitsPerPage"])
    for bound in filter(None, call.query.get("numericFilters", "").split(",")):
        sign, second = bound.removeprefix("created_at_i")[:2], int(bound.partition("=")[2])
        low, high = (second, high) if sign == ">=" else (low, second)
    found = [told for told in rows if low <= told.second <= high]
    hits = [
        {
            "objectID": str(told.number), "author": told.author, "created_at_i": told.second, "title": told.title,
            "story_text": f"<p>{told.text}", "_tags": ["story"], "points": 1, "num_comments": 0,
        }
        for told in found[:size]
    ]  # fmt: skip
    return Reply.json({"hits": hits, "nbHits": len(found), "hitsPerPage": size, "page": 0})


def _story(told: Told) -> dict[str, Any]:
    """As Firebase shows it."""
    said = {"title": told.title, "text": told.text, "by": told.author, "time": told.second}
    return {"id": told.number, "type": "story", **said, "score": 1, "descendants": 0}


def lemmy(call: Call, rows: Sequence[Told], _: str) -> Reply:
    def view(told: Told) -> dict[str, Any]:
        post = {
            "id": told.number, "ap_id": f"https://posts.example/post/{told.number}", "name": told.title,
            "body": told.text, "published": f"{told.at:%Y-%m-%dT%H:%M:%S}.000000Z", "removed": False, "deleted": False,
        }  # fmt: skip
        creator = {"name": told.author, "actor_id": f"https://posts.example/u/{told.author}"}
        return {"post": post, "creator": creator, "counts": {"score": 1, "comments": 0}}

    if call.path.endswith("/resolve_object"):
        one = [told for told in rows if call.query["q"].endswith(f"/{told.number}")]
        return Reply.json({"post": view(one[0])}) if one else Reply.json({"error": "couldnt_find_object"}, 404)
    page, _following = paged(call, rows, size=int(call.query["limit"]))
    return Reply.json({"type_": "All", "posts": [view(told) for told in page], "comments": []})


def stackexchange(call: Call, rows: Sequence[Told], _: str) -> Reply:
    def question(told: Told) -> dict[str, Any]:
        return {
            "question_id": told.number, "title": told.title, "body": f"<p>{told.text}</p>", "score": 0,
            "creation_date": told.second, "last_activity_date": told.second, "owner": {"display_name": told.author},
            "link": f"https://stackoverflow.com/questions/{told.number}/x", "answer_count": 0,
        }  # fmt: skip

    asked = re.fullmatch(r"/2\.3/questions/([\d;]+)", call.path)
    if asked:
        numbers = set(map(int, asked[1].split(";")))
        return _wrapped([question(told) for told in rows if told.number in numbers], more=False)
    low, high = int(call.query.get("min", 0)), int(call.query.get("max", 2**40))
    found = [question(told) for told in rows if low <= told.second <= high]
    return _wrapped(found[:FEW], more=len(found) > FEW)


def _wrapped(items: list[dict[str, Any]], *, more: bool) -> Reply:
    return Reply.json({"items": items, "has_more": more, "quota_max": 300, "quota_remaining": 299})


def discourse(call: Call, rows: Sequence[Told], _: str) -> Reply:
    def post(told: Told) -> dict[str, Any]:
        return {
            "id": told.number, "topic_id": told.number, "post_number": 1, "post_type": 1, "username": told.author,
            "created_at": iso(told.at), "updated_at": iso(told.at), "cooked": f"<p>{told.text}</p>",
            "topic_title": told.title, "topic_slug": "x", "version": 1, "category_id": 4,
        }  # fmt: skip

    if call.path.startswith("/posts/by_number/"):
        found = [told for told in rows if call.path == f"/posts/by_number/{told.number}/1.json"]
        return Reply.json(post(found[0])) if found else NOT_FOUND
    before = int(call.query.get("before", 2**40))
    by_number = sorted((told for told in rows if told.number < before), key=lambda told: -told.number)
    return Reply.json({"latest_posts": [post(told) for told in by_number[:FEW]]})


def lobsters(call: Call, rows: Sequence[Told], base: str) -> Reply:
    def story(told: Told) -> dict[str, Any]:
        return {
            "short_id": f"s{told.number}", "created_at": iso(told.at), "title": told.title, "url": "", "score": 1,
            "description": f"<p>{told.text}</p>", "comment_count": 0, "submitter_user": told.author, "tags": ["ask"],
            "short_id_url": f"{base}/s/s{told.number}",
        }  # fmt: skip

    if call.path.startswith("/s/"):
        found = [told for told in rows if call.path == f"/s/s{told.number}.json"]
        return Reply.json({**story(found[0]), "comments": []}) if found else NOT_FOUND
    number = re.search(r"/page/(\d+)\.json", call.path)
    begin = 25 * (int(number[1]) - 1 if number else 0)
    return Reply.json([story(told) for told in rows[begin : begin + 25]])


def reddit(call: Call, rows: Sequence[Told], _: str) -> Reply:
    if call.path == "/api/v1/access_token":
        return Reply.json({"access_token": token(call), "token_type": "bearer", "expires_in": 86400})
    if not let_in(call):
        return Reply.json({"message": "Unauthorized", "error": 401}, 401)
    if call.path == "/api/info":
        asked = call.query["id"].split(",")
        return _listing([told for told in rows if f"t3_{told.mark}" in asked], None)
    within = {key: value.removeprefix("t3_") for key, value in call.query.items()}
    page, following = after(Call(call.at, "GET", call.path, within, call.headers, b""), rows, "after")
    return _listing(page, following and f"t3_{following}")


def _listing(page: Sequence[Told], following: str | None) -> Reply:
    children = [
        {
            "kind": "t3",
            "data": {
                "id": told.mark, "name": f"t3_{told.mark}", "subreddit": "acme", "author": told.author,
                "title": told.title, "selftext": told.text, "is_self": True, "created_utc": float(told.second),
                "edited": False, "score": 1, "num_comments": 0, "permalink": f"/r/acme/comments/{told.mark}/x/",
            },
        }
        for told in page
    ]  # fmt: skip
    return Reply.json({"kind": "Listing", "data": {"after": following, "children": children}})


def github(call: Call, rows: Sequence[Told], base: str) -> Reply:
    def issue(told: Told) -> dict[str, Any]:
        return {
            "url": f"{base}/repos/acme/notes/issues/{told.number}", "number": told.number, "id": told.number,
            "html_url": f"https://github.com/acme/notes/issues/{told.number}", "title": told.title, "body": told.text,
            "user": {"login": told.author}, "comments": 0, "created_at": iso(told.at), "updated_at": iso(told.at),
        }  # fmt: skip

    one = re.fullmatch(r"/repos/acme/notes/issues/(\d+)", call.path)
    if one:
        found = [told for told in rows if told.number == int(one[1])]
        return Reply.json(issue(found[0])) if found else NOT_FOUND
    since = at_of(call.query.get("since"))
    page, following = paged(call, [told for told in rows if since is None or told.at >= since])
    headers = {"link": f'<{base}/repositories/1/issues?page={following}>; rel="next"'} if following else {}
    return Reply.json([issue(told) for told in page], **headers)


PLACES = (
    Place("discourse", {"base_url": "{url}"}, discourse),
    Place(
        "github",
        {"base_url": "{url}", "repositories": ["acme/notes"], "include": ["issues"], "search": False},
        github,
    ),
    Place("hackernews", {"base_url": "{url}/api/v1", "items_url": "{url}/v0", "page_size": FEW}, hackernews),
    Place("lemmy", {"instance": "{url}"}, lemmy),
    Place("lobsters", {"base_url": "{url}"}, lobsters),
    Place(
        "reddit",
        {
            "base_url": "{url}", "api_url": "{url}", "client_id": "small", "client_secret": "world",
            "subreddits": ["acme"], "include": ["posts"], "search": False,
        },
        reddit,
        accept_terms=True,
    ),
    Place("stackexchange", {"base_url": "{url}/2.3"}, stackexchange),
)  # fmt: skip

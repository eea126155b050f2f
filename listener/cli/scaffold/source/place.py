"""Noticeboard in small: its API, answering out of the truth of the simulated week that all kinds live through."""

from __future__ import annotations

from collections.abc import Sequence

from tests.world.places.base import Place, after, iso
from tests.world.hidden_posts import Told
from tests.world.web import Call, Reply


# Change this: the answer as the site gives it, with the words of each post, its number as the id and its time.
def noticeboard(call: Call, rows: Sequence[Told], base: str) -> Reply:
    page, following = after(call, rows, "cursor")
    posts = [
        {
            "id": told.number, "posted": iso(told.at), "author": told.author, "title": told.title,
            "html": f"<p>{told.text}</p>", "url": f"{base}/posts/{told.number}", "likes": 0, "replies": 0,
        }
        for told in page
    ]  # fmt: skip
    return Reply.json({"posts": posts, "next": following})


PLACES = (Place("noticeboard", {"base_url": "{url}/api"}, noticeboard),)

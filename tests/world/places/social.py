"""Networks and channels in small: Mastodon, Bluesky, X, Telegram, YouTube."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from tests.world.hidden_posts import Told
from tests.world.places.base import FEW, Place, after, at_of, iso, let_in, token
from tests.world.web import Call, Reply

X_BEGAN = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
AT_ONCE = timedelta(0)  # a channel's messages are numbered as they come; what is read of X twice is paid for twice
CHANNEL = "UCacmeacmeacmeacmeacmeac"


def mastodon(call: Call, rows: Sequence[Told], base: str) -> Reply:
    def number(told: Told) -> int:
        return (told.second * 1000 << 16) + told.number

    least, most = int(call.query.get("since_id", 0)), int(call.query.get("max_id", 2**63))
    found = [told for told in rows if least < number(told) < most][:FEW]
    toots = [
        {
            "id": str(number(told)), "created_at": iso(told.at), "uri": f"https://toots.example/{told.mark}",
            "url": f"https://toots.example/@{told.author}/{told.mark}", "content": f"<p>{told.text}</p>",
            "account": {"acct": told.author, "display_name": told.author, "followers_count": 7}, "visibility": "public",
            "reblog": None, "in_reply_to_id": None, "replies_count": 0, "favourites_count": 1,
            "tags": [{"name": "acme"}],
        }
        for told in found
    ]  # fmt: skip
    following = f'<{base}{call.path}?max_id={number(found[-1])}>; rel="next"' if len(found) == FEW else ""
    return Reply.json(toots, **({"link": following} if following else {}))


def bluesky(call: Call, rows: Sequence[Told], _: str) -> Reply:
    def view(told: Told) -> dict[str, Any]:
        record = {"$type": "app.bsky.feed.post", "text": told.text, "createdAt": iso(told.at), "langs": ["en"]}
        author = {"did": "did:plc:acme", "handle": f"{told.author}.example.com"}
        return {"uri": _uri(told), "author": author, "record": record, "indexedAt": iso(told.at), "likeCount": 1}

    if call.path.endswith("createSession"):
        return Reply.json({"accessJwt": token(call), "did": "did:plc:acme"})
    if not let_in(call):
        return Reply.json({"error": "ExpiredToken", "message": "Token has expired"}, 400)
    if call.path.endswith("getPosts"):
        asked = parse_qs(call.raw_query)["uris"]
        return Reply.json({"posts": [view(told) for told in rows if _uri(told) in asked]})
    since = at_of(call.query.get("since"))
    page, following = after(call, [told for told in rows if since is None or told.at >= since], "cursor")
    return Reply.json({"posts": [view(told) for told in page], **({"cursor": following} if following else {})})


def _uri(told: Told) -> str:
    return f"at://did:plc:acme/app.bsky.feed.post/{told.mark}"


def x(call: Call, rows: Sequence[Told], _: str) -> Reply:
    def number(told: Told) -> int:
        return ((told.at - X_BEGAN) // timedelta(milliseconds=1) << 22) + told.number

    def tweet(told: Told) -> dict[str, Any]:
        return {
            "id": str(number(told)), "edit_history_tweet_ids": [str(number(told))], "text": told.text, "lang": "en",
            "created_at": f"{told.at:%Y-%m-%dT%H:%M:%S}.000Z", "author_id": "7", "conversation_id": str(number(told)),
        }  # fmt: skip

    if call.path.endswith("/tweets"):
        asked = call.query["ids"].split(",")
        return Reply.json({"data": [tweet(told) for told in rows if str(number(told)) in asked]})
    since = int(call.query.get("since_id", 0))
    page, following = after(call, [told for told in rows if number(told) > since], "next_token")
    meta = {"result_count": len(page), **({"next_token": following} if following else {})}
    return Reply.json({**({"data": [tweet(told) for told in page]} if page else {}), "meta": meta})


def telegram(call: Call, rows: Sequence[Told], _: str) -> Reply:
    before = int(call.query.get("before", 2**40))
    found = [told for told in rows if told.number < before]
    page = found[:FEW][::-1]
    messages = "".join(
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="acmenews/{told.number}">'
        f'<div class="tgme_widget_message_text">{told.text}</div><a class="tgme_widget_message_date" '
        f'href="https://t.me/acmenews/{told.number}"><time datetime="{told.at.isoformat()}">x</time></a></div></div>'
        for told in page
    )
    older = f'<a class="tme_messages_more" data-before="{page[0].number}"></a>' if len(found) > FEW else ""
    header = '<div class="tgme_header_counter">1.2K subscribers</div>'
    markup = f'<html><body class="tgme_webpreview">{header}{older}<section>{messages}</section></body></html>'
    return Reply.text(markup, kind="text/html; charset=utf-8")


def youtube(call: Call, rows: Sequence[Told], base: str) -> Reply:
    entries = "".join(
        f"<entry><id>yt:video:{told.mark}x</id><yt:videoId>{told.mark}x</yt:videoId><title>{told.title}</title>"
        f'<link rel="alternate" href="https://www.youtube.com/watch?v={told.mark}x"/><author><name>Acme</name></author>'
        f"<published>{told.at.isoformat()}</published><updated>{told.at.isoformat()}</updated><media:group>"
        f"<media:description>{told.text}</media:description></media:group></entry>"
        for told in rows
    )
    return Reply.text(
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">'
        f'<link rel="self" href="{base}/feeds/videos.xml"/><id>yt:channel:{CHANNEL}</id><title>Acme</title>'
        f"{entries}</feed>",
        kind="text/xml; charset=UTF-8",
    )


PLACES = (
    Place(
        "bluesky",
        {
            "jetstream": None, "identifier": "small.example.com", "app_password": "small-world", "base_url": "{url}",
            "public_url": "{url}",
        },
        bluesky,
    ),
    Place("mastodon", {"instance": "{url}"}, mastodon),
    Place("telegram", {"base_url": "{url}", "channels": ["acmenews"]}, telegram, late=AT_ONCE),
    Place("x", {"base_url": "{url}", "token": "small-world", "monthly_cap": 100}, x, late=AT_ONCE),
    Place(
        "youtube",
        {"feeds_url": "{url}/feeds/videos.xml", "base_url": "{url}", "channels": [CHANNEL]},
        youtube,
        shows=15,
    ),
)  # fmt: skip

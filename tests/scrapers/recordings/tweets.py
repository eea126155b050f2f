"""X: posts of version 2 and of 1.1, by their dictionaries of data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.scrapers.recordings.judging import Said, at, numbers, time
from tests.scrapers.recordings.markup import unescaped, web


# https://docs.x.com/x-api/fundamentals/data-dictionary; a post without its time is as old as its id says
def x(raw: Any, url: str) -> Sequence[Said] | None:
    if isinstance(raw, str):
        return None
    if isinstance(raw, dict) and "id_str" in raw:
        return [_old_tweet(raw)]
    old = raw.get("statuses") if isinstance(raw, dict) else [one for one in raw if "id_str" in one]
    if old or (isinstance(raw, dict) and "statuses" in raw):
        return [_old_tweet(one) for one in old or ()]
    tweets = raw if isinstance(raw, list) else raw.get("data", raw.get("tweets", ()))
    if any("tweet_count" in tweet for tweet in tweets):
        return None
    includes = raw.get("includes", raw) if isinstance(raw, dict) else {}
    users = {user["id"]: user for user in includes.get("users", ())}
    return [_tweet(tweet, users) for tweet in tweets]


# https://github.com/twitterdev/twitter-api-docs: statuses of version 1.1
def _old_tweet(tweet: Any) -> Said:
    shown = tweet.get("retweeted_status") or tweet
    user, entities = tweet["user"], shown["entities"]
    quoted = tweet.get("quoted_status") or {}
    text, links = shown.get("full_text") or shown["text"], []
    for one in entities.get("urls", ()):
        text = text.replace(one["url"], one["expanded_url"])
        links.append(one["expanded_url"])
    for one in entities.get("media", ()):
        text = text.replace(one["url"], "")
    if "id_str" in quoted:
        links.append(f"https://x.com/i/status/{quoted['id_str']}")
    repeated = "retweeted_status" in tweet
    made = tweet["created_at"]
    lang = tweet["lang"]
    return {
        "network": "x",
        "native_id": tweet["id_str"],
        "text": unescaped(text),
        "url": f"https://x.com/i/status/{tweet['id_str']}",
        "author": user["screen_name"],
        "author_name": user["name"],
        "audience": user.get("followers_count"),
        "published_at": time(made)
        if "T" in made
        else datetime.strptime(made, "%a %b %d %H:%M:%S %z %Y").astimezone(UTC),
        "language": {"und": None, "in": "id", "iw": "he"}.get(lang, lang),
        "engagement": {}
        if repeated
        else numbers(
            likes=tweet.get("favorite_count"),
            reposts=tweet.get("retweet_count"),
            replies=tweet.get("conversation_count"),
        ),
        "reply_to": tweet.get("in_reply_to_status_id_str"),
        "repost_of": shown["id_str"] if repeated else None,
        "links": web(links),
        "hashtags": tuple(dict.fromkeys(one["text"] for one in entities.get("hashtags", ()))),
        "media": web([one["media_url_https"] for one in entities.get("media", ())]),
    }


def _tweet(tweet: Any, users: dict[str, Any]) -> Said:
    user = users.get(tweet.get("author_id", ""), {})
    refers = {one["type"]: one["id"] for one in tweet.get("referenced_tweets", ())}
    entities = tweet.get("entities") or {}
    text, links = tweet["text"], []
    for one in entities.get("urls") or ():
        picture = one.get("media_key") or one["display_url"].startswith("pic.")
        target = one.get("unwound_url") or one["expanded_url"]
        text = text.replace(one["url"], "" if picture else target)
        links += [] if picture else [target]
    seen, repeated = tweet.get("public_metrics", {}), refers.get("retweeted")
    versions = tweet.get("edit_history_tweet_ids", [tweet["id"]])
    made = time(tweet.get("created_at")) or time_of_id(int(versions[0]))
    lang = tweet.get("lang")
    quoted = [f"https://x.com/i/status/{refers['quoted']}"] if "quoted" in refers else []
    return {
        "network": "x",
        "native_id": versions[0],
        "text": unescaped(text),
        "url": f"https://x.com/i/status/{tweet['id']}",
        "author": user.get("username"),
        "author_name": user.get("name"),
        "audience": user.get("public_metrics", {}).get("followers_count"),
        "published_at": made,
        "edited_at": time_of_id(int(tweet["id"])) if len(versions) > 1 else None,
        "language": None if lang in ("und", "zxx", "qme", "qst", "qht", "qam", "qct") else lang,
        "engagement": {}
        if repeated
        else numbers(
            likes=seen.get("like_count"),
            replies=seen.get("reply_count"),
            reposts=seen.get("retweet_count"),
            quotes=seen.get("quote_count"),
            views=seen.get("impression_count"),
            bookmarks=seen.get("bookmark_count"),
        ),
        "reply_to": refers.get("replied_to"),
        "thread": tweet.get("conversation_id") if "replied_to" in refers else None,
        "repost_of": repeated,
        "links": web([*links, *quoted]),
        "hashtags": tuple(dict.fromkeys(one["tag"] for one in entities.get("hashtags") or ())),
    }


def time_of_id(number: int) -> Any:
    """https://docs.x.com/fundamentals/x-ids: milliseconds since 4 November 2010 in its upper bits."""
    return at(((number >> 22) + 1288834974657) / 1000)

"""What the slow definition says of the fields: an author, an address, a language, a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from insight.model import Post
from insight.query.matching.document import Facts
from insight.understanding.language import recognise
from tests.insight.query.letters import folded, is_tagged, pieces


def number(name: str, post: Post) -> float | None:
    match name:
        case "rating" if post.rating and post.rating.best != post.rating.worst:
            return 1 + 4 * post.rating.share
        case "followers":
            return post.audience
        case "engagement" if post.engagement:
            return sum(post.engagement.values())
        case "nps" if isinstance(post.facts.get(name), float):
            return float(post.facts[name])
        case _:
            return None


def field_holds(name: str, value: str, post: Post, facts: Facts) -> bool:  # noqa: C901, PLR0911  # one for each kind
    match name:
        case "site":
            return _at_or_below(_host(post.url), value)
        case "lang":
            return _language(value, post, facts)
        case "country":
            return (post.country or "").casefold() == value
        case "source":
            return value.casefold() in (
                folded(facts.source),
                folded(facts.source).partition(":")[0],
                folded(post.network),
            )
        case "kind":
            return post.kind == value
        case "sentiment":
            return facts.label == value
        case "theme":
            return any(value == theme or _names(value, theme) for theme in facts.themes)
        case "watch":
            return facts.watch == value
        case "version" | "verified":
            said = post.facts.get(name)
            return isinstance(said, str) and said.isascii() == value.isascii() and said.casefold() == value.casefold()
        case "is" | "has":
            return _trait(value, post, facts)
        case _:
            return _dated(name, value, post)


def links(post: Post) -> tuple[str, ...]:
    """Beside the text, and in it: what begins like an address, up to a blank or what encloses it."""
    words = "".join(" " if c in '<>"' else c for c in post.text).split()
    starts = ((word, re.search(r"https?://.|(?<![^\W])www\..", word, re.IGNORECASE)) for word in words)
    return (*post.links, *(word[start.start() :] for word, start in starts if start))


def _trait(value: str, post: Post, facts: Facts) -> bool:
    match value:
        case "reply":
            return post.reply_to is not None
        case "repost":
            return post.repost_of is not None or (post.text.startswith("RT @") and is_tagged(post.text[4:5] or " "))
        case "owned":
            host = _host(post.url)
            return folded(post.author or "").lstrip("@") in facts.owned - {""} or any(
                _at_or_below(host, owned) for owned in facts.owned
            )
        case "link":
            return bool(links(post))
        case "media":
            return bool(post.media)
        case _:
            return post.rating is not None


def _host(url: str | None) -> str:
    if not url or "://" not in url:
        return ""
    host = url.split("://")[1]
    for end in "/?#":
        host = host.split(end)[0]
    return host.split("@")[-1].split(":")[0].lower().removeprefix("www.")


def _at_or_below(host: str, site: str) -> bool:
    return bool(host) and (host == site or host.endswith("." + site))


def _language(value: str, post: Post, facts: Facts) -> bool:
    language = facts.language
    if language is None:
        text = f"{post.title}\n{post.text}" if post.title else post.text
        language = recognise(text, post.language)[0]
    language, said = language.lower(), (post.language or "").lower()
    if said.split("-")[0] == language:
        language = said
    return value in (language, language.split("-")[0])


def _names(value: str, theme: str) -> bool:
    """Its words stand in a row in the theme's label."""
    words, label = [p.text for p in pieces(value)], [p.text for p in pieces(theme)]
    return bool(words) and any(label[i : i + len(words)] == words for i in range(len(label)))


def _dated(name: str, value: str, post: Post) -> bool:
    if post.published_at is None:
        return False
    then = datetime.fromisoformat(value).replace(tzinfo=UTC)
    return post.published_at >= then if name == "after" else post.published_at < then

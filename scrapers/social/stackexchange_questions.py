"""What the Stack Exchange API calls a question, an answer and a comment, also where they lie inside each other."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from insight.model import Post, PostKind
from scrapers.formats import html
from scrapers.formats.dates import epoch
from scrapers.formats.values import UnreadableError, address, counts, identifier, listed, mapping, text, whole_number
from scrapers.social import markdown

NETWORK = "stackexchange"

_OWN_DOMAIN = re.compile(r"(meta\.)?(stackoverflow|serverfault|superuser|askubuntu|stackapps)|[a-z]{2}\.stackoverflow")


def api_name(site: str) -> str:
    """The site as the API calls it: `unix` for unix.stackexchange.com, `stackoverflow` for stackoverflow.com."""
    host = (urlsplit(site).hostname or site) if "//" in site else site
    host = host.strip().strip("/").lower().removeprefix("www.")
    if host == "meta.stackexchange.com":
        return "meta"
    return host.removesuffix(".stackexchange.com").removesuffix(".com")


def _host(site: str) -> str:
    if site.endswith(".net"):
        return site
    return f"{site}.com" if _OWN_DOMAIN.fullmatch(site) else f"{site}.stackexchange.com"


def read(item: Any, site: str) -> tuple[Post, ...]:
    """An item with what a wider filter put inside it. Raises UnreadableError when the item itself cannot be read."""
    if not isinstance(item, dict):
        raise UnreadableError(f"an item is a {type(item).__name__}")
    link = address(item.get("link"))
    site = api_name(link) if link else site
    return (_parse_post(item, site), *_posts_inside(item, site))


def _posts_inside(item: Mapping[str, Any], site: str) -> Iterator[Post]:
    """The answers and comments within; those whose text the filter left out hold nothing to read."""
    for part in (*listed(item.get("answers")), *listed(item.get("comments"))):
        if isinstance(part, dict) and (text(part.get("body")) or text(part.get("body_markdown"))):
            try:
                yield from read(part, site)
            except UnreadableError:
                continue  # the question around it is whole, and asking for its answers shows this one again


def _parse_post(item: Mapping[str, Any], site: str) -> Post:
    named = (("c", "comment_id"), ("a", "answer_id"), ("q", "question_id"))
    letter, name = next(((letter, name) for letter, name in named if item.get(name) is not None), ("", ""))
    number = identifier(item.get(name))
    if number is None or not re.fullmatch(r"\d{1,18}", number):
        raise UnreadableError("neither a question, an answer nor a comment with a number")

    if letter != "q" and not ({"body", "body_markdown"} & item.keys()):
        raise UnreadableError(f"{letter}{number} without its body: ask with filter=withbody")
    base = f"https://{_host(site)}/"
    written, marked = text(item.get("body")) or text(item.get("excerpt")), text(item.get("body_markdown")) or ""
    # What the API tells as text is escaped once more: https://api.stackexchange.com/docs/types/post#body_markdown
    body = html.read(written, base) if written else markdown.read(entities.unescape(marked), base)
    at, precision = epoch(whole_number(item.get("creation_date")))
    title = text(item.get("title")) if letter == "q" else None
    reply_to, thread = _parent_and_thread(item, site, letter)
    short = {"q": f"q/{number}", "a": f"a/{number}", "c": f"posts/comments/{number}"}[letter]
    replies = item.get("answer_count") if letter == "q" else item.get("comment_count")
    return Post(
        network=NETWORK,
        native_id=f"{site}/{letter}{number}",
        kind=PostKind.POST if letter == "q" else PostKind.COMMENT,
        text=body.text,
        title=(html.line(title) or None) if title else None,
        url=address(item.get("link")) or base + short,
        author=html.line(text(mapping(item.get("owner")).get("display_name")) or "") or None,
        published_at=at,
        precision=precision,
        edited_at=epoch(whole_number(item.get("last_edit_date")))[0],
        engagement=counts(points=item.get("score"), replies=replies, views=item.get("view_count")),
        reply_to=reply_to,
        thread=thread,
        links=body.links,
        hashtags=tuple(dict.fromkeys(filter(None, map(text, listed(item.get("tags")))))),
        media=body.images,
    )


def _parent_and_thread(item: Mapping[str, Any], site: str, letter: str) -> tuple[str | None, str | None]:
    """What a post answers, and its thread: an answer its question, a comment what it stands below."""
    if letter == "a":
        question = identifier(item.get("question_id"))
        return (f"{site}/q{question}",) * 2 if question else (None, None)
    post, below = identifier(item.get("post_id")), text(item.get("post_type"))
    if letter == "c" and post and below in ("question", "answer"):
        parent = f"{site}/{below[0]}{post}"
        return parent, parent if below == "question" else None
    return None, None

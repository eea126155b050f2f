"""What GitHub's REST API calls an issue, a pull request, a comment and a release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from insight.model import Post, PostKind
from scrapers.answers import not_read
from scrapers.base import Page
from scrapers.formats.dates import UNKNOWN, moment
from scrapers.formats.values import UnreadableError, address, addresses, counts, identifier, mapping, text
from scrapers.social import markdown

NETWORK = "github"
HOME = "github.com"

_NAME = r"(?!\.{1,2}(?:[/#]|\Z))[A-Za-z0-9_.-]{1,100}"
_REPOSITORY = rf"({_NAME}/{_NAME})"
_PAGE = re.compile(rf"/{_REPOSITORY}/(?:issues|pull|discussions)/(\d{{1,18}})(?:/\w*)?")
_API = re.compile(rf"(?:/api/v3)?/repos/{_REPOSITORY}/(.*)")
_ID = re.compile(rf"(?:[\w.-]+(?::\d+)?/)?{_REPOSITORY}(?:#(\d+)|#(issuecomment-|discussion_r)(\d+)|/releases/(\d+))")
# What marks the platform's other answers, which hold no post: limits, a repository, an account, addresses.
_OTHERS = frozenset({"resources", "full_name", "avatar_url", "current_user_url"})


def items_of(page: Page, body: Any) -> list[Any]:
    """The items of a list, of a search (of 2012, too) or of one address. Raises SourceError for anything else."""
    if isinstance(body, list):
        return body
    if isinstance(body, dict):
        for name in ("items", "issues"):
            if isinstance(body.get(name), list):
                return list(body[name])
        if {"html_url", "body"} & body.keys() and "full_name" not in body:
            return [body]
        if _OTHERS & body.keys():
            return []
    raise not_read(page, "issues, comments or releases")


def read(item: Any, look: str | None = None) -> Post | None:
    """One item; `look` is the id it was asked for by, which it keeps when its repository has got another name.

    None for a release that is not out yet. Raises UnreadableError.
    """
    if not isinstance(item, dict):
        raise UnreadableError(f"an item is a {type(item).__name__}")
    if "tag_name" in item:
        return _parse_release(item, look)
    comment = "title" not in item
    native_id = look or (_comment_id(item) if comment else _issue_id(item))
    if native_id is None:
        raise UnreadableError("neither an issue, a comment nor a release")
    title = text(item.get("title"))
    if not comment and title is None:
        raise UnreadableError("an issue without a title")
    if comment and not isinstance(item.get("body"), str):
        raise UnreadableError("a comment without its body")
    replies = None if comment else item.get("comments")
    thread = _thread(item) if comment else None
    return Post(
        kind=PostKind.COMMENT if comment else PostKind.POST,
        native_id=native_id,
        title=" ".join(title.split()) if title else None,
        reply_to=thread,
        thread=thread,
        **common(item, replies),
    )


def _parse_release(item: Mapping[str, Any], look: str | None) -> Post | None:
    number, place = identifier(item.get("id")), _place(item.get("html_url")) or _place(item.get("url"))
    if item.get("draft") is True:
        return None
    if number is None or place is None:
        raise UnreadableError("a release without its id and address")
    title = text(item.get("name")) or text(item.get("tag_name"))
    common_part = common(
        {"created_at": item.get("published_at"), **{k: v for k, v in item.items() if k != "created_at"}}
    )
    common_part["edited_at"] = None  # what changes of a release is mostly the number of its downloads
    return Post(
        kind=PostKind.ARTICLE,
        native_id=look or f"{place}/releases/{number}",
        title=" ".join(title.split()) if title else None,
        **common_part,
    )


def common(item: Mapping[str, Any], replies: Any = None) -> dict[str, Any]:
    """What issues, comments, releases and discussions have alike, in the names of the REST API."""
    written = markdown.read(text(item.get("body")) or "", breaks=True)
    user = item.get("user") if item.get("user") is not None else item.get("author")
    at, precision = moment(item.get("created_at")) if item.get("created_at") else UNKNOWN
    updated = moment(item.get("updated_at"))[0]
    reactions = mapping(item.get("reactions"))
    return {
        "network": NETWORK,
        "text": written.text,
        "url": address(item.get("html_url")),
        "author": text(mapping(user).get("login")) or text(user),  # 2012: the name alone; a ghost has none
        "published_at": at,
        "precision": precision,
        # An issue is updated by each comment and label: only of a comment does it mean an edit.
        "edited_at": updated if updated and at and updated > at and "title" not in item else None,
        "engagement": counts(
            replies=replies,
            likes=reactions.get("+1"),
            dislikes=reactions.get("-1"),
            reactions=reactions.get("total_count"),
        ),
        "links": written.links,
        "media": addresses(written.images),
    }


def _place(url: object) -> str | None:
    """The repository that an address of a page or of the API lies in, with the host where that is another one."""
    found = address(url)
    if not found:
        return None
    parts = urlsplit(found)
    within = _API.fullmatch(parts.path) or re.match(rf"/{_REPOSITORY}(?:/|\Z)", parts.path)
    host = parts.netloc.lower().removeprefix("api.").removeprefix("www.")
    return (within[1] if host == HOME else f"{host}/{within[1]}") if within else None


def id_of(url: object) -> str | None:
    """`acme/notes#12` and `acme/notes#issuecomment-5`, from the address of an issue's, a discussion's page."""
    found, place = address(url), _place(url)
    if not found or not place:
        return None
    parts = urlsplit(found)
    page = _PAGE.fullmatch(parts.path)
    if not page:
        return None
    anchor = unquote(parts.fragment)
    return f"{place}#{anchor}" if re.fullmatch(r"[a-z_]+-?r?\d{1,18}", anchor) else f"{place}#{page[2]}"


def _issue_id(item: Mapping[str, Any]) -> str | None:
    place, number = _place(item.get("repository_url")) or _place(item.get("url")), identifier(item.get("number"))
    return id_of(item.get("html_url")) or (f"{place}#{number}" if place and number else None)


def _comment_id(item: Mapping[str, Any]) -> str | None:
    found, number = id_of(item.get("html_url")), identifier(item.get("id"))
    if found and not found.rpartition("#")[2].isdigit():
        return found
    place = _place(item.get("url"))  # all that a comment of 2012 has
    return f"{place}#issuecomment-{number}" if place and number else None


def _thread(item: Mapping[str, Any]) -> str | None:
    """The issue or pull request that a comment stands below."""
    for name in ("issue_url", "pull_request_url"):
        found = _API.fullmatch(urlsplit(address(item.get(name)) or "").path)
        number = found and re.fullmatch(r"(?:issues|pulls)/(\d{1,18})", found[2])
        if number:
            return f"{_place(item.get(name))}#{number[1]}"

    page = urlsplit(address(item.get("html_url")) or "")
    return id_of(page._replace(fragment="").geturl()) if page.scheme else None


def place_of(native_id: str) -> str | None:
    """Where the REST API shows a post; None for what it does not show alone."""
    found = _ID.fullmatch(native_id)
    if not found:
        return None
    repository, number, anchor, comment, release = found.groups()
    if release:
        return f"repos/{repository}/releases/{release}"
    if number:
        return f"repos/{repository}/issues/{number}"
    return f"repos/{repository}/{'issues' if anchor == 'issuecomment-' else 'pulls'}/comments/{comment}"

"""What an answer of X's API is: posts of any shape, what stands beside them, or a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapers.answers import error_body, not_read, platform_message, refused
from scrapers.base import Page, SourceError
from scrapers.formats.values import identifier, listed, mapping, text
from scrapers.social.x_old import is_old, modern
from scrapers.social.x_posts import Includes, is_tweet, read_includes

_REMEDIES = {
    400: "check the `queries` of this source and the queries of the watches",
    401: "check `token`: it must be the bearer token of an app, from console.x.com",
    402: "the credits of your X account are used up: buy more in console.x.com",
    403: "X allows this token less than is asked for: check the app's project and access level in console.x.com",
}
_CAPPED = "X counts the month's allowance as used up: raise it in console.x.com, or wait for the next month"
_GONE = ("resource-not-found", "not-authorized-for-resource", "resource-unavailable")
_NO_POSTS = frozenset({"tweet_count", "username", "media_key", "full_name"})  # counts, people, pictures, places


@dataclass(frozen=True, slots=True)
class XAnswer:
    """The posts of an answer as version 2 writes them; `gone`: the ids of posts that X says are not to be seen."""

    posts: tuple[Any, ...]
    includes: Includes
    gone: frozenset[str] = frozenset()
    following: str | None = None


def refusal(page: Page) -> SourceError:
    """The error for a page that is not usable: what X says, and who can mend it."""
    error = refused(page, remedy=_REMEDIES.get(page.status, ""))
    body = error_body(page)
    told = next((text(mapping(one).get("message")) for one in listed(body.get("errors"))), None)
    capped = str(body.get("type", "")).endswith("usage-capped")
    return SourceError(
        str(error) + (f" ({' '.join(told.split())[:300]})" if told and told not in str(error) else ""),
        permanent=error.permanent or capped,
        remedy=_CAPPED if capped else error.remedy,
        retry_after=None if capped else error.retry_after,
        status=page.status,
    )


def answer(page: Page, body: Any) -> XAnswer:
    """Posts in any of the shapes there are and were. Raises SourceError for what is none of them."""
    if isinstance(body, list) or is_old(body):
        return _without_wrapper(page, listed(body))
    found = mapping(body)
    if "statuses" in found or "tweets" in found:
        return _without_wrapper(page, listed(found.get("statuses", found.get("tweets"))), found)
    data, errors = found.get("data"), listed(found.get("errors"))
    looked = "look" in page.request.note or page.request.url.endswith("/tweets")
    if data is None and not (mapping(found.get("meta")).get("result_count") == 0 or (looked and errors)):
        if not errors and "title" not in found:
            raise not_read(page, "posts of X")
        told = _error_text(body) or platform_message(page) or "an error"  # X says with 200 that something is wrong
        raise SourceError(f"{page.url} answered {page.status} with no posts of X ({told})", status=page.status)
    following = text(mapping(found.get("meta")).get("next_token"))
    posts = tuple(one for one in listed(data) if not _NO_POSTS & mapping(one).keys())
    return XAnswer(posts, read_includes(found.get("includes")), frozenset(_ids_not_shown(errors)), following)


def event(body: Mapping[str, Any]) -> XAnswer:
    """One post of the stream. Raises SourceError for the message with which X ends it."""
    if not isinstance(body.get("data"), dict):
        told = _error_text(body) or "something that is no post"
        raise SourceError(f"the stream of X says: {told}")
    return XAnswer((body["data"],), read_includes(body.get("includes")))


def _error_text(body: Any) -> str | None:
    for error in [*map(mapping, listed(mapping(body).get("errors"))), mapping(body)]:
        parts = [text(error.get(name)) for name in ("title", "disconnect_type", "detail", "message")]
        if any(parts):
            return ": ".join(dict.fromkeys(filter(None, parts)))[:300]
    return None


def _ids_not_shown(errors: list[Any]) -> Iterator[str]:
    for error in map(mapping, errors):
        native_id = identifier(error.get("resource_id")) or identifier(error.get("value"))
        of_posts = error.get("resource_type", "tweet") == "tweet"
        if native_id and of_posts and str(error.get("type", "")).endswith(_GONE):
            yield native_id


def _without_wrapper(page: Page, posts: list[Any], written: Mapping[str, Any] | None = None) -> XAnswer:
    """Posts without the wrapper of version 2: the older API's, an embed's, what somebody cut out of an answer."""
    if posts and not any(is_old(one) or is_tweet(one) for one in posts):
        raise not_read(page, "posts of X")
    includes = read_includes(written)
    users, others, media = dict(includes.users), dict(includes.posts), dict(includes.media)
    found = tuple(modern(one, users, others, media) if is_old(one) else one for one in posts)
    return XAnswer(found, Includes(users, others, media, includes.places))

"""Meta's Graph API, as Facebook, Instagram and Threads share it: the token, the pages of an answer, its errors."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr

from insight.model import Item
from scrapers.answers import error_body, not_read
from scrapers.base import Batch, Page, Request, Source, SourceError
from scrapers.formats.dates import moment
from scrapers.formats.values import listed, mapping, text, whole_number
from scrapers.marks import mark_of, times_of

MOST_PAGES = 100  # of one walk: pages that lead back to each other end some time
OVERLAP = timedelta(hours=1)
GONE = frozenset({(100, 33), (803, None)})  # "does not exist, cannot be loaded, or does not support this"

# https://developers.facebook.com/docs/graph-api/guides/error-handling
# https://developers.facebook.com/docs/graph-api/overview/rate-limiting
_RATE = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_100)})
_DOWN = frozenset({-1, -2, 1, 2, 368})
_TOKEN = frozenset({102, 190})
_PAGING = ("after", "until", "__paging_token", "offset")
_FULL = 95.0  # per cent of an allowance, past which an app is soon shut out for the rest of the hour
_REST = 600.0
_SECRET = re.compile(r"[\w-]{40,}")  # "Malformed access token …" repeats the token


class GraphApi(Source):
    """What a kind of Meta's needs to be let in. The token travels in a header; addresses never hold it."""

    token: SecretStr = Field(
        description="The access token; say `${NAME}` and keep it in the environment.", min_length=1
    )
    app_secret: SecretStr | None = Field(
        None, description="The app's secret, where the app wants proof of it with each call (appsecret_proof)."
    )
    base_url: str = Field("https://graph.facebook.com", description="Where the Graph API is.")
    version: str = Field("v25.0", description="The version of the Graph API.", pattern=r"^v\d{1,3}\.\d$")

    remedies: ClassVar[Mapping[int, str]] = {}  # by error code, where the kind knows better what to do

    def parse_error(self, page: Page) -> Batch | None:
        error = mapping(error_body(page).get("error"))
        return self.parse_graph_error(page, error) if error else None

    def parse_graph_error(self, page: Page, error: Mapping[str, Any]) -> Batch:
        """What an error is news of; else it is raised as a SourceError."""
        raise _error(page, error, self.remedies)

    def parse(self, page: Page) -> Batch:
        body = page.json()
        if error := mapping(mapping(body).get("error")):  # it comes with status 200, too
            return self.parse_graph_error(page, error)
        if not isinstance(body, dict) or "error" in body:
            raise not_read(page, "Graph API answer")
        return replace(self.parse_body(page, body), pause=pause(page))

    def parse_body(self, page: Page, body: dict[str, Any]) -> Batch:
        """Read the body of an answer that is no error; `parse` adds the pause that it asks for."""
        raise NotImplementedError

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}

    def ask(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        since: str | None = None,
        note: Mapping[str, str] | None = None,
        units: float = 0.0,
    ) -> Request:
        if self.app_secret is not None:
            # The proof is taken in the query only; without the token, it opens nothing.
            # https://developers.facebook.com/docs/graph-api/guides/secure-requests
            key, token = self.app_secret.get_secret_value(), self.token.get_secret_value()
            proof = hmac.new(key.encode(), token.encode(), hashlib.sha256).hexdigest()
            params = {**params, "appsecret_proof": proof}
        return Request(f"{self.root}/{path}", params, since=since, note=note or {}, units=units)

    @property
    def root(self) -> str:
        return f"{self.base_url.rstrip('/')}/{self.version}"

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at)


# -- answers ----------------------------------------------------------------------------------------------------


def is_gone(error: Mapping[str, Any]) -> bool:
    """Whether an error says that the one thing asked for is no longer there."""
    code, detail = whole_number(error.get("code")), whole_number(error.get("error_subcode"))
    return (code, detail) in GONE or (code, None) in GONE


def _error(page: Page, error: Mapping[str, Any], remedies: Mapping[int, str]) -> SourceError:
    code, detail = whole_number(error.get("code")), whole_number(error.get("error_subcode"))
    said = " ".join(_SECRET.sub("…", text(error.get("message")) or "an error").split())[:400]
    number = "/".join(str(part) for part in (code, detail) if part is not None)
    rate = code in _RATE or page.status == 429
    passing = rate or code in _DOWN or error.get("is_transient") is True or page.status >= 500
    passing = passing and code not in _TOKEN
    asked = whole_number(page.headers.get("retry-after"))
    pause = _regain(page) or (float(asked) if asked is not None and asked >= 0 else None)
    named = f" (code {number})" if number else ""
    return SourceError(
        f"{page.url} answered {page.status}: {said}{named}",
        permanent=not passing,
        remedy="" if passing else remedies.get(code or 0) or _remedy(code, said),
        retry_after=pause if passing else None,
        # Graph answers 400 to nearly everything; a token is refused for every search of a source
        status=401 if code in _TOKEN else page.status,
    )


def _remedy(code: int | None, said: str) -> str:
    if code in _TOKEN:
        return "the token has expired or was taken back: make a new one and put it in the place of `token`"
    wanted = [name for pair in re.findall(r"'(\w+)' permission|'([\w ]+)' feature", said) for name in pair if name]
    if wanted:
        return (
            f"the app lacks {' or '.join(dict.fromkeys(wanted))}: ask for it in Meta's app review, then renew `token`"
        )
    if code in (3, 10) or 200 <= (code or 0) < 300:
        return "the token lacks a permission: grant it in the app's settings, then renew `token`"
    return "check the settings of this source, and what the token may see"


# -- allowances -------------------------------------------------------------------------------------------------


def pause(page: Page) -> float | None:
    """Seconds to rest for, where an answer of success says that an allowance is used up, or nearly."""
    if told := _regain(page):
        return told
    for use in _uses(page):
        for value in map(use.get, ("call_count", "total_time", "total_cputime")):
            if isinstance(value, int | float) and not isinstance(value, bool) and value >= _FULL:
                return _REST
    return None


def _regain(page: Page) -> float | None:
    """Seconds until calls are answered again, as the platform estimates (in minutes)."""
    minutes = [whole_number(use.get("estimated_time_to_regain_access")) or 0 for use in _uses(page)]
    longest = max(minutes, default=0)
    return min(longest, 1440) * 60.0 if longest > 0 else None


def _uses(page: Page) -> Iterator[Mapping[str, Any]]:
    """The figures of X-App-Usage (one object) and X-Business-Use-Case-Usage (lists of them, by account)."""
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        try:
            found = mapping(json.loads(page.headers.get(name) or "{}"))
        except (ValueError, RecursionError):
            continue
        yield found
        for value in found.values():
            yield from map(mapping, listed(value))


# -- pages ------------------------------------------------------------------------------------------------------


def further(page: Page, body: Mapping[str, Any], *, by_cursor: bool = False) -> tuple[Request, ...]:
    """The next page: the same request with what its `next` address adds for paging, never that address itself.

    It holds the access token. An `after` may be the same on every page, so pages are counted. `by_cursor`: a full page
    without `next` has one all the same (Threads), while on the others it is the last.
    """
    data, paging = listed(body.get("data")), mapping(body.get("paging"))
    following, number = paging.get("next"), (whole_number(page.request.note.get("again")) or 1) + 1
    if number > MOST_PAGES:
        return ()
    moved = paged(following) if isinstance(following, str) else {}
    after = text(mapping(paging.get("cursors")).get("after"))
    full = len(data) >= (whole_number(page.request.params.get("limit")) or len(data) + 1)
    if by_cursor and not following and full and after and after != page.request.params.get("after"):
        moved = {"after": after}
    kept = {key: value for key, value in page.request.params.items() if key not in _PAGING}
    note = {**page.request.note, "again": str(number)}
    return (replace(page.request, params={**kept, **moved}, note=note),) if moved else ()


def paged(following: str) -> dict[str, str]:
    """What tells one page from another in the address of the next one."""
    try:
        said = parse_qs(urlsplit(following).query)
    except ValueError:
        return {}
    return {key: said[key][0] for key in _PAGING if said.get(key)}


# -- time -------------------------------------------------------------------------------------------------------


def earlier(mark: str | None) -> datetime | None:
    """The time from which a walk back to a mark asks again."""
    at = moment(mark)[0]
    return at - OVERLAP if at else None


def ended(items: Iterable[Item], since: str | None) -> bool:
    """Whether a page that comes newest first has reached what an earlier walk has seen."""
    end, found = earlier(since), times_of(items)
    return end is not None and bool(found) and max(found) < end

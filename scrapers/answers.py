"""What every kind asks of an answer first: is it one, and if not, what does the platform say and who can mend it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from insight.model import Deletion, Gap, Item, Rejected
from scrapers.base import Batch, Login, Page, Request, Source, SourceError
from scrapers.errors import Mask, looks_random
from scrapers.exchange import LeftOut
from scrapers.formats import charset, html, limits, values
from scrapers.network.pace import seconds_until

_REMEDIES = {
    401: "check the credentials of this source",
    403: "the platform forbids this: check the credentials, its terms, or whether it blocks this machine",
    404: "check the address and the settings of this source",
    410: "it is gone for good: take this source out of the config",
    451: "it may not be shown here for legal reasons: take this source out of the config",
}
ROUND = "its pages lead round in a circle, and what lies behind them was not read"
MOST_MISSING = 2  # posts that may be gone at once
_MESSAGE_KEYS = (
    "explanation", "error_description", "error", "message", "detail", "title", "errorMessage", "error_message",
)  # fmt: skip


@contextmanager
def only_source_errors(source: Source, mask: Mask = str) -> Iterator[None]:
    """Around what a kind does: whatever it raises comes out as a SourceError without the secrets that `mask` knows."""
    try:
        yield
    except SourceError as error:
        error.masked(mask)
        raise
    except Exception as error:
        raise stumbled(source, error).masked(mask) from error


def read_page(source: Source, page: Page) -> Batch:
    """What a source reads from a page of any status: statuses and empty bodies are dealt with here, once for all kinds.

    Raises SourceError and nothing else, also where the kind itself is wrong.

    What an error, a gap or an item set aside quotes of the page is quoted of the masked page, so that no half of a
    secret is left where the quote ends; posts lose the secrets of the address that was asked.
    """
    with only_source_errors(source, page.mask), limits.one_page() as allowance:
        try:
            batch = _parse(source, page)
        except Exception:
            if (safe := page.masked()) is not page:
                _parse(source, safe)  # the same error, without what it must not quote
            raise
        if batch.rejected and (safe := page.masked()) is not page:
            batch = replace(batch, rejected=_parse(source, safe).rejected)
        batch = _with_notes(batch, allowance)
        if (onward := onward_from(batch.requests, {page.request.name})) != batch.requests:
            batch = replace(batch, requests=onward, items=(*batch.items, Gap(None, page.fetched_at, ROUND)))
        secrets = secrets_in(page.request, page.mask)
        return replace(batch, items=tuple(_without(secrets, item) for item in batch.items)) if secrets else batch


def onward_from(requests: Iterable[Request], asked: Collection[str]) -> tuple[Request, ...]:
    """Those of a page's further requests that lead on, and not back to what was asked (by the names of requests)."""
    return tuple(request for request in requests if request.name not in asked)


def _parse(source: Source, page: Page) -> Batch:
    if page.usable:
        return source.parse(page)
    batch = source.parse_error(page)
    if batch is None:
        raise refused(page)
    return batch


def read_login(source: Source, login: Login, page: Page) -> Mapping[str, str]:
    """The session headers that the answer to a login gives, which may be all in its headers. Raises SourceError when
    it is refused."""
    with only_source_errors(source, page.mask), limits.one_page():
        if not 200 <= page.status < 300:
            raise refused(page, remedy=login.remedy)
        return source.session_headers(page)


def read_events(source: Source, events: Sequence[str], at: datetime, mask: Mask = str) -> Batch:
    """What a source reads from events of its stream; as `read_page`. Those that were too long are set aside."""
    long = tuple(Rejected(event.why, values.excerpt(mask(event))) for event in events if isinstance(event, LeftOut))
    events = [event for event in events if not isinstance(event, LeftOut)]
    with only_source_errors(source, mask), limits.one_page() as allowance:
        try:
            batch = source.read_events(events, at)
        except Exception:
            source.read_events([mask(event) for event in events], at)
            raise
        if batch.rejected:
            batch = replace(batch, rejected=source.read_events([mask(event) for event in events], at).rejected)
        return _with_notes(replace(batch, rejected=(*long, *batch.rejected)), allowance)


def _with_notes(batch: Batch, allowance: limits.Allowance) -> Batch:
    """With what was left out of the page set aside by its reason."""
    notes = tuple(Rejected(why, "") for why in allowance.left_out)
    return replace(batch, rejected=(*batch.rejected, *notes)) if notes else batch


def secrets_in(request: Request, mask: Mask) -> tuple[tuple[str, str], ...]:
    """The secrets in the address that is asked, as links of a page may repeat them, and what stands for each.

    Only whole parameters, and whole segments of the path that look like no word: a host or a section of a site may
    come from outside the config, too, and its links must go on leading there.
    """
    if mask(request.url) == request.url and all(mask(value) == value for value in request.params.values()):
        return ()
    parts = urlsplit(request.url)
    pairs = [*parts.query.split("&"), *(f"{name}={value}" for name, value in request.params.items())]
    split = [(pair, *pair.partition("=")[::2]) for pair in pairs]
    found = {pair: f"{name}=***" for pair, name, value in split if mask(value) != value}
    found |= {one: "***" for one in parts.path.split("/") if looks_random(one) and mask(one) != one}
    return tuple(found.items())


def holds_secret(request: Request, mask: Mask) -> bool:
    """Whether anything of a request is a secret, so that it must not be stored."""
    said = json.dumps(request.to_json(), ensure_ascii=False)
    return mask(said) != said


def _without(secrets: Iterable[tuple[str, str]], item: Item) -> Item:
    def cleaned(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(cleaned, value))
        if type(value) is str:  # not one of an enumeration
            for secret, instead in secrets:
                value = value.replace(secret, instead)
        return value

    return replace(item, **{one.name: cleaned(getattr(item, one.name)) for one in fields(item)})


def stumbled(source: Source, error: Exception) -> SourceError:
    """The error for a mistake in the kind's own code, which no kind should make."""
    remedy = "mend it if the kind is your own, else report it with the answer; `listener sources test` shows it again"
    return SourceError(f"the kind {source.kind} stumbled: {type(error).__name__}: {error}", remedy=remedy)


def refused(page: Page, *, remedy: str = "") -> SourceError:
    """The error for a page that is not usable: 408, 409, 425, 429 and 5xx pass, every other 4xx is for a person."""
    status = page.status
    if 200 <= status < 300 and not page.usable:
        return SourceError(f"{page.url} answered {status} with an empty body", status=status)
    passing = status in (408, 409, 425, 429) or not 400 <= status < 500
    # https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3; with 429 some say when the limit resets instead
    names = ("retry-after", "x-ratelimit-reset", "x-rate-limit-reset") if status == 429 else ("retry-after",)
    waits = (seconds_until(page.headers.get(name), page.fetched_at) for name in names)
    says = platform_message(page)
    return SourceError(
        f"{page.url} answered {status}" + (f": {says}" if says else ""),
        permanent=not passing,
        remedy="" if passing else remedy or _REMEDIES.get(status, "check the settings of this source"),
        retry_after=next((wait for wait in waits if wait is not None), None),
        status=status,
    )


def not_read(page: Page, expected: str, *, remedy: str = "") -> SourceError:
    """The error for an answer of success that is not what was asked for: a block page, another document."""
    says = platform_message(page)
    begins = " ".join(page.text[:200].split())[:60]
    told = f"it says {says!r}" if says else f"it begins {begins!r}"
    return SourceError(
        f"{page.url} answered {page.status} with no {expected} ({told})", remedy=remedy, status=page.status
    )


def deleted(page: Page, network: str) -> Batch | None:
    """The deletion of the one post that was looked up, named by the request's note `look`, where 404 or 410 says so."""
    look = page.request.note.get("look")
    return Batch((Deletion(network, look),)) if look and page.status in (404, 410) else None


def error_body(page: Page) -> Mapping[str, Any]:
    """The JSON object that an error comes with; empty where it is something else."""
    try:
        return values.mapping(page.json())
    except SourceError:
        return {}


def missing_posts(page: Page, asked: Collection[str], shown: Collection[str]) -> list[str]:
    """Of the posts that were asked for by name, those that are not shown.

    Raises SourceError when none of several is: an empty answer is what a platform gives that fails, and what is taken
    for a deletion takes the text of a stored post.
    """
    missing = [name for name in asked if name not in shown]
    if len(missing) > MOST_MISSING and len(missing) == len(asked):
        raise SourceError(f"none of {len(asked)} posts is shown, which is not believed", status=page.status)
    return missing


def platform_message(page: Page) -> str | None:
    """The platform's own message, from a JSON body, an HTML title or a few words of text, in one line."""
    start, found = page.body.lstrip()[:1], None
    if start in (b"{", b"["):
        body = error_body(page)
        parts = (values.mapping(body.get("error")), body)
        found = next(filter(None, (values.text(part.get(key)) for part in parts for key in _MESSAGE_KEYS)), None)
    elif start == b"<":
        found = html.title(charset.text_of(page.body[:65536], page.headers.get("content-type", "")))
    elif len(page.body) < 300:
        found = values.text(page.text)
    return " ".join(found.split())[:300] if found else None

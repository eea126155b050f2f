"""What httpx brings or raises, in our own terms: headers, answers that are none, errors."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx

from scrapers.base import SourceError
from scrapers.network.guard import bad_certificate, root_cause
from scrapers.network.hops import Hop, Target
from scrapers.network.pace import PassingError
from scrapers.validators import NOT_MODIFIED

# https://www.rfc-editor.org/rfc/rfc9110#section-15.3.7, https://www.rfc-editor.org/rfc/rfc3229#section-10.4.1
_PARTS = {206, 226}


def headers_of(response: httpx.Response) -> dict[str, str]:
    """Names in lower case, several of one name joined. Set-Cookie is left out: pages bring no cookies."""
    headers: dict[str, str] = {}
    for name, value in _pairs(response):
        if name != "set-cookie":
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def cookies_of(response: httpx.Response) -> tuple[str, ...]:
    """Its Set-Cookie fields, which cannot be joined: https://www.rfc-editor.org/rfc/rfc6265#section-3"""
    return tuple(value for name, value in _pairs(response) if name == "set-cookie")


def _pairs(response: httpx.Response) -> Iterator[tuple[str, str]]:
    for name, value in response.headers.raw:
        yield name.decode("latin-1").lower(), value.decode("latin-1")


def refuse_unasked(status: int, hop: Hop) -> None:
    """Raise SourceError for what makes sense only together with something else, and nobody has asked for that."""
    if status == NOT_MODIFIED and not hop.conditions:
        why = "not modified, although nothing was read before"
    elif status in _PARTS:
        why = "a part, although the whole was asked for"
    else:
        return
    raise SourceError(f"{hop.target.shown} answered {status}: {why}", status=status)


def translated(error: httpx.HTTPError, target: Target) -> SourceError:
    """httpx's errors in our words, and whether another try makes sense."""
    cause = root_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return bad_certificate(cause, target.host)
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
        return PassingError(f"{target.netloc} could not be reached ({cause or type(cause).__name__})", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return PassingError(f"{target.shown} stopped talking", sent=True)
    if isinstance(error, httpx.LocalProtocolError):
        return SourceError(f"{target.shown}: the request is not valid HTTP: {error}", permanent=True)
    return PassingError(f"{target.shown} broke off or did not speak HTTP ({cause or type(cause).__name__})", sent=True)

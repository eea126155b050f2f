"""One step of a fetch: where it goes, what it carries, and what a redirect may take along. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scrapers.base import SourceError
from scrapers.network.cookies import cookie_header
from scrapers.validators import Validators

# A field's name and value: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# what the door itself writes
_OURS = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "accept-encoding", "user-agent"}
_HARMLESS = {"accept", "accept-language", "content-type"}
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` are real ones, for one try with all its redirects; `patience`: how long a host may make us wait."""

    body: int = 20_000_000
    seconds: float = 60.0
    connect: float = 10.0
    redirects: int = 5
    tries: int = 3
    patience: float = 30.0
    per_host: int = 2


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was taken apart once, so that what is judged is what is asked. `url` is its normal form."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def shown(self) -> str:
        """For messages: without the query, where keys like to travel."""
        usual = {"http": 80, "https": 443}[self.scheme] == self.port
        return f"{self.scheme}://{self.host if usual else self.netloc}{self.path}"


@dataclass(frozen=True, slots=True)
class Hop:
    """`own`: the headers the source gave, secrets among them. `private`: a vouched origin, asked directly.

    `cookies`: those that redirects set on the way here, each with the address that did.
    """

    target: Target
    method: str = "GET"
    body: bytes | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    validators: Validators | None = None
    private: bool = False
    cookies: tuple[tuple[str, str], ...] = ()

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no harm."""
        return self.method in {"GET", "HEAD"}

    @property
    def conditions(self) -> dict[str, str]:
        """Where a redirect leads is another address, with validators of its own."""
        return self.validators.conditions(self.target.url) if self.validators and self.repeatable else {}

    @property
    def headers(self) -> dict[str, str]:
        typed = {} if self.body is None else {"content-type": "application/json"}
        return {"accept": "*/*", **typed, **self.conditions, **self.own, **self._cookie}

    @property
    def _cookie(self) -> dict[str, str]:
        given = cookie_header(self.cookies, self.target.url) if self.cookies else ""
        both = "; ".join(filter(None, (self.own.get("cookie"), given)))
        return {"cookie": both} if given and _VALUE.fullmatch(both) else {}

    @property
    def step(self) -> tuple[str, str, str]:
        """What tells two steps of a fetch apart: who comes back with a cookie comes back as somebody else."""
        return self.method, self.target.url, self._cookie.get("cookie", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one hop brought. `location`: where it redirects to, and `cookies` what it sets there (Set-Cookie)."""

    target: Target
    status: int
    headers: Mapping[str, str]
    body: bytes
    location: str | None = None
    cookies: tuple[str, ...] = ()


def own_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The source's headers with lower-case names. Raises SourceError, without the value: it may be a secret."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise SourceError(f"a source may not send the header {name!r}", permanent=True)
        if not _VALUE.fullmatch(value):
            raise SourceError(
                f"the value of the header {name!r} holds characters that no header can carry",
                permanent=True,
                remedy="look for a line break or an unusual letter in the key or token",
            )
    return {name.lower(): value.strip() for name, value in headers.items()}


def over_http(address: str) -> str:
    """ws and wss are what http and https become once they are open; the guard knows those."""
    return re.sub(r"^ws(s?)://", r"http\1://", address, flags=re.IGNORECASE)


def redirected(hop: Hop, status: int, target: Target, cookies: Iterable[str] = ()) -> Hop:
    """The next step after a redirect.

    See https://www.rfc-editor.org/rfc/rfc9110#section-15.4 and https://fetch.spec.whatwg.org/#http-redirect-fetch.

    1. 303 turns everything into GET, 301 and 302 a POST, as browsers do; 307 and 308 repeat the request as it was.
    2. Another origin gets none of the source's headers, and is no vouched one any more.
    3. The cookies that were set on the way go along where they belong.
    4. From https to http only what carries no headers of the source: a public page, such as a feed, may live there.
    """
    given = ((hop.target.url, cookie) for cookie in cookies)
    change: dict[str, Any] = {"target": target, "cookies": (*hop.cookies, *given)}
    if (status == 303 and hop.method != "HEAD") or (status in {301, 302} and hop.method == "POST"):
        change |= {"method": "GET", "body": None}
    if target.origin != hop.target.origin:
        if hop.target.scheme == "https" and target.scheme == "http" and hop.own.keys() - _HARMLESS:
            raise SourceError(
                f"{hop.target.shown} redirects to {target.shown}, which is not encrypted",
                permanent=True,
                remedy="a key or token was to be sent: write the final https address into the config",
            )
        change |= {"private": False, "own": {name: value for name, value in hop.own.items() if name in _HARMLESS}}
    return replace(hop, **change)

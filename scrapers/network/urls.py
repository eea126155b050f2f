"""Addresses taken apart as httpx would ask for them, so that what is judged is what is asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import unquote

import httpx

from scrapers.base import SourceError
from scrapers.errors import looks_random
from scrapers.network.addresses import is_host
from scrapers.network.hops import Target, over_http


def parse_target(text: str, params: Mapping[str, str] | None = None, base: str = "") -> Target:
    """Take an address (as seen from `base`) apart. Raises SourceError for anything but a plain http or https one."""
    try:
        url = httpx.URL(base).join(text) if base else httpx.URL(text)
        url = url.copy_merge_params(params) if params else url
        if url.host.endswith("."):
            url = url.copy_with(host=url.host.rstrip("."))
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise SourceError(f"{without_secrets(text)!r} is not an address: {error}", permanent=not base) from error
    if url.scheme not in {"http", "https"} or not (is_host(url.raw_host.decode("ascii")) and (url.port or 1) < 65_536):
        raise SourceError(f"{without_secrets(text)!r} is not an http or https address", permanent=not base)
    if url.userinfo:
        raise SourceError(
            f"the address of {url.host} holds a user name or password",
            permanent=not base,
            remedy="give credentials in the source's own settings, where they can be kept secret",
        )
    host = url.raw_host.decode("ascii").lower()
    port = url.port or (443 if url.scheme == "https" else 80)
    return Target(str(url.copy_with(fragment=None)), url.scheme, host, port, url.path)


def without_keys(url: str, asked: str) -> str:
    """Where a redirect led, as it may stand in posts: without the signatures and tickets that it added on the way."""
    if url == asked:
        return url

    def is_key(pair: bytes) -> bool:
        return looks_random(unquote(pair.partition(b"=")[2].decode("ascii", errors="replace")))

    given = httpx.URL(asked).query.split(b"&")
    kept = [pair for pair in httpx.URL(url).query.split(b"&") if pair in given or not is_key(pair)]
    return str(httpx.URL(url).copy_with(query=b"&".join(kept) or None))


def without_secrets(text: str) -> str:
    """What was given for an address, without the parts in which secrets travel: the path of a webhook is one."""
    return re.sub(r"(//)(?:[^/?#]*@)?([^/?#]*).*", r"\1\2", text.partition("?")[0], flags=re.DOTALL)[:200]


def origins_of(addresses: Collection[str]) -> frozenset[str]:
    """The origins of addresses, such as those that the operator vouches for. Raises SourceError."""
    return frozenset(parse_target(over_http(each)).origin for each in addresses)

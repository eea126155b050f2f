"""Cookies that redirects set, for the rest of the same fetch: some set one and lead back to the page. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any, cast
from urllib.request import Request

_MOST, _LONGEST = 30, 4_096  # more cost time; bytes as https://www.rfc-editor.org/rfc/rfc6265#section-6.1 has them


def cookie_header(given: Iterable[tuple[str, str]], url: str) -> str:
    """What goes along to an address of the cookies that were given before: each an address and its Set-Cookie.

    Python's jar decides which belong there: https://docs.python.org/3/library/http.cookiejar.html
    """
    jar = CookieJar()
    for address, cookie in list(given)[-_MOST:]:
        if len(cookie) <= _LONGEST:
            jar.extract_cookies(cast("Any", _Answer(cookie)), Request(address))  # noqa: S310 - nothing is opened
    asked = Request(url)  # noqa: S310
    jar.add_cookie_header(asked)
    return asked.get_header("Cookie") or ""


class _Answer:
    """As much of an answer as the jar looks at."""

    def __init__(self, cookie: str) -> None:
        self._headers = Message()
        self._headers["Set-Cookie"] = cookie

    def info(self) -> Message:
        return self._headers

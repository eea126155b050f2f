"""The only file that knows a browser: it runs a page's JavaScript, and whatever that asks for comes through the door.

The browser itself reaches nothing: every request is answered with what the door has fetched, so that robots.txt, the
address guard (at the moment of dialling), the caps and the pace hold for a script's requests as for our own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from scrapers.base import Page, Request, SourceError

SECONDS = 60.0  # for the whole page
_QUIET = 10.0  # seconds for the page's own requests to end
MOST_PARTS = 100
MOST_BYTES = 20_000_000  # of all parts, and of what the page grows to
_WANTED = {"script", "xhr", "fetch"}
_SENT = {"accept", "accept-language", "content-type", "origin"}
_RETURNED = {"content-type", "access-control-allow-origin", "access-control-allow-credentials"}
_SYSTEM = ("chromium", "chromium-browser", "google-chrome")
_NOWHERE = "http://127.0.0.1:9"  # a proxy that is none, for what is not intercepted (RFC 863: discarded)
_INSTALL = "run `pip install 'listener[browser]'`, then `playwright install chromium`"


class Fetch(Protocol):
    """The door's `fetch`; raises SourceError."""

    async def __call__(
        self,
        request: Request,
        *,
        headers: dict[str, str],
        terms_pace: float,
        obey_robots: bool,
        vouched: Collection[str],
    ) -> Page: ...


class Browser:
    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._turn: asyncio.Lock | None = None

    async def render(self, page: Page, vouched: Collection[str]) -> Page:
        """The page with what its JavaScript makes of it; as it is where there is none to run. Raises SourceError.

        `vouched`: the page's own origin, where that may be private. One page at a time: a browser is large.
        """
        if not 200 <= page.status < 300 or "html" not in page.headers.get("content-type", "html"):
            return page
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            try:
                async with asyncio.timeout(SECONDS):
                    return await self._run(page, vouched)
            except TimeoutError as error:
                raise SourceError(f"{page.url}: its JavaScript did not end within {SECONDS:.0f} seconds") from error

    async def _run(self, page: Page, vouched: Collection[str]) -> Page:
        try:
            from playwright.async_api import Error, async_playwright
        except ImportError as error:
            raise _missing("`render` needs the extra `browser`") from error
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=_executable(playwright.chromium.executable_path),
                    chromium_sandbox=os.geteuid() != 0,  # Chromium refuses its sandbox to root
                    proxy={"server": _NOWHERE, "bypass": "<-loopback>"},
                    args=["--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-gpu"],
                )
                try:
                    return await self._rendered(browser, page, vouched)
                finally:
                    await browser.close()
        except Error as error:
            raise SourceError(f"{page.url}: the browser failed: {error.message.splitlines()[0][:300]}") from error

    async def _rendered(self, browser: Any, page: Page, vouched: Collection[str]) -> Page:
        context = await browser.new_context(service_workers="block", accept_downloads=False)
        requests = _PageRequests(self._fetch, page, vouched)
        await context.route_web_socket("**/*", lambda socket: socket.close())
        await context.route("**/*", requests.answer)
        tab = await context.new_page()
        await tab.goto(page.url, wait_until="domcontentloaded", timeout=SECONDS * 1000)
        await _wait_until_quiet(tab)
        if requests.leads_to is not None:
            message = f"{page.url}: its JavaScript leads to {requests.leads_to[:200]}"
            raise SourceError(message, remedy="if that is the page, write its address")
        markup = await tab.evaluate(
            "most => { const all = document.documentElement.outerHTML; return all.length > most ? null : all }",
            MOST_BYTES,
        )
        if not isinstance(markup, str):
            raise SourceError(f"{page.url}: its JavaScript makes it larger than {MOST_BYTES} bytes")
        headers = {**page.headers, "content-type": "text/html; charset=utf-8"}
        return replace(page, body=markup.encode("utf-8", errors="replace"), headers=headers)


async def _wait_until_quiet(tab: Any) -> None:
    """Wait until the page asks for nothing more; a page that never stops is taken as it is."""
    from playwright.async_api import TimeoutError as NeverQuietError

    try:
        await tab.wait_for_load_state("networkidle", timeout=_QUIET * 1000)
    except NeverQuietError:
        return


@dataclass  # without slots: playwright keeps a note on what it calls back
class _PageRequests:
    """Answers what the browser asks for. The page itself is there already; it goes nowhere else, nor do its frames."""

    fetch: Fetch
    page: Page
    vouched: Collection[str]
    began: bool = False
    leads_to: str | None = None
    number: int = 0
    size: int = 0

    async def answer(self, route: Any) -> None:
        asked = route.request
        if asked.is_navigation_request():
            await self._navigate(route)
        elif asked.resource_type == "stylesheet":
            await route.fulfill(status=200, content_type="text/css", body="")  # nobody looks, but scripts wait for it
        elif self._is_refused(asked):
            await route.abort()
        else:
            await self._fetch_part(route)

    async def _navigate(self, route: Any) -> None:
        if self.began:
            self.leads_to = self.leads_to or (None if route.request.frame.parent_frame else route.request.url)
            await route.abort()
            return
        self.began = True
        kept = {k: v for k, v in self.page.headers.items() if k in ("content-type", "content-security-policy")}
        await route.fulfill(status=200, headers=kept, body=self.page.body)

    def _is_refused(self, asked: Any) -> bool:
        """Pictures, films and fonts are not needed; what changes something is sent to the page's own site alone."""
        self.number += 1
        home = asked.method in ("GET", "HEAD") or (
            asked.method == "POST" and _origin(asked.url) == _origin(self.page.url)
        )
        return asked.resource_type not in _WANTED or not home or self.number > MOST_PARTS or self.size > MOST_BYTES

    async def _fetch_part(self, route: Any) -> None:
        asked = route.request
        headers = {name: value for name, value in asked.headers.items() if name in _SENT}
        request = Request(asked.url, method=asked.method, body=asked.post_data)
        try:
            part = await self.fetch(request, headers=headers, terms_pace=0.0, obey_robots=True, vouched=self.vouched)
        except SourceError:
            await route.abort()
            return
        self.size += len(part.body)
        returned = {name: value for name, value in part.headers.items() if name in _RETURNED}
        await route.fulfill(status=part.status, headers=returned, body=part.body)


def _executable(own: str) -> str:
    """Playwright's own Chromium, else the system's. Raises SourceError where there is neither."""
    found = own if Path(own).exists() else next(filter(None, map(shutil.which, _SYSTEM)), None)
    if found is None:
        raise _missing("`render` needs Chromium, and there is none")
    return found


def _missing(what: str) -> SourceError:
    return SourceError(what, permanent=True, remedy=_INSTALL)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc

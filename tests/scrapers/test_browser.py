"""Pages that need JavaScript: a real browser, which reaches nothing but what the door fetches for it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping

import pytest

from insight.model import Post
from scrapers.answers import read_page
from scrapers.base import Page, Request, Search, SourceError
from scrapers.pages.list import ListPage
from scrapers.validators import validators_after
from tests.scrapers.http_door import open_door
from tests.scrapers.samples import NOW
from tests.world.web import Reply, World

HTML = {"content-type": "text/html; charset=utf-8"}
FRAME = b"<!doctype html><body><ul id=list></ul><script src=/app.js></script></body>"
APP = """
const list = document.getElementById('list');
const say = text => document.body.append(text + ' ');
fetch('/api/items').then(r => r.json()).then(found => {
  for (const text of found) {
    const item = document.createElement('li');
    item.className = 'review';
    item.textContent = text;
    list.append(item);
  }
});
fetch('http://127.0.0.2:PORT/secret').then(r => r.text()).then(say, () => say('PRIVATE-REFUSED'));
fetch('/closed').then(r => r.text()).then(say, () => say('ROBOTS-REFUSED'));
fetch('/slow-to-change', {method: 'DELETE'}).then(() => say('DELETED'), () => say('DELETE-REFUSED'));
const socket = new WebSocket('ws://127.0.0.1:PORT/socket');
socket.onopen = () => socket.send('x');
document.body.append(Object.assign(document.createElement('img'), {src: '/picture.png'}));
document.body.append(Object.assign(document.createElement('iframe'), {src: '/frame'}));
"""


def chromium() -> bool:
    try:
        from playwright.async_api import async_playwright  # noqa: F401
    except ImportError:
        return False
    return any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))


needs_chromium = pytest.mark.skipif(not chromium(), reason="no playwright, or no Chromium on this machine")


async def rendered(world: World, path: str = "/page", **more: object) -> Page:
    async with open_door((world.url,)) as door:
        request = Request(world.url + path, render=True)
        return await door.fetch(request, headers={}, terms_pace=0, obey_robots=True, vouched=(world.url,), **more)


def with_app(world: World, app: str = APP) -> None:
    world.route("/robots.txt", Reply.text("User-agent: *\nDisallow: /closed"))
    world.route("/page", Reply(200, FRAME, HTML))
    world.route(
        "/app.js", Reply(200, app.replace("PORT", str(world.port)).encode(), {"content-type": "text/javascript"})
    )
    world.route("/api/items", Reply.json(["It crashes", "I love it"]))
    world.route("/closed", Reply.text("secret"))


@needs_chromium
def test_a_page_is_read_as_its_javascript_makes_it_and_reaches_nothing_else() -> None:
    async def see() -> tuple[Page, list[str]]:
        async with World() as world:
            with_app(world)
            page = await rendered(world)
            return page, [f"{call.method} {call.path}" for call in world.ledger]

    page, asked = asyncio.run(see())
    assert '<li class="review">It crashes</li>' in page.text
    for refused in ("PRIVATE-REFUSED", "ROBOTS-REFUSED", "DELETE-REFUSED"):
        assert refused in page.text
    assert sorted(asked) == ["GET /api/items", "GET /app.js", "GET /page", "GET /robots.txt"]
    source = ListPage(url="https://example.com/page", item=".review", render=True)
    batch = read_page(
        source, Page(source.start(Search(), None, NOW), 200, page.body, "https://example.com/page", NOW, page.headers)
    )
    assert [item.text for item in batch.items if isinstance(item, Post)] == ["It crashes", "I love it"]


@needs_chromium
def test_a_page_that_leads_elsewhere_or_grows_without_end_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapers.network.browser.MOST_BYTES", 5000)

    async def see(app: str) -> Page:
        async with World() as world:
            with_app(world, app)
            return await rendered(world)

    with pytest.raises(SourceError, match="leads to http"):
        asyncio.run(see("location.href = '/api/items';"))
    with pytest.raises(SourceError, match="larger than"):
        asyncio.run(see("document.body.append('x'.repeat(9000))"))


@needs_chromium
def test_a_page_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapers.network.browser.SECONDS", 3.0)

    async def see() -> None:
        async with World() as world:
            with_app(world, "for (;;) {}")
            await rendered(world)

    with pytest.raises(SourceError):
        asyncio.run(see())


@pytest.mark.parametrize(("status", "headers"), [(404, HTML), (200, {"content-type": "application/json"}), (500, HTML)])
def test_what_holds_no_javascript_needs_no_browser(status: int, headers: Mapping[str, str]) -> None:
    async def see() -> Page:
        async with World() as world:
            world.route("/page", Reply(status, b"as it is", tuple(headers.items())))
            async with open_door((world.url,), limits=None) as door:
                return await door.fetch(Request(world.url + "/page", render=True), headers={}, terms_pace=0)

    assert asyncio.run(see()).body == b"as it is"


def test_without_the_extra_the_source_says_which_one_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright", None)
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)

    async def see() -> None:
        async with World() as world:
            world.route("/page", Reply(200, FRAME, HTML))
            await rendered(world)

    with pytest.raises(SourceError, match="extra `browser`") as caught:
        asyncio.run(see())
    assert caught.value.permanent
    assert "playwright install chromium" in caught.value.remedy


def test_the_frame_is_always_asked_for_anew() -> None:
    async def see() -> int:
        async with World() as world:
            world.route("/page", Reply(200, b"[]", {"content-type": "application/json", "etag": '"1"'}))
            async with open_door((world.url,)) as door:
                request = Request(world.url + "/page", render=True)
                known = validators_after(await door.fetch(Request(request.url), headers={}, terms_pace=0))
                return (await door.fetch(request, headers={}, terms_pace=0, validators=known)).status

    assert asyncio.run(see()) == 200

"""Getting in: one login before the first page, a new one when the session has ended, and never a second in a row."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from listener.collecting.access import SourceDoor
from scrapers.answers import read_login
from scrapers.base import Login, Page, Request, SourceError
from tests.fake_source import NOW, Board

pytestmark = pytest.mark.anyio


class Club(Board):
    """A board for members."""

    def login(self) -> Login:
        request = Request(f"{self.base_url}/session", method="POST", body="password=hush")
        return Login(request, {"authorization": "Basic hush"}, "the password is wrong")

    def session_headers(self, page: Page) -> Mapping[str, str]:
        return {"authorization": f"Bearer {page.text}"}

    def headers(self) -> Mapping[str, str]:
        return {"x-member": "yes"}


class Porter:
    """Gives out the sessions s1, s2, …, and lets in whoever has one that is valid."""

    mask = str

    def __init__(self, valid: set[str] | None = None) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.given = 0
        self.valid = valid
        self.status = 200

    async def fetch(self, request: Request, *, headers: Mapping[str, str], **_: Any) -> Page:
        path = request.url.rpartition("/")[2]
        self.asked.append((path, dict(headers)))
        await asyncio.sleep(0)
        if path == "session":
            self.given += 1
            return Page(request, self.status, f"s{self.given}".encode(), request.url, NOW)
        session = headers.get("authorization", "").removeprefix("Bearer ")
        welcome = self.valid is None or session in self.valid
        return Page(request, 200 if welcome else 401, session.encode(), request.url, NOW)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


PAGE = Request("https://example.com/board")


async def test_a_source_logs_in_once_and_carries_what_it_was_given() -> None:
    porter = Porter()
    door = SourceDoor(porter)
    pages = [await door.fetch(Club(), PAGE) for _ in range(2)]
    assert porter.paths == ["session", "board", "board"]
    assert [page.text for page in pages] == ["s1", "s1"]
    assert porter.asked[0][1] == {"x-member": "yes", "authorization": "Basic hush"}
    assert porter.asked[1][1] == {"x-member": "yes", "authorization": "Bearer s1"}


async def test_the_answer_to_a_login_is_read_beside_the_event_loop() -> None:
    class Watched(Club):
        def session_headers(self, page: Page) -> Mapping[str, str]:
            readers.append(threading.current_thread())
            return super().session_headers(page)

    readers: list[threading.Thread] = []
    await SourceDoor(Porter()).fetch(Watched(), PAGE)
    assert readers
    assert threading.main_thread() not in readers, "it may be of any size"


async def test_visits_side_by_side_share_one_login() -> None:
    porter = Porter()
    door = SourceDoor(porter)
    await asyncio.gather(*(door.fetch(Club(), PAGE) for _ in range(5)))
    assert porter.paths.count("session") == 1


async def test_a_session_that_has_ended_is_renewed_and_the_page_asked_for_again() -> None:
    porter = Porter(valid={"s2"})
    page = await SourceDoor(porter).fetch(Club(), PAGE)
    assert (page.status, page.text) == (200, "s2")
    assert porter.paths == ["session", "board", "session", "board"]


async def test_whoever_is_refused_twice_is_not_let_in_by_a_third_login() -> None:
    porter = Porter(valid=set())
    page = await SourceDoor(porter).fetch(Club(), PAGE)
    assert page.status == 401, "what to make of it is for the kind to say"
    assert porter.paths == ["session", "board", "session", "board"]


async def test_a_wrong_password_is_said_and_no_page_is_asked_for() -> None:
    porter = Porter()
    porter.status = 403
    with pytest.raises(SourceError, match="answered 403") as caught:
        await SourceDoor(porter).fetch(Club(), PAGE)
    assert caught.value.remedy == "the password is wrong"
    assert porter.paths == ["session"]


async def test_a_kind_that_stumbles_over_its_login_is_a_source_error() -> None:
    class Clumsy(Club):
        def session_headers(self, page: Page) -> Mapping[str, str]:
            raise KeyError("token")

    with pytest.raises(SourceError, match="stumbled: KeyError"):
        await SourceDoor(Porter()).fetch(Clumsy(), PAGE)


class QuietClub(Club):
    """It answers a login with nothing but headers."""

    def session_headers(self, page: Page) -> Mapping[str, str]:
        return {"authorization": f"Bearer {page.headers['x-session']}"}


def test_a_login_may_be_answered_by_headers_alone() -> None:
    club = QuietClub()
    page = Page(club.login().request, 204, b"", PAGE.url, NOW, {"x-session": "s1"})
    assert read_login(club, club.login(), page) == {"authorization": "Bearer s1"}


async def test_a_source_without_a_login_asks_for_its_pages_alone() -> None:
    porter = Porter(valid=set())
    page = await SourceDoor(porter).fetch(Board(), PAGE)
    assert (page.status, porter.paths) == (401, ["board"])


def test_a_login_is_never_shown() -> None:
    assert "hush" not in repr(Club().login())

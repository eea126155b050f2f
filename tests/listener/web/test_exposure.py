"""What strangers wrote or planted does nothing: on a terminal, in a spreadsheet, to files, to a browser."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import pty
import re
import select
import stat
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text
from typer.testing import CliRunner

from alerts.base import Message, MessageKind, Reply
from alerts.console import Console
from alerts.text import printable
from insight.model import Post, Role, Watch
from insight.pipeline import Pipeline
from listener import log
from listener.cli import app
from listener.cli.output import Terminal, print_csv, print_json, print_text
from listener.config.settings import DaemonSettings
from listener.demo.runner import run_demo
from listener.web import server
from listener.web.health import Health
from listener.web.metrics import Metrics
from storage import UnderstoodBatch, open_store
from tests import processes

TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
ACTS = frozenset(
    char
    for char in map(chr, range(0x110000))
    if char not in "\n\t"
    and (unicodedata.category(char) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(char) in TURNS
         or char in "\u061c\u200e\u200f")
)  # fmt: skip
STYLES = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = st.text(st.one_of(st.sampled_from(sorted(ACTS)), st.characters(exclude_categories=("Cs",))))
AT = datetime(2026, 3, 2, tzinfo=UTC)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True

    def acts(self) -> set[str]:
        """What on it is no character to be looked at, beside the program's own styles."""
        return set(STYLES.sub("", self.getvalue())) & ACTS


# -- terminals ------------------------------------------------------------------------------------------------------


def test_every_character_that_acts_is_shown_instead() -> None:
    for char in ACTS:
        shown = printable(f"a{char}b")
        assert not set(shown) & ACTS
        assert shown.encode().decode("unicode_escape") == f"a{char}b", "nothing is hidden, either"


@given(HOSTILE)
def test_a_console_carries_nothing_out(text: str) -> None:
    screen = Screen()
    console = Terminal(file=screen, force_terminal=True, highlight=False, width=60)
    table = Table("What", text)
    table.add_row(text, Text(text, style="bold"))
    for one in (Text(text, style="red"), table):
        console.print(one)
    console.print(text, markup=False, soft_wrap=True)
    assert screen.acts() == set()


@given(HOSTILE)
def test_json_is_the_same_json_without_them(text: str) -> None:
    screen = Screen()
    with _printed(screen):
        print_json({"text": text, text: [text]})
    assert screen.acts() == set()
    assert json.loads(screen.getvalue()) == {"text": text, text: [text]}


@given(HOSTILE)
def test_text_csv_channel_and_log_carry_nothing_out_on_a_terminal(text: str) -> None:
    screen = Screen()
    with _printed(screen):
        print_text(text)
        print_csv(("text",), [(text,)])
        Console(color=False).send(Message("id", MessageKind.ALERT, text, text, AT), None, _unused)
    log.configure("console", lambda value: value, to=screen)
    try:
        raise ValueError(text)
    except ValueError as error:
        log.get().error("failed", error=str(error), exc_info=error, source=text)
    assert screen.acts() == set()


def test_what_is_stored_is_shown_on_a_real_terminal_and_nothing_of_it_acts(tmp_path: Path) -> None:
    evil = "".join(sorted(ACTS - {"\0"}))
    config = _config(tmp_path)
    with open_store(f"sqlite:///{tmp_path}/listener.db") as store:
        watch = Watch("acme", "Acme", Role.BRAND, "acme")
        store.watches.sync([watch], AT)
        post = Post("net", f"1{evil}", f"acme says {evil}", url="https://example.org/\u202e", author=f"fern{evil}",
                    published_at=AT)  # fmt: skip
        store.ingest(UnderstoodBatch("feed", "", AT, tuple(Pipeline([watch]).understand([post]))))
    for command in (["search", "acme"], ["search", "acme", "--json"], ["export"], ["export", "--format", "jsonl"]):
        shown = _on_a_terminal("-c", str(config), *command)
        assert "says" in shown
        assert set(STYLES.sub("", shown.replace("\r\n", "\n"))) & ACTS == set(), command


# -- spreadsheets ---------------------------------------------------------------------------------------------------

BLANK = st.sampled_from(" \u00a0\u200b\u200d\u2060\ufeff\t\r\n\u3164\u2800\u034f")
SIGNS = st.sampled_from([char for char in map(chr, range(0x110000)) if not 0xD800 <= ord(char) < 0xE000
                         and unicodedata.normalize("NFKC", char)[:1] in ("=", "+", "-", "@")])  # fmt: skip


@given(st.builds("".join, st.tuples(st.text(BLANK, max_size=4), SIGNS, st.text(max_size=5))) | HOSTILE)
def test_no_cell_begins_as_a_formula_and_none_loses_a_character(text: str) -> None:
    written = io.StringIO()
    with _printed(written):
        print_csv(("text",), [(text,)])
    _, (cell,) = csv.reader(io.StringIO(written.getvalue(), newline=""), strict=True)
    assert cell in (text, f"'{text}")
    visible = unicodedata.normalize("NFKC", cell).lstrip(" \u00a0\u200b\u200d\u2060\ufeff\t\r\n\u1160\u2800\u034f")
    assert visible[:1] not in tuple("=+-@")
    assert cell[:1] not in ("\t", "\r")


def test_numbers_stay_numbers() -> None:
    written = io.StringIO()
    with _printed(written):
        assert print_csv(("score", "text"), [(-0.5, "fine"), (3, "=1")]) == 2
    assert written.getvalue() == '"score","text"\n-0.5,"fine"\n3,"\'=1"\n'


# -- files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_a_new_config_is_its_owners_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    config, victim = tmp_path / "c.yaml", tmp_path / "victim"
    answers = {"brand": "Acme", "competitors": "", "contact": "a@example.org", "time-zone": "UTC"}
    asked = ["-c", str(config), "init", *(f"--{name}={value}" for name, value in answers.items())]
    for planted in (victim, tmp_path / "absent"):
        victim.write_text("mine")
        config.symlink_to(planted)
        assert CliRunner().invoke(app, asked).exit_code == 1
        assert (victim.read_text(), (tmp_path / "absent").exists()) == ("mine", False)
        config.unlink()
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["c.yaml", "victim"]


@pytest.mark.usefixtures("open_umask")
def test_a_backup_is_its_owners_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    config, copy, victim = _config(tmp_path), tmp_path / "copy.db", tmp_path / "victim"
    open_store(f"sqlite:///{tmp_path}/listener.db").close()
    copy.symlink_to(victim)
    assert CliRunner().invoke(app, ["-c", str(config), "backup", str(copy)]).exit_code == 1
    assert not victim.exists()
    copy.unlink()
    assert CliRunner().invoke(app, ["-c", str(config), "backup", str(copy)]).exit_code == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("days", [1, pytest.param(7, marks=pytest.mark.soak)])
def test_the_demo_writes_through_no_link_and_for_its_owner_alone(tmp_path: Path, days: int) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "demo"
    victim.write_text("mine")
    folder.mkdir()
    for name in ("config.yaml", "listener.log"):
        (folder / name).symlink_to(victim)
    run_demo(folder, weeks=days / 7, seed=1, console=Terminal(file=io.StringIO()))
    assert victim.read_text() == "mine"
    for name in ("config.yaml", "listener.log", "listener.db"):
        assert stat.S_IMODE((folder / name).lstat().st_mode) == 0o600, name


# -- browsers -------------------------------------------------------------------------------------------------------

ROUTES = ("GET /healthz", "GET /readyz", "GET /metrics", "POST /control/reload", "GET /nothing")
OWN = ("127.0.0.1", "127.0.0.1:8642", "127.9.9.9", "localhost:1", "LOCALHOST", "[::1]:8642", "listener.example.org",
       "Listener.Example.org:443", "listener", "listener:8642", "192.0.2.7:8642")  # fmt: skip
OTHERS = ("evil.example", "evil.example:8642", "127.0.0.1.evil.example", "localhost.evil.example", "example.org",
          "listener.evil.example", "192.0.2.8", "[::2]", "", "a b", "[", "127.0.0.1@evil.example")  # fmt: skip


@pytest.mark.anyio
async def test_only_names_of_its_own_are_answered_on_every_route() -> None:
    settings = DaemonSettings(public_url="https://listener.example.org/x", hosts=("listener",), web="192.0.2.7:8642")
    sock = server.bind("127.0.0.1", 0)

    def health() -> Health:
        return Health(alive=True, ready=True, detail={"secret": "detail"})

    async def control(name: str, arguments: object) -> dict[str, object]:
        raise AssertionError("nobody has the token")

    port = sock.getsockname()[1]
    async with server.serving(server.application(health, Metrics(), control, "token", settings.names), sock):
        for route in ROUTES:
            for host in OWN:
                assert await _status(port, route, [host]) in (200, 401, 404), (route, host)
            for hosts in ([other] for other in OTHERS):
                assert await _status(port, route, hosts) in (400, 421), (route, hosts)
            assert await _status(port, route, []) in (400, 421)
            assert await _status(port, route, ["localhost", "evil.example"]) in (400, 421)


async def _status(port: int, route: str, hosts: list[str]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    named = [f"Host: {host}" for host in hosts]
    lines = [f"{route} HTTP/1.1", *named, "Connection: close", "Content-Length: 0", "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = (await reader.read()).decode()
    writer.close()
    assert ("detail" in answer) is (answer.startswith("HTTP/1.1 200") and route.endswith("z")), answer
    return int(answer.split()[1])


# -- means ----------------------------------------------------------------------------------------------------------


def _unused(_: object) -> Reply:
    raise AssertionError("the terminal needs no network")


@contextmanager
def _printed(to: io.StringIO) -> Iterator[None]:
    before, sys.stdout = sys.stdout, to
    try:
        yield
    finally:
        sys.stdout = before


def _config(folder: Path) -> Path:
    config = folder / "config.yaml"
    config.write_text(
        "contact: tests@example.com\nwatches: [{id: acme, query: acme}]\n"
        "sources: [{kind: feed, name: feed, url: 'http://127.0.0.1:9/feed.xml'}]\nchannels: {here: {kind: console}}\n"
        f"storage: {{url: 'sqlite:///{folder}/listener.db'}}\n"
    )
    return config


def _on_a_terminal(*command: str) -> str:
    """What a command writes when its output is a terminal."""
    ours, theirs = pty.openpty()
    process = processes.start(*command, log=Path(os.ttyname(theirs)))
    parts: list[bytes] = []
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.1)[0]:
            parts.append(os.read(ours, 65536))
    os.close(ours)
    os.close(theirs)
    assert process.wait(30) == 0, b"".join(parts)
    return b"".join(parts).decode()

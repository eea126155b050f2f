"""Secrets planted wherever a config may hold one, platforms that repeat them, and every way out searched for them."""

from __future__ import annotations

import base64
import html
import json
import os
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from listener.cli import app
from storage import open_store
from tests import processes
from tests.world.slack import FakeSlack
from tests.world.smtp import MailServer
from tests.world.web import Call, Reply, World

PLANTED = {
    "QUERY": "s3cr3t-query-4711-aaaa",
    "PATH_TOKEN": "s3cr3tpath4711bbbb",
    "ODD": 's3cr3t/ödd+4711&cc="cc',
    "LONG": "s3cr3t-long-" + "4711dd" * 12,
    "BEGINS": "s3cr3t-begins-4711-eeee",
    "TITLE": "s3cr3t-title-4711-ffff",
    "LINKS": "s3cr3t-links-4711-gggg",
    "NEXT": "s3cr3t-next-4711-hhhh",
    "BROKEN": "s3cr3t-broken-4711-iiii",
    "HEADER": "s3cr3t-header-4711-jjjj",
    "LOGIN": "s3cr3t-login-4711-kkkk",
    "STUMBLE": "s3cr3t-stumble-4711-llll",
    "START": "s3cr3t-start-4711-mmmm",
    "BASIC": "s3cr3t-basic-4711-nnnn",
    "PASSWORD": "s3cr3t-session-4711-oooo",
    "SLACK": "xoxb-4711-s3cr3t-pppp",
    "HOOK": "T0/B0/s3cr3thook4711qqqq",
    "SMTP": "s3cr3t-smtp-4711-rrrr",
    "BEAT": "s3cr3t-beat-4711-ssss",
    "UNUSED": "s3cr3t-postgres-4711-tttt",
}
IN_FILE = "s3cr3t-file-4711-uuuu"
REDIRECTED = "s3cr3t-redirected-4711-vvvv"  # made by the platform: no config knows it
WRITTEN = "s3cr3t-written-4711-wwww"  # in the config itself, without a variable
SECRETS = [*PLANTED.values(), IN_FILE, REDIRECTED, WRITTEN]

OWN = """
from datetime import datetime
from typing import ClassVar
from pydantic import SecretStr
from insight.model import Rejected
from scrapers.base import Access, Batch, Login, Request, Source, SourceError, Terms

class Own(Source):
    kind: ClassVar[str] = "own"
    title: ClassVar[str] = "Own"
    network: ClassVar[str] = "own"
    terms: ClassVar[Terms] = Terms(Access.OPEN, "Ours.", "https://example.com/terms", pace=0.0)
    example: ClassVar[dict] = {}
    base_url: str
    key: SecretStr | None = None
    password: SecretStr | None = None
    stumble: SecretStr | None = None
    start_with: SecretStr | None = None

    @property
    def label(self):
        return self.name or "own"

    def headers(self):
        return {"X-Key": self.key.get_secret_value()} if self.key else {}

    def login(self):
        if self.password is None:
            return None
        return Login(Request(self.base_url + "/login", method="POST", body=self.password.get_secret_value()))

    def start(self, search, high_water, now):
        if self.start_with:
            raise RuntimeError(f"cannot start with {self.start_with.get_secret_value()}")
        return Request(self.base_url + "/own")

    def parse(self, page):
        if self.stumble:
            raise KeyError(self.stumble.get_secret_value())
        return Batch(rejected=(Rejected("it says " + page.text, page.text[-30:]),))
"""
CONFIG = """
contact: tests@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: feed, every: 3600, url: "{site}/query.xml?token=${{QUERY}}"}}
  - {{kind: feed, every: 3600, url: "{site}/path/${{PATH_TOKEN}}/rss"}}
  - {{kind: feed, every: 3600, url: "{site}/written.xml?api_key={written}"}}
  - {{kind: feed, every: 3600, name: from-file, url: "{site}/file.xml?key=${{file:key}}"}}
  - {{kind: feed, every: 3600, url: "{site}/redirect.xml"}}
  - {{kind: feed, every: 3600, name: long, url: "{site}/long.xml?t=${{LONG}}"}}
  - {{kind: feed, every: 3600, name: begins, url: "{site}/begins.xml?t=${{BEGINS}}"}}
  - {{kind: feed, every: 3600, name: title, url: "{site}/title.xml?t=${{TITLE}}"}}
  - {{kind: feed, every: 3600, name: links, url: "{site}/links.xml?t=${{LINKS}}"}}
  - {{kind: feed, every: 3600, name: next, url: "{site}/next.json?t=${{NEXT}}"}}
  - {{kind: feed, every: 3600, name: broken, url: "{site}/broken.json?t=${{BROKEN}}"}}
  - {{kind: page, every: 3600, name: listed, url: "{site}/listed", item: li, text: p}}
  - {{kind: "own:Own", every: 3600, name: odd, base_url: "{site}/echo", key: "${{HEADER}}"}}
  - {{kind: "own:Own", every: 3600, name: login, base_url: "{site}/echo", password: "${{LOGIN}}"}}
  - {{kind: "own:Own", every: 3600, name: stumbles, base_url: "{site}/fine", stumble: "${{STUMBLE}}"}}
  - {{kind: "own:Own", every: 3600, name: cannot-start, base_url: "{site}/fine", start_with: "${{START}}"}}
  - {{kind: "own:Own", every: 3600, name: aside, base_url: "{site}/aside", key: "${{ODD}}"}}
  - {{kind: reddit, every: 3600, base_url: "{site}/reddit", api_url: "{site}/reddit", client_id: someone,
      client_secret: "${{BASIC}}", accept_terms: true, subreddits: [acme]}}
  - {{kind: bluesky, every: 3600, base_url: "{site}/bluesky", public_url: "{site}/bluesky",
      jetstream: null, identifier: someone, app_password: "${{PASSWORD}}"}}
channels:
  team: {{kind: slack, token: "${{SLACK}}", channel: C0LISTENER, base_url: "{slack}"}}
  hook: {{kind: slack_webhook, url: "{site}/services/${{HOOK}}"}}
  mail: {{kind: email, host: 127.0.0.1, port: {mail}, security: none, sender: a@example.com, to: [b@example.com]}}
  closed: {{kind: email, host: 127.0.0.1, port: {closed}, security: none, sender: a@example.com, to: [b@example.com],
            user: someone, password: "${{SMTP}}"}}
  console: {{kind: console}}
digest: {{channels: [mail, console]}}
storage: {{url: "sqlite:///{folder}/test.db"}}
daemon: {{web: "127.0.0.1:0", log: {log}, heartbeat_url: "{site}/beat/${{BEAT}}"}}
"""


def site_of(world: World) -> None:
    """Platforms that repeat what they were given, each in another way."""

    def refusing(status: int, text: str) -> Reply:
        return Reply.text(text, status)

    def entry(number: int, link: str) -> str:
        return f"<item><title>Acme {number}</title><guid>g{number}</guid><link>{link}</link></item>"

    def rss(*entries: str) -> Reply:
        return Reply.text(f"<rss><channel><title>t</title>{''.join(entries)}</channel></rss>", 200, "text/xml")

    def json_feed(items: list[Any], **more: Any) -> Reply:
        return Reply.json({"version": "https://jsonfeed.org/version/1.1", "items": items, **more})

    def paged(call: Call) -> Reply:
        if "page" in call.query:
            return Reply.text("", 500)
        token = call.query["t"]
        posts = [{"id": "1", "title": "Acme again", "date_published": "2026-03-02T10:00:00Z"}]
        return json_feed(posts, next_url=f"{world.url}/next.json?t={token}&page=2")

    def log_in(call: Call) -> Reply:
        body = call.body.decode()
        coded = call.headers.get("authorization", "")
        return Reply.json({"error": "no", "message": f"{coded} and {body} are wrong"}, 401)

    route = world.route
    route("/query.xml", lambda call: Reply.json({"error": f"bad token {call.query['token']} in {call.raw_query}"}, 401))
    route("/path/*", lambda call: refusing(404, f"nothing at {call.path}"))
    route("/written.xml", lambda call: refusing(403, f"no entry for {call.query['api_key']}"))
    route("/file.xml", lambda call: refusing(500, f"<html><title>no {call.query['key']}</title></html>"))
    route("/redirect.xml", Reply.redirect(f"/final?sig={REDIRECTED}"))
    route("/final", lambda _: refusing(403, "expired"))
    route("/long.xml", lambda call: refusing(400, json.dumps({"error": "x" * 270 + " " + call.query["t"]})))
    route("/begins.xml", lambda call: Reply.text(f"please sign in with a better key than {call.query['t']}"))
    route(
        "/title.xml", lambda call: Reply.text(f"<html><title>{html.escape(call.query['t'])} is no key</title></html>")
    )
    route(
        "/links.xml",
        lambda call: rss(
            entry(1, f"{world.url}/post/1?t={call.query['t']}"),
            entry(2, "#two"),
            entry(3, f"{world.url}/post/3?q=acme"),
        ),
    )
    route("/next.json", paged)
    route("/broken.json", lambda call: json_feed([{"id": "1", "title": "Acme"}, f"{'y' * 1990} {call.query['t']}"]))
    route("/listed", Reply.redirect(f"/shown?sig={REDIRECTED}"))
    route("/shown", Reply.text("<ul><li><p>acme is here</p></li></ul>", 200, "text/html"))
    route("/echo/own", lambda call: Reply.json({"message": f"what is {call.headers.get('x-key')}?"}, 403))
    route("/echo/login", log_in)
    route("/fine/*", Reply.text("fine"))
    route("/aside/own", lambda call: Reply.text("z" * 40 + call.headers["x-key"]))
    route("/reddit/*", log_in)
    route("/bluesky/*", log_in)
    route("/services/*", lambda call: refusing(404, f"no_service: {call.path}"))
    route("/beat/*", lambda call: refusing(500, f"no beat at {call.path}"))


@dataclass
class Scene:
    folder: Path
    slack: FakeSlack
    mail: MailServer
    closed: MailServer
    config: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **PLANTED, "NO_COLOR": "1", "COLUMNS": "400"}

    def process(self, *arguments: str) -> str:
        """What a process of its own writes to the terminal, whatever its exit code."""
        done = processes.run("-c", str(self.config), *arguments, env=self.environment)
        return done.stdout + done.stderr

    def listener(self, *arguments: str) -> str:
        """The same, in here: a process takes seconds to begin."""
        done = CliRunner().invoke(app, ["-c", str(self.config), *arguments], env=self.environment)
        raised = done.exception if not isinstance(done.exception, SystemExit) else None
        return done.output + "".join(traceback.format_exception(raised) if raised else ())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        site = stack.enter_context(World().run_in_thread())
        site_of(site)
        slack = FakeSlack(stack.enter_context(World().run_in_thread()), token=PLANTED["SLACK"])
        mail = stack.enter_context(MailServer().running())
        closed = stack.enter_context(MailServer(login=("someone", "something else")).running())
        (tmp_path / "own.py").write_text(OWN)
        (tmp_path / "key").write_text(IN_FILE + "\n")
        found = Scene(tmp_path, slack, mail, closed, tmp_path / "config.yaml")
        places = {"site": site.url, "slack": slack.api, "mail": mail.port, "closed": closed.port, "folder": tmp_path}
        for log in ("json", "console"):
            found.config.with_name(f"{log}.yaml").write_text(CONFIG.format(**places, log=log, written=WRITTEN))
        found.config = tmp_path / "json.yaml"
        yield found


def spellings(secret: str) -> set[str]:
    """The secret as it may be written, and its halves: what is cut off must not leave one."""
    found = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret), repr(secret)[1:-1]}
    coded = base64.b64encode(b"someone:" + secret.encode()).decode()
    return {*found, secret[:16], secret[-14:], coded, coded[12:30], base64.b64encode(secret.encode()).decode()}


def leaks(where: str, text: str) -> list[str]:
    return [f"{where}: {secret}" for secret in SECRETS if any(form in text for form in spellings(secret))]


def found_in(outputs: dict[str, str]) -> list[str]:
    return [leak for where, text in outputs.items() for leak in leaks(where, text)]


def files(folder: Path) -> dict[str, str]:
    """Every file that was made: the database with its log, backups, exports."""
    given = {"own.py", "key", "json.yaml", "console.yaml"}
    kept = [file for file in folder.rglob("*") if file.is_file() and file.name not in given and file.suffix != ".pyc"]
    return {file.name: file.read_bytes().decode("utf-8", errors="replace") for file in kept}


@pytest.mark.long
@pytest.mark.parametrize("days", [1, pytest.param(3, marks=pytest.mark.soak)])
@pytest.mark.parametrize("log", ["json", pytest.param("console", marks=pytest.mark.soak)])
def test_nothing_that_listener_says_or_keeps_holds_a_secret(scene: Scene, log: str, days: int) -> None:
    scene.config = scene.folder / f"{log}.yaml"
    outputs = {"log": scene.process("run", "--simulate", f"2026-03-02T00:00Z/2026-03-{2 + days:02}T00:00Z")}
    commands = [
        "doctor", "doctor --json", "sources", "sources --mine", "sources --mine --json", "alerts",
        "alerts --all --json", "check", "check --json", "config show", "posts", "posts --json", "mentions --json",
        "digest", "test-alert hook", "test-alert closed", f"backup {scene.folder}/copy.db",
    ]  # fmt: skip
    if log == "json":  # the commands say the same, however the daemon writes its log
        outputs |= {command: scene.listener(*command.split()) for command in commands}
    outputs["slack"] = "\n".join(posted.words for posted in scene.slack.ledger)
    outputs["mail"] = "\n".join(mail.as_string() + str(mail["Subject"]) for mail in scene.mail.mails)
    outputs |= files(scene.folder)
    told = outputs["log"] + outputs["slack"] + outputs["mail"]
    for name in ("query.xml", "from-file", "stumbles", "cannot-start", "login", "begins", "redirect.xml"):
        assert name in told, "the test means something: its sources were in trouble, and it was told"
    assert not (leaked := found_in(outputs)), "\n".join(leaked)
    with open_store(f"sqlite:///{scene.folder}/test.db") as store:
        posts = {found.post.title: found.post.url for batch in store.posts.scan() for found in batch}
    assert posts["Acme 3"].endswith("/post/3?q=acme"), "links lead where they led"


def test_the_running_daemon_shows_none_on_its_pages_nor_at_its_end(scene: Scene) -> None:
    log = scene.folder / "log"
    process = processes.start("-c", str(scene.config), "run", log=log, env=scene.environment)
    try:
        pages: dict[str, str] = {}
        end = time.monotonic() + 60
        while time.monotonic() < end and not (
            all(name in pages.get("/readyz", "") for name in ("stumbles", "from-file", "login"))
            and '"heartbeat' in log.read_text()
        ):
            assert process.poll() is None, log.read_text()[-3000:]
            pages = {path: page(scene, path) for path in ("/healthz", "/readyz", "/metrics")}
            time.sleep(0.2)
        assert "from-file" in pages["/readyz"], log.read_text()[-3000:]
    finally:
        process.terminate()
        process.wait(30)
    assert not (leaked := found_in({**pages, **files(scene.folder)})), "\n".join(leaked)


def page(scene: Scene, path: str) -> str:
    try:
        with open_store(f"sqlite:///{scene.folder}/test.db") as store:
            url = (store.owner() or {})["url"]
        with urllib.request.urlopen(url + path, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except (OSError, KeyError):
        return ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('url: "sqlite:', 'url: "postgresql://me:${UNUSED}@127.0.0.1:1/db?x='),
        ('url: "{site}/redirect.xml"', 'url: "https://me:${UNUSED}@example.com/feed"'),
        ("kind: console", "kind: ${UNUSED}"),
        ("id: acme,", 'id: "a ${UNUSED}",'),
        ('base_url: "{site}/bluesky"', 'base_url: "https://me:${UNUSED}@example.com"'),
    ],
)
def test_what_cannot_start_says_why_without_a_secret(scene: Scene, old: str, new: str) -> None:
    text = scene.config.read_text()
    old = old.replace("{site}", text.partition('url: "')[2].partition("/query")[0])
    assert text.count(old) == 1
    scene.config.write_text(text.replace(old, new))
    outputs = {command: scene.listener(command) for command in ("check", "doctor")}
    assert all(outputs.values())
    assert not (leaked := found_in(outputs)), "\n".join(leaked)

"""The loopback place that the landed version listened to, and that the present one goes on listening to.

Twenty-five days of a few posts a day about three watches, with one bad morning at the end. Everybody in it is invented.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.world.slack import FakeSlack
from tests.world.smtp import MailServer
from tests.world.web import Call, Reply, World

START = datetime(2026, 2, 9, tzinfo=UTC)
END = datetime(2026, 3, 6, 12, tzinfo=UTC)
BAD_MORNING = datetime(2026, 3, 6, 6, 30, tzinfo=UTC)
PAGE = 20
HOME = "http://127.0.0.1:18642"
"""Where it stood when the databases were made; tests write their own address over it."""

PEOPLE = ("amber", "birch", "cedar", "dune", "ember", "fern", "grove", "heath", "iris", "juniper", "kelp", "larch")
CALM = (
    "I moved my {thing} to {name} last month and it is fine",
    "does anybody know whether {name} can read a {thing} file",
    "{name} has a {thing} view now, which is lovely, great work",
    "we use {name} for the {thing} of our team",
)
UNHAPPY = (
    "the terrible sync in {name} lost my {thing} again, awful",
    "{name} is broken for me since the {thing} update, I hate this",
    "really disappointed, {name} support ignored my {thing} problem",
)
THINGS = ("calendar", "notebook", "ledger", "recipe", "journal", "archive", "drawing", "diary", "catalogue", "atlas")
COMPLAINTS = (
    "terrible: the invoice export gives me an empty file since Monday,",
    "I hate that my invoice export stops half way, what a mess,",
    "our bookkeeper is angry, invoice export lost three customers,",
    "invoice export is awful on my phone and support is silent,",
    "worst week: every invoice export ends in an error, dear",
    "sad to see that invoice export mangles umlauts so badly in",
    "no answer for days about the broken invoice export,",
    "it is a disaster, taxes are due and invoice export fails,",
    "cannot work like this, invoice export crashed on us twice,",
    "angry customers here because invoice export sends old totals,",
    "horrible morning, the invoice export button does nothing,",
    "we lost an hour to invoice export, terrible quality,",
    "please mend it, invoice export is useless and slow today,",
    "my boss hates it: invoice export has wrong dates again,",
    "disappointed, the invoice export of last year is gone too,",
    "bad news for accountants, invoice export is down in Europe,",
    "ugly failure of the invoice export, nobody warned us,",
    "frustrated by invoice export, it eats the first line,",
)
GONE = {"2007": START + timedelta(days=3), "2031": START + timedelta(days=11)}
"""Comments that their authors deleted within a week, so that a second look learns of it."""


@dataclass(frozen=True, slots=True)
class Said:
    id: str
    at: datetime
    author: str
    text: str


def said() -> tuple[Said, ...]:
    """Every comment, oldest first."""
    rng = Random(7)
    made: list[tuple[datetime, str]] = []
    for day in range(25):
        for number in range(4):
            name = ("acme", "acme", "bolt", "acme")[number]
            texts = UNHAPPY if number in (0, 3) else CALM
            text = rng.choice(texts).format(name=name, thing=rng.choice(THINGS))
            if day % 8 == 5 and number == 0:
                text = f"acme jobs: we are hiring for our {rng.choice(THINGS)} team"
            made.append((START + timedelta(days=day, hours=rng.uniform(7, 22)), text))
    for number, text in enumerate(COMPLAINTS):
        made.append((BAD_MORNING - timedelta(hours=2.5 * (len(COMPLAINTS) - number)), f"{text} acme"))
    for number in range(14):
        text = rng.choice(UNHAPPY).format(name="acme", thing=rng.choice(THINGS))
        made.append((BAD_MORNING + timedelta(minutes=12 * number), text))
    return tuple(
        Said(str(2000 + number), at.replace(microsecond=0), f"{PEOPLE[number % 12]}{number}", f"{text} {number}")
        for number, (at, text) in enumerate(sorted(made))
    )


@dataclass
class Place:
    """Hacker News, four feeds, a Slack with a webhook, a mailbox: what was asked and what was sent stands in ledgers.

    `now`: the time for whoever sends no `Date`.
    """

    world: World
    slack: FakeSlack
    mail: MailServer
    now: datetime = END
    comments: tuple[Said, ...] = field(default_factory=said)
    page_two_fails: bool = False

    def __post_init__(self) -> None:
        route = self.world.route
        route("/api/v1/search_by_date", self._search)
        route("/v0/item/*", self._item)
        route("/blog.xml", self._blog)
        route("/locked.xml", Reply.text("subscribers only", 401))
        route("/gate.xml", self._gate)
        route("/broken.xml", Reply.text("no", 500))

    def config(self, landed: str, url: str) -> str:
        """The landed config with this place's addresses, and the database at this address."""
        return landed.replace(HOME, self.world.url).replace("18025", str(self.mail.port)).replace("DATABASE", url)

    def asked(self, path: str) -> list[Call]:
        return self.world.calls(path)

    # -- Hacker News --------------------------------------------------------------------------------------------

    def _search(self, call: Call) -> Reply:
        now, query = call.date or self.now, call.query
        words = query["query"].lower().replace('"', "").split()
        found = [one for one in reversed(self.comments) if one.at <= now and one.id not in self._gone(now)]
        found = [one for one in found if all(word in one.text.lower() for word in words)]
        for bound in filter(None, query.get("numericFilters", "").split(",")):
            older, second = "<=" in bound, int(bound.rpartition("=")[2])
            found = [one for one in found if (one.at.timestamp() <= second) is older or one.at.timestamp() == second]
            if older and self.page_two_fails:
                return Reply.text("the index is away", 503)
        size = int(query["hitsPerPage"])
        return Reply.json({"hits": [_hit(one) for one in found[:size]], "hitsPerPage": size, "nbHits": len(found)})

    def _item(self, call: Call) -> Reply:
        name = call.path.rpartition("/")[2].removesuffix(".json")
        one = next((one for one in self.comments if one.id == name), None)
        if one is None:
            return Reply.json(None)
        if name in self._gone(call.date or self.now):
            return Reply.json({"id": int(name), "deleted": True, "type": "comment"})
        at = int(one.at.timestamp())
        return Reply.json({"id": int(name), "type": "comment", "by": one.author, "text": one.text, "time": at,
                           "parent": 1})  # fmt: skip

    def _gone(self, now: datetime) -> set[str]:
        return {name for name, at in GONE.items() if at <= now}

    # -- feeds --------------------------------------------------------------------------------------------------

    def _blog(self, call: Call) -> Reply:
        """An article every other day; the third is edited, the fourth edited so that it names nobody any more."""
        now, entries = call.date or self.now, []
        for number in range(12):
            at = START + timedelta(days=2 * number, hours=9)
            edited = at + timedelta(days=1) if number in (2, 3) else at
            if at > now:
                break
            text = f"What acme does with a {THINGS[number % 10]}, part {number}."
            if edited > at and edited <= now:
                text = f"Corrected: {text}" if number == 2 else "This article was about something else."
            stamp = max(at, edited if edited <= now else at)
            entries.append(_entry(number, at, stamp, text))
        body = _atom(entries[::-1])
        return Reply(200, body.encode(), {"content-type": "application/atom+xml", "etag": _tag(body)})

    def _gate(self, call: Call) -> Reply:
        """Locked for the tenth and eleventh day."""
        now = call.date or self.now
        if timedelta(days=10) <= now - START < timedelta(days=12):
            return Reply.text("pay first", 401)
        body = _atom([_entry(100, START, START, "bolt opened an office.")])
        return Reply(200, body.encode(), {"content-type": "application/atom+xml", "etag": _tag(body)})


def _hit(one: Said) -> dict[str, Any]:
    return {"objectID": one.id, "author": one.author, "comment_text": html.escape(one.text), "story_id": 1,
            "parent_id": 1, "created_at_i": int(one.at.timestamp()), "_tags": ["comment"]}  # fmt: skip


def _entry(number: int, at: datetime, edited: datetime, text: str) -> str:
    return (
        f"<entry><id>https://blog.example.org/{number}</id><link href='https://blog.example.org/{number}'/>"
        f"<title>Part {number}</title><author><name>Moss</name></author><published>{at.isoformat()}</published>"
        f"<updated>{edited.isoformat()}</updated><content type='text'>{text}</content></entry>"
    )


def _atom(entries: list[str]) -> str:
    return (
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><id>https://blog.example.org/</id>"
        f"<title>Blog</title>{''.join(entries)}</feed>"
    )


def _tag(body: str) -> str:
    return f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'


@contextmanager
def place(port: int = 0) -> Iterator[Place]:
    """The place, running."""
    with ExitStack() as stack:
        world = stack.enter_context(World(port=port).run_in_thread())
        mail = stack.enter_context(MailServer().running())
        yield Place(world, FakeSlack(world), mail)

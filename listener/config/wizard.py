"""The core of `listener init`: four answers in, a commented config out that always loads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from string import Template

from pydantic import ValidationError

from insight.model import Role, Watch
from insight.query import QueryError, parse_watch
from listener.config import nearest, zones
from listener.config.settings import Contact
from listener.config.yamlfile import quoted

_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Answers:
    brand: str
    competitors: tuple[str, ...] = ()
    contact: str = ""
    time_zone: str = "UTC"


def compose(answers: Answers, schema: str | None = None) -> str:
    """The text of a config. `schema`: where the JSON Schema lies, for editors.

    Raises ValueError with a sentence for the one who answered, when an answer cannot be used.
    """
    contact, zone = answers.contact.strip(), answers.time_zone.strip()
    watches = list(_watches([answers.brand, *answers.competitors]))
    if zone not in zones():
        meant = nearest(answers.time_zone, sorted(zones()))
        hint = f"did you mean {meant}?" if meant else "write one such as Europe/Berlin"
        raise ValueError(f"{answers.time_zone!r} is no time zone: {hint}")
    try:
        contact = Contact(contact=contact).contact
    except ValidationError:
        message = f"{answers.contact!r} is no e-mail or web address: platforms want to be able to write to you"
        raise ValueError(message) from None
    mastodon = _MASTODON
    if not any("#" in watch.query for watch in watches):  # no hashtag to look for there: shown as a comment
        mastodon = "\n".join(f"  # {line.removeprefix('  ')}" for line in _MASTODON.splitlines())
    blocks = (
        f"  - id: {quoted(watch.id)}\n    name: {_literal(watch.name)}\n    role: {watch.role}\n"
        f"    query: {_literal(watch.query)}\n    time_zone: {quoted(zone)}\n"
        for watch in watches
    )
    return _PAGE.substitute(
        head=f"# yaml-language-server: $schema={schema}\n#\n" if schema else "",
        contact=_literal(contact),
        watches="\n".join(blocks),
        first=watches[0].id,
        mastodon=mastodon,
        zone=quoted(zone),
    )


def _watches(names: list[str]) -> Iterator[Watch]:
    """One for each name; the brand comes first, so a competitor called alike is left out."""
    seen, ids = set[str](), set[str]()
    for position, text in enumerate(names):
        role = Role.COMPETITOR if position else Role.BRAND
        shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_MAX_NAME].strip()
        if shown.casefold() not in seen and (shown or role is Role.BRAND):
            seen.add(shown.casefold())
            id_ = slug(shown, role, ids)
            ids.add(id_)
            yield Watch(id_, shown, role, _query_for(shown))


def slug(shown: str, fallback: str, taken: set[str]) -> str:
    """A name as an id that is not taken: of letters, digits and dashes, at most 50 and a number behind them."""
    ascii_only = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode().casefold()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:50].strip("-") or fallback
    numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(name for name in numbers if name not in taken)


def _query_for(shown: str) -> str:
    """A query for a name: as a phrase, and as a hashtag where it can be one."""
    phrase = '"' + shown.replace('"', " ").replace("\\", " ").strip() + '"'
    tag = "#" + "".join(char for char in shown.casefold() if char.isalnum() or unicodedata.combining(char))
    for query in (f"{phrase} OR {tag}", phrase):
        try:
            parse_watch(query)
        except QueryError:
            continue
        return query
    raise ValueError(f"{shown!r} holds nothing that could be searched for: give a name with letters or digits")


def _literal(text: str) -> str:
    """A text in quotes for YAML. `${` becomes `$${`, so that nothing is filled in."""
    return quoted(text.replace("${", "$${"))


_MASTODON = """\
  - kind: mastodon
    instance: https://mastodon.social"""

_PAGE = Template("""\
${head}# Listener's config, written by `listener init`. `listener check` says what works.
# A typo is answered with its line, its column and the nearest known key; nothing is guessed.
# Secrets do not belong in here: write "$${NAME}" for an environment variable, "$${file:/run/secrets/name}" for a file.

# Goes into the User-Agent of every request: platforms ask for it, and write to you before they block you.
contact: $contact

# What you follow. An id is for good, history hangs on it; to rename a watch, change its `name`. In a query, "…" is a
# phrase, #tag a hashtag, @name who is named; put OR between alternatives and NOT before what you do not mean.
# If a name is an everyday word, say more: "brave browser" rather than brave.
watches:
$watches
  # What the market talks about, nobody's product:
  # - id: web-privacy
  #   role: topic
  #   query: '"web privacy" OR #webprivacy'

# Where posts come from. `listener sources` shows every kind, and what its platform allows.
sources:
  # Stories and comments of Hacker News.
  - kind: hackernews

  # The hashtags of your queries, as this instance sees them.
$mastodon

  # Any RSS, Atom or JSON feed: a blog, a news site, a forum.
  # - kind: feed
  #   url: https://www.example.com/feed.xml

  # Reviews in the App Store, by the number in the app's address; `watches` says whom they are about.
  # - kind: appstore
  #   app: "123456789"
  #   countries: [us, gb, de]
  #   watches: [$first]

# Ways to people, each by a name of your own. `listener test-alert NAME` tries one.
channels:
  console:
    kind: console

  # Slack, as a bot. Create an app at https://api.slack.com/apps, give it the scopes chat:write, channels:history and
  # channels:read, install it, invite it to the channel, then: export SLACK_TOKEN=xoxb-…
  # team:
  #   kind: slack
  #   token: $${SLACK_TOKEN}
  #   channel: C0123456789          # the channel's ID, at the foot of its details

  # Mail. Your provider names host and user; then: export SMTP_PASSWORD=…
  # mail:
  #   kind: email
  #   host: smtp.example.com
  #   user: listener@example.com
  #   password: $${SMTP_PASSWORD}
  #   sender: Listener <listener@example.com>
  #   to: [team@example.com]

alerts:
  # At most about one false alarm per watch in so many days: more is calmer and slower, less is quicker and noisier.
  false_alarm_days: 30

# The week in one message, to every channel unless `channels: [mail]` names some.
digest:
  weekday: monday
  hour: 8
  time_zone: $zone

# Where everything is kept. A relative file lies beside this one.
storage:
  url: sqlite:///listener.db
  # url: postgresql://listener:$${PGPASSWORD}@localhost/listener

daemon:
  web: 127.0.0.1:8642               # health, metrics, `listener reload`: for this machine alone
""")

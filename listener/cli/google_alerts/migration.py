"""Google Alerts → watches and feeds, with a word on each alert: what became of it, what was lost, why, what to do.

A feed is bound to its watch: Google looked at the whole page, and its feed shows two lines of it, in which the query's
words need not be. So nothing that Google found is lost, and the watch's own query finds more in every other source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from insight.query import QueryError, parse
from listener.cli.google_alerts.export import Alert
from listener.cli.google_alerts.feeds import AlertFeed, key
from listener.cli.google_alerts.notes import ConversionNote, ConversionNotes
from listener.cli.google_alerts.query import translate
from listener.config.wizard import slug

HOW_TO_GET_A_FEED = (
    "in google.com/alerts set the alert to “Deliver to: RSS feed”, copy the address behind its feed icon, "
    "and import again with --feeds"
)
_NO_FEED = ConversionNote(
    "what Google finds",
    "the export names no feed, and Google can be read by no other way; the watch listens to your own sources",
    HOW_TO_GET_A_FEED,
)
_OLD_CODES = {"iw": "he", "in": "id", "ji": "yi"}  # withdrawn from ISO 639 in 1989; Google still writes them
_MAX_NAME = 100


class AlertOutcome(StrEnum):
    """What became of an alert."""

    WATCH = "new watch"
    MERGED = "the same as"  # another alert
    KNOWN = "in your config already as"
    TAKEN = "left out: your config has another watch"  # with its id
    REFUSED = "left out"


@dataclass(frozen=True, slots=True)
class NewWatch:
    id: str
    name: str
    query: str
    role: str = "topic"


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A source of kind `google_alerts`; all it brings concerns `watch`."""

    name: str
    url: str
    watch: str


@dataclass(frozen=True, slots=True)
class MigratedAlert:
    """One alert of the export. `watch` is the id it is found under, `query` what was made of Google's."""

    google: str
    became: AlertOutcome
    watch: str | None
    query: str | None
    feeds: tuple[str, ...]
    notes: tuple[ConversionNote, ...]
    has_feed: bool = False  # also one that the config has already


@dataclass(frozen=True, slots=True)
class Migration:
    """Everything that is new, and a word on each alert. `unpaired`: feeds that no alert could be found for."""

    watches: tuple[NewWatch, ...]
    feeds: tuple[NewFeed, ...]
    alerts: tuple[MigratedAlert, ...]
    unpaired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExistingEntries:
    """What the config has already: queries by the watches' ids, names of sources, addresses of feeds."""

    watches: Mapping[str, str] = field(default_factory=dict)
    sources: Collection[str] = ()
    urls: Collection[str] = ()


def migrate(
    alerts: Iterable[Alert], feeds: Iterable[AlertFeed] = (), existing: ExistingEntries | None = None
) -> Migration:
    """The watches and feeds that alerts become. A feed that belongs to no alert is treated as an alert of its own."""
    paired, unpaired = _pair_with_feeds(list(alerts), list(feeds))
    migrator = _Migrator(existing or ExistingEntries())
    for alert, urls in paired:
        migrator.add(alert, urls)
    # An alert whose results come by no feed loses what Google finds, unless one that asks for the same has a feed.
    with_feed = {alert.watch for alert in migrator.alerts if alert.has_feed}
    migrated = tuple(
        replace(alert, notes=(*alert.notes, _NO_FEED))
        if alert.became in (AlertOutcome.WATCH, AlertOutcome.TAKEN) and alert.watch not in with_feed
        else alert
        for alert in migrator.alerts
    )
    return Migration(tuple(migrator.watches.values()), tuple(migrator.feeds), migrated, tuple(unpaired))


def _pair_with_feeds(alerts: list[Alert], feeds: list[AlertFeed]) -> tuple[list[tuple[Alert, list[str]]], list[str]]:
    """Each alert with its feeds, and the addresses that name no query.

    Two alerts for one query (a daily mail and a feed, say) share what is found; the feed goes to the one that has one.
    """
    paired: list[tuple[Alert, list[str]]] = [(alert, []) for alert in alerts]
    nameless = []
    for feed in feeds:
        same = [pair for pair in paired if key(pair[0].query) == key(feed.query)]
        same.sort(key=lambda pair: (pair[0].delivery != "RSS", len(pair[1])))
        if not feed.query:
            nameless.append(feed.url)
        elif same:
            same[0][1].append(feed.url)
        else:
            paired.append((Alert(feed.query, delivery="RSS"), [feed.url]))
    waiting = [urls for alert, urls in paired if alert.delivery == "RSS" and not urls]
    if len(nameless) == len(waiting) == 1:  # it can be no other
        waiting[0].append(nameless.pop())
    return paired, nameless


@dataclass
class _Migrator:
    """Adds one alert after the other, each knowing the watches and feeds that those before it brought."""

    existing: ExistingEntries
    watches: dict[str, NewWatch] = field(default_factory=dict)
    feeds: list[NewFeed] = field(default_factory=list)
    alerts: list[MigratedAlert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = {_normalized(query): watch for watch, query in self.existing.watches.items()}
        self._urls = set(self.existing.urls)
        self._names = set(self.existing.sources)

    def add(self, alert: Alert, urls: list[str]) -> None:
        notes = ConversionNotes()
        translated = translate(alert.query, _language(alert, notes))
        notes.all += translated.notes
        _note_settings(alert, notes)
        became, watch = AlertOutcome.REFUSED, None
        if translated.query is not None:
            became, watch = self._add_watch(alert, translated.query, notes)
        added = [url for url in dict.fromkeys(urls) if watch and url not in self._urls]
        for url in added:
            name = slug(f"google-alert-{watch}", "google-alert", self._names)
            self._names.add(name)
            self.feeds.append(NewFeed(name, url, str(watch)))
        self._urls.update(added)
        self.alerts.append(
            MigratedAlert(alert.query, became, watch, translated.query, tuple(added), tuple(notes.all), bool(urls))
        )

    def _add_watch(self, alert: Alert, query: str, notes: ConversionNotes) -> tuple[AlertOutcome, str]:
        """Find the watch that asks for the same, or add a new one; gives the outcome and the watch's id."""
        if found := self._ids.get(_normalized(query)):
            return (AlertOutcome.MERGED if found in self.watches else AlertOutcome.KNOWN), found
        watch = slug(alert.query, "alert", set(self.watches))
        if watch in self.existing.watches:
            why = f"your config has a watch {watch}, which asks for: {self.existing.watches[watch]}"
            notes.lose(query, why, "add what it lacks to that query, or rename one of them")
            return AlertOutcome.TAKEN, watch
        name = "".join(char if char.isprintable() else " " for char in alert.query)
        if len(name) > _MAX_NAME:
            name = name[: _MAX_NAME - 1].rstrip() + "…"
        self.watches[watch] = NewWatch(watch, name, query)
        self._ids[_normalized(query)] = watch
        return AlertOutcome.WATCH, watch


def _note_settings(alert: Alert, notes: ConversionNotes) -> None:
    """Note the settings of an alert that a watch does not have: region, sources, how often it mails."""
    if alert.strict_country and alert.country:
        why = "few sites say which country a post comes from, and web pages do not"
        domain = f"site:{alert.country.lower()}"
        do = f"keep to a language (lang:…) or a domain ({domain}); its own feed keeps to the country"
        notes.lose(f"region {alert.country}", why, do)
    if alert.sources and "WEB" not in alert.sources:
        why = "a watch hears of all your sources; the alert's own feed keeps to it"
        notes.lose(f"sources {', '.join(alert.sources)}", why, "say kind:article, or source:NAME, in the query")
    if alert.frequency:
        how = {"HOURLY": "at most hourly", "DAILY": "daily", "WEEKLY": "weekly"}[alert.frequency]
        why = "you are told when something changes, and once a week by the digest"
        notes.lose(f"mail {how}", why, "see `channels` and `digest` in the config")


def _normalized(query: str) -> str:
    """A form of the query that is equal for queries that differ in blanks, brackets and case alone."""
    try:
        return str(parse(query)).casefold()
    except QueryError:  # with a named query, a list in a file: then as it is written
        return " ".join(query.split())


def _language(alert: Alert, notes: ConversionNotes) -> str | None:
    """The language the alert keeps to, as `lang:` takes it."""
    if not (alert.strict_language and alert.language):
        return None
    code, _, rest = alert.language.lower().replace("_", "-").partition("-")
    if rest:
        notes.keep(f"language {alert.language}", f"here it is lang:{code}, whatever the country")
    return _OLD_CODES.get(code, code)

"""The outside world, read. KINDS is the whole catalogue: a new kind is one file and one line."""

from __future__ import annotations

import difflib
import importlib

from scrapers.base import Source
from scrapers.news.feed import Feed
from scrapers.news.gdelt import Gdelt
from scrapers.news.google_alerts import GoogleAlerts
from scrapers.news.google_news import GoogleNews
from scrapers.news.producthunt import ProductHunt
from scrapers.pages.list import ListPage
from scrapers.reviews.appstore import AppStore
from scrapers.reviews.schema_org import Reviews
from scrapers.social.bluesky import Bluesky
from scrapers.social.devto import DevTo
from scrapers.social.discourse import Discourse
from scrapers.social.facebook import Facebook
from scrapers.social.github import GitHub
from scrapers.social.hackernews import HackerNews
from scrapers.social.instagram import Instagram
from scrapers.social.lemmy import Lemmy
from scrapers.social.lobsters import Lobsters
from scrapers.social.mastodon import Mastodon
from scrapers.social.reddit import Reddit
from scrapers.social.stackexchange import StackExchange
from scrapers.social.telegram import Telegram
from scrapers.social.threads import Threads
from scrapers.social.x import X
from scrapers.social.youtube import YouTube

KINDS: dict[str, type[Source]] = {
    "appstore": AppStore,
    "bluesky": Bluesky,
    "devto": DevTo,
    "discourse": Discourse,
    "facebook": Facebook,
    "feed": Feed,
    "gdelt": Gdelt,
    "github": GitHub,
    "google_alerts": GoogleAlerts,
    "google_news": GoogleNews,
    "hackernews": HackerNews,
    "instagram": Instagram,
    "lemmy": Lemmy,
    "lobsters": Lobsters,
    "mastodon": Mastodon,
    "page": ListPage,
    "producthunt": ProductHunt,
    "reddit": Reddit,
    "reviews": Reviews,
    "stackexchange": StackExchange,
    "telegram": Telegram,
    "threads": Threads,
    "x": X,
    "youtube": YouTube,
}


class UnknownKindError(LookupError):
    """No kind of this name; the message says which is nearest."""


def kind_of(name: str) -> type[Source]:
    """A kind of the catalogue by its name, or the user's own as `package.module:Class`."""
    if name in KINDS:
        return KINDS[name]
    module, colon, attribute = name.partition(":")
    if not (colon and module and attribute):
        near = difflib.get_close_matches(name, KINDS, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(KINDS)}"
        raise UnknownKindError(f"no kind of source is called {name!r}: {meant}")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UnknownKindError(f"{name} cannot be loaded: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Source)):
        raise UnknownKindError(f"{name} is not a kind of source: make it a subclass of scrapers.base.Source")
    return found

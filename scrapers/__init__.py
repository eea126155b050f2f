"""The outside world, read. KINDS is the whole catalogue: a new kind is one file and one line."""

from __future__ import annotations

import difflib
import importlib

from scrapers.base import Source
from scrapers.news.feed import Feed
from scrapers.reviews.appstore import AppStore
from scrapers.reviews.schema_org import Reviews
from scrapers.social.hackernews import HackerNews
from scrapers.social.mastodon import Mastodon

KINDS: dict[str, type[Source]] = {
    "appstore": AppStore,
    "feed": Feed,
    "hackernews": HackerNews,
    "mastodon": Mastodon,
    "reviews": Reviews,
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

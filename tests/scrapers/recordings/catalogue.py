"""Which recordings are tried on which kind, and what maps them."""

from __future__ import annotations

from tests.scrapers.recordings.articles import feed
from tests.scrapers.recordings.channels import facebook, instagram, youtube
from tests.scrapers.recordings.fediverse import bluesky, lemmy, mastodon
from tests.scrapers.recordings.feeds_of_platforms import (
    discourse_feed,
    gdelt,
    google_alerts,
    google_news,
    producthunt,
    reddit_feed,
)
from tests.scrapers.recordings.forums import hackernews, reddit, stackexchange
from tests.scrapers.recordings.judging import Mapped
from tests.scrapers.recordings.previews import microdata, telegram
from tests.scrapers.recordings.stars import appstore, reviews
from tests.scrapers.recordings.threads import discourse, github
from tests.scrapers.recordings.tweets import x


def either(json: Mapped, feed: Mapped) -> Mapped:
    """A platform that answers as JSON and with feeds."""
    return lambda raw, url: (feed if isinstance(raw, str) and raw.lstrip().startswith("<?xml") else json)(raw, url)


CATALOGUE: tuple[tuple[str, str, Mapped], ...] = (
    ("mastodon", "mastodon", mastodon),
    ("bluesky", "bluesky", bluesky),
    ("lemmy", "lemmy", lemmy),
    ("hackernews", "hackernews", hackernews),
    ("reddit", "reddit", either(reddit, reddit_feed)),
    ("stackexchange", "stackexchange", stackexchange),
    ("discourse", "discourse", either(discourse, discourse_feed)),
    ("github", "github", github),
    ("youtube", "youtube", youtube),
    ("x", "x", x),
    ("telegram", "telegram", telegram),
    ("facebook", "facebook", facebook),
    ("instagram", "instagram", instagram),
    ("rss", "feed", feed),
    ("google_alerts", "google_alerts", google_alerts),
    ("google_news", "google_news", google_news),
    ("producthunt", "producthunt", producthunt),
    ("gdelt", "gdelt", gdelt),
    ("appstore", "appstore", appstore),
    ("schema_org", "reviews", lambda raw, url: reviews(raw, url) or microdata(raw, url)),
    ("trustpilot", "reviews", reviews),
    ("amazon", "reviews", reviews),
    ("googleplay", "reviews", reviews),
    ("chrome_web_store", "reviews", reviews),
)

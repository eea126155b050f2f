"""Mastodon: timelines of hashtags, and no search in texts."""

from __future__ import annotations

import re

from insight.model import Post
from insight.query.dialect import Brackets
from insight.query.matching.document import Facts
from scrapers.social.mastodon import Mastodon
from tests.insight.query.dialect_models import RefusedError, Site, tagged


def timeline(search: str, post: Post, facts: Facts) -> bool:
    """One hashtag, whatever its case and marks."""
    if not re.fullmatch(r"#[^\s#]+", search):
        raise RefusedError("no hashtag")
    return tagged(search[1:], post, bare=True)


SITE = Site(Mastodon.dialect, timeline, most_terms=1, brackets=Brackets.NONE)

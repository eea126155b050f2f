"""Hacker News as Algolia searches it."""

from __future__ import annotations

import html
import re

from insight.model import Post
from insight.query.dialect import Brackets
from insight.query.matching.document import Facts
from scrapers.social.hackernews import HackerNews
from tests.insight.query.dialect_models import RefusedError, Site, split
from tests.insight.query.letters import folded, without_marks


def hackernews(term: str, post: Post, facts: Facts) -> bool:
    """Algolia over the HTML of a comment, and titles as they are: each word begins one there. Quotes would be exact."""
    shown = html.escape(post.text).replace("/", "&#x2F;").replace("\n", "<p>")
    there = [*_indexed(shown), *_indexed(post.title or ""), *_indexed(post.author or "")]
    if '"' in term or term.startswith("-"):
        raise RefusedError("advanced syntax")
    wanted = _indexed(term)
    return bool(wanted) and all(any(word.startswith(begins) for word in there) for begins in wanted)


def _indexed(text: str) -> list[str]:
    """Without marks; an apostrophe is taken out, so that Acme's is one word."""
    joined = without_marks(folded(re.sub(r"(?<=\w)['’](?=\w)", "", text)))
    return split(joined, runs=False, bare=True, signs="+#")


SITE = Site(HackerNews.dialect, hackernews, most=512, in_bytes=True, brackets=Brackets.NONE)

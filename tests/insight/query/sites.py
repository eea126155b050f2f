"""Every site that the push-down is tested on: documented ones, and `search.py` beside the samples of a kind."""

from __future__ import annotations

import importlib

from insight.query.dialect import Brackets
from tests.insight.query.dialect_models import (
    BLUESKY,
    GDELT,
    GITHUB,
    GOOGLE_NEWS,
    NARROW,
    REDDIT,
    STACK_EXCHANGE,
    Site,
    X,
    usual,
)
from tests.scrapers import samples

SITES: dict[str, Site] = {
    "x": Site(X, usual(emoji=True), most=512),
    "reddit": Site(REDDIT, usual(), most=512),
    "github": Site(GITHUB, usual(runs=False), most=256, most_operators=5),
    "gdelt": Site(GDELT, usual(runs=False, bare=True), most=250, brackets=Brackets.ALWAYS),
    "google_news": Site(GOOGLE_NEWS, usual(bare=True), or_first=True, most_terms=32, brackets=Brackets.AROUND_OR),
    "bluesky": Site(BLUESKY, usual(), brackets=Brackets.NONE),
    "stack_exchange": Site(STACK_EXCHANGE, usual(runs=False), most=120, brackets=Brackets.NONE),
    "narrow": Site(NARROW, usual(bare=True, prefix=True), most=24, in_bytes=True, most_terms=3, brackets=Brackets.NONE),
    **{path.parent.name: importlib.import_module(f"{samples.__name__}.{path.parent.name}.search").SITE
       for path in sorted(samples.FOLDER.glob("*/search.py"))},
}  # fmt: skip

"""Noticeboard's search in small, as its documents describe it: the tests ask it what each query is turned into."""

from __future__ import annotations

from insight.query.dialect import Brackets
from scrapers.social.noticeboard import Noticeboard
from tests.insight.query.dialect_models import Site, usual

# Change this together with the kind's `dialect`: what a search may be, and what a term of it finds. Without a dialect,
# delete this file.
SITE = Site(Noticeboard.dialect, usual(runs=False), most=200, brackets=Brackets.NONE)

"""The real source kinds read the simulated market as the demo's config tells them: every post, whatever happens."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from insight.model import Post, Rejected
from listener.config import Config, parse
from listener.demo.configuration import config_for
from listener.demo.market import Market
from listener.demo.platforms import Platforms
from listener.demo.posts import MarketPost
from scrapers import walk
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Source
from scrapers.walk import Cursor

URL = "http://127.0.0.1:1"
WEEKS = 5  # the outage is in the fifth


@cache
def market() -> Market:
    return Market(3, weeks=WEEKS)


@cache
def platforms() -> Platforms:
    return Platforms(market(), URL)


@cache
def config() -> Config:
    return parse(config_for(URL, Path()), Path("config.yaml"), {})


class Reader:
    """A daemon in small: visits one source on its schedule and notes what it found and asked."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.requests = 0
        self.failures = 0
        self.posts: dict[str, list[tuple[datetime, Post]]] = defaultdict(list)
        self.rejected: list[Rejected] = []
        self._cursors: dict[str, Cursor] = {}

    def live(self) -> Reader:
        """From the first hour of the market to its last."""
        now = market().start
        while now <= market().end:
            now += timedelta(seconds=self.source.every if self._visit(now) and self.source.every else 3600)
        self._visit(market().end)
        return self

    def _visit(self, now: datetime) -> bool:
        for search in self.source.searches(config().watches):
            cursor = walk.begin(self.source, search, self._cursors.get(search.key, Cursor()), now)
            while cursor.walk:
                page = self._fetch(walk.next_request(cursor), cursor, now)
                if page.status >= 400:
                    self.failures += 1
                    return False
                batch = Batch() if page.status == 304 else read_page(self.source, page)
                self._keep(batch, now)
                self._cursors[search.key] = cursor = walk.advance(cursor, page, batch)
        return True

    def _fetch(self, request: Request, cursor: Cursor, now: datetime) -> Page:
        url = urlsplit(request.url)
        query = {**dict(parse_qsl(url.query)), **request.params}
        headers = cursor.validators.conditions(request.url) if cursor.validators else {}
        answer = platforms().respond(url.path, query, now, headers)
        self.requests += 1
        if answer.status == 429:
            return self._fetch(request, cursor, now + timedelta(seconds=int(answer.headers["retry-after"])))
        return Page(request, answer.status, answer.body, request.url, now, answer.headers)

    def _keep(self, batch: Batch, now: datetime) -> None:
        self.rejected += batch.rejected
        for item in batch.items:
            if isinstance(item, Post):
                self.posts[native_id(item)].append((now, item))


@cache
def reader(name: str) -> Reader:
    return Reader(next(source for source in config().sources if source.id == name)).live()


def native_id(post: Post) -> str:
    """The market's id: the number at the end of the platform's; an article's address."""
    number = re.search(r"(\d+)$", post.native_id)
    return number[1] if number and post.url and "softwarereader" not in post.url else str(post.url)


def published() -> Iterator[tuple[str, str, MarketPost]]:
    """Source, id, post: what each source of the config is there for."""
    products = {"lanternfish": "Lanternfish", "quillmoss": "Quillmoss", "foldermint": "Foldermint"}
    for post in market().posts:
        match post.platform:
            case "feed" if post.place == "press":
                yield "press", post.link, post
            case "feed":
                yield "community", post.id, post
            case "appstore":
                yield f"app store, {products[post.place]}", post.id, post
            case "reviews":
                yield f"review page, {products[post.place]}", post.id, post
            case platform:
                yield platform, post.id, post


EXPECTED: dict[str, dict[str, MarketPost]] = defaultdict(dict)
SOURCES = [source.id for source in config().sources]


@pytest.fixture(autouse=True, scope="module")
def expected() -> None:
    for source, post_id, post in published():
        EXPECTED[source][post_id] = post


@pytest.mark.parametrize("source", SOURCES)
def test_every_post_is_found_and_no_other(source: str) -> None:
    found = reader(source)
    stays = {post_id for post_id, post in EXPECTED[source].items() if not post.deleted_at}
    assert not found.rejected
    assert stays <= found.posts.keys() <= EXPECTED[source].keys()
    assert len(stays) > 15


@pytest.mark.parametrize("source", SOURCES)
def test_a_post_is_read_as_it_was_written(source: str) -> None:
    for post_id, sightings in reader(source).posts.items():
        post = EXPECTED[source][post_id]
        for seen_at, found in sightings:
            assert found.text.split() == post.says(seen_at).split()
            assert (found.title or "") == (post.title if post.place != "comment" else "")
            assert (found.author or "").partition("@")[0] in (post.author.handle, post.author.name)


@pytest.mark.parametrize("source", SOURCES)
def test_times_are_those_of_writing(source: str) -> None:
    for post_id, sightings in reader(source).posts.items():
        post = EXPECTED[source][post_id]
        for seen_at, found in sightings:
            at = post.changed(seen_at) if post.platform == "appstore" else post.at
            assert found.published_at
            assert found.published_at.date() == at.date()
            assert found.published_at == at or post.platform == "reviews"


def test_ratings_are_read() -> None:
    for source in SOURCES:
        if source.startswith(("app store", "review page")):
            for post_id, sightings in reader(source).posts.items():
                stars = [(found.rating and found.rating.value) for _, found in sightings]
                assert stars == [EXPECTED[source][post_id].stars(seen_at) for seen_at, _ in sightings]


def test_the_outage_costs_visits_and_no_posts() -> None:
    outage, found = market().events.outage, reader("mastodon")
    during = [post for post in EXPECTED["mastodon"].values() if post.at in outage and not post.deleted_at]
    assert found.failures >= 10
    assert len(during) >= 20
    assert all(found.posts[post.id][0][0] >= outage.end for post in during)


def test_edits_are_seen_where_a_platform_shows_them_again() -> None:
    for source in ("community", "app store, Lanternfish"):
        texts = {post_id: {found.text for _, found in seen} for post_id, seen in reader(source).posts.items()}
        edited = {post_id for post_id, post in EXPECTED[source].items() if post.edited_at}
        assert any(len(texts[post_id]) == 2 for post_id in edited & texts.keys())


def test_ten_weeks_take_a_few_thousand_requests() -> None:
    asked = Counter({source: reader(source).requests for source in SOURCES})
    assert asked.total() * 10 / WEEKS < 4500, asked

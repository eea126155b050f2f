"""The queries of routes and of the digest, asked of what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from insight.model import Post, PostKey, Rating, Role, Signal, SignalKind, Theme, ThemeChange, ThemeEvent, Watch
from insight.periods import week_before
from insight.pipeline import Pipeline
from listener.config import Config
from listener.telling.decisions import Context, decide_and_store
from listener.telling.digest import week_of
from listener.telling.filters import let_through
from scrapers.base import Batch
from storage import SourceEntry, StepResult, Store, open_store
from tests.fake_source import NOW, Board
from tests.listener.collecting.metered import take
from tests.listener.configs import GOOD, understood

FIREFOX = Watch("firefox", "Firefox", Role.BRAND, "firefox", "Europe/Berlin")
OTHER = Watch("vivaldi", "Vivaldi", Role.COMPETITOR, "browser", "UTC")
AT = NOW - timedelta(days=1)
POSTS = {
    "angry": "Firefox is terrible, I hate that it crashes all the time",
    "happy": "Firefox is a wonderful browser and I love it",
    "team": "We are so sorry that Firefox crashes, what a terrible bug",
    "german": "Firefox stürzt bei mir leider ständig ab, das nervt wirklich sehr",
}


def post(name: str) -> Post:
    return Post(
        "board", name, POSTS[name], author=name, published_at=AT, rating=Rating(1) if name == "angry" else None
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        opened.watches.sync([FIREFOX, OTHER], NOW)
        opened.sources.sync([SourceEntry("board", "board")], NOW)
        batch = Batch(tuple(map(post, POSTS)))
        take(opened, Pipeline([FIREFOX, OTHER]), Board(name="board"), batch)
        yield opened


def config(*queries: str, digest: str | None = None) -> Config:
    routes = "".join(f"    - {{channel: bell, query: '{query}'}}\n" for query in queries)
    quoted = f"digest: {{query: '{digest}'}}\n" if digest else ""
    return understood(GOOD + "owned: ['@team']\n" + (f"alerts:\n  routes:\n{routes}" if routes else "") + quoted)


def signal(*names: str, kind: SignalKind = SignalKind.SPIKE, key: str = "spike:firefox") -> Signal:
    posts = tuple(PostKey("board", name) for name in names)
    return Signal(kind, key, "firefox", None, NOW, "More is said of Firefox", posts=posts)


def passing(store: Store, query: str, *names: str) -> set[str]:
    mentions = store.posts.of("firefox", {PostKey("board", name) for name in names})
    themes = store.themes.of({one.post.key for one in mentions})
    return {one.post.native_id for one in let_through(config(query), query, mentions, themes)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sentiment:neg", {"angry", "team"}),
        ("sentiment:neg NOT is:owned", {"angry"}),
        ("rating:[1 TO 2]", {"angry"}),
        ("lang:de", {"german"}),
        ("crash* NOT sorry", {"angry"}),
        ("source:board watch:firefox", set(POSTS)),
        ("watch:vivaldi", set()),
    ],
)
def test_a_route_asks_the_stored_posts_that_a_signal_rests_on(store: Store, query: str, found: set[str]) -> None:
    assert passing(store, query, *POSTS) == found


def test_only_the_posts_of_the_signal_are_asked_and_one_that_is_not_there_matches_nothing(store: Store) -> None:
    assert passing(store, "sentiment:neg", "happy", "never stored") == set()


def test_a_theme_is_known_in_the_very_step_that_finds_it_and_from_then_on(store: Store) -> None:
    theme = Theme("t1", "firefox", "crashes all the time", NOW, NOW, ("crashes",), told=2, open=True)
    of = signal("angry", "happy", kind=SignalKind.THEME, key="theme:firefox:t1")
    members = {"t1": frozenset(of.posts)}
    event = ThemeEvent("t1", NOW, ThemeChange.OPENED)
    step = StepResult(NOW, signals=(of,), themes=(theme,), members=members, events=(event,))
    (told,) = decide_and_store(
        Context(store, config('theme:"all the time" sentiment:pos'), (FIREFOX,), NOW), step, FIREFOX
    )
    assert [one.posts for one in told.decision.told] == [{PostKey("board", "happy")}]
    assert passing(store, "theme:t1", *POSTS) == {"angry", "happy"}
    assert passing(store, "theme:t2", *POSTS) == set()
    assert store.themes.events("t1") == [event]


def test_who_is_told_and_what_they_read_follows_from_the_posts(store: Store) -> None:
    def decided(query: str) -> tuple[list[str], str]:
        context = Context(store, config(query), (FIREFOX,), NOW)
        step = StepResult(NOW, signals=(signal(*POSTS, key=query),))
        told = decide_and_store(context, step, FIREFOX)
        claimed = store.outbox.claim("bell", ("",), NOW, timedelta(hours=1))
        return [one.reason for one in told], str(claimed.message) if claimed else ""

    assert decided("rating:5") == (["no_post_matches"], "")
    reason, said = decided("lang:de")
    assert reason == ["told"]
    assert POSTS["german"] in said
    assert POSTS["angry"] not in said


def test_the_digest_quotes_what_its_query_lets_through_and_counts_all(store: Store) -> None:
    period = week_before((NOW + timedelta(days=3)).date(), 8, "UTC")

    def composed(query: str | None) -> tuple[str, set[str], int]:
        digest = week_of(Context(store, config(digest=query), (FIREFOX,), NOW), period).digest()
        (week,) = digest.watches
        return digest.quoting, {quote.author or "" for quote in week.quotes}, week.change.now

    assert composed("sentiment:neg NOT is:owned") == (
        "Figures count all posts; quoted are only those that match: sentiment:neg NOT is:owned",
        {"angry"},
        len(POSTS),
    )
    everything = composed(None)
    assert (everything[0], len(everything[1]), everything[2]) == ("", 3, len(POSTS))

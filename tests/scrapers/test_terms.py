"""What a source searches for on behalf of all watches: each search once, under a key that lasts."""

from __future__ import annotations

import pytest

from insight.model import Role, Watch
from scrapers import terms
from scrapers.social.hackernews import HackerNews
from scrapers.social.mastodon import Mastodon
from tests.fake_source import Board
from tests.insight.query.dialect_models import X


def watching(**queries: str) -> tuple[Watch, ...]:
    return tuple(Watch(name, name, Role.BRAND, query) for name, query in queries.items())


def asked(source: HackerNews | Mastodon, **queries: str) -> dict[str, set[str]]:
    return {search.terms: set(search.watches) for search in source.searches(watching(**queries))}


def test_watches_share_a_search_and_the_wider_one_serves_the_narrower() -> None:
    assert asked(HackerNews(), a="acme OR bolt", b="Bolt", c="acme crash", d="quill") == {
        "acme": {"a", "c"},
        "bolt": {"a", "b"},
        "quill": {"d"},
    }


def test_a_changed_watch_changes_only_its_own_searches() -> None:
    before = HackerNews().searches(watching(a="acme OR bolt", b="quill (x OR y)"))
    after = HackerNews().searches(watching(a="acme OR wren", b="quill (x OR y)"))
    assert [search for search in before if "b" in search.watches] == [s for s in after if "b" in s.watches]


def test_a_source_bound_to_a_watch_asks_for_no_other() -> None:
    assert asked(HackerNews(watches=("b",)), a="acme", b="bolt") == {"bolt": {"b"}}


def test_searches_of_the_settings_are_for_everybody_and_share_a_cursor() -> None:
    own = HackerNews(queries=("Acme", '"acme corp"', "wren")).searches(watching(a="acme corp"))
    assert [(search.key, search.terms, set(search.watches)) for search in own] == [
        ("acme", "Acme", set()),
        ("acme corp", "acme corp", {"a"}),
        ("wren", "wren", set()),
    ]


@pytest.mark.parametrize(
    ("source", "query", "keys"),
    [
        (HackerNews(), "Acme", ["acme"]),
        (HackerNews(), '"Acme Notes"', ["acme notes"]),
        (HackerNews(), "acme.com", ["acme.com"]),
        (Mastodon(), "#AcmeCorp", ["#acmecorp"]),
        (Mastodon(), '"acme corp"', ["#acmecorp"]),
        (Mastodon(), "@acme", ["#acme"]),
    ],
)
def test_cursors_of_older_databases_are_found_again(source: HackerNews | Mastodon, query: str, keys: list[str]) -> None:
    assert [search.key for search in source.searches(watching(a=query))] == keys


def test_a_long_search_has_a_short_key_of_its_own() -> None:
    words = " OR ".join(f"word{number}" for number in range(60))
    keys = [search.key for search in terms.shared_searches(X, (("a", words), ("b", f"{words} OR acme")))]
    assert len(set(keys)) == len(keys)
    assert all(len(key) < 140 for key in keys)


def test_searches_that_cover_each_other_all_the_way_round_lose_none() -> None:
    asked = terms.shared_searches(
        X, tuple((name, query) for name, query in zip("abc", ("x y", "y x", '"x y" OR y'), strict=True))
    )
    assert {name for search in asked for name in search.watches} == {"a", "b", "c"}


def test_a_source_without_a_dialect_is_asked_for_nothing() -> None:
    assert terms.searches(Board(), watching(a="acme")) == ()

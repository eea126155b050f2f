"""Posts that come by another id than they are stored by are the same posts, where they say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from insight.model import Deletion, Engagement, Post, PostKey, PostKind, Precision
from storage import Store
from storage.writing.aliases import says_the_same
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, expire, labels_of

LINK = "https://shop.example/changes"


def entry(native_id: str, title: str, *aliases: str, day: int = 1, **more: Any) -> Post:
    given: dict[str, Any] = {"published_at": NOON - day * DAY, "kind": PostKind.ARTICLE, "url": LINK, "title": title}
    return Post("web", native_id, "What Acme changed this week", **(given | more), aliases=aliases)


def ids(store: Store) -> set[str]:
    return {found.post.native_id for part in store.posts.scan() for found in part}


def told(store: Store) -> list[Any]:
    """All that could become news: counts, negative mentions that wait for themes, and what was said before."""
    keys = [found.post.key for part in store.posts.scan() for found in part]
    return [labels_of(store), store.themes.pending("acme"), [store.posts.revisions(key) for key in keys]]


def test_a_known_post_that_comes_by_a_surer_id_is_no_news(store: Store) -> None:
    store.ingest(batch_of(entry(LINK, "Version 1"), source="feed"))
    before = told(store)
    for link in (LINK, f"{LINK}?session=2"):  # later the old id cannot be made of the link any more
        counts = store.ingest(batch_of(entry("shop.example#v1", "Version 1", link), source="feed", at=NOON + HOUR))
        assert (counts.new, counts.mentions, counts.revised) == (0, 0, 0)
    assert ids(store) == {LINK}
    assert told(store) == before
    assert store.counts.recount() == []
    found = store.posts.get(PostKey("web", "shop.example#v1"))
    assert found is not None
    assert found.post.native_id == LINK, "either id finds it"


def test_an_edit_that_comes_by_the_surer_id_edits_the_known_post(store: Store) -> None:
    store.ingest(batch_of(entry(LINK, "Version 1"), source="feed"))
    store.ingest(batch_of(entry("g1", "Version 1", LINK), source="feed"))
    counts = store.ingest(batch_of(entry("g1", "Nothing of the sort", LINK), source="feed", at=NOON + HOUR))
    assert (counts.new, counts.revised) == (0, 1)
    assert ids(store) == {LINK}
    store.ingest(replace(batch_of(), engagements=(Engagement("web", "g1", {"likes": 4}),)))
    found = store.posts.get(PostKey("web", LINK))
    assert found is not None
    assert (found.post.title, found.post.engagement) == ("Nothing of the sort", {"likes": 4})
    store.ingest(replace(batch_of(), deletions=(Deletion("web", "g1"),)))
    gone = store.posts.get(PostKey("web", LINK))
    assert gone is not None
    assert gone.deleted_at is not None


def test_another_entry_with_the_same_alias_is_another_post(store: Store) -> None:
    store.ingest(batch_of(entry(LINK, "Version 1"), source="feed"))
    later = [entry("g2", "Version 2", LINK, day=0), entry("g1", "Version 1", LINK)]
    assert store.ingest(batch_of(*later, source="feed")).new == 1
    assert ids(store) == {LINK, "g2"}


def test_a_post_goes_by_its_aliases_wherever_it_is_found(store: Store) -> None:
    store.ingest(batch_of(entry("g1", "Version 1", LINK), source="feed"))
    found = replace(entry(LINK, "Version 1"), text="")
    assert store.ingest(batch_of(found, source="news")).new == 0
    assert ids(store) == {"g1"}
    assert [one.source for one in store.posts.sightings(PostKey("web", "g1"))] == ["feed", "news"]


def test_an_alias_of_several_new_posts_is_nobodys(store: Store) -> None:
    store.ingest(batch_of(entry("g1", "Version 1", LINK), entry("g2", "Version 2", LINK), source="feed"))
    assert store.ingest(batch_of(entry(LINK, "Something else"), source="news")).new == 1
    assert ids(store) == {"g1", "g2", LINK}


def test_a_post_is_known_again_when_the_id_that_it_comes_by_is_anothers(store: Store) -> None:
    """Two entries of one link: each was known by title while both were there; each comes by the link alone."""
    one, two = entry(f"{LINK}#1", "Version 1", LINK), entry(f"{LINK}#2", "Version 2", LINK, day=0)
    store.ingest(batch_of(entry(LINK, "Version 1", f"{LINK}#1"), source="feed"))
    store.ingest(batch_of(two, one, source="feed"))
    counts = store.ingest(batch_of(entry(LINK, "Version 2", f"{LINK}#2", day=0), source="feed", at=NOON + HOUR))
    assert (counts.new, counts.revised) == (0, 0)
    assert ids(store) == {LINK, f"{LINK}#2"}


def test_a_post_that_was_emptied_is_not_filled_again_by_another_id(store: Store) -> None:
    store.ingest(batch_of(entry(LINK, "Version 1"), source="feed", at=NOON - 9 * DAY))
    expire(store, "web", NOON, NOON)
    assert store.ingest(batch_of(entry("g1", "Version 1", LINK), source="feed")).new == 0
    found = store.posts.get(PostKey("web", "g1"))
    assert found is not None
    assert (found.post.text, found.post.native_id) == ("", LINK)


def test_aliases_that_no_database_holds_are_held_as_native_ids_are(store: Store) -> None:
    odd, long = "a\0b\ud800", "x" * 5000
    store.ingest(batch_of(entry("g1", "Version 1", odd, long), source="feed"))
    for name in (odd, long):
        assert store.posts.get(PostKey("web", name)) is not None


def post(title: str | None, text: str = "", at: Any = NOON, precision: Precision = Precision.SECOND) -> Post:
    return Post("web", "1", text, title=title, published_at=at, precision=precision if at else Precision.UNKNOWN)


SAME = {
    "word for word": (post("Acme 2 is out"), post("Acme 2 is out")),
    "at another time": (post("Acme 2 is out"), post("Acme 2 is out", at=NOON + DAY)),
    "read better": (post("AT&amp;T buys Acme", "It&#8217;s done."), post("AT&T buys Acme", "It’s done.")),
    "without its picture": (post('<img src="https://x.example/7.png"> Acme'), post("Acme")),
    "without what it quotes": (post("Acme 2", "see 7. No, 9 of them."), post("Acme 2", "8 are enough")),
    "with a longer text": (post("Acme is sold", "Soon."), post("Acme is sold", "Soon. It was told on Monday.")),
    "with a date at last": (post("Acme is sold", at=None), post("Acme is sold: update")),
    "emptied": (post(None), post("Acme is sold")),
    "emptied, without a date": (post(None, at=None), post("Acme is sold")),
}
DIFFERENT = {
    "another number": (post("Acme 2.1 is out"), post("Acme 2.2 is out")),
    "the next of a series": (post("Weekly thread", "Week 7"), post("Weekly thread", "Week 8", NOON + DAY)),
    "another headline of that time": (post("Acme is sold"), post("Birch grows tall")),
    "half the words of another day": (post("Acme is sold to Birch"), post("Acme is loved by Fern", at=NOON + DAY)),
    "emptied, of another time": (post(None), post("Acme is sold", at=NOON + DAY)),
}


@pytest.mark.parametrize("name", SAME)
def test_two_posts_with_an_id_in_common_are_one(name: str) -> None:
    assert says_the_same(*SAME[name])
    assert says_the_same(*SAME[name][::-1])


@pytest.mark.parametrize("name", DIFFERENT)
def test_two_posts_with_an_id_in_common_are_two(name: str) -> None:
    assert not says_the_same(*DIFFERENT[name])
    assert not says_the_same(*DIFFERENT[name][::-1])


def test_what_one_server_calls_a_post_finds_it_and_deletes_it(store: Store) -> None:
    toot = Post("mastodon", "https://far.example/s/1", "acme broke", aliases=("here.example/77",), published_at=NOON)
    store.ingest(batch_of(toot))
    local = PostKey("mastodon", "here.example/77")
    assert store.posts.stored({local, PostKey("mastodon", "here.example/78")}) == {local}
    assert store.posts.aliases("mastodon", [toot.native_id, "x"]) == {toot.native_id: ["here.example/77"]}
    counts = store.ingest(replace(batch_of(at=NOON + HOUR), deletions=(Deletion(local.network, local.native_id),)))
    assert counts.deleted == 1
    assert store.counts.recount() == []

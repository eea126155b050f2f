"""What becomes of posts: stored once, revised, deleted, expired, in whatever order they arrive."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from insight.model import (
    Deletion,
    Engagement,
    Label,
    MentionState,
    Post,
    PostKey,
    PostKind,
    Precision,
    Rating,
    Sentiment,
    UnderstoodPost,
    Visibility,
    Watch,
)
from insight.model import Role as WatchRole
from storage import BatchCounts, Store
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, labels_of, mention, post, understood

FULL = Post(
    "appstore",
    "123",
    "Crashes\nat every start",
    PostKind.REVIEW,
    "https://apps.example/123",
    "Useless",
    "someone",
    "Some One",
    2**40,
    NOON - DAY,
    Precision.DAY,
    NOON - HOUR,
    "en",
    "de",
    Rating(1, 1, 5),
    {"likes": 3, "views": 2**70},
    "122",
    "120",
    "119",
    ("https://acme.example",),
    ("acme",),
    ("https://apps.example/1.png",),
    Visibility.PRIVATE,
    {"version": "2.1", "score": 3.5},
)


def test_a_post_and_its_mention_come_back_as_they_went_in(store: Store) -> None:
    store.ingest(batch_of(FULL))
    stored = store.posts.get(FULL.key)
    assert stored is not None
    assert (stored.post, stored.source, stored.collected_at) == (FULL, "mastodon", NOON)
    assert [one.mention for one in store.posts.mentions(FULL.key)] == [mention(FULL)]


def test_a_post_that_concerns_nobody_is_not_stored(store: Store) -> None:
    assert store.ingest(batch_of(UnderstoodPost(post(), ()))) == BatchCounts(seen=1)
    assert store.posts.get(post().key) is None


def test_it_is_known_which_posts_are_stored(store: Store) -> None:
    store.ingest(batch_of(FULL, post(1), UnderstoodPost(post(2), ())))
    others = {PostKey("appstore", post(1).native_id), PostKey("elsewhere", "123"), post(2).key}
    assert store.posts.stored({FULL.key, post(1).key, *others}) == {FULL.key, post(1).key}
    assert store.posts.stored(set()) == set()


def test_the_same_batch_twice_changes_nothing(store: Store) -> None:
    edited = post(2, edited_at=NOON, text="acme works")
    batch = batch_of(post(1), post(1, "other words"), post(2), edited, FULL, gone=[post(3)], cursor={"high_water": "9"})
    first = store.ingest(batch)
    assert (first.seen, first.new, first.revised) == (5, 3, 1)
    before = _everything(store)
    assert store.ingest(batch) == BatchCounts(seen=5)
    assert _everything(store) == before


def test_an_edit_keeps_the_former_words_and_the_counts_follow(store: Store) -> None:
    store.ingest(batch_of(post()))
    edited = post(text="acme mended my sync", edited_at=NOON)
    outcome = store.ingest(batch_of(understood(edited, Label.POSITIVE), at=NOON + HOUR))
    assert (outcome.new, outcome.revised) == (0, 1)
    assert [(one.post, one.replaced_at) for one in store.posts.revisions(post().key)] == [(post(), NOON + HOUR)]
    assert labels_of(store) == {Label.POSITIVE: 1}
    stored = store.posts.get(post().key)
    assert stored is not None
    assert (stored.post, stored.collected_at) == (edited, NOON)


def test_new_numbers_alone_are_no_revision(store: Store) -> None:
    store.ingest(batch_of(post(engagement={"likes": 1})))
    outcome = store.ingest(batch_of(post(engagement={"likes": 5}, audience=10)))
    assert outcome.revised == 0
    store.ingest(batch_of(engagements=(Engagement("mastodon", post().native_id, {"replies": 2}),)))
    stored = store.posts.get(post().key)
    assert stored is not None
    assert stored.post.engagement == {"likes": 5, "replies": 2}
    assert store.posts.revisions(post().key) == []


def test_an_older_edition_that_arrives_later_changes_nothing(store: Store) -> None:
    newer = post(text="second wording", edited_at=NOON)
    store.ingest(batch_of(newer))
    for older in (post(text="first wording"), post(text="between", edited_at=NOON - HOUR)):
        store.ingest(batch_of(older, at=NOON + HOUR))
        store.ingest(batch_of(older, at=NOON + HOUR, source="mirror"))
    stored = store.posts.get(post().key)
    assert stored is not None
    assert stored.post == newer
    assert store.posts.revisions(post().key) == []


def test_another_source_adds_a_sighting_and_no_revision(store: Store) -> None:
    store.ingest(batch_of(post()))
    store.ingest(batch_of(post(text="an excerpt"), source="mirror", at=NOON + HOUR))
    stored = store.posts.get(post().key)
    assert stored is not None
    assert (stored.post, stored.source, stored.collected_at) == (post(), "mastodon", NOON)
    assert [(one.source, one.at) for one in store.posts.sightings(post().key)] == [
        ("mastodon", NOON),
        ("mirror", NOON + HOUR),
    ]
    assert store.counts.totals("acme", NOON - DAY, NOON + DAY) == {"mastodon": {Label.NEGATIVE: 1}}


def test_another_source_with_a_later_edition_revises(store: Store) -> None:
    store.ingest(batch_of(post()))
    store.ingest(batch_of(post(text="mended", edited_at=NOON), source="mirror", at=NOON + HOUR))
    assert [one.post.text for one in store.posts.revisions(post().key)] == [post().text]


def test_an_edit_that_no_longer_matches_drops_the_mention(store: Store) -> None:
    store.ingest(batch_of(post()))
    store.ingest(batch_of(UnderstoodPost(post(text="never mind", edited_at=NOON), ())))
    assert [one.mention.state for one in store.posts.mentions(post().key)] == [MentionState.DROPPED]
    assert labels_of(store) == {}
    assert store.posts.recent("acme", NOON - DAY, NOON + DAY) == []
    assert store.themes.pending("acme") == []


def test_an_edit_says_nothing_of_a_watch_that_is_no_longer_followed(store: Store) -> None:
    store.watches.sync([Watch("acme", "Acme", WatchRole.BRAND, "acme")], NOON)
    store.watches.sync([], NOON)
    store.ingest(batch_of(post()))
    store.ingest(batch_of(UnderstoodPost(post(text="never mind", edited_at=NOON), ())))
    assert [one.mention.state for one in store.posts.mentions(post().key)] == [MentionState.KEPT]


def test_a_further_watch_joins_when_a_bound_source_sees_the_post(store: Store) -> None:
    store.ingest(batch_of(post()))
    store.ingest(batch_of(understood(post(), Label.NEGATIVE, "acme", "topic"), source="bound"))
    store.ingest(batch_of(post(), source="third"))
    assert [one.mention.watch for one in store.posts.mentions(post().key)] == ["acme", "topic"]


def test_a_deletion_wins_in_whatever_order_things_arrive(store: Store) -> None:
    orders = list(permutations(["first", "edit", "deletion", "mirror"]))
    for number, order in enumerate(orders):
        one = post(number)
        arrivals = {
            "first": batch_of(one),
            "edit": batch_of(understood(post(number, "edited", edited_at=NOON), Label.POSITIVE)),
            "deletion": batch_of(gone=[one]),
            "mirror": batch_of(one, source="mirror"),
        }
        for name in order:
            store.ingest(arrivals[name])
        stored = store.posts.get(one.key)
        assert stored is not None
        assert stored.deleted_at == NOON
        assert (stored.post.text, stored.post.author, stored.post.url) == ("", None, None)
        assert store.posts.revisions(one.key) == []
    assert sum(labels_of(store).values()) == len(orders)
    states = {one.mention.state for number in range(len(orders)) for one in store.posts.mentions(post(number).key)}
    assert states == {MentionState.DELETED}
    assert store.themes.pending("acme") == []
    assert store.counts.recount() == []


def test_a_deleted_post_is_not_shown_unless_asked_for(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    outcome = store.ingest(batch_of(gone=[post(1), post(9)], at=NOON + HOUR))
    assert outcome.deleted == 1
    assert [one.post.key for one in store.posts.recent("acme", NOON - DAY, NOON)] == [post(2).key]
    assert [one.post.key for batch in store.posts.scan() for one in batch] == [post(2).key]
    gone = store.posts.recent("acme", NOON - DAY, NOON, states=[MentionState.DELETED])
    assert [(one.post.key, one.mention.sentiment, one.mention.spans) for one in gone] == [
        (post(1).key, Sentiment(Label.NEGATIVE, -0.5, 0.8), ())
    ]


def test_what_was_private_stays_private(store: Store) -> None:
    store.ingest(batch_of(post(visibility=Visibility.PRIVATE)))
    store.ingest(batch_of(post(edited_at=NOON, text="now public?")))
    store.ingest(batch_of(post(2)))
    store.ingest(batch_of(post(2, visibility=Visibility.PRIVATE), source="mirror"))
    for number in (1, 2):
        stored = store.posts.get(post(number).key)
        assert stored is not None
        assert stored.post.visibility is Visibility.PRIVATE


def test_what_no_database_can_hold_is_taken_out(store: Store) -> None:
    odd = post(
        text="a\0b\ud83d\ude00c\ud800d", title="\0", hashtags=("x\0",), engagement={"likes\0": 1}, audience=2**80
    )
    odd = replace(odd, native_id="odd\0id")
    for _ in range(2):
        store.ingest(batch_of(odd, cursor={"next": "\0\ud800"}, source="\x01s"))
    stored = store.posts.get(odd.key)
    assert stored is not None
    assert (stored.post.text, stored.post.hashtags) == ("ab\U0001f600c\ufffdd", ("x",))
    assert store.posts.revisions(odd.key) == []


def test_an_overlong_key_is_shortened_and_still_tells_posts_apart(store: Store) -> None:
    one, two = (replace(post(), native_id="x" * 9000 + end) for end in "ab")
    for _ in range(2):
        store.ingest(batch_of(one, two))
    assert labels_of(store) == {Label.NEGATIVE: 2}
    store.ingest(batch_of(gone=[one]))
    assert labels_of(store) == {Label.NEGATIVE: 2}
    assert [store.posts.mentions(one.key)[0].mention.state for one in (one, two)] == ["deleted", "kept"]


def test_a_naive_time_is_refused_and_nothing_is_stored(store: Store) -> None:
    with pytest.raises(Exception, match="no time zone"):
        store.ingest(batch_of(post(1), post(2, edited_at=NOON.replace(tzinfo=None))))
    assert store.posts.get(post(1).key) is None


def test_a_deletion_of_an_unknown_post_is_remembered_once(store: Store) -> None:
    for _ in range(2):
        store.ingest(batch_of(gone=[post()]))
    assert store.posts.get(post().key) is None
    assert store.ingest(batch_of(post(), at=NOON + HOUR)).deleted == 1


def _everything(store: Store) -> object:
    posts = [one for batch in store.posts.scan(batch=3) for one in batch]
    keys = [one.post.key for one in posts]
    return (
        posts,
        [store.posts.revisions(key) for key in keys],
        [store.posts.sightings(key) for key in keys],
        labels_of(store),
        store.themes.pending("acme"),
        store.posts.get(PostKey("mastodon", post(3).native_id)),
    )


def test_an_account_that_goes_takes_its_stored_posts_and_nobody_elses(store: Store) -> None:
    mine = [
        Post("bluesky", f"at://did:plc:moss/app.bsky.feed.post/{n}", "acme broke", published_at=NOON) for n in (1, 2)
    ]
    longer = replace(mine[0], native_id="at://did:plc:mossy/app.bsky.feed.post/1")
    elsewhere = replace(mine[0], network="mastodon")
    store.ingest(batch_of(*mine, longer, elsewhere))
    gone = batch_of(at=NOON + HOUR)
    outcome = store.ingest(replace(gone, deletions=(Deletion("bluesky", "at://did:plc:moss/", all_below=True),)))
    assert outcome.deleted == 2
    kept = {one.key for one in (longer, elsewhere) if not store.posts.get(one.key).deleted_at}  # type: ignore[union-attr]
    assert kept == {longer.key, elsewhere.key}
    assert store.counts.recount() == []

"""A database of the version before: same posts, same counts, deletion as a state; all of it in one transaction."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from insight.model import Label, Mention, MentionState, Post, PostKind, Precision, Rating, Sentiment
from insight.query import parse
from storage import Store, open_store
from tests.contracts.store.former import former_post, of_revision, put
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, post

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal, sys
from alembic import op
from storage import open_store
drop = op.drop_table
op.drop_table = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == "counts_before" else drop(name)
open_store(sys.argv[1])
"""
FULL = Post(
    "mastodon", "full", "acme broke my sync", PostKind.REVIEW, "https://a.example/1", "Useless", "someone", "Some One",
    2**40, NOON - HOUR, Precision.SECOND, NOON, "en", "de", Rating(1, 1, 5), {"likes": 3}, "1", "2", "3",
    ("https://acme.example",), ("acme",), ("https://a.example/1.png",),
)  # fmt: skip


def _fill(connection: Connection) -> None:
    """Two kept, three gone (of one of them the mention was hidden, of one the hour has others, too), one hidden."""
    former_post(
        connection, FULL, url=FULL.url, title=FULL.title, author_name=FULL.author_name, audience=FULL.audience,
        edited_at=FULL.edited_at, language=FULL.language, country=FULL.country, rating=[1.0, 1.0, 5.0],
        engagement={"likes": 3}, reply_to="1", thread="2", repost_of="3", links=["https://acme.example"],
        hashtags=["acme"], media=["https://a.example/1.png"],
    )  # fmt: skip
    first = former_post(connection, post(1), "unknown")
    former_post(connection, post(2, ""), "deleted", deleted_at=NOON)
    former_post(connection, post(3, ""), "deleted", "excluded", deleted_at=NOON)
    former_post(connection, post(4, "", published_at=NOON - 5 * HOUR), "deleted", deleted_at=NOON)
    former_post(connection, post(5), state="excluded")
    content = {"kind": "review", "visibility": "public", "precision": "day", "text": "acme was fine",
               "published_at": (NOON - DAY).isoformat(), "rating": [2.0, 1.0, 5.0],
               "links": ["https://b.example"]}  # fmt: skip
    put(connection, "revisions", {"post": first, "number": 1, "replaced_at": NOON, "content": content})
    for label, hour, lag in (
        ("negative", 11, 0), ("unknown", 11, 0), ("deleted", 11, 0), ("deleted", 7, 4),
    ):  # fmt: skip
        start = NOON.replace(hour=hour)
        put(connection, "counts", {"watch": "acme", "grain": "hour", "start": start, "source": "mastodon",
                                   "label": label, "lag": lag, "value": 1})  # fmt: skip


def test_posts_and_counts_of_the_version_before_are_all_there(url: str) -> None:
    with of_revision(url, "0002") as connection:
        _fill(connection)
    with open_store(url) as store:
        _as_it_was(store)
        assert store.ingest(batch_of(post(6), post(7))).new == 2, "new posts get numbers beyond the known ones"
        assert store.ingest(batch_of(gone=[post(1)], at=NOON + HOUR)).deleted == 1
        assert store.counts.recount() == []


def _as_it_was(store: Store) -> None:
    stored = store.posts.get(FULL.key)
    assert stored is not None
    assert stored.post == FULL
    (revision,) = store.posts.revisions(post(1).key)
    assert revision.post == Post(
        "mastodon", post(1).native_id, "acme was fine", PostKind.REVIEW, published_at=NOON - DAY,
        precision=Precision.DAY, rating=Rating(2, 1, 5), links=("https://b.example",),
    )  # fmt: skip
    mentions = [one.mention for number in range(1, 6) for one in store.posts.mentions(post(number).key)]
    assert [(one.state, one.sentiment.label) for one in mentions] == [
        (MentionState.KEPT, Label.UNKNOWN),
        (MentionState.DELETED, Label.UNKNOWN),
        (MentionState.EXCLUDED, Label.UNKNOWN),
        (MentionState.DELETED, Label.UNKNOWN),
        (MentionState.EXCLUDED, Label.NEGATIVE),
    ]
    story = post(1).native_id
    assert mentions[0] == Mention("acme", post(1).key, 1, "en", Sentiment(Label.UNKNOWN, 0.0), story)
    assert store.counts.totals("acme", NOON - DAY, NOON) == {"mastodon": {Label.NEGATIVE: 1, Label.UNKNOWN: 3}}
    assert store.counts.hours("acme", NOON - DAY, NOON) == {NOON - 5 * HOUR: 1, NOON - HOUR: 3}
    assert store.counts.distinct(["acme"], NOON - DAY, NOON)["acme"].mentions == 4
    assert store.counts.recount() == []
    assert [one.post.key for one in store.posts.recent("acme", NOON - DAY, NOON)] == [post(1).key, FULL.key]
    while store.posts.index(NOON):
        pass
    assert [one.stored.post for one in store.posts.search(parse("acme is:reply rating:1"))] == [FULL]


@pytest.mark.sampled(cases=1)
def test_killed_within_the_upgrade_it_is_as_it_was_before(url: str) -> None:
    with of_revision(url, "0002") as connection:
        _fill(connection)
    killed = subprocess.run([sys.executable, "-c", KILLED, url], cwd=ROOT, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with of_revision(url, "0002", anew=False) as connection:
        labels = dict(connection.execute(text("SELECT label, sum(value) FROM counts GROUP BY label")).all())
        assert labels == {"negative": 1, "unknown": 1, "deleted": 2}
        assert connection.execute(text("SELECT count(*) FROM mentions WHERE label = 'deleted'")).scalar() == 3
        assert connection.execute(text("SELECT version_num FROM listener_revision")).scalar() == "0002"
    with open_store(url) as store:
        _as_it_was(store)

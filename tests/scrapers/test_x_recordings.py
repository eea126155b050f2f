"""X: answers that somebody kept, of the old API and of the new one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from insight.model import Post
from scrapers.base import Batch, SourceError
from scrapers.saved import read_saved
from scrapers.social.x_posts import written_at
from tests.contracts.sources import assert_sound
from tests.scrapers.samples import NOW, body, read
from tests.shared import REAL, needs_recordings, recordings

# How many posts a person counts in each.
POSTS = {
    "x/huginn_v11_search_tweets.json": 3,
    "x/huginn_v11_user_tweets.json": 5,
    "x/syndication_tweet_20.json": 1,
    "x/v11_search_page3_empty_perceval.json": 0,
    "x/v11_search_tweets_2019.json": 15,
    "x/v2_counts_recent.json": 0,
    "x/v2_full_archive_data_array.json": 5,
    "x/v2_full_archive_includes_users.json": 2,
    "x/v2_home_timeline.json": 98,
    "x/v2_quote_tweets.json": 9,
    "x/v2_tweets_lookup.json": 2,
}
BLOCKED = "x/xcancel_antibot_interstitial.html"


def recorded(file: str) -> Batch:
    said: dict[str, Any] = json.loads((REAL / file).with_suffix(".meta.json").read_text())
    url, status, headers = said.get("url") or None, said.get("status") or 200, said.get("headers")
    later = NOW.replace(year=2027)
    return read_saved("x", (REAL / file).read_bytes(), url=url, status=status, headers=headers, now=later)


def test_an_old_answer_gives_the_same_posts_as_a_new_one() -> None:
    first, second = read("x", body("x", "v11.json")).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert first.text == "Acme works <well> https://example.com/a"
    assert (first.author, first.audience, first.reply_to) == ("oak", 12, "1099999999999999999")
    assert first.published_at == NOW.replace(day=2, hour=9, second=30)
    assert second.text.endswith("for example notes.")
    assert (second.repost_of, second.author) == ("1099000000000000000", "elm")


@needs_recordings
def test_a_recorded_post_was_written_when_its_id_says() -> None:
    content = json.loads((REAL / "x/v2_full_archive_data_array.json").read_text())
    for found in content:
        at = written_at(found["id"])
        assert at is not None
        assert found["created_at"].startswith(at.strftime("%Y-%m-%dT%H:%M:%S"))


@needs_recordings
@pytest.mark.parametrize("file", [row["file"] for row in recordings("x") if row["file"] != BLOCKED])
def test_a_recording_is_read_as_a_person_counts_it(file: str) -> None:
    batch = recorded(file)
    assert_sound(batch)
    assert batch == recorded(file)
    assert batch.rejected == ()
    posts = [item for item in batch.items if isinstance(item, Post)]
    assert len(posts) == POSTS.get(file, len(posts))
    assert not [post for post in posts if "&amp;" in post.text or post.published_at is None]


@needs_recordings
def test_a_page_that_checks_browsers_is_refused() -> None:
    with pytest.raises(SourceError, match="503"):
        recorded(BLOCKED)

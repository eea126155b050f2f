"""What Lemmy, Stack Exchange, GitHub and Discourse really answered, where recordings lie beside the project."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from insight.model import Post
from scrapers.base import Batch, SourceError
from scrapers.saved import read_saved
from tests.contracts.sources import assert_sound
from tests.shared import REAL, needs_recordings, recordings

pytestmark = needs_recordings

KINDS = ("lemmy", "stackexchange", "github", "discourse")
FILES = [row["file"] for kind in KINDS for row in recordings(kind)]

# How many posts a person counts in each; what is missing here is read or refused, and sound.
POSTS = {
    "discourse/latest_empty_perceval.json": 0,
    "discourse/latest_perceval.json": 2,
    "discourse/latest_pinned.json": 3,
    "discourse/post_perceval.json": 1,
    "discourse/posts_before_gem.json": 3,
    "discourse/posts_latest_2026.json": 50,
    "discourse/posts_latest_gem.json": 4,
    "discourse/posts_rss_2026.xml": 50,
    "discourse/topic_2108_post_452.json": 20,
    "discourse/topic_perceval_1149.json": 2,
    "discourse/topic_posts_2144.json": 20,
    "discourse/topic_posts_2144_pn5.json": 4,
    "github/graphql_discussion_comments_1.json": 0,  # ids alone: no text was asked for
    "github/graphql_discussions_1.json": 0,  # titles alone
    "github/graphql_discussions_2.json": 0,
    "github/graphql_discussions_3.json": 0,
    "github/issue_comments_2012.json": 2,
    "github/issues_page1_perceval.json": 1,
    "github/legacy_search_0.json": 1,
    "github/octokit_paginate-issues_14.json": 3,
    "github/octokit_search-issues_3.json": 2,
    "github/rate_limit_perceval.json": 0,
    "github/search_issues_2014.json": 30,
    "lemmy/post_list_trimmed_2026_08.json": 1,
    "lemmy/site_trimmed_2026_08.json": 0,
    "stackexchange/questions_backoff_perceval.json": 1,  # the same question twice
    "stackexchange/questions_page1_perceval.json": 1,
    "stackexchange/search_2026.json": 3,
}
REFUSED = {  # and whether for good
    "github/error_403_abuse_perceval.json": False,
    "github/error_404_1.json": True,
    "github/events_error_perceval.json": True,
    "github/octokit_errors_1.json": True,
    "lemmy/error_couldnt_find_post.json": True,
}


# Of these the forum's feed itself says something else: "spoiler", "(click for more details)", the titles of videos.
SHOWN_OTHERWISE = {f"discuss.criticalfallibilism.com/t/{place}" for place in ("2144/24", "1932/1164", "1491/188")}


def read(file: str) -> Batch:
    said: dict[str, Any] = json.loads((REAL / file).with_suffix(".meta.json").read_text())
    url, status = said.get("url") or None, said.get("status") or 200
    headers = {str(name): str(value) for name, value in (said.get("headers") or {}).items()}
    now = datetime(2027, 3, 3, tzinfo=UTC)
    return read_saved(
        file.partition("/")[0], (REAL / file).read_bytes(), url=url, status=status, headers=headers, now=now
    )


def posts(file: str) -> dict[str, Post]:
    return {item.native_id: item for item in read(file).items if isinstance(item, Post)}


@pytest.mark.parametrize("file", FILES)
def test_a_recording_is_read_as_a_person_counts_it(file: str) -> None:
    if file in REFUSED:
        with pytest.raises(SourceError) as caught:
            read(file)
        assert caught.value.permanent is REFUSED[file]
        return
    batch = read(file)
    assert_sound(batch)
    assert batch.rejected == ()
    assert len(batch.items) == len(posts(file))
    assert len(batch.items) == POSTS.get(file, len(batch.items))
    assert file in POSTS or batch.items


def test_a_forum_shows_the_same_posts_as_json_and_as_a_feed() -> None:
    listed, fed = posts("discourse/posts_latest_2026.json"), posts("discourse/posts_rss_2026.xml")
    assert listed.keys() == fed.keys()
    for native_id, post in listed.items():
        other = fed[native_id]
        assert (post.kind, post.thread, post.author) == (other.kind, other.thread, other.author)
        assert post.published_at is not None
        assert other.published_at is not None
        assert abs((post.published_at - other.published_at).total_seconds()) < 1
        if native_id not in SHOWN_OTHERWISE:
            assert (post.text, post.links, set(post.media)) == (other.text, other.links, set(other.media))
    replies = [post for post in listed.values() if post.reply_to]
    assert len(replies) > 20
    assert all(
        post.thread and post.reply_to.startswith(post.thread.rpartition("/")[0]) for post in replies if post.reply_to
    )


def test_what_others_said_in_a_quote_is_no_text_of_the_author() -> None:
    raw = json.loads((REAL / "discourse/posts_latest_2026.json").read_text())["latest_posts"]
    quoting = [post for post in raw if "[quote=" in post["raw"]]
    read_as = {post.url: post.text for post in posts("discourse/posts_latest_2026.json").values()}
    assert quoting
    for post in quoting:
        text = read_as[f"https://discuss.criticalfallibilism.com{post['post_url']}"]
        assert "[quote" not in text
        assert "[/quote]" not in text


def test_a_pause_in_an_answer_of_success_is_taken_over() -> None:
    assert read("stackexchange/questions_backoff_perceval.json").pause == 0.2
    assert read("stackexchange/search_2026.json").pause is None


def test_a_recorded_list_names_its_next_page() -> None:
    (request,) = read("github/octokit_paginate-issues_14.json").requests
    assert request.params == {"per_page": "3", "page": "2"}
    (request,) = read("discourse/posts_latest_2026.json").requests
    assert request.params == {"before": "20169"}

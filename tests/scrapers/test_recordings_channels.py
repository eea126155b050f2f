"""What YouTube, Telegram, Reddit and Product Hunt really answered, where recordings lie beside the project."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from insight.model import Deletion, Post, PostKind
from scrapers.base import Batch, SourceError
from scrapers.saved import read_saved
from tests.contracts.sources import assert_sound
from tests.shared import REAL, needs_recordings, recordings

pytestmark = needs_recordings

KINDS = ("youtube", "telegram", "reddit", "producthunt")
FILES = [(kind, row["file"]) for kind in KINDS for row in recordings(kind)]

# How many posts a person counts in each, and how many that were taken away.
POSTS = {
    "producthunt/feed_atom_assembled_2026.xml": (2, 0),
    "producthunt/feed_atom_tail_2026_07.xml": (3, 0),
    "reddit/api_info_by_url_youtube_2017.json": (20, 0),  # and five advertisements
    "reddit/comment_context_2025.json": (2, 0),
    "reddit/comment_deleted_api_info.json": (0, 1),
    "reddit/comment_deleted_context.json": (1, 0),
    "reddit/comment_tree_context.json": (3, 0),
    "reddit/duplicates_2016.json": (4, 0),
    "reddit/legacy_reddit_rss20_2015.xml": (24, 0),
    "reddit/legacy_reddit_rss20_2016_b.xml": (24, 0),
    "reddit/listing_empty.json": (0, 0),
    "reddit/popular_hot_2026.json": (100, 0),
    "reddit/r_all_new_before_2016.json": (4, 0),
    "reddit/rss_search_2026_07.xml": (25, 0),
    "reddit/rss_thread_2026_07.xml": (34, 0),
    "reddit/search_r_all_2016.json": (6, 0),
    "reddit/submission_2025_gallery.json": (1, 0),
    "reddit/submission_2025_url_selftext.json": (0, 1),  # removed by Reddit; its author still sees the text
    "reddit/submission_crosspost_2019.json": (1, 0),
    "reddit/submission_poll_2020.json": (4, 0),
    "reddit/subreddit_comments_stream_2023_p1.json": (100, 0),
    "reddit/subreddit_new_2016.json": (100, 0),
    "telegram/channel_messages_adervis_2026_09.html": (3, 0),
    "telegram/channel_page_anonymized_2026.html": (3, 0),
    "youtube/channels_multi.json": (0, 0),
    "youtube/commentThreads_2026_07.json": (10, 0),
    "youtube/commentThreads_p1.json": (5, 0),
    "youtube/commentThreads_p2.json": (5, 0),
    "youtube/commentThreads_searchTerms.json": (1, 0),
    "youtube/comments_by_parent_p1.json": (2, 0),
    "youtube/search_2026_07.json": (5, 0),
    "youtube/search_keywords_p1.json": (25, 0),
    "youtube/videos_2026_07.json": (5, 0),
    "youtube/videos_multi.json": (2, 0),
}
REFUSED = {  # and whether for good
    "reddit/block_network_policy_html.html": True,
    "reddit/error_400_html.html": True,
    "reddit/error_400_plain.txt": True,
    "reddit/error_401.json": True,
    "reddit/oauth_token_response.json": False,
    "reddit/oldreddit_thread_trimmed.html": False,
    "reddit/subreddits_search_2016.json": True,
    "telegram/botapi_getupdates_empty.json": False,
    "telegram/channel_telegram_2026_08.html": False,  # trimmed to the texts: no message is left to read
    "youtube/error_403.json": True,
}


def read(kind: str, file: str) -> Batch:
    said: dict[str, Any] = json.loads((REAL / file).with_suffix(".meta.json").read_text())
    url, status, headers = said.get("url") or None, said.get("status") or 200, said.get("headers")
    now = datetime(2027, 3, 3, 12, tzinfo=UTC)
    return read_saved(kind, (REAL / file).read_bytes(), url=url, status=status, headers=headers, now=now)


def posts(kind: str, file: str) -> list[Post]:
    return [item for item in read(kind, file).items if isinstance(item, Post)]


@pytest.mark.parametrize(("kind", "file"), FILES)
def test_a_recording_is_read_as_a_person_counts_it_or_refused(kind: str, file: str) -> None:
    if file in REFUSED:
        with pytest.raises(SourceError) as caught:
            read(kind, file)
        assert caught.value.permanent is REFUSED[file]
        return
    batch = read(kind, file)
    assert_sound(batch)
    assert batch.rejected == ()
    found = [item for item in batch.items if isinstance(item, Post)]
    gone = [item for item in batch.items if isinstance(item, Deletion)]
    assert len({post.key for post in found}) == len(found)
    assert all(post.published_at for post in found)
    if file in POSTS:
        assert (len(found), len(gone)) == POSTS[file]


def test_every_post_of_reddit_has_a_permalink_and_no_frame_of_the_feed() -> None:
    for _, file in FILES:
        if not file.startswith("reddit/") or file in REFUSED:
            continue
        for post in posts("reddit", file):
            assert post.url is not None
            assert "/comments/" in post.url
            assert "[link]" not in post.text
            assert post.native_id.startswith("t1_" if post.kind is PostKind.COMMENT else "t3_")


def test_a_gallery_of_reddit_shows_its_pictures() -> None:
    pictures = [post.media for post in posts("reddit", "reddit/popular_hot_2026.json")]
    assert sum(len(media) > 1 for media in pictures) == 14


def test_a_crosspost_names_what_it_repeats() -> None:
    (post,) = posts("reddit", "reddit/submission_crosspost_2019.json")
    assert (post.repost_of, post.native_id) == ("t3_6vx01b", "t3_c27k6l")


def test_telegram_is_read_with_its_emoji_numbers_and_forwards() -> None:
    first, _, forwarded = posts("telegram", "telegram/channel_page_anonymized_2026.html")
    assert (first.engagement, first.audience) == ({"views": 2500, "reactions": 13}, 10_000)
    assert (forwarded.repost_of, len(forwarded.media)) == ("another_channel/500", 3)
    assert forwarded.text.count("This is a forwarded message") == 1
    (further,) = read("telegram", "telegram/channel_page_anonymized_2026.html").requests
    assert further.params == {"before": "1001"}


def test_a_video_found_and_the_video_itself_have_one_title() -> None:
    found = {post.native_id: post for post in posts("youtube", "youtube/search_2026_07.json")}
    whole = {post.native_id: post for post in posts("youtube", "youtube/videos_2026_07.json")}
    shared = found.keys() & whole.keys()
    assert shared
    assert all(found[one].title == whole[one].title for one in shared)
    assert all(whole[one].engagement["views"] > 0 for one in shared)


def test_product_hunts_taglines_come_without_the_links_behind_them() -> None:
    texts = [post.text for post in posts("producthunt", "producthunt/feed_atom_tail_2026_07.xml")]
    assert not [text for text in texts if "Discussion" in text or "|" in text]
    assert all(texts)

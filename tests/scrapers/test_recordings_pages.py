"""What Meta's platforms and some list pages really answered, where recordings lie beside the project."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from insight.model import Post, PostKind
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, SourceError
from scrapers.pages.list import ListPage
from scrapers.saved import read_saved
from tests.contracts.sources import assert_sound
from tests.shared import REAL, needs_recordings, recordings

pytestmark = needs_recordings

NOW = datetime(2027, 1, 1, tzinfo=UTC)
# How many posts a person counts in each.
POSTS = {
    "facebook/page_feed_p1.json": 5,
    "facebook/page_fields.json": 0,
    "facebook/post_comments_p1.json": 10,
    "facebook/post_comments_p2.json": 5,
    "instagram/business_discovery_media_p1.json": 2,
    "instagram/hashtag_top_media_p1.json": 25,
    "instagram/ig_hashtag_search.json": 0,
    "instagram/media_comments_p1.json": 2,
    "instagram/mentioned_media.json": 1,
    "instagram/tagged_media.json": 5,
}
ROWS = [row["file"] for platform in ("facebook", "instagram", "threads") for row in recordings(platform)]


def read(file: str) -> Batch:
    said: dict[str, Any] = json.loads((REAL / file).with_suffix(".meta.json").read_text())
    url, status, headers = said.get("url") or None, said.get("status") or 200, said.get("headers")
    return read_saved(
        file.partition("/")[0], (REAL / file).read_bytes(), url=url, status=status, headers=headers, now=NOW
    )


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


@pytest.mark.parametrize("file", [file for file in ROWS if "error" not in file])
def test_a_recording_is_read_as_a_person_counts_it(file: str) -> None:
    batch = read(file)
    assert_sound(batch)
    assert batch.rejected == ()
    assert len({post.key for post in posts(batch)}) == len(posts(batch))
    assert len(posts(batch)) == POSTS.get(file, len(posts(batch)))
    assert "REDACTED" not in json.dumps([request.to_json() for request in batch.requests])


def test_a_missing_permission_is_named_with_what_to_do() -> None:
    with pytest.raises(SourceError) as caught:
        read("facebook/error_graph.json")
    assert caught.value.permanent
    assert "pages_read_engagement" in caught.value.remedy


def test_comments_without_ids_are_told_apart_and_answer_one_another() -> None:
    found = posts(read("facebook/post_comments_p1.json"))
    assert {post.kind for post in found} == {PostKind.COMMENT}
    assert {post.thread for post in found} == {"19292868552_10158407654328553"}
    replies = {post.reply_to for post in found} - {"19292868552_10158407654328553"}
    assert replies == {
        f"10158407654328553_{n}" for n in ("10158407835073553", "10158407903973553", "10158410332078553")
    }


LISTS: dict[str, tuple[int, dict[str, Any]]] = {
    "amazon/product_reviews_B0BBPNPZTC_2024.html": (
        10,
        {
            "item": "[data-hook=review]",
            "text": "[data-hook=review-body]",
            "author": ".a-profile-name",
            "date": "[data-hook=review-date]",
            "rating": "[data-hook$=review-star-rating]",
            "identity": "@id",
            "next": ".a-last a",
        },
    ),
    "g2/page_opusclip_2025_full.html": (
        10,
        {
            "item": "[itemprop=review]",
            "text": "[itemprop=reviewBody]",
            "author": "[itemprop=author] meta@content",
            "date": "[itemprop=datePublished]@content",
            "rating": "[itemprop=ratingValue]@content",
        },
    ),
    "telegram/channel_messages_adervis_2026_09.html": (
        3,
        {
            "item": ".tgme_widget_message[data-post]",
            "text": ".tgme_widget_message_text",
            "author": ".tgme_widget_message_owner_name",
            "date": ".tgme_widget_message_date time",
            "identity": "@data-post",
        },
    ),
}


@pytest.mark.parametrize("file", LISTS)
def test_a_real_list_page_gives_its_items_by_selectors(file: str) -> None:
    number, settings = LISTS[file]
    source = ListPage(url="https://example.com/list", **settings)
    page = Page(Request(source.url), 200, (REAL / file).read_bytes(), source.url, NOW)
    batch = read_page(source, page)
    assert_sound(batch)
    assert batch.rejected == ()
    found = posts(batch)
    assert len(found) == len({post.key for post in found}) == number
    assert all(post.text and post.author and post.published_at for post in found)
    assert all(bool(post.rating) is ("rating" in settings) for post in found)

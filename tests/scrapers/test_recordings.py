"""What platforms really answered, where recordings lie beside the project: each is read, or refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from insight.model import Deletion, Post, Reading
from scrapers.base import Batch, SourceError
from scrapers.saved import read_saved
from tests.contracts.sources import assert_sound
from tests.scrapers.samples import NOW
from tests.shared import REAL, needs_recordings, recordings

pytestmark = needs_recordings

KIND_OF = {
    "appstore": "appstore",
    "bluesky": "bluesky",
    "google_alerts": "feed",
    "google_news": "feed",
    "hackernews": "hackernews",
    "mastodon": "mastodon",
    "rss": "feed",
    "schema_org": "reviews",
}
ROWS = [(KIND_OF[platform], row["file"]) for platform in KIND_OF for row in recordings(platform)]
FEEDS = [
    ("feed", row["file"])
    for p in ("reddit", "producthunt", "discourse")
    for row in recordings(p)
    if row["file"].endswith(".xml")
]
PAGES = [
    ("reviews", row["file"])
    for p in ("trustpilot", "g2", "amazon", "googleplay")
    for row in recordings(p)
    if row["file"].endswith(".html")
]

# How many posts a person counts in each; what is missing here is checked by its properties only.
POSTS = {
    "appstore/lookup_hubspot_2017.json": 0,
    "appstore/rss_customerreviews_jp_json.json": 50,
    "appstore/rss_customerreviews_jp_xml.xml": 50,
    "bluesky/createSession.json": 0,
    "bluesky/getAuthorFeed_paged.json": 50,
    "bluesky/getListFeed_10.json": 10,
    "bluesky/getPostThread.json": 1,
    "bluesky/getPosts_one.json": 1,
    "bluesky/getRecord_post.json": 1,
    "bluesky/jetstream_events_2024_11.jsonl": 2,
    "bluesky/resolveHandle.json": 0,
    "bluesky/searchActorsTypeahead.json": 0,
    "bluesky/searchPosts_2026_08.json": 3,
    "bluesky/searchPosts_redistricting.json": 25,
    "discourse/posts_rss_2026.xml": 50,
    "g2/page_opusclip_2025_full.html": 10,
    "google_alerts/google_alert_slack_2019.xml": 20,
    "google_news/rss_search_bears_ears_2026_07.xml": 92,
    "hackernews/algolia_item_18562744.json": 6,
    "hackernews/algolia_search_by_date_p2.json": 2,
    "hackernews/algolia_search_story_2026.json": 3,
    "hackernews/algolia_user_pg.json": 0,
    "hackernews/firebase_askstories.json": 0,
    "hackernews/firebase_item_old.json": 1,
    "hackernews/firebase_item_story.json": 1,
    "hackernews/firebase_updates.json": 0,
    "mastodon/instance_v2_mastodon_social_timelines_access.json": 0,
    "mastodon/paging_1_account_statuses.json": 5,
    "mastodon/poll_2022.json": 0,
    "mastodon/public_timeline_live_2022.json": 20,
    "mastodon/search_v2_accounts_hit.json": 0,
    "mastodon/search_v2_statuses_empty.json": 0,
    "mastodon/status_context_ancestors_2022.json": 4,
    "mastodon/status_context_live.json": 2,
    "mastodon/status_edit_history.json": 0,
    "mastodon/status_quote_post_live.json": 1,
    "mastodon/status_reblog.json": 1,
    "mastodon/stream_direct_sse.sse": 2,
    "mastodon/stream_public_2022_concatenated.jsonl": 48,
    "mastodon/tag_timeline_live_2022.json": 5,
    "mastodon/tag_timeline_mastodon_social_2026_08.json": 3,
    "mastodon/trends_links_live.json": 0,
    "mastodon/trends_tags_live.json": 0,
    "producthunt/feed_atom_tail_2026_07.xml": 3,
    "reddit/rss_search_2026_07.xml": 25,
    "reddit/rss_thread_2026_07.xml": 34,
    "rss/atom_feed_ajt10.xml": 4,
    "rss/aws_blog.xml": 10,
    "rss/content_encoded.xml": 7,
    "rss/craigslist_rdf_rss10.xml": 25,
    "rss/encoding_latin.xml": 40,
    "rss/feedburner_atom.xml": 25,
    "rss/guardian.xml": 55,
    "rss/heraldsun.xml": 2,
    "rss/hnrss_frontpage_2026_08.xml": 20,
    "rss/huginn_slickdeals_atom.xml": 79,
    "rss/invalid_date.xml": 2,
    "rss/jsonfeed_escaped_uris.json": 30,
    "rss/samruby_atom_xhtml.xml": 20,
    "rss/uol_latin1_pt.xml": 15,
    "schema_org/delishkitchen_japanese.html": 10,
    "schema_org/eatsmarter.html": 4,
    "schema_org/extruct_songkick_multi_ld.html": 0,
    "schema_org/justapinch.html": 2,
    "schema_org/littlespicejar_microdata.html": 5,
    "schema_org/mob.html": 2,
    "schema_org/ricardocuisine.html": 10,
    "schema_org/tasteofhome.html": 9,
    "trustpilot/page_bt_com_2023_full.html": 20,
}
REFUSED = {
    "amazon/product_page_2026_full.html",
    "amazon/product_reviews_B0BBPNPZTC_2024.html",
    "bluesky/error_400_InvalidRequest.json",
    "mastodon/error_404_delete_missing.json",
    "mastodon/error_404_status.json",
    "mastodon/error_422_japanese.json",
    "mastodon/stream_health.txt",
}


def meta(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((REAL / file).with_suffix(".meta.json").read_text())
    return loaded


def read(kind: str, file: str) -> Batch:
    said = meta(file)
    url, status, headers = said.get("url") or None, said.get("status") or 200, said.get("headers")
    return read_saved(
        kind, (REAL / file).read_bytes(), url=url, status=status, headers=headers, now=NOW.replace(year=2027)
    )


@pytest.mark.parametrize(("kind", "file"), ROWS + FEEDS + PAGES)
def test_a_recording_is_read_as_a_person_counts_it(kind: str, file: str) -> None:
    if file in REFUSED:
        with pytest.raises(SourceError):
            read(kind, file)
        return
    batch = read(kind, file)
    assert_sound(batch)
    assert batch.rejected == ()
    posts = [item for item in batch.items if isinstance(item, Post)]
    assert len({post.key for post in posts}) == len(posts)
    assert not [item for item in batch.items if isinstance(item, Deletion)]
    assert len(posts) == POSTS.get(file, len(posts))
    assert file in POSTS or posts or kind == "reviews" or "null" in file or len((REAL / file).read_bytes()) < 10_000


def test_the_numbers_of_pages_are_readings() -> None:
    found = {
        item.indicator: item.value for item in read("reviews", "schema_org/mob.html").items if isinstance(item, Reading)
    }
    assert found == {
        "rating:mob.co.uk/recipes/chilli-cheese-paratha": 4.7,
        "ratings:mob.co.uk/recipes/chilli-cheese-paratha": 53.0,
    }


def test_both_forms_of_the_review_feed_agree_on_the_reviews_they_share() -> None:
    forms = [read("appstore", f"appstore/rss_customerreviews_jp_{form}") for form in ("json.json", "xml.xml")]
    first, second = ({item.native_id: item for item in batch.items if isinstance(item, Post)} for batch in forms)
    shared = first.keys() & second.keys()
    assert len(shared) >= 10
    for native_id in shared:
        one, other = first[native_id], second[native_id]
        assert (one.text, one.title, one.rating, one.author) == (other.text, other.title, other.rating, other.author)


def test_letters_of_undeclared_latin_1_come_through() -> None:
    text = " ".join(
        f"{item.title} {item.text}" for item in read("feed", "rss/uol_latin1_pt.xml").items if isinstance(item, Post)
    )
    assert "�" not in text
    assert "simulações" in text


def test_relative_links_start_from_where_the_feed_says() -> None:
    first = read("feed", "rss/github_releases_atom_gulp.xml").items[0]
    assert isinstance(first, Post)
    assert first.url == "https://github.com/gulpjs/gulp/releases/tag/v3.9.0"

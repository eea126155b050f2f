"""YouTube: comments and videos by the API within its quota, channel feeds without a key."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from insight.model import Deletion, Engagement, PostKind, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Page, SourceError
from scrapers.saved import read_saved
from scrapers.social.youtube import YouTube
from tests.scrapers.samples import NOW, body, read
from tests.scrapers.youtube_answers import (
    CHANNEL,
    COMMENTS,
    FEEDS,
    SOURCE,
    VIDEO,
    answer,
    error,
    listing,
    posts,
    started,
    thread,
)


def test_a_comment_is_what_its_author_wrote_and_its_link_opens_it() -> None:
    first, reply, second = posts(read("youtube", body("youtube", "threads.json")))
    assert first.text == "Acme crashed again & again.\nSee https://birch.example/log."
    assert (first.author, first.kind, first.links) == ("quillfox", PostKind.COMMENT, ("https://birch.example/log",))
    assert first.url == f"https://www.youtube.com/watch?v={VIDEO}&lc={first.native_id}"
    assert first.edited_at == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    assert (first.reply_to, first.thread, first.engagement) == (VIDEO, VIDEO, {"likes": 13, "replies": 3})
    assert (reply.reply_to, reply.thread, reply.edited_at) == (first.native_id, VIDEO, None)
    assert second.text == "I <3 bolt\ntruly", "without the original it is read from the markup"
    assert (second.author, second.thread) == ("Fern Hollow", VIDEO)


def test_a_search_unescapes_its_titles_and_passes_channels_over() -> None:
    (video,) = posts(read("youtube", body("youtube", "search.json")))
    assert (video.native_id, video.title, video.author) == ("acmeVideo02", "Acme's new bolt & nut", "Fern Hollow")
    assert video.media == ("https://i.ytimg.example/vi/acmeVideo02/hqdefault.jpg",)


def test_a_video_has_its_numbers_which_are_written_as_strings() -> None:
    (video,) = posts(read("youtube", body("youtube", "videos.json")))
    assert video.engagement == {"views": 9363, "likes": 132, "replies": 48}
    assert (video.language, video.url) == ("en-GB", "https://www.youtube.com/watch?v=acmeVideo02")
    assert (video.text, video.links) == (
        "The long story.\n\nAll of it: https://fern.example/story.",
        ("https://fern.example/story",),
    )
    assert video.hashtags == (), "a publisher's tags are no hashtags"


def test_a_feed_gives_the_same_ids_with_views_and_no_edit() -> None:
    first, short = posts(read("youtube", body("youtube", "feed.xml")))
    assert (first.native_id, first.title, first.author) == ("acmeVideo03", "Acme 3.0 & you", "Acme")
    assert first.text == "What is new.\n\nNotes: https://acme.example/3-0"
    assert (first.engagement, first.edited_at) == ({"views": 1204}, None)
    assert (short.url, short.engagement) == ("https://www.youtube.com/shorts/acmeVideo04", {"views": 0})


def test_the_key_travels_in_a_header_and_is_never_shown() -> None:
    assert SOURCE.headers() == {"X-Goog-Api-Key": "s3cret"}
    requests = [SOURCE.start(search, None, NOW) for search in SOURCE.searches(())]
    assert "s3cret" not in f"{requests}{SOURCE}{SOURCE!r}{SOURCE.id}"
    with pytest.raises(SourceError) as caught:
        answer(requests[0], error("keyInvalid", "API key not valid."), 400)
    assert "s3cret" not in f"{caught.value}{caught.value.remedy}"


def test_each_request_says_what_it_takes_off_the_quota() -> None:
    units = {search.key: SOURCE.start(search, None, NOW).units for search in SOURCE.searches(())}
    assert units == {"acme": 100, f"videos of {CHANNEL}": 1, COMMENTS: 1, f"comments on {CHANNEL}": 1}
    assert SOURCE.budget().units == 10_000
    assert (FEEDS.start(FEEDS.searches(())[0], None, NOW).units, FEEDS.budget().units) == (0, None)


def test_without_a_key_channels_are_read_from_their_feeds_and_watches_search_for_nothing() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, "acme")
    (search,) = FEEDS.searches((watch,))
    request = FEEDS.start(search, None, NOW)
    assert (request.url, request.params) == (
        "https://www.youtube.com/feeds/videos.xml",
        {"channel_id": CHANNEL},
    )
    assert FEEDS.mark_at(NOW) is None, "a feed cannot be walked back"


def test_what_watches_name_is_searched_for_with_a_key_unless_it_is_switched_off() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, 'acme OR bolt OR (nut AND "hex head")')
    terms = {search.terms for search in YouTube(api_key="k").searches((watch,))}
    assert terms == {"acme|bolt", 'nut "hex head"'}
    quiet = YouTube(api_key="k", channels=(CHANNEL,), search=False)
    assert [search.key for search in quiet.searches((watch,))] == [f"videos of {CHANNEL}", f"comments on {CHANNEL}"]


def test_comments_with_terms_are_asked_for_term_by_term() -> None:
    source = YouTube(api_key="k", videos=(VIDEO,), comment_terms=("acme", "bolt"), search=False)
    asked = [source.start(search, None, NOW).params.get("searchTerms") for search in source.searches(())]
    assert asked == ["acme", "bolt"]


def test_posts_are_looked_up_by_what_they_are_fifty_at_a_time() -> None:
    ids = [f"video{n:06}" for n in range(60)] + ["UgxThread00001", "UgxThread00001.r1"]
    requests = SOURCE.look_again(ids)
    ends = [(request.url.rpartition("/")[2], len(request.params["id"].split(","))) for request in requests]
    assert ends == [("videos", 50), ("videos", 10), ("commentThreads", 1), ("comments", 1)]
    assert all(request.units == 1 for request in requests)
    assert FEEDS.look_again(ids) == ()


def test_what_is_not_shown_any_more_is_gone() -> None:
    (request,) = SOURCE.look_again(["acmeVideo02", "acmeVideo09"])
    batch = answer(request, json.loads(body("youtube", "videos.json")))
    assert batch.items[1:] == (Deletion("youtube", "acmeVideo09"),)
    assert batch.newest is None
    broken = {"kind": "youtube#video", "id": "acmeVideo09"}
    batch = answer(request, listing("video", [broken]))
    assert (batch.items, len(batch.rejected)) == ((), 1), "what cannot be read is not taken for gone"


def test_one_missing_comment_does_not_hide_the_others() -> None:
    (request,) = SOURCE.look_again(["UgxThread00001", "UgxThread00002"])
    apart = answer(request, error("commentThreadNotFound"), 404)
    assert apart.items == ()
    assert [one.params["id"] for one in apart.requests] == ["UgxThread00001", "UgxThread00002"]
    assert answer(apart.requests[0], error("commentThreadNotFound"), 404).items == (
        Deletion("youtube", "UgxThread00001"),
    )


def test_of_a_reply_asked_for_alone_only_the_numbers_are_news() -> None:
    (request,) = SOURCE.look_again(["UgxThread00001.r1"])
    snippet = {"textOriginal": "me too", "parentId": "UgxThread00001", "likeCount": 7}
    batch = answer(
        request, listing("comment", [{"kind": "youtube#comment", "id": "UgxThread00001.r1", "snippet": snippet}])
    )
    assert batch.items == (Engagement("youtube", "UgxThread00001.r1", {"likes": 7}),)


def test_one_bad_resource_leaves_the_others() -> None:
    bad = [thread(1, NOW), "thread", {"kind": "youtube#commentThread"}, {"id": "x"}, thread(2, NOW)]
    batch = answer(started(COMMENTS), listing("commentThread", bad))
    assert [post.text for post in posts(batch)] == ["comment 1", "comment 2"]
    assert len(batch.rejected) == 3


def test_settings_take_addresses_and_say_what_needs_a_key() -> None:
    source = YouTube(
        api_key="k",
        channels=(f"https://www.youtube.com/channel/{CHANNEL}/videos", CHANNEL),
        videos=(f"https://www.youtube.com/watch?v={VIDEO}&t=3", f"https://youtu.be/{VIDEO}", "acmeVideo02"),
    )
    assert (source.channels, source.videos) == ((CHANNEL,), (VIDEO, "acmeVideo02"))
    for wrong in ({}, {"videos": (VIDEO,)}, {"channels": ("@acme",)}, {"api_key": "k", "videos": ("acme",)}):
        with pytest.raises(ValueError, match=r"api_key|UC|v="):
            YouTube(**wrong)


def test_a_saved_feed_is_read_under_its_own_channel() -> None:
    url = f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"
    assert YouTube.for_page(url).channels == (CHANNEL,)
    assert len(read_saved("youtube", body("youtube", "feed.xml"), url=url, now=NOW).items) == 2


def test_an_empty_answer_to_several_is_not_taken_for_their_deletion() -> None:
    (request,) = SOURCE.look_again([f"acmeVideo{number:02}" for number in range(5)])
    empty = b'{"kind": "youtube#videoListResponse", "items": []}'
    with pytest.raises(SourceError, match="none of 5 posts is shown"):
        read_page(SOURCE, Page(request, 200, empty, request.url, NOW))

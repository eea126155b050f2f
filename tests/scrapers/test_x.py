"""X: what is paid for, what a post is through reposts and edits, what is gone, and how it is searched."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from insight.model import Deletion, Gap, Post, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.social.x import X
from scrapers.social.x_posts import id_at, written_at
from tests.scrapers.samples import NOW, body, read

SETTINGS: dict[str, Any] = {"token": "s3cret", "monthly_cap": 20}
SOURCE = X(**SETTINGS)
WATCHES = (Watch("acme", "Acme", Role.BRAND, 'Acme OR "acme corp"'), Watch("bolt", "Bolt", Role.COMPETITOR, "bolt"))


def tweet(native_id: str, **fields: object) -> dict[str, object]:
    return {"id": native_id, "text": "acme", "edit_history_tweet_ids": [native_id], **fields}


def answered(request: Request, content: object, source: X = SOURCE, status: int = 200, **headers: str) -> Batch:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_page(source, Page(request, status, json.dumps(content).encode(), request.url, NOW, named))


def searched(since: str | None = None) -> Request:
    return SOURCE.start(Search("acme", "acme"), since, NOW)


# -- money ------------------------------------------------------------------------------------------------------------


def test_there_is_no_reading_without_a_cap_on_what_it_may_cost() -> None:
    with pytest.raises(ValidationError, match="monthly_cap"):
        X.model_validate({"token": "s3cret"})
    with pytest.raises(ValidationError, match="monthly_cap"):
        X(token="s3cret", monthly_cap=0)
    assert SOURCE.budget().money == 20


def test_each_post_in_an_answer_is_counted_once_also_those_that_stand_beside() -> None:
    assert read("x", body("x", "search.json")).spent == pytest.approx(4 * 0.005)
    dear = X(**SETTINGS, price_per_post=0.01, price_per_author=0.02)
    found = answered(searched(), json.loads(body("x", "search.json")), dear)
    assert found.spent == pytest.approx(4 * 0.01 + 2 * 0.02)


def test_what_cannot_be_read_is_paid_for_all_the_same() -> None:
    batch = answered(searched(), {"data": [{"id": "5", "text": None}, tweet("6")], "meta": {"result_count": 2}})
    assert len(batch.rejected) == 1
    assert batch.spent == pytest.approx(0.01)


def test_nothing_found_costs_nothing_and_is_no_error() -> None:
    batch = answered(searched(), {"meta": {"result_count": 0}})
    assert batch == Batch()


def test_a_first_visit_reads_one_page_and_later_ones_all_that_is_new() -> None:
    content = {"data": [tweet(id_at(NOW))], "meta": {"result_count": 1, "next_token": "abc"}}
    assert answered(searched(), content).requests == ()
    (following,) = answered(searched(id_at(NOW - timedelta(days=1))), content).requests
    assert following.params["next_token"] == "abc"
    assert answered(following, content).requests == ()  # the same token again would go round


# -- the token --------------------------------------------------------------------------------------------------------


def test_the_token_travels_in_a_header_and_is_shown_nowhere() -> None:
    assert SOURCE.headers() == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in repr(SOURCE) + repr(searched()) + SOURCE.id


@pytest.mark.parametrize(
    ("status", "content", "permanent", "says"),
    [
        (401, {"title": "Unauthorized", "detail": "Unauthorized"}, True, "bearer token"),
        (402, {"title": "CreditsDepleted", "detail": "no credits"}, True, "credits"),
        (403, {"title": "Forbidden", "reason": "client-not-enrolled", "detail": "must be enrolled"}, True, "access"),
        (429, {"title": "Too Many Requests", "detail": "Too Many Requests"}, False, ""),
        (429, {"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped"}, True, "month"),
        (503, {"title": "Service Unavailable"}, False, ""),
    ],
)
def test_a_refusal_says_who_can_mend_it(status: int, content: dict[str, str], permanent: bool, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        answered(searched(), content, status=status)
    assert caught.value.permanent is permanent
    assert says in caught.value.remedy


def test_a_query_that_x_cannot_read_is_told_with_its_reason() -> None:
    why = {"errors": [{"message": "no viable alternative at character ')'"}], "detail": "was invalid"}
    with pytest.raises(SourceError, match=r"was invalid.*no viable alternative") as caught:
        answered(searched(), why, status=400)
    assert caught.value.permanent


def test_a_rate_limit_is_waited_for_until_it_resets() -> None:
    reset = str(int(NOW.timestamp()) + 240)
    with pytest.raises(SourceError) as caught:
        answered(searched(), {"title": "Too Many Requests"}, status=429, x_rate_limit_reset=reset)
    assert caught.value.retry_after == pytest.approx(240, abs=1)


@pytest.mark.parametrize("content", [{"errors": [{"title": "Oops", "detail": "over capacity"}]}, {"title": "Oops"}, {}])
def test_an_error_with_200_is_no_empty_answer(content: dict[str, object]) -> None:
    with pytest.raises(SourceError):
        answered(searched(), content)


# -- posts ------------------------------------------------------------------------------------------------------------


def test_a_post_is_what_a_person_reads() -> None:
    post = read("x", body("x", "search.json")).items[0]
    assert isinstance(post, Post)
    assert post.text == "Acme & Bolt compared: https://example.com/compare?x=1 #acme"
    assert (post.author, post.author_name, post.audience) == ("fern_writes", "Fern", 1200)
    assert (post.language, post.country, post.hashtags) == ("id", "DE", ("acme",))
    assert post.links == ("https://example.com/compare?x=1",)
    assert post.media == ("https://pbs.example/media/a.jpg",)
    assert post.engagement == {"likes": 9, "replies": 1, "reposts": 2, "quotes": 0, "views": 420, "bookmarks": 3}


def test_an_edited_post_keeps_its_first_id_and_leads_to_its_last_version() -> None:
    post = read("x", body("x", "search.json")).items[1]
    assert isinstance(post, Post)
    assert (post.native_id, post.url) == ("2028300000000000000", "https://x.com/i/status/2028400000000000200")
    assert post.published_at == written_at("2028300000000000000")
    assert post.edited_at is not None
    assert post.published_at is not None
    assert post.published_at < post.edited_at
    assert post.text == "@fern A long answer that is not cut at all: https://example.com/long/read"
    assert (post.reply_to, post.thread) == ("2028200000000000000", "2028200000000000000")
    assert "https://x.com/i/status/2028100000000000000" in post.links


def test_a_repost_has_the_whole_text_and_none_of_the_numbers_of_what_it_repeats() -> None:
    post = read("x", body("x", "search.json")).items[2]
    assert isinstance(post, Post)
    assert post.text.endswith("the third time this week. https://example.com/status")
    assert (post.repost_of, post.author, post.engagement) == ("2028000000000000000", "moss", {})


def test_an_id_tells_the_time_to_the_millisecond() -> None:
    at = NOW.replace(microsecond=123_000)
    assert written_at(id_at(at)) == at
    assert written_at("20") is None  # counted one by one in those days
    post = answered(searched(), {"data": [tweet(id_at(at))], "meta": {"result_count": 1}}).items[0]
    assert isinstance(post, Post)
    assert post.published_at == at


def test_a_mark_is_never_in_the_future() -> None:
    ids = [id_at(NOW), id_at(NOW + timedelta(days=400))]
    batch = answered(searched(), {"data": [tweet(one) for one in ids], "meta": {"result_count": 2}})
    assert batch.newest == id_at(NOW)


# -- the window, and going back to it ---------------------------------------------------------------------------------


def test_a_walk_goes_a_minute_behind_the_mark() -> None:
    mark = SOURCE.mark_at(NOW - timedelta(hours=3))
    assert written_at(searched(mark).params["since_id"]) == NOW - timedelta(hours=3, minutes=1)


def test_what_is_older_than_the_window_is_a_gap_at_the_end_of_the_walk() -> None:
    mark = id_at(NOW - timedelta(days=9))
    request = searched(mark)
    begin = written_at(request.params["since_id"])
    assert begin is not None
    assert begin > NOW - timedelta(days=7)
    page = {"data": [tweet(id_at(NOW))], "meta": {"result_count": 1, "next_token": "abc"}}
    assert not any(isinstance(item, Gap) for item in answered(request, page).items)
    last = answered(request, {"meta": {"result_count": 0}})
    assert [(gap.since, gap.until) for gap in last.items if isinstance(gap, Gap)] == [(NOW - timedelta(days=9), begin)]


@pytest.mark.parametrize("age", [timedelta(minutes=5), timedelta(days=6)])
def test_a_walk_that_reaches_its_mark_leaves_no_gap(age: timedelta) -> None:
    assert answered(searched(id_at(NOW - age)), {"meta": {"result_count": 0}}).items == ()


# -- second looks -----------------------------------------------------------------------------------------------------


def test_posts_are_looked_at_again_a_hundred_at_a_time_unless_it_is_too_dear() -> None:
    ids = [str(10**18 + n) for n in range(130)]
    requests = SOURCE.look_again([*ids, "no id"])
    assert [len(request.params["ids"].split(",")) for request in requests] == [100, 30]
    assert X(**SETTINGS, checks=False).look_again(ids) == ()


def problem(native_id: str, kind: str) -> dict[str, str]:
    return {
        "resource_id": native_id,
        "value": native_id,
        "resource_type": "tweet",
        "type": f"https://api.twitter.com/2/problems/{kind}",
    }


def test_what_is_deleted_or_hidden_is_deleted_here_and_nothing_else() -> None:
    (request,) = SOURCE.look_again(["101", "102", "103"])
    errors = [problem("101", "resource-not-found"), problem("102", "not-authorized-for-resource")]
    beside = [problem("999", "resource-not-found")]  # what the post answers, not what was asked for
    batch = answered(request, {"data": [tweet("103")], "errors": errors + beside})
    assert {item.native_id for item in batch.items if isinstance(item, Deletion)} == {"101", "102"}
    assert [item.native_id for item in batch.items if isinstance(item, Post)] == ["103"]
    assert batch.newest is None
    alone = answered(request, {"errors": errors})
    assert len(alone.items) == 2


def test_an_old_version_leads_to_the_newest() -> None:
    (request,) = SOURCE.look_again(["101"])
    batch = answered(request, {"data": [tweet("101", edit_history_tweet_ids=["101", "104"])]})
    assert batch.items == ()
    (following,) = batch.requests
    assert following.params["ids"] == "104"
    (post,) = answered(following, {"data": [tweet("104", edit_history_tweet_ids=["101", "104"])]}).items
    assert isinstance(post, Post)
    assert post.native_id == "101"


# -- searches ------------------------------------------------------------------------------------------


def test_languages_are_asked_for_by_the_names_that_x_has_for_them() -> None:
    watch = Watch("a", "A", Role.BRAND, 'acme lang:he OR ("lang:id" lang:zh)')
    asked = " ".join(search.terms for search in SOURCE.searches((watch,)))
    assert "lang:iw" in asked
    assert "lang:he" not in asked
    assert "(lang:zh-CN OR lang:zh-TW)" in asked


def test_reposts_can_be_left_out() -> None:
    either = Watch("both", "Both", Role.TOPIC, "fern OR moss")
    searches = X(**SETTINGS, reposts=False).searches((*WATCHES, either))
    wanted = {"acme -is:retweet", "bolt -is:retweet", "(fern OR moss) -is:retweet"}
    assert {search.terms for search in searches} == wanted


@pytest.mark.parametrize("room", [512, 1024])
def test_no_search_is_longer_than_the_access_level_allows(room: int) -> None:
    words = " OR ".join(f"acmeword{n}" for n in range(200))
    watch = Watch("a", "A", Role.BRAND, f"({words}) lang:zh")
    source = X(**SETTINGS, room=room, reposts=False)
    lengths = [len(search.terms) for search in source.searches((watch,))]
    assert max(lengths) <= room
    assert max(lengths) > room * 0.7
    assert X.dialect is not None
    assert X.dialect.max_length == 512


def old(native_id: str, **fields: object) -> dict[str, object]:
    return {"id_str": native_id, "full_text": "acme", "created_at": "Mon Mar 02 10:00:00 +0000 2026", **fields}


def picture(name: str) -> dict[str, object]:
    return {"url": f"https://t.co/{name}", "media_url_https": f"https://pbs.example/{name}.jpg"}


def test_all_pictures_of_an_old_answer_are_read_and_not_the_first_alone() -> None:
    shown = old("20", entities={"media": [picture("a")]}, extended_entities={"media": [picture("a"), picture("b")]})
    embedded = old("21", mediaDetails=[picture("c")])
    first, second = read("x", json.dumps([shown, embedded]).encode()).items
    assert first.media == ("https://pbs.example/a.jpg", "https://pbs.example/b.jpg")
    assert second.media == ("https://pbs.example/c.jpg",)


def test_a_repost_repeats_the_pictures_and_the_quote_too() -> None:
    inner = old("30", full_text="acme https://t.co/p", entities={"media": [{**picture("p"), "url": "https://t.co/p"}]})
    (post,) = read("x", json.dumps([old("31", full_text="RT @fern: acm…", retweeted_status=inner)]).encode()).items
    assert (post.text, post.repost_of, post.media) == ("acme", "30", ("https://pbs.example/p.jpg",))
    quoting = tweet("40", referenced_tweets=[{"type": "quoted", "id": "39"}], attachments={"media_keys": ["3_1"]})
    repost = tweet("41", text="RT @fern: acm…", referenced_tweets=[{"type": "retweeted", "id": "40"}])
    includes = {"tweets": [quoting], "media": [{"media_key": "3_1", "url": "https://pbs.example/q.jpg"}]}
    request = searched()
    (post,) = answered(request, {"data": [repost], "includes": includes, "meta": {"result_count": 1}}).items
    assert (post.text, post.links, post.media) == (
        "acme",
        ("https://x.com/i/status/39",),
        ("https://pbs.example/q.jpg",),
    )
    assert "referenced_tweets.id.attachments.media_keys" in request.params["expansions"]

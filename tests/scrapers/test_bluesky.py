"""Bluesky: the stream in both versions of its wire, marks that fit what they are used for, and the search."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from insight.model import Deletion, Gap, Post, Role, Watch
from scrapers.answers import read_login, read_page
from scrapers.base import Page, Request, Search, SourceError
from scrapers.social.bluesky import Bluesky
from scrapers.social.bluesky_jetstream import OVERLAP, OVERLAP_EVENTS, Mark
from tests.contracts.sources import assert_sound
from tests.contracts.test_sources_broken import replaced
from tests.scrapers.samples import NOW, body, read

AT = datetime(2026, 3, 3, 11, 59, 30, 250_000, tzinfo=UTC)
MICROS = 1_772_539_170_250_000
V2 = "wss://jets.example/xrpc/network.bsky.jetstream.subscribeEvents"
URI = "at://did:plc:moss/app.bsky.feed.post/3abc"
RECORD = {"$type": "app.bsky.feed.post", "createdAt": "2026-03-03T11:59:29Z", "langs": ["en"], "text": "acme broke"}


FULL = {
    **RECORD,
    "facets": [{"index": {"byteStart": 0, "byteEnd": 4}, "features": [{"uri": "https://a.example"}, {"tag": "acme"}]}],
    "tags": ["bolt"],
    "reply": {"parent": {"uri": URI}, "root": {"uri": URI}},
    "embed": {
        "record": {"record": {"uri": URI}},
        "media": {
            "images": [{"alt": "x", "image": {"ref": {"$link": "bafy"}}}],
            "external": {"uri": "https://b.example"},
        },
        "video": {"ref": {"$link": "bafyvideo"}},
    },
}


def first(operation: str = "create", record: Any = RECORD, **changes: Any) -> str:
    commit = {"rev": "3r", "operation": operation, "collection": "app.bsky.feed.post", "rkey": "3abc", "record": record}
    return json.dumps({"did": "did:plc:moss", "time_us": MICROS, "kind": "commit", "commit": commit} | changes)


def second(operation: str = "create", record: Any = RECORD, **changes: Any) -> str:
    payload = {
        "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": 900_100, "did": "did:plc:moss",
        "time": "2026-03-03T11:59:30.250000Z", "rev": "3r", "operation": operation,
        "collection": "app.bsky.feed.post", "rkey": "3abc", "record": record,
    }  # fmt: skip
    return json.dumps({"$type": "message", "payload": payload | changes})


def heard(*events: str, source: Bluesky | None = None) -> Any:
    batch = (source or Bluesky()).read_events(events, NOW)
    assert_sound(batch)
    return batch


@pytest.mark.parametrize(
    ("event", "source"),
    [(first(), Bluesky()), (second(), Bluesky(jetstream=V2))],
    ids=["version 1", "version 2"],
)
def test_a_post_of_either_version_is_the_same_post(event: str, source: Bluesky) -> None:
    (post,) = heard(event, source=source).items
    assert post == Post(
        "bluesky", URI, "acme broke", url="https://bsky.app/profile/did:plc:moss/post/3abc", author="did:plc:moss",
        published_at=datetime(2026, 3, 3, 11, 59, 29, tzinfo=UTC), language="en",
    )  # fmt: skip


@pytest.mark.parametrize("event", [first, second])
def test_edits_are_dated_and_deletions_are_deletions(event: Any) -> None:
    (edited,) = heard(event("update")).items
    assert (edited.native_id, edited.edited_at) == (URI, AT)
    assert heard(event("delete", None)).items == (Deletion("bluesky", URI),)


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-03-05T00:00:00Z", AT),
        ("2026-03-03T12:59:29+01:00", datetime(2026, 3, 3, 11, 59, 29, tzinfo=UTC)),
        ("2014-05-01T08:00:00.123456789Z", datetime(2014, 5, 1, 8, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-03T11:00:00", datetime(2026, 3, 3, 11, tzinfo=UTC)),
        ("yesterday", AT),
        ("0001-01-01T00:00:00+23:59", AT),
        (None, AT),
        (7, AT),
    ],
)
def test_no_post_is_from_the_future_and_an_unreadable_date_is_when_it_was_seen(
    created: Any, expected: datetime
) -> None:
    (post,) = heard(first(record={**RECORD, "createdAt": created})).items
    assert post.published_at == expected


def test_a_clock_that_runs_ahead_at_the_other_end_dates_nothing_into_the_future() -> None:
    (post,) = heard(first(record={**RECORD, "createdAt": "2030-01-01T00:00:00Z"}, time_us=MICROS + 10**12)).items
    assert post.published_at == NOW


def test_links_hashtags_pictures_answers_and_quotes_are_read() -> None:
    first_, second_, third = read("bluesky", body("bluesky", "search.json")).items
    assert first_.text == "Größe matters: acme.example/docs\n\n#Acme broke"
    assert (first_.links, first_.hashtags) == (("https://acme.example/docs?full=1",), ("Acme", "bolt"))
    assert (first_.author, first_.author_name) == ("moss.example.com", "Moss Lane")
    assert first_.engagement == {"likes": 7, "reposts": 1, "replies": 2, "quotes": 0, "bookmarks": 3}
    assert second_.reply_to == first_.native_id
    assert second_.thread == "at://did:plc:fern/app.bsky.feed.post/3000"
    assert second_.links == ("https://bsky.app/profile/did:plc:birch/post/3ddd",)
    assert second_.media == ("https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:quillfox/bafypic@jpeg",)
    assert second_.published_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "when the network had it"
    assert (third.author, third.links) == ("did:plc:birch", ("https://birch.example/acme",))


def test_a_post_without_words_says_what_its_pictures_and_card_say() -> None:
    pictures = {"$type": "app.bsky.embed.images", "images": [{"alt": "acme's new logo", "image": {}}, {"alt": ""}]}
    card = {"$type": "app.bsky.embed.external", "external": {"uri": "https://acme.example/", "title": "Acme moves"}}
    texts = [heard(first(record={**RECORD, "text": " ", "embed": embed})).items for embed in (pictures, card, None)]
    assert [[post.text for post in posts] for posts in texts] == [["acme's new logo"], ["Acme moves"], []]


def test_what_is_no_post_is_passed_over_and_what_is_no_event_set_aside() -> None:
    like = first(commit={"operation": "create", "collection": "app.bsky.feed.like", "rkey": "3", "record": {}})
    account = json.dumps({"did": "did:plc:x", "time_us": MICROS + 5, "kind": "account", "account": {"active": False}})
    batch = heard(like, "{half", "[1]", first(), "null", account, first(record="?"), first(did=5), first("undo"))
    assert len(batch.items) == 1
    assert len(batch.rejected) == 3
    assert Mark.read(batch.newest) == Mark(MICROS)


def test_rubbish_without_end_is_not_kept_without_end() -> None:
    assert len(heard(*["{"] * 5_000).rejected) == 200


def test_the_end_that_the_stream_announces_is_an_error() -> None:
    error = json.dumps({"$type": "error", "error": "ConsumerTooSlow", "message": "read faster"})
    with pytest.raises(SourceError, match="ConsumerTooSlow read faster") as caught:
        heard(first(), error)
    assert not caught.value.permanent


@pytest.mark.parametrize("name", ["OutdatedCursor", "FutureCursor"])
def test_a_stream_that_begins_elsewhere_leaves_a_gap(name: str) -> None:
    info = {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": name, "message": "resumed from 7"}
    gap, post = heard(json.dumps({"$type": "message", "payload": info}), second()).items
    assert isinstance(gap, Gap)
    assert (gap.since, gap.until) == (None, NOW)
    assert name in gap.reason
    assert isinstance(post, Post)


# -- marks ----------------------------------------------------------------------------------------------------------


def cursor(source: Bluesky, mark: str | None, now: datetime = NOW) -> int | None:
    stream = source.stream(Search(), mark, now)
    assert stream is not None
    return int(stream.params["cursor"]) if "cursor" in stream.params else None


BY_TIME = MICROS - OVERLAP // timedelta(microseconds=1)


def test_a_stream_goes_on_a_little_before_its_mark() -> None:
    mark = heard(first()).newest
    assert mark == f"v1/{MICROS}"
    assert cursor(Bluesky(), mark) == BY_TIME
    stream = Bluesky().stream(Search(), mark, NOW)
    assert stream is not None
    assert (stream.resumes, stream.params["wantedCollections"]) == (AT, "app.bsky.feed.post")
    assert cursor(Bluesky(), None) is None, "the first time there is nothing to go on from"
    assert cursor(Bluesky(), "rubbish") is None


def test_the_second_version_goes_on_by_number_where_the_number_counts() -> None:
    source = Bluesky(jetstream=V2)
    mark = heard(second(), source=source).newest
    assert mark == f"v2/jets.example/900100/{MICROS}"
    assert cursor(source, mark) == 900_100 - OVERLAP_EVENTS
    stream = source.stream(Search(), mark, NOW)
    assert stream is not None
    assert stream.params["collections"] == "app.bsky.feed.post"
    assert stream.url == f"{V2}?kinds=commit&kinds=account", "an account that goes takes its posts with it"


def test_a_mark_of_another_version_or_host_or_of_long_ago_is_taken_by_its_time() -> None:
    source, mark = Bluesky(jetstream=V2), f"v2/jets.example/900100/{MICROS}"
    assert cursor(Bluesky(), mark) == BY_TIME
    assert cursor(source, f"v1/{MICROS}") == BY_TIME
    assert cursor(source, mark.replace("jets", "other")) == BY_TIME
    assert cursor(source, mark, NOW + timedelta(hours=7)) == BY_TIME, "a number that has left the archive is refused"


def test_where_each_event_was_witnessed_is_what_its_mark_says() -> None:
    batch = heard(second(witnessedAt="2026-03-03T11:59:31Z"), source=Bluesky(jetstream=V2))
    assert batch.newest == f"v2/jets.example/900100/{MICROS + 750_000}"


# -- the search -----------------------------------------------------------------------------------------------------

KEY = Bluesky(identifier="team.example.com", app_password="hush-hush")
WATCH = Watch("acme", "Acme", Role.BRAND, 'acme OR "bolt app"')


def test_without_an_account_there_is_the_stream_alone() -> None:
    (search,) = Bluesky().searches((WATCH,))
    assert Bluesky().stream(search, None, NOW) is not None


def test_with_an_account_the_watches_are_searched_for_too_and_no_search_streams() -> None:
    streamed, *searched = KEY.searches((WATCH,))
    assert streamed == Search()
    assert [search.terms for search in searched] == ["acme", '"bolt app"']
    assert [KEY.stream(search, None, NOW) for search in searched] == [None, None]
    alone = Bluesky(jetstream=None, identifier="x", app_password="y", queries=("Bolt",)).searches(())
    assert alone == (Search("bolt", "Bolt"),)


@pytest.mark.parametrize("wrong", [{"identifier": "x"}, {"app_password": "x"}, {"jetstream": None}])
def test_half_an_account_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="identifier"):
        Bluesky(**wrong)


def test_the_login_gives_a_session_and_shows_no_secret() -> None:
    login = KEY.login()
    assert login is not None
    assert login.request.url == "https://bsky.social/xrpc/com.atproto.server.createSession"
    assert json.loads(login.request.body or "") == {"identifier": "team.example.com", "password": "hush-hush"}
    page = Page(login.request, 200, b'{"accessJwt": "jwt", "refreshJwt": "r"}', login.request.url, NOW)
    assert read_login(KEY, KEY.login(), page) == {"Authorization": "Bearer jwt"}
    assert "hush" not in f"{KEY!r}{login!r}{KEY.start(Search('acme', 'acme'), None, NOW)}"
    assert Bluesky().login() is None


@pytest.mark.parametrize(
    ("status", "answer", "permanent"),
    [(401, b'{"error":"AuthenticationRequired","message":"Invalid identifier or password"}', True),
     (200, b'{"accessJwt": ""}', False), (200, b"<html>", False), (503, b"", False)],
)  # fmt: skip
def test_a_login_that_is_refused_says_what_to_check(status: int, answer: bytes, permanent: bool) -> None:
    with pytest.raises(SourceError) as caught:
        read_login(
            KEY, KEY.login(), Page(Request("https://bsky.social/x"), status, answer, "https://bsky.social/x", NOW)
        )
    assert caught.value.permanent is permanent
    assert "app_password" in caught.value.remedy or not permanent


def test_a_session_ends_in_two_ways() -> None:
    request = Request("https://bsky.social/x")
    expired = Page(request, 400, b'{"error":"ExpiredToken","message":"Token has expired"}', request.url, NOW)
    assert KEY.session_expired(expired)
    assert KEY.session_expired(replace(expired, status=401))
    assert not KEY.session_expired(replace(expired, body=b'{"error":"InvalidRequest"}'))


def test_a_search_overlaps_its_mark_and_ends_behind_it() -> None:
    request = KEY.start(Search("acme", "acme"), "2026-03-02T09:30:00.000Z", NOW)
    assert request.params == {"q": "acme", "sort": "latest", "limit": "100", "since": "2026-03-02T08:30:00.000Z"}
    page = Page(request, 200, body("bluesky", "search.json"), request.url, NOW)
    batch = read_page(KEY, page)
    assert batch.newest == "2026-03-02T10:00:00.000Z"
    (older,) = batch.requests
    assert older.params == {**request.params, "cursor": "next-100"}
    assert read_page(KEY, replace(page, request=older)).requests == (), "the same cursor again is the end"
    late = replace(request, params={**request.params, "since": "2026-03-02T11:00:00.000Z"})
    assert read_page(KEY, replace(page, request=late)).requests == ()
    assert KEY.mark_at(datetime(2026, 2, 1, tzinfo=UTC)) == "2026-02-01T00:00:00.000Z"


def test_a_block_page_in_html_names_itself() -> None:
    with pytest.raises(SourceError, match="answered 403: Forbidden") as caught:
        read("bluesky", b"<html><head><title>Forbidden</title></head></html>", 403)
    assert caught.value.permanent


def test_posts_are_looked_at_again_by_the_two_dozen_and_missing_ones_are_gone() -> None:
    ids = [f"at://did:plc:moss/app.bsky.feed.post/{n}" for n in range(60)]
    requests = Bluesky().look_again(ids)
    asked = [parse_qs(urlsplit(request.url).query)["uris"] for request in requests]
    assert [len(some) for some in asked] == [25, 25, 10]
    assert [uri for some in asked for uri in some] == ids
    assert requests[0].url.startswith("https://public.api.bsky.app/")
    assert KEY.look_again(ids)[0].url.startswith("https://bsky.social/")

    found = json.loads(body("bluesky", "search.json"))["posts"][:2]
    (request,) = Bluesky().look_again([found[0]["uri"], found[1]["uri"], URI])
    answer = Page(request, 200, json.dumps({"posts": found}).encode(), request.url, NOW)
    *posts, gone = read_page(Bluesky(), answer).items
    assert [post.native_id for post in posts] == [found[0]["uri"], found[1]["uri"]]
    assert gone == Deletion("bluesky", URI)
    with pytest.raises(SourceError, match="not believed"):
        read_page(Bluesky(), replace(answer, body=b'{"posts": []}'))


def test_saved_events_of_a_stream_are_read_like_a_page() -> None:
    lines = "\n".join([first(), first("delete", None), second(rkey="3def")]).encode()
    batch = read("bluesky", lines)
    assert [type(item).__name__ for item in batch.items] == ["Post", "Deletion", "Post"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", "a\0b", "at://"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data())
@settings(deadline=None)
def test_wrong_types_anywhere_in_an_event_harm_nobody(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from([first(record=FULL), second("update", FULL), first("delete", None)]))
    tree = replaced(json.loads(event), data.draw(st.randoms(use_true_random=False)), data.draw(anything))
    events = [json.dumps(tree), first(time_us=MICROS + 1)]
    assert heard(*events) == heard(*events)
    assert Mark.read(heard(*events).newest) == Mark(MICROS + 1)


@given(content=st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "replace")))
@settings(deadline=None)
def test_rubbish_on_a_stream_is_set_aside_and_what_follows_is_read(content: str) -> None:
    batch = heard(content, first())
    assert [item.native_id for item in batch.items] == [URI]


def account(active: bool, status: str | None, did: str = "did:plc:moss") -> str:
    said = {"active": active, "did": did, "seq": 9, "time": "2026-03-03T11:59:30.000Z"} | (
        {"status": status} if status else {}
    )
    return json.dumps({"did": did, "time_us": MICROS + 5, "kind": "account", "account": said})


@pytest.mark.parametrize("status", ["deleted", "deactivated", "takendown", "suspended"])
def test_an_account_that_goes_takes_its_posts_with_it(status: str) -> None:
    batch = heard(first(), account(False, status), first(did="did:plc:fern"))
    gone, other = batch.items
    assert gone == Deletion("bluesky", "at://did:plc:moss/", all_below=True)
    assert other.native_id.startswith("at://did:plc:fern/"), "what came before in the same batch is not stored at all"
    assert heard(account(False, status), source=Bluesky(jetstream=V2)).items == (gone,)


@pytest.mark.parametrize(
    ("active", "status"), [(True, None), (False, "throttled"), (False, "desynchronized"), (False, None)]
)
def test_an_account_that_is_there_or_slow_keeps_its_posts(active: bool, status: str | None) -> None:
    assert heard(account(active, status)).items == ()


@pytest.mark.parametrize("micros", [0, -5, MICROS + 40 * 86_400_000_000, 2**62, 1_000])
def test_a_time_at_which_nothing_can_have_happened_moves_no_mark(micros: int) -> None:
    batch = heard(first(), first(time_us=micros))
    assert batch.newest == f"v1/{MICROS}"
    assert len({post.native_id for post in batch.items}) == 1, "the post is read all the same"


def test_a_stored_mark_of_the_future_is_not_gone_on_from() -> None:
    stream = Bluesky().stream(Search(), f"v1/{MICROS + 40 * 86_400_000_000}", NOW)
    assert stream is not None
    assert ("cursor" in stream.params, stream.resumes) == (False, None)


def test_a_post_without_words_that_is_shown_is_not_deleted() -> None:
    view = {
        "uri": "at://did:plc:moss/app.bsky.feed.post/1",
        "author": {},
        "record": {"text": "", "createdAt": "2026-03-03T10:00:00Z"},
    }
    (request,) = Bluesky().look_again([view["uri"], "at://did:plc:moss/app.bsky.feed.post/2"])
    batch = read_page(Bluesky(), Page(request, 200, json.dumps({"posts": [view]}).encode(), request.url, NOW))
    assert batch.items == (Deletion("bluesky", "at://did:plc:moss/app.bsky.feed.post/2"),)

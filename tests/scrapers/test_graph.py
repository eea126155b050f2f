"""Meta's Graph API, whichever of its kinds asks: errors of any status, allowances, pages, and a token nobody sees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from insight.model import Post
from scrapers import KINDS
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, Source, SourceError
from scrapers.social import graph
from tests.scrapers.samples import ADDRESSES, NOW, body

TOKEN = "EAAB" + "x9" * 60
MADE = {
    "facebook": {"token": TOKEN, "pages": ["acme"]},
    "instagram": {"token": TOKEN, "account": "1784"},
    "threads": {"token": TOKEN, "queries": ["acme"]},
}
SAMPLES = {"facebook": "feed.json", "instagram": "tags.json", "threads": "search.json"}
every_kind = pytest.mark.parametrize("kind", MADE)


def made(kind: str, **settings: Any) -> Source:
    return KINDS[kind](**{**MADE[kind], **settings})


def parse(kind: str, content: bytes, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> Batch:
    source = made(kind)
    request = more.get("request") or source.start(source.searches(())[0], more.get("since"), NOW)
    return read_page(source, Page(request, status, content, request.url + "?fields=id", NOW, headers or {}))


def refused(kind: str, error: dict[str, Any], status: int = 400, headers: dict[str, str] | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        parse(kind, json.dumps({"error": error}).encode(), status, headers)
    return caught.value


@every_kind
@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("code", [102, 190])
def test_a_token_that_has_ended_is_for_a_person_whatever_the_status(kind: str, status: int, code: int) -> None:
    error = refused(
        kind, {"message": f"Malformed access token {TOKEN}", "type": "OAuthException", "code": code}, status
    )
    assert error.permanent
    assert error.status == 401
    assert "token" in error.remedy
    assert TOKEN not in str(error)
    assert "Malformed access token" in str(error)


@every_kind
@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80001, 80002])
def test_a_used_up_allowance_passes_after_the_time_that_is_named(kind: str, code: int) -> None:
    usage = {"1784": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]}
    headers = {"x-business-use-case-usage": json.dumps(usage), "x-app-usage": "not json"}
    error = refused(kind, {"message": "Application request limit reached", "code": code}, 403, headers)
    assert not error.permanent
    assert error.retry_after == 19 * 60
    assert refused(kind, {"message": "limit", "code": code}, 400).retry_after is None
    assert refused(kind, {"message": "limit", "code": code}, 400, {"retry-after": "70"}).retry_after == 70


@every_kind
@pytest.mark.parametrize("error", [{"code": 1}, {"code": 2}, {"code": 10, "is_transient": True}])
def test_what_the_platform_calls_passing_passes(kind: str, error: dict[str, Any]) -> None:
    assert not refused(kind, {"message": "try again", **error}, 500).permanent
    assert not refused(kind, {"message": "try again", **error}, 200).permanent


@every_kind
def test_a_missing_permission_is_named(kind: str) -> None:
    said = "(#100) This requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature."
    error = refused(kind, {"message": said, "type": "OAuthException", "code": 100})
    assert error.permanent
    assert "pages_read_engagement or Page Public Content Access" in error.remedy
    for code in (3, 10, 200, 283):
        assert "permission" in refused(kind, {"message": "no", "code": code}).remedy


@every_kind
@pytest.mark.parametrize("error", [{}, {"message": 7, "code": "x"}, {"code": None}, {"code": 10**40}])
def test_an_error_that_says_little_is_one_all_the_same(kind: str, error: dict[str, Any]) -> None:
    found = refused(kind, error)
    assert found.permanent
    assert found.remedy


@every_kind
def test_an_allowance_that_is_nearly_used_up_is_left_alone(kind: str) -> None:
    content = body(kind, SAMPLES[kind])
    assert parse(kind, content).pause is None
    assert parse(kind, content, headers={"x-app-usage": '{"call_count": 40, "total_time": 96}'}).pause == 600
    assert parse(kind, content, headers={"x-app-usage": '{"call_count": 40, "total_time": 20}'}).pause is None
    told = json.dumps({"1": [{"call_count": 3, "estimated_time_to_regain_access": 5}]})
    assert parse(kind, content, headers={"x-business-use-case-usage": told}).pause == 300


@every_kind
def test_the_token_travels_in_a_header_and_nowhere_else(kind: str) -> None:
    source = made(kind, app_secret="hush-hush")
    assert source.headers() == {"Authorization": f"Bearer {TOKEN}"}
    for search in source.searches(()):
        request = source.start(search, None, NOW)
        written = json.dumps(request.to_json())
        assert TOKEN not in written
        assert "hush-hush" not in written
        assert len(request.params["appsecret_proof"]) == 64
    assert "appsecret_proof" not in made(kind).start(source.searches(())[0], None, NOW).params
    assert TOKEN not in repr(source)


@every_kind
def test_an_error_shows_no_query(kind: str) -> None:
    for content in (b"<html><title>Log in</title></html>", b"[]", b'{"error": "x"}', b'{"data": 7}'):
        with pytest.raises(SourceError) as caught:
            parse(kind, content)
        assert "fields=" not in str(caught.value)


def test_the_next_page_is_asked_for_without_the_address_that_holds_the_token() -> None:
    (further,) = parse("facebook", body("facebook", "feed.json")).requests
    assert further.params["after"] == "aaa"
    assert "EAAsecret" not in json.dumps(further.to_json())
    assert further.url == "https://graph.facebook.com/v25.0/acme/feed"


def test_an_after_that_is_the_same_on_every_page_leads_on_and_has_an_end() -> None:
    content, request, pages = body("instagram", "tags.json"), Request(ADDRESSES["instagram"]), 0
    waiting = [request]
    while waiting:
        waiting = list(parse("instagram", content, request=waiting.pop()).requests)
        pages += 1
        assert pages < 200, "the walk goes round"
    assert pages == graph.MOST_PAGES


@pytest.mark.parametrize("following", [7, "//[", "https://graph.facebook.com/x?access_token=EAAsecret", ""])
def test_a_next_that_says_nothing_of_paging_is_no_page(following: object) -> None:
    content = json.loads(body("facebook", "feed.json"))
    content["paging"]["next"] = following
    assert parse("facebook", json.dumps(content).encode()).requests == ()


@every_kind
def test_a_mark_in_the_future_is_not_taken(kind: str) -> None:
    content = (
        body(kind, SAMPLES[kind]).replace(b"2026-03-03T", b"2031-03-03T").replace(b"2026-03-02T20", b"2031-03-02T20")
    )
    mark = parse(kind, content).newest
    assert mark is None or mark < NOW.isoformat()


@every_kind
def test_one_bad_item_leaves_the_others(kind: str) -> None:
    content = json.loads(body(kind, SAMPLES[kind]))
    whole = [item for item in parse(kind, json.dumps(content).encode()).items if isinstance(item, Post)]
    content["data"][1:1] = [None, {"message": "no id"}, []]
    batch = parse(kind, json.dumps(content).encode())
    assert [item for item in batch.items if isinstance(item, Post)] == whole
    assert len(batch.rejected) == 3


def test_marks_tell_time_so_that_a_backfill_can_walk_to_one() -> None:
    mark = made("threads").mark_at(NOW)
    assert mark == "2026-03-03T12:00:00+00:00"
    assert made("threads").start(Search("acme", "acme"), mark, NOW).params["since"] == str(int(NOW.timestamp()) - 3600)

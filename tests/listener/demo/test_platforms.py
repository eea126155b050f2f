"""The platforms of the simulated market answer as the real ones do, and never from the future."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest

from listener.demo.market import Market
from listener.demo.platforms import HttpAnswer, Platforms
from listener.demo.posts import MarketPost

SEARCH = "/api/v1/search_by_date"
STORE = "/us/rss/customerreviews/page={}/id=9900000001/sortby=mostrecent/json"


@cache
def market() -> Market:
    return Market(11)


@cache
def platforms() -> Platforms:
    return Platforms(market(), "http://127.0.0.1:1")


def later(**span: float) -> datetime:
    return market().start + timedelta(**span)


def ask(path: str, now: datetime, headers: dict[str, str] | None = None, **query: object) -> HttpAnswer:
    """The answer at that time; who is told to come back later does so."""
    answer = platforms().respond(path, {name: str(value) for name, value in query.items()}, now, headers)
    if answer.status == 429:
        return ask(path, now + timedelta(seconds=int(answer.headers["retry-after"])), headers, **query)
    return answer


def read(path: str, now: datetime, **query: object) -> Any:
    return json.loads(ask(path, now, **query).body)


def expected(platform: str, now: datetime, **properties: object) -> list[MarketPost]:
    return [
        post
        for post in market().posts
        if post.platform == platform
        and post.exists(now)
        and all(getattr(post, name) == value for name, value in properties.items())
    ]


# -- Hacker News ------------------------------------------------------------------------------------------------


def test_a_search_finds_words_newest_first_and_nothing_from_the_future() -> None:
    now = later(days=20)
    hits = read(SEARCH, now, query="lanternfish", hitsPerPage=1000)["hits"]
    named = [post for post in expected("hackernews", now) if "lanternfish" in f"{post.title} {post.text}".lower()]
    assert [hit["created_at_i"] for hit in hits] == sorted((hit["created_at_i"] for hit in hits), reverse=True)
    assert {hit["objectID"] for hit in hits} >= {post.id for post in named}
    assert max(hit["created_at_i"] for hit in hits) <= now.timestamp()


def test_a_phrase_is_searched_in_its_order() -> None:
    now = later(days=30)
    asked = ('"note taking"', '"taking note"', "taking note")
    phrase, reverse, words = (read(SEARCH, now, query=text)["nbHits"] for text in asked)
    assert reverse < phrase / 5 < phrase <= words


def test_windows_take_both_ends_open_or_closed() -> None:
    now, hits = later(days=9), read(SEARCH, later(days=9), query="lanternfish", hitsPerPage=5)["hits"]
    newest, oldest = hits[0]["created_at_i"], hits[-1]["created_at_i"]
    closed = read(SEARCH, now, query="lanternfish", numericFilters=f"created_at_i>={oldest},created_at_i<={newest}")
    opened = read(SEARCH, now, query="lanternfish", numericFilters=f"created_at_i>{oldest},created_at_i<{newest}")
    assert closed["nbHits"] == 5
    assert opened["nbHits"] == 3


def test_an_unknown_filter_is_refused() -> None:
    assert ask(SEARCH, later(days=9), query="lanternfish", numericFilters="nonsense>1").status == 400


def test_pages_are_disjoint_and_complete() -> None:
    now = later(days=15)
    whole = [hit["objectID"] for hit in read(SEARCH, now, query="lanternfish", hitsPerPage=1000)["hits"]]
    first = read(SEARCH, now, query="lanternfish", hitsPerPage=7)
    paged = [
        hit["objectID"]
        for page in range(first["nbPages"])
        for hit in read(SEARCH, now, query="lanternfish", hitsPerPage=7, page=page)["hits"]
    ]
    assert paged == whole


def test_no_page_reaches_beyond_a_thousand_hits() -> None:
    answer = read(SEARCH, market().end, query="", hitsPerPage=100, page=10)
    assert answer["nbHits"] > 1000
    assert answer["nbPages"] == 10
    assert answer["hits"] == []


@pytest.mark.parametrize("tags", ["story", "comment", "(story,comment)"])
def test_tags_choose_what_kind_of_item_comes(tags: str) -> None:
    hits = read(SEARCH, later(days=30), query="lanternfish", tags=tags, hitsPerPage=200)["hits"]
    assert {hit["_tags"][0] for hit in hits} == set(re.findall(r"\w+", tags))
    assert all(("comment_text" in hit) == (hit["_tags"][0] == "comment") for hit in hits)


# -- Mastodon ---------------------------------------------------------------------------------------------------


def walk_tag(tag: str, now: datetime, **query: object) -> list[dict[str, Any]]:
    """Every page by following the Link header."""
    found, path, wanted = [], f"/api/v1/timelines/tag/{tag}", {"limit": 40, **query}
    while True:
        answer = ask(path, now, **wanted)
        found += json.loads(answer.body)
        following = re.search(r'max_id=(\d+)>; rel="next"', answer.headers.get("link", ""))
        if not following:
            return found
        wanted = {**wanted, "max_id": following[1]}


def test_a_timeline_is_walked_to_its_end_by_its_links() -> None:
    now = later(days=20)
    statuses = walk_tag("Lanternfish", now)
    tagged = [post for post in expected("mastodon", now) if "#lanternfish" in post.text.lower()]
    assert [status["id"] for status in statuses] == [post.id for post in sorted(tagged, key=lambda p: -int(p.id))]


def test_since_id_gives_the_newest_and_min_id_the_next_ones() -> None:
    now = later(days=20)
    statuses = walk_tag("lanternfish", now)
    mark = statuses[60]["id"]
    since = read("/api/v1/timelines/tag/lanternfish", now, since_id=mark, limit=10)
    following = read("/api/v1/timelines/tag/lanternfish", now, min_id=mark, limit=10)
    assert [each["id"] for each in since] == [each["id"] for each in statuses[:10]]
    assert [each["id"] for each in following] == [each["id"] for each in statuses[50:60]]


def test_an_edit_shows_from_its_time_on_and_a_deleted_status_is_gone() -> None:
    edited = next(post for post in market().posts if post.platform == "mastodon" and post.edited_at)
    deleted = next(post for post in market().posts if post.platform == "mastodon" and post.deleted_at)
    assert edited.edited_at is not None
    assert deleted.deleted_at is not None
    moment = timedelta(seconds=1)
    before = read(f"/api/v1/statuses/{edited.id}", edited.edited_at - moment)
    after = read(f"/api/v1/statuses/{edited.id}", edited.edited_at)
    assert before["edited_at"] is None
    assert after["edited_at"]
    assert before["content"] != after["content"]
    assert ask(f"/api/v1/statuses/{deleted.id}", deleted.deleted_at - moment).status == 200
    assert ask(f"/api/v1/statuses/{deleted.id}", deleted.deleted_at).status == 404


def test_the_outage_hides_posts_and_gives_them_back_afterwards() -> None:
    outage = market().events.outage
    path = "/api/v1/timelines/tag/lanternfish"
    assert ask(path, outage.start).status == 503
    assert ask(path, outage.end - timedelta(seconds=1)).status == 503
    assert ask(SEARCH, outage.start, query="lanternfish").status == 200
    back = walk_tag("lanternfish", outage.end)
    times = [datetime.fromisoformat(status["created_at"]) for status in back]
    assert sum(at in outage for at in times) >= 10


# -- feeds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/feeds/press.xml", "/feeds/forum.atom"])
def test_a_feed_answers_304_until_it_changes(path: str) -> None:
    now = later(days=12)
    first = ask(path, now)
    again = ask(path, now, {"if-none-match": first.headers["etag"]})
    by_date = ask(path, now, {"if-modified-since": first.headers["last-modified"]})
    tomorrow = ask(path, now + timedelta(days=1), {"if-none-match": first.headers["etag"]})
    assert (again.status, by_date.status, tomorrow.status) == (304, 304, 200)
    assert again.body == b""


def test_feeds_are_well_formed_and_hold_the_newest() -> None:
    now = later(days=40)
    press = ElementTree.fromstring(ask("/feeds/press.xml", now).body)
    forum = ElementTree.fromstring(ask("/feeds/forum.atom", now).body)
    atom = "{http://www.w3.org/2005/Atom}"
    assert [item.findtext("link") for item in press.iter("item")] == [
        post.link for post in reversed(expected("feed", now, place="press")[-50:])
    ]
    assert [entry.findtext(f"{atom}title") for entry in forum.iter(f"{atom}entry")] == [
        post.title for post in reversed(expected("feed", now, place="forum")[-50:])
    ]


def test_every_article_has_an_address_of_its_own() -> None:
    links = [post.link for post in expected("feed", market().end, place="press")]
    assert len(set(links)) == len(links)


# -- reviews ----------------------------------------------------------------------------------------------------


def test_store_pages_hold_every_review_once() -> None:
    now = later(days=60)
    pages = [read(STORE.format(page), now)["feed"].get("entry", []) for page in range(1, 11)]
    found = [entry["id"]["label"] for page in pages for entry in page]
    assert all(len(page) <= 50 for page in pages)
    assert sorted(found) == sorted(post.id for post in expected("appstore", now, place="lanternfish", country="us"))


def test_no_entry_means_no_key_and_one_entry_is_no_list() -> None:
    first = expected("appstore", market().end, place="lanternfish", country="us")[0]
    assert "entry" not in read(STORE.format(1), first.at - timedelta(seconds=1))["feed"]
    assert isinstance(read(STORE.format(1), first.at)["feed"]["entry"], dict)


def test_a_store_has_ten_pages_and_no_more() -> None:
    assert ask(STORE.format(11), market().end).status == 400


def test_an_edited_review_comes_up_again_with_its_new_stars() -> None:
    edited = next(
        post for post in expected("appstore", market().end, country="us", place="lanternfish") if post.edited_at
    )
    assert edited.edited_at is not None
    top = read(STORE.format(1), edited.edited_at)["feed"]["entry"][0]
    assert top["id"]["label"] == edited.id
    assert top["im:rating"]["label"] == str(edited.stars(edited.edited_at))
    assert datetime.fromisoformat(top["updated"]["label"]) == edited.edited_at


def test_a_review_page_shows_the_newest_twenty_as_json_ld() -> None:
    now = later(days=50)
    page = ask("/reviews/lanternfish", now).body.decode()
    assert "Simulated market" in page
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found
    reviews = json.loads(found[1])["review"]
    newest = reversed(expected("reviews", now, place="lanternfish")[-20:])
    assert [each["reviewBody"] for each in reviews] == [post.text for post in newest]


def test_a_review_page_of_the_first_hour_has_no_review_and_no_average() -> None:
    page = ask("/reviews/lanternfish", market().start).body.decode()
    assert '"review": []' in page
    assert "aggregateRating" not in page


# -- all --------------------------------------------------------------------------------------------------------


def test_a_request_here_and_there_is_asked_to_come_back_later() -> None:
    answers = [platforms().respond(SEARCH, {"query": "lanternfish"}, later(hours=hour)) for hour in range(1680)]
    refused = [answer for answer in answers if answer.status == 429]
    assert 1 <= len(refused) <= 20
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)


def test_an_unknown_address_is_not_found() -> None:
    assert platforms().respond("/nothing/here", {}, market().end).status == 404
    assert ask("/reviews/somebody-elses", market().end).status == 404

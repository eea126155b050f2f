"""Any page costs little: at most two seconds of processor time and 64 MB beyond itself; what is good in it is read."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from insight.model import Post
from scrapers import KINDS
from scrapers.answers import read_page
from scrapers.base import Page, Request
from scrapers.formats import limits
from scrapers.saved import read_saved
from tests.scrapers.hostile import NINES, NOW, PAGES, toot

SECONDS, MEGABYTES = 2.0, 64.0
SLOWER = 1.5  # a machine on which others work, too; the figures themselves stand in benchmarks/parse.py


SOME = [
    "feed of deep HTML", "list of 600,000 objects", "a thread 100,000 deep", "page with 65,000 attributes",
    "microdata of 100,000 reviews",
]  # fmt: skip


@pytest.mark.parametrize(
    "pages", [pytest.param(SOME, id="some"), pytest.param([*PAGES], id="all", marks=pytest.mark.soak)]
)
@pytest.mark.long
def test_no_page_costs_more_than_two_seconds_and_64_megabytes(pages: list[str]) -> None:
    command = [sys.executable, "-m", "tests.scrapers.hostile", *pages]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["page"] for one in found] == pages
    costly = [one for one in found if one["seconds"] > SECONDS * SLOWER or one["megabytes"] > MEGABYTES]
    assert not costly, json.dumps(costly, indent=1)
    told = {one["page"]: one["reasons"] or one["error"] for one in found}
    read_whole = {"feed with 65,000 attributes", "page with 65,000 attributes", "page of classes"}
    assert {page for page, why in told.items() if not why} <= read_whole, "what is left out is said"


def saved(kind: str, text: str, url: str | None = None) -> tuple[list[str], list[str]]:
    """The ids of the posts in an answer, and why the rest was set aside."""
    batch = read_saved(kind, text.encode(), url=url, now=NOW)
    return [item.native_id for item in batch.items if isinstance(item, Post)], [one.reason for one in batch.rejected]


TOOTS = "https://m.social/api/v1/timelines/tag/acme"


@pytest.mark.parametrize(
    "odd", [NINES, f"[{NINES}]", f"-{NINES}", "[" * 2_000 + "]" * 2_000, "[" * 40_000 + "]" * 40_000]
)
def test_an_item_with_an_impossible_value_holds_up_no_other(odd: str) -> None:
    posts, reasons = saved("mastodon", f'[{toot(1)},{{"id": {odd}, "uri": {odd}}},{toot(3)}]', TOOTS)
    assert posts == ["https://m.social/1", "https://m.social/3"]
    assert any("left out" in reason for reason in reasons)
    assert "a toot without a uri" in reasons


def test_a_post_with_an_impossible_count_is_a_post_without_it() -> None:
    odd = toot(2).replace('"favourites_count": 2', f'"favourites_count": {NINES}')
    batch = read_saved("mastodon", f"[{odd}]".encode(), url=TOOTS, now=NOW)
    (post,) = (item for item in batch.items if isinstance(item, Post))
    assert (post.native_id, post.text, "likes" in post.engagement) == ("https://m.social/2", "acme 2", False)


def test_the_first_of_too_many_items_are_read_and_the_rest_is_counted() -> None:
    posts, reasons = saved("mastodon", "[" + ",".join(map(toot, range(limits.ITEMS + 7))) + "]", TOOTS)
    assert posts == [f"https://m.social/{number}" for number in range(limits.ITEMS)]
    assert reasons == [f"7 more items left out: a page may hold {limits.ITEMS:,}"]


def test_of_too_many_values_whole_items_are_left() -> None:
    wide = [json.dumps({**json.loads(toot(number)), "tags": [0] * 300}) for number in range(400)]
    posts, reasons = saved("mastodon", f"[{','.join(wide)}]", TOOTS)
    assert posts == [f"https://m.social/{number}" for number in range(len(posts))]
    assert 300 < len(posts) < 400
    assert reasons == [f"the rest of the page was left out: a page may hold {limits.VALUES:,} values"]


@pytest.mark.sampled
@pytest.mark.parametrize("many", [limits.VALUES - 2, limits.VALUES + 5_000])
@pytest.mark.parametrize("around", ["%s", '{"a": 1, "list": %s, "b": 2}', '[1, {"list": %s}]', '{"deep": [[%s]]}'])
def test_json_that_is_cut_is_the_beginning_of_what_it_was(around: str, many: int) -> None:
    text = around % json.dumps(['a,[]{}\\"'] * many)
    whole, found = json.loads(text), limits.loads(text)
    if many < limits.VALUES - 100 or whole == found:
        assert whole == found
    else:
        assert json.dumps(whole).startswith(json.dumps(found).rstrip("]}"))
        assert len(json.dumps(found)) > len(text) * 0.5 or around.startswith("[1")


@pytest.mark.parametrize("text", ["", "{", "nope", '{"a":}', "[1,]", "\ud800", b"\xff\xfe\x00"])
def test_what_is_no_json_stays_none(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        limits.loads(text)


def test_a_page_that_takes_too_long_is_read_as_far_as_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr(limits.time, "thread_time", lambda: next(clock) / 10)
    source = KINDS["mastodon"].for_page(TOOTS)
    body = f"[{','.join(map(toot, range(50)))}]".encode()
    batch = read_page(source, Page(Request(TOOTS), 200, body, TOOTS, NOW))
    assert 5 <= len(batch.items) <= 12, "a tenth of a second an item"
    left = 50 - len(batch.items)
    assert [one.reason for one in batch.rejected] == [f"{left} more items left out: this page takes too long to read"]

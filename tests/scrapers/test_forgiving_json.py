r"""JSON that clients and browsers read is read: one bad byte, control character or number costs no more than itself."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from insight.model import Post
from scrapers.formats import limits
from scrapers.saved import read_saved
from tests.scrapers.samples import NOW

WRITTEN: dict[bytes, Any] = {
    b'{"a": "na\xefve \xc3\xa9"}': {"a": "naïve é"},
    b'\xef\xbb\xbf{"a": 1}': {"a": 1},
    '{"a": "é"}'.encode("utf-16"): {"a": "é"},
    b'{"a": "two\nlines\x00\x1b\tand"}': {"a": "two\nlines\x00\x1b\tand"},
    rb'{"a": "half \ud83d a pair", "b": "\udE00\ud83d"}': {"a": "half  a pair", "b": ""},
    rb'{"a": "\ud83d\ude00\ud83d", "b": "\\ud83d", "c": "\uD83D\uDE00"}': {"a": "😀", "b": "\\ud83d", "c": "😀"},
    b'{"a": "\xed\xa0\xbd\xed\xb8\x80"}': {"a": "😀"},
    rb'{"a": "it\'s C:\acme \u00e9 \\d \ux"}': {"a": r"it's C:\acme é \d \ux".replace("it", "it\\", 1)},
    b'{"a": 12345678901234567890, "b": 9007199254740993}': {"a": 12345678901234567890, "b": 9007199254740993},
    b'{"a": NaN, "b": -Infinity}': {"a": None, "b": None},
}


@pytest.mark.parametrize("written", WRITTEN)
def test_what_costs_no_meaning_is_forgiven(written: bytes) -> None:
    assert limits.loads(written) == WRITTEN[written]


@pytest.mark.parametrize("written", ["", "{", '{"a": 1} {"b": 2}', "<p>", "{'a': 1}", '{"a": tru}', '["a" "b"]'])
def test_what_is_no_json_is_none(written: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        limits.loads(written)


@pytest.mark.parametrize("piece", ["\\\\", "\\ud83d", "\\ude00", "\\'", "\\ud83d\\ude00", "\x00", "\xff"])
def test_no_string_makes_json_slow(piece: str) -> None:
    written = b'["' + piece.encode("latin-1") * 30_000 + b'"]'
    began = time.thread_time()
    limits.loads(written)
    assert time.thread_time() - began < 0.2


def test_an_id_past_2_to_the_53rd_is_kept_to_its_last_digit() -> None:
    hit = {"objectID": 36893488147419103233, "title": "acme", "created_at": "2026-03-02T10:00:00Z"}
    found = read_saved("hackernews", json.dumps({"hits": [hit]}).encode(), now=NOW)
    assert [item.native_id for item in found.items if isinstance(item, Post)] == ["36893488147419103233"]


@pytest.mark.parametrize("bad", [b'{"id": "2", "content_text": "caf\xe9"}', b"7", b"null", b"{}", b'"\x01"'])
def test_one_bad_item_of_a_feed_is_set_aside_or_mended_and_the_others_are_read(bad: bytes) -> None:
    good = [b'{"id": "https://a.example/%d", "content_text": "acme %d"}' % (number, number) for number in (1, 3)]
    body = b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + b", ".join([good[0], bad, good[1]]) + b"]}"
    found = read_saved("feed", body, url="https://a.example/feed.json", now=NOW)
    texts = [item.text for item in found.items if isinstance(item, Post)]
    assert [text for text in texts if text != "café"] == ["acme 1", "acme 3"]
    assert len(texts) + len(found.rejected) == 3


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        ("devto", {"type_of": "article", "id": 1, "title": "acme", "published_timestamp": "2026-03-02T10:00:00Z"}),
        ("lobsters", {"short_id": "abc123", "title": "acme", "created_at": "2026-03-02T10:00:00Z"}),
    ],
)
def test_one_object_of_another_shape_is_set_aside(kind: str, good: dict[str, Any]) -> None:
    found = read_saved(kind, json.dumps([{}, good]).encode(), now=NOW)
    assert [(len(found.items), len(found.rejected))] == [(1, 1)]

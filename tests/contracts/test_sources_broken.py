"""One suite for every kind of source, continued: answers that are cut short, mutilated, hostile, or none at all."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insight.model import Post
from scrapers import KINDS
from scrapers.base import SourceError
from tests.contracts.sources import answer, assert_sound, file_of, outcome, whole
from tests.scrapers.samples import body, read, samples

every_kind = pytest.mark.parametrize("kind", KINDS)
every_sample = pytest.mark.parametrize(("kind", "name"), samples())
fuzzed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.sampled("kind")
@every_sample
@given(data=st.data())
@fuzzed
def test_a_page_cut_short_gives_whole_posts_or_an_error(kind: str, name: str, data: st.DataObject) -> None:
    content = body(kind, name)
    posts = [item for item in whole(kind, name).items if isinstance(item, Post)]
    end = data.draw(st.integers(0, len(content.rstrip()) - 1))
    batch = outcome(kind, content[:end])
    for item in batch.items if batch else ():
        assert not isinstance(item, Post) or item in posts, (
            f"{file_of(kind)}: of a page cut after {end} bytes half a post is read: {item}; half a page is a "
            "SourceError, or gives the posts that are whole"
        )


@pytest.mark.sampled("kind")
@every_sample
@given(data=st.data())
@fuzzed
def test_flipped_bytes_harm_nobody(kind: str, name: str, data: st.DataObject) -> None:
    content = bytearray(body(kind, name))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    is_read_the_same_twice_and_is_sound(kind, bytes(content))


def is_read_the_same_twice_and_is_sound(kind: str, content: bytes) -> None:
    batch = outcome(kind, content)
    assert batch == outcome(kind, content), f"{file_of(kind)}: the same answer is read in two ways"
    if batch:
        assert_sound(batch, file_of(kind))


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "\ud800", "a\0b", "//["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.sampled("kind")
@pytest.mark.parametrize(("kind", "name"), [pair for pair in samples() if pair[1].endswith(".json")])
@given(data=st.data())
@fuzzed
def test_wrong_types_anywhere_harm_only_their_item(kind: str, name: str, data: st.DataObject) -> None:
    tree = json.loads(body(kind, name))
    for _ in range(data.draw(st.integers(1, 3))):
        tree = replaced(tree, data.draw(st.randoms(use_true_random=False)), data.draw(anything))
    content = json.dumps(tree).encode()
    is_read_the_same_twice_and_is_sound(kind, content)


@pytest.mark.parametrize(("kind", "name"), [pair for pair in samples() if pair[1].endswith(".json")])
def test_no_kind_stumbles_over_a_field_that_is_absent_or_null(kind: str, name: str) -> None:
    for content in without_each_field(json.loads(body(kind, name))):
        if batch := outcome(kind, json.dumps(content).encode()):
            assert_sound(batch, file_of(kind))


def without_each_field(tree: object) -> Iterator[object]:
    """The tree without one of its fields, and with null in its place: each field once, of a list those of its first."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield {name: kept for name, kept in tree.items() if name != key}
            yield {**tree, key: None}
            yield from ({**tree, key: changed} for changed in without_each_field(value))
    elif isinstance(tree, list) and tree:
        yield from ([changed, *tree[1:]] for changed in without_each_field(tree[0]))


def replaced(tree: object, choose: random.Random, value: object) -> object:
    """The tree with one node, anywhere, replaced."""
    if isinstance(tree, dict) and tree and choose.random() < 0.9:
        key = choose.choice(sorted(tree))
        return {**tree, key: replaced(tree[key], choose, value)}
    if isinstance(tree, list) and tree and choose.random() < 0.9:
        index = choose.randrange(len(tree))
        return [*tree[:index], replaced(tree[index], choose, value), *tree[index + 1 :]]
    return value


@every_kind
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@fuzzed
def test_garbage_is_an_error_or_holds_no_post(kind: str, content: bytes) -> None:
    batch = outcome(kind, content)
    assert not batch or not batch.items, (
        f"{file_of(kind)}: {batch and batch.items[0]} is read from {content!r}, which is no answer of the platform: "
        "look for what only its answers have, and raise not_read(page, …) otherwise"
    )


@pytest.mark.sampled
@every_kind
@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"<html><title>Just a moment...</title><body>x</body></html>", b"OK now"]
)
def test_an_empty_body_and_a_block_page_are_errors_whatever_the_status_says(kind: str, content: bytes) -> None:
    batch = outcome(kind, content)
    assert batch is None, (
        f"{file_of(kind)}: {content!r} with status 200 is taken for an answer without posts; parse() must raise "
        "SourceError, such as not_read(page, …), because an error that looks empty loses posts silently"
    )


@pytest.mark.sampled
@every_kind
@pytest.mark.parametrize(
    ("status", "permanent"),
    [(401, True), (403, True), (404, True), (410, True), (422, True), (429, False), (500, False), (503, False)],
)
def test_a_status_says_whether_to_ask_again(kind: str, status: int, permanent: bool) -> None:
    where = f"{file_of(kind)}: status {status}"
    error = answer(kind, b'{"error": "too much of it"}', status, retry_after="70")
    assert isinstance(error, SourceError), (
        f"{where} is taken for an answer ({error}): parse_error() must raise a SourceError or give None"
    )
    assert "too much of it" in str(error), f"{where}: the error must quote what the platform says: {error!r}"
    assert (error.permanent, error.status, error.retry_after) == (permanent, status, 70), (
        f"{where}: permanent, status and retry_after are {(error.permanent, error.status, error.retry_after)} and not "
        f"{(permanent, status, 70)}: let parse_error() give None where the kind knows no better"
    )
    assert bool(error.remedy) is permanent, f"{where}: what is permanent names its remedy, and nothing else: {error!r}"


@pytest.mark.sampled
@every_kind
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"<div>" * 50_000,
        b"<div itemscope>" * 17_000,
        b"<div itemscope itemtype=Review>" + b"<b itemprop=description>x" * 10_000,
        b"<p " + b" ".join(b"a%d" % n for n in range(40_000)) + b">",
        b"<rss><channel>" + b"<item>" * 40_000,
        b"<rss><channel><item><title>" + b"&" * 250_000,
        b"<rss><channel><item><description><![CDATA[" + b"<b>" * 80_000 + b"]]></description></item></channel></rss>",
        b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 50_000 + b'">]><rss><channel><item><title>' + b"&a;" * 50_000,
        b'<script type="application/ld+json">' + b'"\\"' * 60_000 + b"</script>",
        b'<script type="application/ld+json">' + b"/*" * 120_000 + b"</script>",
        b'<script type="application/ld+json">' + b"[" * 9_000 + b"</script>",
        b'<script type="application/ld+json">[' + b'{"@type":"AggregateRating"},' * 9_000 + b"{}]</script>",
        b'{"items":[' + b'{"id":1,"content_html":"&lt;"},' * 8_000 + b'{}],"version":"jsonfeed"}',
        b'{"hits":[' + b"null," * 50_000 + b"1]}",
        b'{"feed":{"entry":[' + b"[]," * 80_000 + b"1]}}",
        b"\xe9" * 260_000,
    ],
    ids=lambda content: content[:24].decode("latin-1"),
)
def test_a_hostile_quarter_megabyte_takes_no_seconds(kind: str, content: bytes) -> None:
    began = time.process_time()
    outcome(kind, content)
    took = time.process_time() - began
    assert took < 4, (
        f"{file_of(kind)}: {took:.0f} s of CPU for a page of 250 KB: look for a regular expression or a loop whose "
        "time grows with the square of the page"
    )


def test_no_entity_is_expanded_and_no_file_is_read(tmp_path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    head = f'<!DOCTYPE rss [<!ENTITY f SYSTEM "file://{secret}"><!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    feed = f"{head}<rss version='2.0'><channel><item><title>x &f; y</title><link>https://a.example/1</link></item></channel></rss>"
    assert "the secret" not in repr(read("feed", feed.encode()))
    for path in (str(secret), f"file://{secret}"):
        with pytest.raises(SourceError) as caught:
            read("feed", path.encode())
        assert "the secret" not in str(caught.value)

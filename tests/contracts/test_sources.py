"""One suite for every kind of source: what each promises whatever its platform answers."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insight.model import Post
from scrapers import KINDS, UnknownKindError, kind_of
from scrapers.base import Batch, Source, SourceError
from tests.contracts.sources import assert_sound
from tests.scrapers.samples import ADDRESSES, NOW, body, read, samples

every_kind = pytest.mark.parametrize("kind", KINDS)
every_sample = pytest.mark.parametrize(("kind", "name"), samples())
fuzzed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(kind: str, content: bytes, status: int = 200) -> Batch | None:
    """What a kind makes of an answer: a batch, or None for a SourceError; any other exception fails the test."""
    try:
        return read(kind, content, status)
    except SourceError as error:
        if not str(error) or (error.permanent and not error.remedy):
            pytest.fail(f"an error that helps nobody: {error!r}")
        return None


@every_kind
def test_a_kind_says_what_its_platform_allows(kind: str) -> None:
    found = KINDS[kind]
    assert found.kind == kind
    assert found.network
    assert found.title
    assert found.terms.summary
    assert found.terms.url.startswith("https://")
    assert len((found.__doc__ or "").split(". ")) > 1
    assert found.default_every >= 60


@every_kind
def test_the_example_is_a_source_with_searches_to_start(kind: str) -> None:
    source = KINDS[kind](**KINDS[kind].example)
    searches = source.searches(())
    assert searches
    assert len({search.key for search in searches}) == len(searches)
    request = source.start(searches[0], None, NOW)
    assert type(request).from_json(json.loads(json.dumps(request.to_json()))) == request


@every_kind
def test_a_setting_there_is_not_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        KINDS[kind](**KINDS[kind].example, colour="red")


@every_kind
def test_a_kind_has_samples_and_stands_in_for_another_address(kind: str) -> None:
    assert kind in dict(samples())
    source = KINDS[kind].for_page(ADDRESSES[kind])
    assert all(origin.startswith(("http", "ws")) for origin in source.origins())
    assert list(source.origins())


@every_sample
def test_a_sample_is_read_the_same_twice_and_is_sound(kind: str, name: str) -> None:
    first, second = read(kind, body(kind, name)), read(kind, body(kind, name))
    assert first == second
    assert any(isinstance(item, Post) for item in first.items)
    assert_sound(first)
    posts = [item for item in first.items if isinstance(item, Post)]
    assert len({post.key for post in posts}) == len(posts)
    assert {post.network for post in posts} == {KINDS[kind].network}
    assert not any("<p>" in post.text or "track()" in post.text for post in posts)


@every_sample
def test_a_byte_order_mark_or_blank_lines_before_it_change_nothing(kind: str, name: str) -> None:
    content = body(kind, name)
    whole = read(kind, content).items
    assert read(kind, b"\n \n" + content).items == whole
    if b"ISO-8859" not in content:
        assert read(kind, b"\xef\xbb\xbf" + content).items == whole


@every_sample
@given(data=st.data())
@fuzzed
def test_a_page_cut_short_gives_whole_posts_or_an_error(kind: str, name: str, data: st.DataObject) -> None:
    content = body(kind, name)
    posts = [item for item in read(kind, content).items if isinstance(item, Post)]
    end = data.draw(st.integers(0, len(content.rstrip()) - 1))
    batch = outcome(kind, content[:end])
    for item in batch.items if batch else ():
        assert not isinstance(item, Post) or item in posts


@every_sample
@given(data=st.data())
@fuzzed
def test_flipped_bytes_harm_nobody(kind: str, name: str, data: st.DataObject) -> None:
    content = bytearray(body(kind, name))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    batch = outcome(kind, bytes(content))
    assert batch == outcome(kind, bytes(content))
    if batch:
        assert_sound(batch)


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


@pytest.mark.parametrize(("kind", "name"), [pair for pair in samples() if pair[1].endswith(".json")])
@given(data=st.data())
@fuzzed
def test_wrong_types_anywhere_harm_only_their_item(kind: str, name: str, data: st.DataObject) -> None:
    tree = json.loads(body(kind, name))
    for _ in range(data.draw(st.integers(1, 3))):
        tree = replaced(tree, data.draw(st.randoms(use_true_random=False)), data.draw(anything))
    content = json.dumps(tree).encode()
    batch = outcome(kind, content)
    assert batch == outcome(kind, content)
    if batch:
        assert_sound(batch)


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
    assert not batch or not batch.items


@every_kind
@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"<html><title>Just a moment...</title><body>x</body></html>", b"OK now"]
)
def test_an_empty_body_and_a_block_page_are_errors_whatever_the_status_says(kind: str, content: bytes) -> None:
    with pytest.raises(SourceError):
        read(kind, content)


@every_kind
@pytest.mark.parametrize(
    ("status", "permanent"),
    [(401, True), (403, True), (404, True), (410, True), (422, True), (429, False), (500, False), (503, False)],
)
def test_a_status_says_whether_to_ask_again(kind: str, status: int, permanent: bool) -> None:
    with pytest.raises(SourceError, match="too much of it") as caught:
        read(kind, b'{"error": "too much of it"}', status, {"Retry-After": "70"})
    assert caught.value.permanent is permanent
    assert caught.value.status == status
    assert bool(caught.value.remedy) is permanent
    assert caught.value.retry_after == 70


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
    assert time.process_time() - began < 4


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


def test_a_name_nobody_knows_is_answered_with_the_nearest() -> None:
    assert kind_of("feed") is KINDS["feed"]
    with pytest.raises(UnknownKindError, match="did you mean 'mastodon'"):
        kind_of("mastodone")
    with pytest.raises(UnknownKindError, match="known are"):
        kind_of("zzz")


class OwnKind(Source):
    """A kind of the user's own."""


def test_a_class_of_the_users_own_is_a_kind() -> None:
    assert kind_of(f"{__name__}:OwnKind").__name__ == "OwnKind"
    for wrong in ("no.such.module:Thing", f"{__name__}:Nothing", f"{__name__}:read"):
        with pytest.raises(UnknownKindError, match=wrong):
            kind_of(wrong)

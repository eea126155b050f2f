"""One suite for every kind of source: what each promises of itself, and of what its platform answers.

It reads the samples in `tests/scrapers/samples/NAME/`. A failure says which file to change, by which rule, and how;
what holds for broken answers is in test_sources_broken.py.
"""

from __future__ import annotations

import json

import pytest

from insight.model import Post
from scrapers import KINDS, UnknownKindError, kind_of
from scrapers.base import Source
from tests.contracts.sources import assert_sound, file_of, outcome, sample_of, whole
from tests.scrapers.samples import NOW, address_of, body, samples

every_kind = pytest.mark.parametrize("kind", KINDS)
every_sample = pytest.mark.parametrize(("kind", "name"), samples())


@every_kind
def test_a_kind_says_what_its_platform_allows(kind: str) -> None:
    found, where = KINDS[kind], file_of(kind)
    assert found.kind == kind, (
        f"{where}: kind is {found.kind!r}, but scrapers/__init__.py says {kind!r}: both are one name"
    )
    assert found.network, f"{where}: network says whose posts these are; usually it is called as the kind is"
    assert found.title, f"{where}: title is what the docs call it"
    assert found.terms.summary, f"{where}: terms needs a summary, one sentence about what the platform allows"
    assert found.terms.url.startswith("https://"), f"{where}: terms needs the address of the platform's own terms"
    assert len((found.__doc__ or "").split(". ")) > 1, (
        f"{where}: the class needs a docstring of two sentences or more, the first about what the platform allows; the "
        "kind's page is made of it"
    )
    assert found.default_every >= 60, f"{where}: default_every is {found.default_every} s; 60 is the least"


@every_kind
def test_the_example_is_a_source_with_searches_to_start(kind: str) -> None:
    where = file_of(kind)
    try:
        source = KINDS[kind](**KINDS[kind].example)
    except ValueError as error:
        pytest.fail(f"{where}: `example` is refused by the kind's own settings: {error}")
    searches = source.searches(())
    assert searches, (
        f"{where}: with `example` and no watches there is nothing to search for; `listener sources test` and the tests "
        "need one search, so give the example a setting that makes one, such as queries"
    )
    keys = [search.key for search in searches]
    assert len(set(keys)) == len(keys), f"{where}: two searches have one key, and would share a cursor: {keys}"
    request = source.start(searches[0], None, NOW)
    assert type(request).from_json(json.loads(json.dumps(request.to_json()))) == request, (
        f"{where}: start() makes a request that changes when it is stored as JSON: {request}; they hold strings"
    )


@every_kind
def test_a_setting_there_is_not_is_refused(kind: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - what it says is looked at below
        KINDS[kind](**KINDS[kind].example, colour="red")
    assert "colour" in str(caught.value), (
        f'{file_of(kind)}: a setting that there is not must be refused by name: leave extra="forbid" in model_config'
    )


@every_kind
def test_a_kind_has_samples_and_stands_in_for_another_address(kind: str) -> None:
    assert kind in dict(samples()), (
        f"tests/scrapers/samples/{kind}/ holds no sample: write an answer of the platform in its documented format, "
        "with invented content, such as posts.json"
    )
    origins = list(KINDS[kind].for_page(address_of(kind)).origins())
    assert origins, f"{file_of(kind)}: origins() is empty: name the settings that hold addresses in hosts_from_settings"
    assert all(origin.startswith(("http", "ws")) for origin in origins), f"{file_of(kind)}: no web address: {origins}"


@every_sample
def test_a_sample_is_read_the_same_twice_and_is_sound(kind: str, name: str) -> None:
    where, first = file_of(kind), whole(kind, name)
    assert first == whole(kind, name), f"{where}: one answer is read in two ways: parse() has no clock and no chance"
    posts = [item for item in first.items if isinstance(item, Post)]
    assert posts, f"{where}: no post is read from {sample_of(kind, name)}; set aside: {first.rejected[:3]}"
    assert_sound(first, where)
    keys = [post.key for post in posts]
    assert len(set(keys)) == len(keys), f"{where}: two posts have one native_id: use scrapers.marks.distinct()"
    assert {post.network for post in posts} == {KINDS[kind].network}, (
        f"{where}: the posts' network must be the kind's: {posts[0].network!r} and {KINDS[kind].network!r}"
    )
    assert not any("<p>" in post.text or "track()" in post.text for post in posts), (
        f"{where}: a post's text holds HTML: read it with scrapers.formats.html.read(markup, base).text"
    )


@every_sample
def test_a_byte_order_mark_or_blank_lines_before_it_change_nothing(kind: str, name: str) -> None:
    content, items = body(kind, name), whole(kind, name).items
    before = [b"\n \n"] if b"ISO-8859" in content else [b"\n \n", b"\xef\xbb\xbf"]
    for extra in before:
        batch = outcome(kind, extra + content)
        assert (batch.items if batch else None) == items, (
            f"{file_of(kind)}: {extra!r} before {sample_of(kind, name)} changes what is read: page.json(), "
            "scrapers.formats.html and scrapers.formats.feed take it"
        )


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

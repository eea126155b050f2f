"""Posts that people write down: what is understood, and why a line is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from insight.model import Label, Post, PostKind
from insight.query import Facts, Matcher, parse
from listener.config.written_posts import read_post

NO_RATING = '`rating` must be a number of stars, or {"value": …, "worst": …, "best": …}'


def test_a_text_alone_is_a_post() -> None:
    entry = read_post("acme")
    assert (entry.post(), entry.as_facts()) == (Post("written", "1", "acme"), Facts())


def test_every_key_is_taken_over() -> None:
    entry = {
        "text": "slow", "title": "Acme", "author": "@me", "lang": "en", "url": "https://acme.example/1",
        "source": "feed", "kind": "review", "rating": 2, "followers": 10, "engagement": {"likes": 3, "replies": 1},
        "reply_to": 7, "published_at": "2026-03-02T10:30+01:00", "country": "DE", "sentiment": "negative",
        "watch": "acme",
    }  # fmt: skip
    post = read_post(entry).post("9")
    assert (post.native_id, post.title, post.text, post.author) == ("9", "Acme", "slow", "@me")
    assert (post.kind, post.url, post.country) == (PostKind.REVIEW, "https://acme.example/1", "DE")
    assert (post.audience, post.engagement, post.reply_to) == (10, {"likes": 3, "replies": 1}, "7")
    assert post.published_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert post.language == "en"
    known = Facts("feed", frozenset({"me"}), "en", "acme", Label.NEGATIVE)
    assert read_post(entry).as_facts(frozenset({"me"})) == known


@pytest.mark.parametrize(
    ("query", "entry"),
    [
        ("rating:[1 TO 2]", {"rating": 2}),
        ("rating:3", {"rating": {"value": 5.0, "worst": 0.0, "best": 10.0}}),
        ("followers:>1k", {"text": "x", "audience": 2_000}),
        ("engagement:5", {"text": "x", "engagement": 5}),
        ("lang:vi", {"text": "x", "language": "vi"}),
        ("source:feed", {"text": "x", "source": "feed:news"}),
        ("is:reply", {"text": "x", "reply_to": "3"}),
        ("before:2026-03-03", {"text": "x", "published_at": "2026-03-02"}),
        ("country:de", {"text": "x", "country": "DE"}),
        ("sentiment:neg", {"text": "x", "sentiment": "negative"}),
        ("#acme has:media", {"text": "x", "hashtags": ["acme"], "media": ["https://example.com/1.png"]}),
    ],
)
def test_a_query_sees_what_was_written(query: str, entry: dict[str, Any]) -> None:
    matcher, holding, other = Matcher(parse(query)), read_post(entry), read_post("x")
    assert matcher.match(holding.post(), holding.as_facts())
    assert not matcher.match(other.post(), other.as_facts())


def test_another_program_s_keys_and_what_is_null_are_left_alone() -> None:
    assert read_post({"text": "x", "id": 5, "score": {"a": 1}, "title": None, "rating": None}) == read_post("x")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (5, 'a post is a text, or settings such as {"text": …, "lang": …}'),
        (["x"], 'a post is a text, or settings such as {"text": …, "lang": …}'),
        ({}, "nothing to read: a post needs a text, a title or a rating"),
        ("", "nothing to read: a post needs a text, a title or a rating"),
        ({"text": 5}, "`text` must be a valid string"),
        ({"text": "x", "rating": 6}, "`rating` must be less than or equal to 5"),
        ({"text": "x", "rating": {"stars": 3}}, NO_RATING),
        ({"text": "x", "rating": {"value": 1, "worst": 2, "best": 2}}, NO_RATING),
        ({"text": "x", "published_at": "soon"},
         "`published_at` 'soon' is no date and no time: write 2026-03-02 or 2026-03-02T09:30Z"),
        ({"text": "x", "country": "usa"}, "`country` 'usa' is no country: write its two letters, such as us or de"),
    ],
)  # fmt: skip
def test_what_is_no_post_is_refused_with_the_key(entry: Any, reason: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole message is compared
        read_post(entry)
    assert str(caught.value) == reason

"""Duplicates: one page under many addresses, one text posted again; and short words that are no copies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post, PostKind
from insight.understanding.stories import canonical_url, story_of

LONG = "Acme raised its prices again and nobody told the customers"


def post(text: str, native_id: str = "1", **more: object) -> Post:
    return Post("net", native_id, text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "variant",
    [
        "http://example.com/news/1?a=1&b=2",
        "HTTPS://WWW.Example.COM:443/news/1/?b=2&a=1#comments",
        "https://m.example.com/news/1?a=1&b=2&utm_source=x&utm_medium=y",
        "https://example.com/news/1/amp/?a=1&b=2&fbclid=abc&gclid=d",
        "http://example.com:80/news/1?b=2&a=1&",
        "https://reader@example.com./news/1?a=1&b=2",
    ],
)
def test_variants_of_an_address_are_one(variant: str) -> None:
    assert canonical_url(variant) == "https://example.com/news/1?a=1&b=2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a?id=1", "https://example.com/a?id=2"),
        ("https://example.com/#!/a", "https://example.com/#!/b"),
        ("https://example.com:8080/a", "https://example.com/a"),
        ("https://m.me/a", "https://me/a"),
        ("https://news.example.com/a", "https://example.com/a"),
        ("https://example.com/amp", "https://example.com/"),
        ("https://example.com/?a=1&a=2", "https://example.com/?a=1"),
    ],
)
def test_different_pages_stay_apart(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@given(st.text() | st.from_regex(r"https?://[a-z.:@\[\]0-9]{1,12}(/[a-z]*)*(\?[a-z_=&]*)?(#.*)?", fullmatch=True))
def test_any_address_has_one_spelling(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


def test_an_article_is_its_address() -> None:
    one = post("as printed", "1", kind=PostKind.ARTICLE, url="https://example.com/a?utm_source=feed")
    other = post("in short", "2", kind=PostKind.ARTICLE, url="https://www.example.com/a/")
    assert story_of(one) == story_of(other)


@pytest.mark.parametrize(("link", "ids"), [
    ("https://mugs.example", ("mugs.example#1", "mugs.example#2")),
    ("https://mugs.example/deals?utm_source=x", ("https://mugs.example/deals#a1", "https://mugs.example/deals#b2")),
])  # fmt: skip
def test_articles_with_one_link_are_several_stories(link: str, ids: tuple[str, str]) -> None:
    one, other = (post(f"Mug {number}", number, kind=PostKind.ARTICLE, url=link) for number in ids)
    assert story_of(one) != story_of(other)


@pytest.mark.parametrize(
    "copy",
    [
        f"RT @someone: {LONG}",
        f"{LONG.upper()}!!! https://t.example/abc",
        f"{LONG} @friend 😡",
        LONG.replace(" ", "\n"),
        f"rt @a: RT @b@example.social {LONG}",
    ],
)
def test_a_text_posted_again_is_the_same_story(copy: str) -> None:
    assert story_of(post(copy, "2")) == story_of(post(LONG, "1"))


def test_chinese_is_counted_in_signs() -> None:
    assert story_of(post("这个应用又涨价了没有人告诉客户", "1")) == story_of(
        post("这个应用又涨价了，没有人告诉客户！", "2")
    )
    assert story_of(post("又涨价了", "1")) != story_of(post("又涨价了", "2"))


def test_the_same_few_words_from_two_people_are_two_stories() -> None:
    assert story_of(post("Great app!", "1")) != story_of(post("Great app!", "2"))


def test_reviews_merge_only_when_long() -> None:
    def stories(text: str) -> set[str]:
        return {story_of(post(text, str(i), kind=PostKind.REVIEW, author=f"author {i}")) for i in range(2)}

    assert len(stories(LONG)) == 2
    assert len(stories(f"{LONG}, {LONG}, and {LONG}")) == 1


@given(st.text(), st.sampled_from(PostKind), st.none() | st.text())
def test_every_post_has_a_stable_story(text: str, kind: PostKind, url: str | None) -> None:
    about = post(text, kind=kind, url=url)
    assert story_of(about) == story_of(about)

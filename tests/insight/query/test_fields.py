"""What a reader expects of the fields: where a word stands, and what is known of a post besides its words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from insight.model import Label, Post, PostKind, Rating, Span
from insight.query import Facts, Match, Matcher, parse
from tests.insight.query.found import found, matched, post

ACME = post(
    "Corp news: @acme@example.social, see https://example.org/x",
    title="Acme",
    author="@Joe",
    author_name="Joe Bolt",
    url="https://www.blog.acme.com:443/2026/launch",
    links=("https://quill.example.com/review",),
    kind=PostKind.REVIEW,
    country="DE",
    audience=12_000,
    engagement={"likes": 3, "replies": 4},
    rating=Rating(8, 0, 10),
    reply_to="7",
    media=("https://example.com/a.png",),
    published_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    facts={"version": "3.1", "verified": "yes", "plan": "Enterprise", "segment": "Größte Schulen", "nps": 6.0},
)
KNOWN = Facts(
    source="forum:2",
    owned=frozenset({"joe", "bolt.example"}),
    language="pt-BR",
    watch="w1",
    label=Label.NEGATIVE,
    themes=("t1", "Slow delivery of Acme"),
)


@pytest.mark.parametrize(
    "query",
    [
        "title:acme", "text:corp", 'text:"corp news"', "title:/^acme$/", "text:@acme", "text:(corp NEAR/1 news)",
        "author:joe", "author:@joe", 'author:"joe bolt"', "author:{Bolt}", "url:launch", "url:blog.acme.com",
        "links:review", "links:example.org", "links:quill*", "links:(quill NEAR/2 review)", "title:plain:acmé",
        "site:acme.com", "site:blog.acme.com", "site:com", "mention:acme", "mention:acme@example.social",
        "lang:pt", "lang:pt-br", "lang:en,pt", "country:de", "source:forum", "source:forum:2", "source:net",
        "kind:review",
        "rating:4.2", "rating:>4", "rating:[4 TO 5]", "followers:>10k", "followers:<=12000", "engagement:7",
        "sentiment:neg", "theme:t1", "theme:acme", 'theme:"slow delivery"', "watch:w1",
        "is:reply", "is:owned", "has:link", "has:media", "has:rating",
        "version:3.1", "version:3,3.1", "verified:yes", "plan:enterprise", 'segment:"größte schulen"', "nps:<=6",
        "after:2026-03-02", "after:2026-03-02T09:30Z", "before:2026-03-03", "before:2026-03-02T09:31Z",
    ],
)  # fmt: skip
def test_a_field_holds(query: str) -> None:
    assert Matcher(parse(query)).match(ACME, KNOWN) is not None


@pytest.mark.parametrize(
    "query",
    [
        "title:corp", "text:joe", "author:acme", "author:@bolt", "url:acme.org", "url:review", "links:corp",
        'links:"review quill"', "text:#acme", "title:{acme}",
        "site:me.com", "site:www.blog.acme.com.example", "mention:joe", "mention:acme@example.org",
        "lang:pt-pt", "lang:en", "country:us", "source:for", "source:2", "kind:post",
        "rating:8", "rating:<4", "rating:[1 TO 2]", "followers:>12k", "engagement:>7",
        "sentiment:pos", "theme:t2", "theme:deliver", 'theme:"delivery slow"', "watch:w2", "is:repost",
        "version:3", "version:3.10", "verified:no", "plan:enter", "segment:schulen", "nps:>6",
        "after:2026-03-02T09:31Z", "before:2026-03-02T09:30Z", "before:2026-03-02",
    ],
)  # fmt: skip
def test_a_field_does_not_hold(query: str) -> None:
    assert Matcher(parse(query)).match(ACME, KNOWN) is None


@pytest.mark.parametrize(
    "query",
    [
        "author:joe", "url:acme", "links:acme", "site:acme.com", "country:de", "rating:[0 TO *]", "rating:<=5",
        "followers:>=0",
        "followers:<5", "engagement:>=0", "engagement:<5", "sentiment:unknown", "theme:t1", "watch:w1", "is:reply",
        "is:repost", "is:owned", "has:link", "has:media", "has:rating", "after:2000-01-01", "before:2999-01-01",
        "version:3.1", "verified:no", "answered:no", "plan:free", "customer:trial", "segment:x", "nps:>=0", "nps:<10",
    ],
)  # fmt: skip
def test_what_is_not_known_of_a_post_fulfils_nothing_and_its_negation(query: str) -> None:
    unknown = post("")
    assert matched(query, unknown) is None
    assert matched(f"NOT {query}", unknown) == Match(None, ())


@pytest.mark.parametrize(
    ("rating", "stars"),
    [
        (Rating(3), "rating:3"),
        (Rating(1, 0, 1), "rating:5"),
        (Rating(2, 6, 1), "rating:4.2"),  # school marks: 1 is the best
        (Rating(0, -1, 1), "rating:3"),
    ],
)
def test_stars_are_the_same_on_every_scale(rating: Rating, stars: str) -> None:
    assert matched(stars, post("", rating=rating)) is not None


def test_a_scale_without_length_says_nothing() -> None:
    assert matched("rating:[* TO 5]", post("", rating=Rating(3, 3, 3))) is None


@pytest.mark.parametrize(
    "url", ["http://[bad", "acme.com", "//", "", "https://", "https://acme.com.example.org/acme.com"]
)
def test_an_odd_address_is_on_no_site_of_ours(url: str) -> None:
    assert matched("site:acme.com", post("", url=url)) is None


def test_the_name_shown_is_not_who_writes() -> None:
    impostor = post("", author="evil", author_name="@acme")
    assert matched("author:@acme", impostor) is None
    assert matched("author:acme", impostor) == Match(None, (Span("author_name", 1, 5),))
    assert Matcher(parse("is:owned")).match(impostor, Facts(owned=frozenset({"acme"}))) is None


def test_an_account_of_the_same_name_on_another_server_is_not_ours() -> None:
    owned = Facts(owned=frozenset({"acme@example.social"}))
    assert Matcher(parse("is:owned")).match(post("", author="@Acme@example.social"), owned) is not None
    assert Matcher(parse("is:owned")).match(post("", author="@acme@evil.example"), owned) is None


def test_a_mention_is_not_who_writes() -> None:
    assert found("mention:acme", post("hello", author="acme")) is None
    assert found("@acme", post("hello", author="acme")) == ["acme"]


@pytest.mark.parametrize(("text", "is_one"), [("RT @acme: hi", True), ("RT hi @acme", False), ("see RT @acme", False)])
def test_a_text_that_begins_as_reposts_do_is_one(text: str, is_one: bool) -> None:
    assert (matched("is:repost", post(text)) is not None) == is_one
    assert matched("is:repost", post(text, repost_of="7")) is not None


def test_the_language_is_recognised_when_nobody_says_it() -> None:
    assert matched("lang:zh", post("这个手机的电池很好")) is not None
    assert matched("lang:en", post("这个手机的电池很好")) is None


@pytest.mark.parametrize("known", [None, "pt"])
def test_the_region_of_a_language_is_the_one_that_the_platform_names(known: str | None) -> None:
    toot = post("A bateria deste telefone não é muito boa", language="pt-BR")
    holding = [value for value in ("pt", "pt-br", "pt-pt", "en") if _speaks(value, toot, known)]
    assert holding == ["pt", "pt-br"]
    assert not _speaks("de-at", post("A bateria deste telefone não é muito boa", language="de-AT"), "pt")


def _speaks(value: str, toot: Post, known: str | None) -> bool:
    return Matcher(parse(f"lang:{value}")).match(toot, Facts(language=known)) is not None

"""Random posts, and what is known of them, made of the words that the random queries look for."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from insight.model import Label, Post, PostKind, Rating
from insight.query.matching.document import Facts

WORDS = (
    "acme", "Corp", "jobs", "cà", "phê", "ca", "Đà", "lođ", "Straße", "小米", "手机", "米", "ดี", "มาก", "삼성",
    "don't", "ışık", "علی",
    "3", "3.5", "1,000", "🚀", "❤️", "👩‍💻", "🇻🇳", "c++", "c#", "c",
)  # fmt: skip
TAGS = ("acme", "acme_corp", "小米", "phê", "càphê")
NAMES = ("acme", "corp", "acme@example.social")
SYMBOLS = ("!!!", "&", "->")

# Made of what the queries are made of, glued in every way, so that hits and near misses are both common.
_PIECES = (
    *WORDS, "ACME", "Acme", "corp", "Ａｃｍｅ", "acme's", "acmeville", "DON’T", "ca\u0300", "da", "phe", "#acme",
    "#Acme_Corp",
    "#caphe", "@acme", "@acme@example.social", "x@acme.com", "https://acme.com/jobs", "STRASSE", "👍🏽", "👩", "🇺🇸",
    "#小米",
    "cafe", "5", "AT&T", ".NET", "C++", "C", "->", "!!!", "米", "เม็ด", "삼성은", "ac\u00adme", "Acme™", "ﬁne",
    "RT @acme:", "IŞIK", "isik", "علي", "عـلی", "C++20", "c#で", "c+", "20", "www.acme.com/jobs",
)  # fmt: skip
_GLUE = (" ", " ", " ", "", "-", "_", ".", ", ", "\n", "!", "  ", "&")


def texts_with(said: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Texts in which these words are as common as all others together."""
    piece = st.one_of(st.sampled_from(said), st.sampled_from(_PIECES)) if said else st.sampled_from(_PIECES)
    parts = st.lists(st.tuples(piece, st.sampled_from(_GLUE)), max_size=8)
    return parts.map(lambda glued: "".join(word + glue for word, glue in glued))


URLS = (
    "https://acme.com/jobs",
    "https://www.Blog.acme.com:8080/a?b=acme#corp",
    "http://acme.com.example.org/",
    "https://notacme.com",
    "https://joe@acme.com/小米",
    "http://[bad",
    "acme",
)
HOSTS = ("acme.com", "blog.acme.com", "example.org", "com")
TIMES = ("2026-03-02", "2026-03-02T09:30Z", "2026-03-02T09:30:05Z")
LANGUAGES = ("en", "vi", "zh", "pt", "pt-br")
SOURCES = ("forum", "forum:2", "net")
THEMES = ("t1", "acme corp", "小米", "!!!", "Slow delivery of Acme")
MOMENTS = tuple(
    datetime(2026, 3, *moment, tzinfo=UTC) for moment in ((1,), (2,), (2, 9, 30), (2, 9, 30, 5), (2, 9, 30, 5, 1), (9,))
)
_ratings = st.builds(
    lambda scale, share: Rating(scale[0] + (scale[1] - scale[0]) * share, *scale),
    st.sampled_from(((1.0, 5.0), (0.0, 10.0), (6.0, 1.0), (-1.0, 1.0), (0.0, 1.0), (3.0, 3.0))),
    st.sampled_from((0.0, 0.25, 0.3, 0.5, 0.75, 1.0)),
)
_facts = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from(("2.1", "pro 3", "PRO 3", "Ünder", "２.１", "Pro 3\u212a", 2.1)),
        "verified": st.sampled_from(("yes", "YES", "no", 1.0)),
        "nps": st.sampled_from((0.0, 6.0, 9.5, "6")),
    },
)
_counts = st.dictionaries(st.sampled_from(("likes", "replies", "views")), st.sampled_from((0, 1, 5, 1000)), max_size=2)


def tupled(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most).map(tuple)


def posts_with(said: tuple[str, ...]) -> st.SearchStrategy[Post]:
    texts = texts_with(said)
    return st.builds(
        Post,
        network=st.sampled_from(("net", "Forum")),
        native_id=st.just("1"),
        text=texts,
        title=st.none() | texts,
        kind=st.sampled_from(PostKind),
        url=st.none() | st.sampled_from(URLS),
        author=st.sampled_from((None, "acme", "@Corp", "acme@example.social")),
        author_name=st.sampled_from((None, "Acme Corp", "Cà Phê 🚀", "@acme 小米")),
        audience=st.sampled_from((None, 0, 999, 1000, 2_000_000)),
        published_at=st.none() | st.sampled_from(MOMENTS),
        language=st.sampled_from((None, "vi", "pt-BR")),
        country=st.sampled_from((None, "DE", "us")),
        rating=st.none() | _ratings,
        engagement=_counts,
        reply_to=st.sampled_from((None, "0")),
        repost_of=st.sampled_from((None, "0")),
        links=tupled(URLS),
        hashtags=tupled((*TAGS, "#Acme"), 1),
        media=tupled(("https://example.com/a.png",), 1),
        facts=_facts,
    )


posts = posts_with(())
facts = st.builds(
    Facts,
    source=st.sampled_from(("", *SOURCES)),
    owned=st.frozensets(st.sampled_from(("acme", "corp", "acme@example.social", *HOSTS)), max_size=2),
    language=st.sampled_from((None, "en", "vi", "pt", "pt-BR", "und")),
    watch=st.sampled_from((None, "w1", "w2")),
    label=st.none() | st.sampled_from(Label),
    themes=tupled(THEMES),
)

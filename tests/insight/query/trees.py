"""Random queries with every node of the tree, in four scripts; only trees that a query's text can give."""

from __future__ import annotations

from hypothesis import strategies as st

from insight.model import Post, PostKind
from insight.query.tree import (
    And,
    Between,
    Cased,
    Field,
    Hashtag,
    In,
    Name,
    Near,
    Not,
    Or,
    Phrase,
    Plain,
    Query,
    Raw,
    Regex,
    Text,
    Wildcard,
    Word,
)
from tests.insight.query.letters import folded
from tests.insight.query.posts import HOSTS, LANGUAGES, NAMES, SOURCES, SYMBOLS, TAGS, TIMES, WORDS, posts_with

_WILDCARDS = ("acm*", "*me", "a*e", "c?rp", "ac?e*", "jo*", "ph?", "*à", "St*e", "don*", "3*", "c*", "*c*e*")
_WILD_TAGS = ("acme*", "a*_c?rp", "小*", "ph?")
_CASED = ("Acme", "acme", "ACME", "Acme Corp", "Straße", "Cà", "C++", "小米 Corp", "AT&T", "c", "Don't", "🚀 Corp")
_RAW = (
    "C++", "C", "c#", ".NET", "AT&T", "acme-corp", "acme corp", "Straße", "小米", "acme's", "🚀", "3.5", "Acme!",
    "corp!?",
    "Acme™",
    *SYMBOLS,
)  # fmt: skip
_REGEXES = (
    "acme|corp", "c[aà]", r"\d+\.\d", "corp.{0,3}acme", "AT&T", r"https?:\/\/acme", "^acme", "小米|phê", r"c\+\+",
    "🚀.?acme",
    "acme +corp",
)  # fmt: skip
_ODD_PHRASES = ('say "acme"', "acme, corp", "c++ Corp", "\\acme", "小米 手机", "🚀🚀")

words = st.sampled_from((*WORDS, "acme.com", "wi-fi", "10:30", "https://acme.com/jobs", "Yahoo!")).map(Word)
_strings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
phrases = (_strings | st.sampled_from(_ODD_PHRASES)).map(Phrase)
wildcards = st.sampled_from(_WILDCARDS).map(Wildcard)
hashtags = st.sampled_from((*TAGS, *_WILD_TAGS)).map(Hashtag)
names = st.sampled_from(NAMES).map(Name)
cased = st.sampled_from(_CASED).map(Cased)
raw = st.sampled_from(_RAW).map(Raw)
regexes = st.sampled_from(_REGEXES).map(Regex)
plain_words = st.one_of(st.sampled_from(("ca", "phê", "da", "Đà", "小米")).map(Word), phrases, wildcards).map(Plain)
plain_tags = st.sampled_from(("caphe", "phe", "càp*", "小米")).map(Hashtag).map(Plain)

_of_words = st.one_of(words, phrases, wildcards, cased, raw, plain_words)
_nearby = st.one_of(_of_words, hashtags, names, plain_tags)


def _nears(sides: st.SearchStrategy[object]) -> st.SearchStrategy[Near]:
    side = st.lists(sides, min_size=1, max_size=3).map(tuple)
    return st.builds(Near, st.sampled_from((0, 1, 2, 3, 100)), st.booleans(), side, side)


_plainly = st.one_of(_of_words, regexes, _nears(_of_words))
texts: st.SearchStrategy[Text] = st.one_of(_of_words, hashtags, names, plain_tags, regexes, _nears(_nearby))
ins = st.one_of(
    st.builds(In, st.sampled_from(("title", "text")), texts),
    st.builds(In, st.sampled_from(("author", "url", "links")), _plainly),
    names.map(lambda name: In("author", name)),
)

_VALUES: dict[str, tuple[str, ...]] = {
    "site": HOSTS,
    "mention": NAMES,
    "lang": LANGUAGES,
    "country": ("de", "us"),
    "source": SOURCES,
    "kind": tuple(PostKind),
    "is": ("reply", "repost", "owned"),
    "has": ("link", "media", "rating"),
    "after": TIMES,
    "before": TIMES,
    "version": ("2.1", "Pro 3", "ünder"),
    "verified": ("yes", "no"),
}
LATER = {
    "sentiment": ("negative", "neutral", "positive", "unknown"),
    "theme": ("t1", "acme", "acme corp", "小米", "!!!", "of acme"),
    "watch": ("w1", "w2"),
}


def _fields(values: dict[str, tuple[str, ...]]) -> st.SearchStrategy[Field]:
    return st.sampled_from([Field(name, str(value)) for name, known in values.items() for value in known])


_BOUNDS = {
    "rating": (1.0, 1.5, 2.2, 3.0, 4.0, 5.0),
    "followers": (0.0, 999.0, 1000.0, 2_000_000.0),
    "engagement": (0.0, 1.0, 6.0, 1000.0),
    "nps": (0.0, 6.0, 10.0),
}


@st.composite
def betweens(draw: st.DrawFn) -> Between:
    name = draw(st.sampled_from(tuple(_BOUNDS)))
    low, high = sorted(draw(st.tuples(*[st.sampled_from(_BOUNDS[name])] * 2)))
    match draw(st.sampled_from(("both", "from", "to"))):
        case "from":
            return Between(name, low, None, open_low=draw(st.booleans()))
        case "to":
            return Between(name, None, high, open_high=draw(st.booleans()))
        case _:
            return Between(name, low, high)


fields, later_fields = _fields(_VALUES), _fields(LATER)
nears = _nears(_nearby)
KINDS: dict[str, st.SearchStrategy[Query]] = {
    "word": words,
    "phrase": phrases,
    "wildcard": wildcards,
    "hashtag": hashtags,
    "name": names,
    "cased": cased,
    "raw": raw,
    "regex": regexes,
    "plain": plain_words | plain_tags,
    "near": nears,
    "in": ins,
    "field": fields | later_fields,
    "between": betweens(),
}
"""One strategy for each kind of term."""

in_words = st.one_of(texts, texts, ins)
"""One term that is looked for in the words of a post."""


def _trees(leaves: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        ),
        max_leaves=8,
    )


watch_terms = st.one_of(in_words, in_words, in_words, fields, betweens())
terms = st.one_of(in_words, in_words, in_words, fields, later_fields, betweens())
trees = _trees(terms)


def anchored(query: Query, negated: bool = False) -> bool:
    """Whether it can only hold where a word, a host or a name stands (De Morgan: negations move inwards)."""
    match query:
        case Not(part):
            return anchored(part, not negated)
        case And(parts) | Or(parts):
            enough = any if isinstance(query, And) != negated else all
            return enough(anchored(part, negated) for part in parts)
        case Between():
            return False
        case Field(name, _):
            return name in ("site", "mention") and not negated
        case _:
            return not negated


watches = _trees(watch_terms).filter(anchored)


def leaves(query: Query) -> list[Query]:
    match query:
        case And(parts) | Or(parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case Not(part):
            return leaves(part)
        case _:
            return [query]


def said(query: Query) -> tuple[str, ...]:
    """Words in which a post may speak of what the query looks for."""
    found: list[str] = []
    for leaf in leaves(query):
        match leaf:
            case Near(_, _, left, right):
                found += [word for term in (*left, *right) for word in said(term)]
            case In(_, part):
                found += said(part)
            case Plain(part):
                found += [*said(part), *(folded(word, bare=True) for word in said(part)), "Đà", "cà phê"]
            case Hashtag(text):
                found += [f"#{text}", f"#{text.replace('*', 'x').replace('?', 'o')}"]
            case Name(text):
                found.append(f"@{text}")
            case Word(text) | Phrase(text) | Cased(text) | Raw(text):
                found += [text, text.upper(), *text.split()]
            case Wildcard(text):
                found += [text.replace("*", "").replace("?", "o"), text.replace("*", "x").replace("?", "à")]
            case _:
                pass
    return tuple(found)


def with_posts(queries: st.SearchStrategy[Query]) -> st.SearchStrategy[tuple[Query, Post]]:
    """Queries, each with a post that may speak of it."""
    return queries.flatmap(lambda query: st.tuples(st.just(query), posts_with(said(query))))

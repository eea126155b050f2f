"""Words and queries that are made to break a database are searched for like any other."""

from __future__ import annotations

import pytest

from insight.model import Label, Post
from insight.query import Document, Facts, Matcher, Query
from insight.query.tree import And, Cased, Field, Hashtag, In, Name, Or, Phrase, Raw, Word
from storage import Store
from storage.writing.search_index import EVERYTHING, tokens
from tests.contracts.store.samples import batch_of, post
from tests.contracts.store.test_search import forget_version, found, numbers

HOSTILE = (
    '"; DROP TABLE posts; --', "'); DELETE FROM posts; --", "a'b''c", 'say ""', "\\", "\\'", "nul\0nul", "\ud800 half",
    "*", "acme*", "^acme", "acme NEAR bolt", "acme AND", "OR", "NOT", "words:acme", "{words}: acme", "+ - ( ) [",
    "acme:*", "acme & !bolt", "a <-> b", "a | b", ":A", "%", "_", "_23acme", "%s", "%(posts)s", ":ids", "?", "\u00a0",
    "\u3000x", "\x1f", "ı", "İ", "ß", "x" * 5_000, "小" * 3_000, "#" * 50, "@a@b@c", "🏳️‍🌈",
)  # fmt: skip


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("index", [True, False])
def test_hostile_words_are_words(store: Store, index: bool) -> None:
    posts = [post(number, f"acme {words} bolt", author=words) for number, words in enumerate(HOSTILE)]
    store.ingest(batch_of(*posts))
    if not index:
        forget_version(store)
    facts = Facts("mastodon", language="en", watch="acme", label=Label.NEGATIVE)
    stored = [Document(one.post, facts) for key in posts if (one := store.posts.get(key.key))]
    for number, words in enumerate(HOSTILE):
        for query in _about(words):
            matcher = Matcher(query)
            holding = [one.post.key for one in stored if matcher.match_document(one)]
            assert sorted(found(store, query)) == sorted(holding), (number, str(query)[:100])
    assert len(found(store, "acme")) == len(HOSTILE)


def _about(words: str) -> list[Query]:
    fields = ("site", "country", "source", "theme", "watch", "mention", "lang")
    if not Matcher(Phrase(f"acme {words}")).match(Post("net", "1", f"acme {words}")):
        return [Field(name, words) for name in fields]
    return [
        *(kind(f"acme {words} bolt") for kind in (Phrase, Cased, Raw)),
        In("author", Phrase(f"acme {words}")),
        *(kind(words) for kind in (Hashtag, Name)),
        *(Field(name, words) for name in fields),
    ]


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("join", [Or, And])
@pytest.mark.parametrize("mixed", [False, True])
def test_ten_thousand_terms_are_no_error(store: Store, join: type, mixed: bool) -> None:
    store.ingest(batch_of(post(1), post(2, "bolt word17 word2001 here")))
    terms: list[Query] = [Word(f"word{number}") for number in range(3_000 if mixed else 10_000)]
    if mixed:
        terms = [And((Or((term, Word("here"))), Word(f"word{i}"))) for i, term in enumerate(terms)]
    assert numbers(store, join(tuple(terms))) == ([2] if join is Or else [])
    both = And((Or(tuple(terms)), Or((Word("bolt"), *terms))))
    assert numbers(store, both) == [2]


@pytest.mark.sampled(cases=1)
def test_ten_thousand_values_of_a_field_are_no_error(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    watches: list[Query] = [Field("watch", f"w{number}") for number in range(10_000)]
    assert numbers(store, Or((*watches, Field("watch", "acme")))) == [1]
    assert numbers(store, And((Word("acme"), Or(tuple(watches))))) == []
    assert numbers(store, And(tuple(watches))) == []


def test_brackets_as_deep_as_the_language_allows_are_no_error(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2, "deep0 deep1 deep2")))
    query = "deep0"
    for depth in range(1, 50):
        query = f"({query} {'OR' if depth % 2 else 'AND'} {'deep1' if depth % 4 else 'deep2'})"
    assert numbers(store, query) == [2]
    assert numbers(store, f"{query} OR acme") == [1, 2] or numbers(store, f"{query} OR acme") == [2, 1]


@pytest.mark.sampled(cases=1)
def test_a_post_of_more_words_than_an_index_takes_is_found_all_the_same(store: Store) -> None:
    signs = "".join(chr(0x4E00 + n % 20_000) + chr(0x4E00 + (n * 7 + n // 20_000) % 20_000) for n in range(50_000))
    assert tokens(post(1, signs)) == EVERYTHING
    store.ingest(batch_of(post(1, signs), post(2, f"acme {signs[:300]}")))
    assert numbers(store, Phrase(signs[40_000:40_006])) == [1]
    assert sorted(numbers(store, Phrase(signs[:100]))) == [1, 2]


def test_the_beginning_of_a_word_is_enough_for_a_wildcard(store: Store) -> None:
    store.ingest(batch_of(post(1, "it crashes"), post(2, "crash"), post(3, "the car crawls"), post(4, "#crashing")))
    assert sorted(numbers(store, "crash*")) == [1, 2, 4]
    assert numbers(store, "cras?es") == [1]
    assert numbers(store, "#crash*") == [4]
    assert sorted(numbers(store, "*sh*")) == [1, 2, 4]
    assert numbers(store, "x" * 150 + "*") == []

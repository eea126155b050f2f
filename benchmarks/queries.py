"""Posts a second through the watches' queries on one core: by share of hits, by number of queries, and what else one
could do; and how long a change of the config takes to be in force."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from benchmarks.table import Row, processor_seconds, show
from benchmarks.texts import posts_like, real
from insight.model import Post, Role, Watch
from insight.query import Document, Matcher, Matchers, parse

POSTS = 20_000
QUERIES, WORDS = 1_000, 10
SIZES = (10, 100, 1_000, 10_000)
BASELINE = "plain re alternation of the 10,000 words"
_WORD = re.compile(r"\b(?!and|not|near)[a-z]{3,}")


def main() -> None:
    posts = [Post("net", str(i), text, author=f"author{i % 997}") for i, text in enumerate(posts_like(POSTS))]
    words = _Vocabulary(posts)
    notes = [f"{len(posts):,} short posts, {words.known:,} different words; share: of the posts that match some query"]
    rows = [*_shares(posts, words, notes), *_curve(posts, words), *_rebuild(words)]
    show("Queries, posts a second on one core", "queries", "posts/s", rows, notes)


class _Vocabulary:
    """Words to ask for: some that a wanted share of the posts holds, and as many as one likes that none does."""

    def __init__(self, posts: Sequence[Post]) -> None:
        self._posts = len(posts)
        self._posts_with: dict[str, list[int]] = {}
        for number, post in enumerate(posts):
            for word in set(_WORD.findall(post.text.lower())):
                self._posts_with.setdefault(word, []).append(number)
        here = {word: len(numbers) for word, numbers in self._posts_with.items()}
        elsewhere = {word for text in real() for word in _WORD.findall(text.lower())} - here.keys()
        self._rare = sorted(here, key=lambda word: (here[word], word))
        self._absent = sorted(elsewhere)
        self.known = len(here) + len(elsewhere)

    def take(self, count: int, share: float) -> list[str]:
        """`count` words of which the posts hold some: a share of them at least one."""
        hit: set[int] = set()
        present: list[str] = []
        for word in self._rare:
            if len(hit) >= share * self._posts or len(present) >= count:
                break
            hit.update(self._posts_with[word])
            present.append(word)
        made = (f"{word}{i}" for i in range(count) for word in self._absent[:1] or ["zz"])
        absent = [*self._absent, *made]
        chosen = present + absent[: count - len(present)]
        random.Random(1).shuffle(chosen)
        return chosen


def _watches(words: Sequence[str]) -> list[Watch]:
    """Queries as people write them, of ten words each: alternatives, a phrase, a group, exclusions, a wildcard."""
    tens = (words[start : start + WORDS] for start in range(0, len(words) - WORDS + 1, WORDS))
    queries = (
        f'({a} OR {b} OR {c} OR #{d} OR "{e} {f}" OR ({d} ({e} OR {g}))) NOT ({h} OR "{i} {a}" OR {j}ing*)'
        for a, b, c, d, e, f, g, h, i, j in tens
    )
    return [Watch(str(number), f"Watch {number}", Role.TOPIC, query) for number, query in enumerate(queries)]


def _rate(step: Callable[[Post], object], posts: Sequence[Post]) -> float:
    def run() -> None:
        for post in posts:
            step(post)

    return len(posts) / processor_seconds(run, 3)


def _shares(posts: Sequence[Post], vocabulary: _Vocabulary, notes: list[str]) -> Iterator[Row]:
    words = vocabulary.take(QUERIES * WORDS, 0.02)
    search = re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE).search
    yield Row(BASELINE, _rate(lambda post: search(post.text), posts[:500]))
    yield Row("each query on each post", _rate(_each_alone(words), posts[:200]), BASELINE)
    for share in (0.02, 0.2):
        matchers, matching = _with_hits(posts, vocabulary, QUERIES, share)
        yield Row(f"{QUERIES:,} queries, {matching:.1%} match", _rate(matchers.match_all, posts), BASELINE)
    notes.append(
        "the alternation says only that something stands there: not which query it concerns, nor its exclusions"
    )


def _with_hits(posts: Sequence[Post], vocabulary: _Vocabulary, size: int, share: float) -> tuple[Matchers, float]:
    """Queries that match about this share of the posts: as many of their words occur as that takes."""
    low, high = 0.0, 1.0
    for _ in range(6):
        middle = (low + high) / 2
        matchers = Matchers(_watches(vocabulary.take(size * WORDS, middle)))
        matching = sum(bool(matchers.match_all(post)) for post in posts[::4]) / len(posts[::4])
        low, high = (middle, high) if matching < share else (low, middle)
    return matchers, matching


def _each_alone(words: Sequence[str]) -> Callable[[Post], object]:
    compiled = [Matcher(parse(watch.query)) for watch in _watches(words)]

    def step(post: Post) -> object:
        document = Document(post)
        return [matcher.match_document(document) for matcher in compiled]

    return step


def _curve(posts: Sequence[Post], vocabulary: _Vocabulary) -> Iterator[Row]:
    """The same share of hits, as far as so few words reach, and more and more queries."""
    against = ""
    for size in SIZES:
        matchers, matching = _with_hits(posts, vocabulary, size, 0.02)
        name = f"{size:,} queries ({matching:.1%} match)"
        yield Row(name, _rate(matchers.match_all, posts), against)
        against = against or name


def _rebuild(vocabulary: _Vocabulary) -> Iterator[Row]:
    """As queries a second; 1,000 of them must be in force in less than one."""
    watches = _watches(vocabulary.take(QUERIES * WORDS, 0.02))
    yield Row(
        "queries a second made ready from their text", len(watches) / processor_seconds(lambda: Matchers(watches), 3)
    )


if __name__ == "__main__":
    main()

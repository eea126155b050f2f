"""How long a search over 100,000 stored posts takes, by the index and by matching them all; what the index costs."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from benchmarks.pipeline import NOW, postgres
from benchmarks.table import Row, show, wall_seconds
from benchmarks.texts import posts_like
from insight.model import Label, Mention, Post, Sentiment, UnderstoodPost
from insight.query import parse
from storage import Store, UnderstoodBatch, open_store
from storage.writing import changes

POSTS = 100_000
COSTED = 10_000
BATCH = 100  # posts on a page of most sources
QUERIES = {  # each with how many hits are read; None: all
    "1 hit": ("rare77", None),
    "1,000 hits, a phrase": ('"seldom said"', None),
    "newest 20 of 50,000 hits": ("often", 20),
    "50,000 hits": ("often", None),
    "a beginning, 1,000 hits": ("seld*", None),
    "a list of 10,000 words, 1,000 hits": (" OR ".join(["seldom", *(f"never{i}" for i in range(10_000))]), None),
    "no word, newest 20": ("lang:en", 20),
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="listener-bench-") as folder:
        print("\nSearch over 100,000 stored posts  (alone: python -m benchmarks.search)")
        _searches("SQLite", f"sqlite:///{Path(folder) / 'bench.db'}")
        try:
            with postgres(Path(folder)) as address:
                _searches("Postgres", address)
        except (ImportError, OSError, RuntimeError) as error:
            print(f"  Postgres was not measured: {error}")
        costs, notes = _costs(f"sqlite:///{Path(folder) / 'costs'}")
        show("What the index costs when posts are stored in SQLite", "search", "posts/s", costs, notes)


def _understood() -> list[UnderstoodPost]:
    """Short posts; every second says "often", every hundredth "seldom said", each a number of its own."""
    rng = random.Random(1)
    made = []
    for number, said in enumerate(posts_like(POSTS)):
        text = said + f" rare{number}" + " often" * (number % 2) + " seldom said" * (number % 100 == 0)
        at = NOW.replace(microsecond=number % 1_000_000, second=rng.randrange(60), hour=rng.randrange(24))
        post = Post("net", str(number), text, author=f"author{number % 997}", published_at=at)
        mention = Mention("acme", post.key, 1, "en", Sentiment(Label.NEUTRAL, 0.0), str(number))
        made.append(UnderstoodPost(post, (mention,)))
    return made


def _fill(store: Store, posts: Sequence[UnderstoodPost], batch: int = BATCH) -> None:
    for start in range(0, len(posts), batch):
        store.ingest(UnderstoodBatch("bench", "", NOW, tuple(posts[start : start + batch])))


def _searches(name: str, url: str) -> None:
    with open_store(url) as store:
        _fill(store, _understood(), 1_000)
        if name == "Postgres":  # as its autovacuum does within a minute
            with store._database.write() as connection:
                connection.exec_driver_sql("ANALYZE")
        indexed = {what: _seconds(store, *asked) for what, asked in QUERIES.items()}
        store.state.put("search", None, NOW)  # as in a database that has not been indexed yet
        for what, asked in QUERIES.items():
            scan = _seconds(store, *asked, repeats=1)
            figures = (
                f"{indexed[what] * 1e3:>9,.1f} ms  matching all {scan * 1e3:>9,.1f} ms  {scan / indexed[what]:>8,.1f} x"
            )
            print(f"  {name + ': ' + what:<44} {figures}")


def _seconds(store: Store, query: str, limit: int | None, repeats: int = 3) -> float:
    tree = parse(query)
    return min(wall_seconds(lambda: list(store.posts.search(tree, limit=limit))) for _ in range(repeats))


def _costs(url: str) -> tuple[list[Row], list[str]]:
    """The best of three, in turn: disks are busy now and then."""
    posts = _understood()[:COSTED]
    runs = [(_stored(f"{url}-with{i}.db", posts), _without_index(f"{url}-without{i}.db", posts)) for i in range(3)]
    (indexed, size), (plain, less) = (max(found) for found in zip(*runs, strict=True))
    notes = [f"{(size - less) / COSTED:,.0f} bytes a post, {size / less - 1:.0%} more"]
    return [Row("without index", plain), Row("with index", indexed, "without index")], notes


def _without_index(url: str, posts: Sequence[UnderstoodPost]) -> tuple[float, int]:
    with patch.object(changes, "put_words"):
        return _stored(url, posts)


def _stored(url: str, posts: Sequence[UnderstoodPost]) -> tuple[float, int]:
    """Posts a second, and the bytes of the database."""
    with open_store(url) as store:
        return COSTED / wall_seconds(lambda: _fill(store, posts)), store.describe()["size"]


if __name__ == "__main__":
    main()

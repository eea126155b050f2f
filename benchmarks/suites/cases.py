"""Saved answers with what must be read from them: a folder with `cases.json` and the files that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks.suites.verdicts import Verdict, rows_of
from insight.model import Post, Reading
from scrapers.base import Batch, SourceError
from scrapers.saved import read_saved

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def judge_cases(path: Path) -> Iterator[Verdict]:
    """A case passes where everything holds that it expects; what it expects of several files holds over all of them."""
    for case in rows_of(path):
        wrong = list(_faults(case, path.parent))
        yield Verdict("cases", case["name"], not wrong, case["expect"], wrong)


def _faults(case: Any, folder: Path) -> Iterator[str]:
    batches: list[Batch] = []
    for file in case["files"]:
        body = (folder / file).read_bytes()
        options = {"url": case.get("url"), "status": case.get("status", 200), "headers": case.get("headers")}
        try:
            batches.append(read_saved(case["kind"], body, now=NOW, **options))
        except SourceError as error:
            yield f"{file}: {error}"
            return
    for name, wanted in case["expect"].items():
        check = _CHECKS.get(name)
        yield from check(batches, wanted) if check else [f"{name}: nobody knows how to check that"]


def _posts(batches: Sequence[Batch]) -> list[Post]:
    return [item for batch in batches for item in batch.items if isinstance(item, Post)]


def _value(post: Post, field: str) -> object:
    value = getattr(post, field)
    return value.isoformat() if isinstance(value, datetime) else getattr(value, "value", value)


def _fields(batches: Sequence[Batch], wanted: Any) -> Iterator[str]:
    """The first file's posts in their order; `title~` means that the title holds this."""
    for number, (post, fields) in enumerate(zip_longest(_posts(batches[:1]), wanted)):
        if post is None or fields is None:
            yield f"post {number} is {'one too many' if fields is None else 'missing'}"
            continue
        for name, value in fields.items():
            got = _value(post, name.rstrip("~"))
            if not (str(value) in str(got or "") if name.endswith("~") else got == value):
                yield f"post {number}: {name} is {got!r}"


def _differs(name: str, of: Callable[[Sequence[Batch]], object]) -> Callable[[Sequence[Batch], Any], Iterator[str]]:
    def check(batches: Sequence[Batch], wanted: Any) -> Iterator[str]:
        got = of(batches)
        if got != wanted:
            yield f"{name}: {got}"

    return check


def _same_id(field: str) -> Callable[[Sequence[Batch], Any], Iterator[str]]:
    def check(batches: Sequence[Batch], wanted: Any) -> Iterator[str]:
        for value in wanted:
            ids = {post.native_id for post in _posts(batches) if getattr(post, field) == value}
            if len(ids) != 1:
                yield f"{value!r} has the ids {sorted(ids)}"

    return check


def _never_same_id(batches: Sequence[Batch], wanted: Any) -> Iterator[str]:
    seen: set[str] = set()
    for title in wanted:
        ids = {post.native_id for post in _posts(batches) if post.title == title}
        if ids & seen:
            yield f"{title!r} shares {sorted(ids & seen)}"
        seen |= ids


def _some_lost(batches: Sequence[Batch], wanted: Any) -> Iterator[str]:
    posts, rejected = len(_posts(batches[:1])), len(batches[0].rejected)
    if posts + rejected < wanted:
        yield f"{posts} posts and {rejected} set aside"


def _text_everywhere(batches: Sequence[Batch], wanted: Any) -> Iterator[str]:
    for number, batch in enumerate(batches):
        if all(post.text != wanted for post in _posts([batch])):
            yield f"file {number} has no such text"


_CHECKS: dict[str, Callable[[Sequence[Batch], Any], Iterator[str]]] = {
    "posts": _fields,
    "post_ids": _differs("post_ids", lambda batches: [post.native_id for post in _posts(batches[:1])]),
    "distinct_ids": _differs("distinct_ids", lambda batches: len({post.native_id for post in _posts(batches[:1])})),
    "rejected": _differs("rejected", lambda batches: len(batches[0].rejected)),
    "readings": _differs(
        "readings",
        lambda batches: {item.indicator: item.value for item in batches[0].items if isinstance(item, Reading)},
    ),
    "posts_or_rejected": _some_lost,
    "same_id_of_title_over_files": _same_id("title"),
    "same_id_of_text_over_files": _same_id("text"),
    "never_same_id": _never_same_id,
    "each_file_has_text": _text_everywhere,
}

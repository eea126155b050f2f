"""query match: posts in as JSON lines, the same lines out with what a query makes of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from insight.model import Label
from insight.query import Facts, Field, Match, Matcher
from insight.query.traversal import walk
from insight.understanding.language import recognise
from insight.understanding.sentiment import judge
from listener.cli.output import complain, err, fail
from listener.cli.query_parts import QUERY_HELP, Asked, perhaps, understood
from listener.config.posts_in import PostEntry, entry_of

ADDED = ("match", "spans", "excluded_by")
_JUDGED = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE, Label.UNKNOWN)
_MOST_TOLD = 20  # bad lines that are told one by one
_NO_MATCH = b'"match": false, "spans": []'


def match(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help=QUERY_HELP)],
    posts: Annotated[Path, typer.Argument(metavar="POSTS.JSONL", help="A post a line; - reads standard input.")],
    only: Annotated[bool, typer.Option("--only", help="Write the posts that match, and no others.")] = False,
) -> None:
    """Say of each post whether a query matches it and where: JSON lines in, the same lines out with the answer added.

    A post has a `text` and any of `title author lang url source kind rating followers engagement reply_to published_at
    country facts`; other keys stay as they are. Added are `match`, `spans` (field, start, end: characters of that
    field) and, where an exclusion hides the post, `excluded_by`. A line that is no post is told on standard error and
    left out, and the command ends with 1.

    \b
    Examples:
      listener query match 'acme crash*' posts.jsonl > judged.jsonl
      zcat posts.jsonl.gz | listener query match 'acme NEAR/5 slow' - --only
    """
    config = perhaps(context)
    tree = understood(Asked(query), config)
    asked = {part.name for part in walk(tree) if isinstance(part, Field)}
    if "theme" in asked:
        err.print("[yellow]![/] theme: is only known of stored mentions, so it matches nothing here")
    answer = _Answer(Matcher(tree), config.owned if config else frozenset(), "sentiment" in asked)
    with _opened(posts) as lines, _quiet_pipe():
        bad = _answer_all(lines, answer, only, flush=str(posts) == "-")
    if bad:
        many = f"{bad:,} lines" if bad > 1 else "one line"
        fail(f"{many} of {posts} could not be read and {'are' if bad > 1 else 'is'} left out")


class _Answer:
    """What a query makes of one post."""

    def __init__(self, matcher: Matcher, owned: frozenset[str], judged: bool) -> None:
        self._matcher, self._owned, self._judged = matcher, owned, judged

    def __call__(self, entry: PostEntry) -> Match | None:
        facts = entry.known(self._owned)
        if self._judged and facts.label is None:
            return self._with_sentiment(entry, facts)
        return self._matcher.match(entry.post(), facts)

    def _with_sentiment(self, entry: PostEntry, facts: Facts) -> Match | None:
        """A post sounds as its sentences around the match do, so it is the label that its own match bears out."""
        post = entry.post()
        text = f"{post.title}\n{post.text}" if post.title else post.text
        language = None
        for label in _JUDGED:
            found = self._matcher.match(post, replace(facts, label=label))
            if found is not None:
                language = language or recognise(text, post.language)[0]
                if judge(post, language, found.spans).label is label:
                    return found
        return None


def _answer_all(lines: IO[bytes], answer: _Answer, only: bool, *, flush: bool) -> int:
    """How many lines could not be read."""
    out, bad = sys.stdout.buffer, 0
    for number, line in enumerate(lines, 1):
        line = line.strip().removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901  # the line itself, without what surrounds it
        if not line:
            continue
        try:
            post = json.loads(line.decode())
            found = answer(entry_of(post if isinstance(post, dict) else None))  # a text alone has no keys to add to
        except (ValueError, RecursionError) as error:
            bad += 1
            _tell(number, error, bad)
            continue
        if only and (found is None or found.excluded_by):
            continue
        out.write(_with(line, post, found))
        if flush:  # whoever writes into the pipe may be waiting for the answer
            out.flush()
    out.flush()
    return bad


def _tell(number: int, error: Exception, count: int) -> None:
    if count <= _MOST_TOLD:
        complain(f"line {number}: {_why(error)}")
    if count == _MOST_TOLD:
        complain("further lines like these are only counted")


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"the byte 0x{error.object[error.start]:02x} is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"this is no JSON: {error.msg} at character {error.colno}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _with(line: bytes, post: dict[str, Any], found: Match | None) -> bytes:
    """The object as it was written, byte for byte, and the answer behind its last key."""
    if any(name in post for name in ADDED):  # an answer of before: it goes
        line = json.dumps({k: v for k, v in post.items() if k not in ADDED}, ensure_ascii=False).encode()
    said = _NO_MATCH if found is None else _said(found)
    body = line[:-1].rstrip()
    return body + (b"" if body == b"{" else b", ") + said + b"}\n"


def _said(found: Match) -> bytes:
    spans = [{"field": span.field, "start": span.start, "end": span.end} for span in found.spans]
    said: dict[str, Any] = {"match": found.excluded_by is None, "spans": spans}
    if found.excluded_by:
        said["excluded_by"] = found.excluded_by
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")[1:-1]


@contextmanager
def _opened(posts: Path) -> Iterator[IO[bytes]]:
    if str(posts) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = posts.open("rb")
    except OSError as error:
        fail(f"{posts} cannot be read: {error.strerror}", "name a file of JSON lines, or - for standard input")
    with opened:
        yield opened


@contextmanager
def _quiet_pipe() -> Iterator[None]:
    """Whoever reads our output has had enough (`| head`): that is no error."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has a place to go
        raise typer.Exit(0) from None

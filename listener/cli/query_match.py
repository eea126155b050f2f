"""query match: posts in as JSON lines, the same lines out with what a query makes of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from insight.model import Label
from insight.query import Field, Match, Matcher
from insight.query.traversal import walk
from insight.understanding.language import recognise
from insight.understanding.reading import understand
from listener.cli.common import QUERY_HELP, GivenQuery, load_config_if_usable
from listener.cli.output import complain, err, fail
from listener.config.written_posts import PostEntry, read_post

ADDED = ("match", "spans", "excluded_by")
_JUDGED = tuple(Label)
_MOST_TOLD = 20  # bad lines that are told one by one


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
    config = load_config_if_usable(context)
    tree = GivenQuery(query).parse(config)
    fields = {part.name for part in walk(tree) if isinstance(part, Field)}
    if "theme" in fields:
        err.print("[yellow]![/] theme: is only known of stored mentions, so it matches nothing here")
    matching = _Matching(Matcher(tree), config.owned if config else frozenset(), "sentiment" in fields)
    bad = 0
    with _opened(posts) as lines, _broken_pipe_ends():
        for number, line in enumerate(lines, 1):
            try:
                sys.stdout.buffer.write(_answered_line(line, matching, only))
            except (ValueError, RecursionError) as error:
                bad += 1
                if bad <= _MOST_TOLD:
                    complain(f"line {number}: {_reason(error)}")
                if bad == _MOST_TOLD:
                    complain("further lines like these are only counted")
            if str(posts) == "-":  # whoever writes into the pipe may be waiting for the answer
                sys.stdout.buffer.flush()
        sys.stdout.buffer.flush()
    if bad:
        many = f"{bad:,} lines" if bad > 1 else "one line"
        fail(f"{many} of {posts} could not be read and {'are' if bad > 1 else 'is'} left out")


@dataclass(frozen=True, slots=True)
class _Matching:
    """What a query makes of a post. `by_sentiment`: it asks how a post sounds, which is judged where nobody says it."""

    matcher: Matcher
    owned: frozenset[str]
    by_sentiment: bool

    def match(self, entry: PostEntry) -> Match | None:
        """A post sounds as its sentences around the match do, so it is the label that its own match bears out."""
        post, facts = entry.post(), entry.as_facts(self.owned)
        if not self.by_sentiment or facts.label is not None:
            return self.matcher.match(post, facts)
        text = f"{post.title}\n{post.text}" if post.title else post.text
        language = None
        for label in _JUDGED:
            found = self.matcher.match(post, replace(facts, label=label))
            if found is not None:
                language = language or recognise(text, post.language)[0]
                if understand(post, language, found.spans).sentiment.label is label:
                    return found
        return None


def _answered_line(line: bytes, matching: _Matching, only: bool) -> bytes:
    """The line with its answer added; empty for a blank line, and with `only` for a post that does not match."""
    line = line.strip().removeprefix(b"\xef\xbb\xbf")  # the mark that Windows puts before UTF-8
    if not line:
        return b""
    post = json.loads(line.decode())
    found = matching.match(read_post(post if isinstance(post, dict) else None))  # a text alone has no keys to add to
    if only and (found is None or found.excluded_by):
        return b""
    return with_answer(line, post, found)


def with_answer(line: bytes, post: dict[str, Any], found: Match | None) -> bytes:
    """The JSON object as it was written, byte for byte, with the answer behind its last key."""
    if any(name in post for name in ADDED):  # an answer of before: it goes
        line = json.dumps({k: v for k, v in post.items() if k not in ADDED}, ensure_ascii=False).encode()
    spans = [{"field": span.field, "start": span.start, "end": span.end} for span in found.spans] if found else []
    answer: dict[str, Any] = {"match": found is not None and found.excluded_by is None, "spans": spans}
    if found and found.excluded_by:
        answer["excluded_by"] = found.excluded_by
    added = json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace")[1:-1]
    body = line[:-1].rstrip()
    return body + (b"" if body == b"{" else b", ") + added + b"}\n"


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"the byte 0x{error.object[error.start]:02x} is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"this is no JSON: {error.msg} at character {error.colno}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


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
def _broken_pipe_ends() -> Iterator[None]:
    """Whoever reads our output has had enough (`| head`): that is no error."""
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes once more at its end: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None

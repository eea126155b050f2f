"""feedparser's way to say what a feed holds: a Python expression in a comment, taken apart and never run."""

from __future__ import annotations

import ast
import re
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass

Step = str | int

_EXPECTED = re.compile(r"Description:.*?Expect:\s*(.*?)\s*-->", re.DOTALL)
_HEADER = re.compile(r"^Header:\s+([\w-]+):[ \t]*(.*?)\s*$", re.MULTILINE)
_BODIES = ("description", "summary", "subtitle", "tagline")
_FIELDS: dict[str, str] = {
    "title": "title",
    "title_detail.value": "title",
    "link": "link",
    "id": "id",
    "guid": "id",
    "content.0.value": "body",
    "content_detail.value": "body",
    "author": "author",
    "author_detail.name": "author",
    "authors.0.name": "author",
    "language": "language",
    "title_detail.language": "language",
    "summary_detail.language": "language",
    "content.0.language": "language",
    "comments": "comments",
    "slash_comments": "replies",
    "source.title": "publisher",
    **dict.fromkeys(_BODIES, "summary"),
    **{f"{name}_detail.value": "summary" for name in _BODIES},
    **{f"{name}_parsed": "dates" for name in ("published", "updated", "created", "date", "modified", "issued")},
    **dict.fromkeys(("published", "updated", "created", "date", "modified", "issued"), "written"),
}
_MEDIA = re.compile(r"(enclosures|media_content|media_thumbnail)\.\d+\.(href|url)")


@dataclass(frozen=True, slots=True)
class Claim:
    """`field` is ours, `entry` counts from 0 (None: what is said of the feed), and `encoding` has neither."""

    path: str
    field: str
    entry: int | None
    wanted: object


def header_of(text: str, name: str) -> str:
    """A response header that the comment asks for."""
    return next((value for key, value in _HEADER.findall(text) if key.lower() == name), "")


def claims_of(text: str) -> Iterator[Claim]:
    """What the comment claims and a listener reads too; nothing where there is no expectation."""
    said = _EXPECTED.search(text)
    try:
        todo = [ast.parse(said[1].strip(), mode="eval").body] if said else []
    except SyntaxError:
        return
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            todo += node.values
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            steps, wanted = _steps(node.left), _value(node.comparators[0])
            if steps and wanted is not None:
                yield from _mapped(steps, wanted)


def _mapped(steps: tuple[Step, ...], wanted: object) -> Iterator[Claim]:
    path = ".".join(map(str, steps))
    if path in ("encoding", "entries.len"):
        yield Claim(path, path, None, wanted)
        return
    of_entry = steps[0] == "entries" and len(steps) > 1 and isinstance(steps[1], int)
    rest = ".".join(map(str, steps[2 if of_entry else 1 :]))
    field = _FIELDS.get(rest) or ("media" if _MEDIA.fullmatch(rest) else None)
    told_for_feeds = steps[0] == "feed" and (field != "language" or rest == field)
    if field and (of_entry or told_for_feeds):
        yield Claim(path, field, int(steps[1]) if of_entry else None, wanted)


def _steps(node: ast.expr) -> tuple[Step, ...]:
    """`entries[0]['title_detail']['value']` as its steps; empty for what is no path."""
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=inner, attr=name):
            before = _steps(inner)
            return (*before, name) if before else ()
        case ast.Subscript(value=inner, slice=ast.Constant(value=key)) if isinstance(key, (str, int)):
            before = _steps(inner)
            return (*before, key) if before else ()
        case ast.Call(func=ast.Name(id="len"), args=[inner]):
            return (*_steps(inner), "len")
    return ()


def _value(node: ast.expr) -> object:
    """A literal; for a tuple of time and `datetime.datetime(…).utctimetuple()` seconds since 1970."""
    made = [
        [part.value for part in call.args if isinstance(part, ast.Constant)]
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "datetime"
    ]
    try:
        value = tuple(made[0]) if made else ast.literal_eval(node)
        return timegm(value) if isinstance(value, tuple) and len(value) >= 6 else value
    except (ValueError, TypeError):
        return None

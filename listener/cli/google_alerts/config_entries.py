"""Watches and feeds as YAML, and how they are added to a config without changing any other character of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from listener.cli.google_alerts.migration import NewFeed, NewWatch
from listener.config import yamlfile

_LINE = re.compile(r"[^\r\n]+(?:\r\n|\n|\r)?|\r\n|\n|\r")


class AppendError(ValueError):
    """The entries cannot be added to this file."""

    remedy = "import without --write, and paste what it prints"


def entries_yaml(watches: Sequence[NewWatch], feeds: Sequence[NewFeed]) -> str:
    """The new entries as YAML, as `listener query import` prints them."""
    return "".join(
        "".join([f"{name}:\n", *(f"  {line}\n" for line in lines)]) for name, lines in _lines(watches, feeds).items()
    )


def append_entries(config: str, watches: Sequence[NewWatch], feeds: Sequence[NewFeed]) -> str:
    """The config with the entries at the end of its lists. Raises AppendError when they cannot be set there safely."""
    if not (watches or feeds):
        return config
    before, text = yamlfile.parse(config).value, config
    for name, lines in _lines(watches, feeds).items():
        text = _append_lines(text, name, lines)
    after, added = yamlfile.parse(text), yamlfile.parse(entries_yaml(watches, feeds)).value or {}
    wanted = {**before, **{name: [*before.get(name, []), *entries] for name, entries in added.items()}}
    if after.faults or after.value != wanted:  # an odd layout: nothing is guessed
        raise AppendError("the new entries cannot be set into this config without touching the rest")
    return text


def _lines(watches: Iterable[NewWatch], feeds: Iterable[NewFeed]) -> dict[str, list[str]]:
    """The lines to add, by the name of the list they belong to; lists that get none are left out."""
    watch_lines, feed_lines = list[str](), list[str]()
    for watch in watches:
        watch_lines += [
            f"- id: {_id(watch.id)}",
            f"  name: {_single_quoted(watch.name)}",
            f"  role: {watch.role}",
            f"  query: {_single_quoted(watch.query)}",
        ]
    for feed in feeds:
        feed_lines += [
            "- kind: google_alerts",
            f"  name: {feed.name}",
            f"  url: {feed.url}",
            f"  watches: [{_id(feed.watch)}]",
        ]
    return {name: lines for name, lines in (("watches", watch_lines), ("sources", feed_lines)) if lines}


def _id(text: str) -> str:
    """An id without quotes where YAML reads it as text; one such as 2024 or true needs them."""
    return text if yamlfile.parse(f"- {text}").value == [text] else _single_quoted(text)


def _single_quoted(text: str) -> str:
    """In single quotes, or in double ones when it needs escapes. `${` becomes `$${`, so that nothing is filled in."""
    text = text.replace("${", "$${")
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else yamlfile.quoted(text)


def _append_lines(text: str, name: str, lines: list[str]) -> str:
    """Add lines behind the last entry of a list, before the comments that introduce what follows it."""
    tree = yamlfile.parse(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if not isinstance(tree.value, dict) or not isinstance(tree.value.get(name), list) or not tree.value[name]:
        raise AppendError(f"the config has no list of {name} to add to")
    first = tree.lines[tree.place((name, 0)).line - 1]
    dash = re.match(r"\s*(?=-(\s|$))", first)
    if dash is None:
        raise AppendError(f"the list of {name} does not begin with a dash on a line of its own")
    begin = tree.keys[(name,)].line
    following = [place.line for path, place in tree.keys.items() if len(path) == 1 and place.line > begin]
    end = min(following, default=len(tree.lines) + 1) - 1
    while end > begin and (not tree.lines[end - 1].strip() or tree.lines[end - 1].lstrip().startswith("#")):
        end -= 1
    written = _LINE.findall(text)
    if written[end - 1] == written[end - 1].rstrip("\r\n"):
        written[end - 1] += newline
    block = [f"{dash.group()}{line}{newline}" for line in lines]
    return "".join([*written[:end], *block, *written[end:]])

"""Watches and feeds as a piece of YAML, and that piece set into a config whose every other character stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from listener.cli.google_alerts.migration import NewFeed, NewWatch
from listener.config import yamlfile

_LINE = re.compile(r"[^\r\n]+(?:\r\n|\n|\r)?|\r\n|\n|\r")


class AppendError(ValueError):
    """The piece cannot be set into this file."""

    remedy = "import without --write, and paste what it prints"


def entries_yaml(watches: Sequence[NewWatch], feeds: Sequence[NewFeed]) -> str:
    """What `listener query import` prints."""
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
    """The lines for each list of the config that gets any."""
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
    """Bare where YAML reads it as text, and not as a number or a switch."""
    return text if yamlfile.parse(f"- {text}").value == [text] else _single_quoted(text)


def _single_quoted(text: str) -> str:
    """In single quotes, in which only they are special; what no editor shows is escaped. `${` stays what it is."""
    text = text.replace("${", "$${")
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else yamlfile.quoted(text)


def _append_lines(text: str, name: str, lines: list[str]) -> str:
    """Behind the last line of the list, before the comments that lead over to what follows."""
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

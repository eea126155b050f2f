"""The one door to YAML: text in, plain values with the line and column of each out, and faults in plain words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from listener.config.yaml_faults import explain_fault

Path = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000  # anchors may stand for billions: https://en.wikipedia.org/wiki/Billion_laughs_attack

_BREAKS = re.compile(r"\r\n|\n|\r")
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge")}
_INT = re.compile(r"[-+]?[0-9]{1,30}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)(e[-+]?[0-9]{1,3})?\Z", re.IGNORECASE)
# The core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): `no`, `on` and dates are text.
_WORDS: dict[str, bool | None] = {"true": True, "True": True, "TRUE": True, "false": False, "False": False}
_WORDS |= {"FALSE": False, "null": None, "Null": None, "NULL": None, "~": None, "": None}


class Place(NamedTuple):
    """A position in the file, counted from 1 as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    place: Place
    message: str
    remedy: str
    path: Path = ()


@dataclass(slots=True)
class Tree:
    """A YAML document as plain values, and where each stands. With a syntax fault, `value` is None."""

    value: Any = None
    lines: list[str] = field(default_factory=list)
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)  # one-line strings, as they stand in the file
    faults: list[Fault] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Where a value stands; for one that is not there, where its nearest parent is named."""
        if path in self.values:
            return self.values[path]
        while path:
            path = path[:-1]
            if path in self.keys or path in self.values:
                return self.keys.get(path) or self.values[path]
        return Place(1, 1)

    def inside(self, path: Path, value: str, offset: int) -> Place:
        """Where the character `offset` of a string stands: exactly in a one-line string, else where it begins."""
        start, written = self.place(path), self.written.get(path)
        if written is None:
            return start
        if written == value:
            return Place(start.line, start.column + offset)
        single = written.startswith("'") and written[1:-1].replace("''", "'") == value
        double = written.startswith('"') and "\\" not in written and written[1:-1] == value
        if not (single or double):  # filled from outside, or with escapes
            return start
        doubled = value[:offset].count("'") if single else 0  # each ' is written twice in single quotes
        return Place(start.line, start.column + 1 + offset + doubled)


def parse(data: bytes | str) -> Tree:
    """Read one YAML 1.2 document. Never raises: what is wrong is in `faults`."""
    if len(data) > MAX_BYTES:
        message = f"{len(data) / 1e6:.1f} MB are too much for a config (the limit is {MAX_BYTES / 1e6:.0f} MB)"
        return Tree(faults=[Fault(Place(1, 1), message, "is this the right file?")])
    text = _decode(data) if isinstance(data, bytes) else data.removeprefix("\ufeff")
    if isinstance(text, Fault):
        return Tree(faults=[text])
    tree = Tree(lines=_BREAKS.split(text))
    walker = _Walker(text, tree)
    try:
        yaml = YAML(typ="safe", pure=True)
        yaml.max_depth = MAX_DEPTH
        yaml.composer.warn_double_anchors = False  # an anchor may be given again; the later one counts
        node: Node | None = yaml.compose(text)
        tree.value = walker.build(node, ()) if node else None
    except MarkedYAMLError as error:
        tree.faults = [_syntax_fault(error, text, walker)]
    except ReaderError as error:
        message = f"the character U+{int(error.character):04X} cannot stand in a YAML file"
        tree.faults = [Fault(walker.place(error.position), message, 'delete it, or write it as "\\uXXXX" in quotes')]
    except (RecursionError, _TooManyNodesError):
        remedy = "write the values out; this file is no ordinary config"
        tree.faults = [Fault(Place(1, 1), "its anchors or brackets stand for far too many values", remedy)]
    return tree


def dump(value: Any) -> str:
    """Plain values as YAML, for people to read."""
    yaml, out = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # an option the stubs type as None
    yaml.width = 4096
    yaml.dump(value, out)
    return out.getvalue()


def quoted(text: str) -> str:
    """A text as a double-quoted YAML scalar on one line, whatever it holds."""
    chars = []
    for char in text:
        code = ord(char)
        if char in '"\\':
            chars.append("\\" + char)
        elif char.isprintable():
            chars.append(char)
        elif 0xD800 <= code <= 0xDFFF:  # half of a surrogate pair, which no YAML can hold
            chars.append("\\uFFFD")
        else:
            chars.append(f"\\x{code:02X}" if code < 256 else f"\\U{code:08X}")
    return '"' + "".join(chars) + '"'


def _decode(data: bytes) -> str | Fault:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Fault(Place(1, 1), "the file is UTF-16, not UTF-8", "save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - (before.rfind(b"\n") + 1)
        place = Place(before.count(b"\n") + 1, column + 1)
        return Fault(place, f"the byte 0x{data[error.start]:02x} is not UTF-8", "save the file as UTF-8")


class _TooManyNodesError(Exception):
    pass


class _Walker:
    """Turns nodes into values by the core schema of YAML 1.2 alone: `no`, `on`, dates and 1:30 are text."""

    def __init__(self, text: str, tree: Tree) -> None:
        self._text, self._tree = text, tree
        self._starts = [0, *(match.end() for match in _BREAKS.finditer(text))]
        self._left = MAX_NODES

    def place(self, index: int) -> Place:
        line = bisect_right(self._starts, index)
        return Place(line, index - self._starts[line - 1] + 1)

    def build(self, node: Node, path: Path) -> Any:
        self._left -= 1
        if self._left < 0 or len(path) > MAX_DEPTH:
            raise _TooManyNodesError
        self._tree.values[path] = self.place(node.start_mark.index)
        if str(node.tag) not in _PLAIN_TAGS:
            self._fault(node, f"the tag {str(node.tag).removeprefix(_TAG)!r} means nothing here", "leave it out", path)
            return None
        if isinstance(node, ScalarNode):
            text: str = node.value
            written = self._text[node.start_mark.index : node.end_mark.index]
            if not node.style and str(node.tag) != _TAG + "str":  # no quotes and no `!!str`: it may be no text
                if text in _WORDS:
                    return _WORDS[text]
                if _INT.match(text) or _FLOAT.match(text):
                    return int(text) if _INT.match(text) else float(text)
            if not _BREAKS.search(written):
                self._tree.written[path] = written
            return text
        if isinstance(node, SequenceNode):
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._mapping(node, path) if isinstance(node, MappingNode) else None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value, merged in self._pairs(node):
            name = str(key.value) if isinstance(key, ScalarNode) else None
            if not name:
                self._fault(key, "a key must be a word", "write `key: value`", path)
            elif name not in result:
                self._tree.keys[(*path, name)] = self.place(key.start_mark.index)
                result[name] = self.build(value, (*path, name))
                if value.start_mark.index == value.end_mark.index:  # nothing there: ruamel points at what follows
                    self._tree.values[(*path, name)] = self.place(key.start_mark.index)
            elif not merged:
                first = self._tree.keys[(*path, name)].line
                message = f"`{name}` stands here a second time (first on line {first})"
                self._fault(key, message, "keep one of the two", (*path, name))
        return result

    def _pairs(self, node: Node, merged: bool = False) -> Iterator[tuple[Node, Node, bool]]:
        """The entries of a mapping: its own, then those that `<<` brings along, which never win over its own."""
        self._left -= 1
        if self._left < 0:
            raise _TooManyNodesError
        others: list[Node] = []
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == "<<" and not key.style:
                others += value.value if isinstance(value, SequenceNode) else [value]
            else:
                yield key, value, merged
        for other in others:
            if isinstance(other, MappingNode):
                yield from self._pairs(other, merged=True)
            else:
                self._fault(other, "`<<` takes in the keys of another mapping, and this is none", "see `&` and `*`")

    def _fault(self, node: Node, message: str, remedy: str, path: Path = ()) -> None:
        self._tree.faults.append(Fault(self.place(node.start_mark.index), message, remedy, path))


def _syntax_fault(error: MarkedYAMLError, text: str, walker: _Walker) -> Fault:
    line = walker.place(error.problem_mark.index).line if error.problem_mark else 1
    if re.match(r"\s*-[^\s-].*:\s", _BREAKS.split(text)[line - 1] + "\n"):
        return Fault(Place(line, 1), "a dash that belongs to a word", "put a space after the dash: `- key: value`")
    here, context = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    if explained := explain_fault(f"{error.problem or ''} {error.context or ''}".strip()):
        at_context, message, remedy = explained
        mark = context if at_context else here
        return Fault(walker.place(mark.index if mark else 0), message, remedy)
    place = walker.place(min(here.index, len(text)) if here else 0)
    return Fault(place, f"not valid YAML: {error.problem or error.context}", "put the value in 'quotes'")

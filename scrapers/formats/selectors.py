"""The only file that knows CSS selectors: they are matched while a page is read, in time linear in the page.

A tree that is asked with XPath takes minutes for `li ~ li` on a hostile page. Here each element is looked at once: what
the elements around it match is a set of bits, so a step of a selector is a test of one bit and of the element itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cssselect import parser
from cssselect.parser import SelectorError

LONGEST = 500  # characters of a selector


class BadSelectorError(ValueError):
    """A selector that cannot be read, or that asks for what stands behind an element; the message says which."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element as it begins. `nth`: its place among its siblings; `nth_of_type`: among those with its name."""

    tag: str
    attrib: Mapping[str, str]
    classes: frozenset[str]
    nth: int
    nth_of_type: int


Test = Callable[[Element], bool]


@dataclass(frozen=True, slots=True)
class _Step:
    """One part between combinators. `before`: the bit of the step before it; 0 for a first one."""

    bit: int
    before: int
    combinator: str
    tests: tuple[Test, ...]


@dataclass(slots=True)
class _Frame:
    """An element that is open: the bits of itself, of all it stands in, of its last child and of all its children."""

    mask: int = 0
    above: int = 0
    last: int = 0
    earlier: int = 0
    children: int = 0
    by_tag: dict[str, int] = field(default_factory=dict)


class Matcher:
    """Tells for each element which of some selectors (by name) it matches. Raises BadSelectorError."""

    def __init__(self, selectors: Mapping[str, str]) -> None:
        self._steps: list[_Step] = []
        self._names: list[tuple[str, int]] = []
        for name, written in selectors.items():
            final = 0
            for path in _paths(written):
                before = 0
                for combinator, tests in path:
                    step = _Step(1 << len(self._steps), before, combinator, tests)
                    self._steps.append(step)
                    before = step.bit
                final |= before
            self._names.append((name, final))
        self._open = [_Frame()]

    def start(self, tag: str, attrib: Mapping[str, str]) -> list[str]:
        parent = self._open[-1]
        parent.children += 1
        nth_of_type = parent.by_tag[tag] = parent.by_tag.get(tag, 0) + 1
        classes = frozenset(attrib.get("class", "").split())
        element = Element(tag, attrib, classes, parent.children, nth_of_type)
        around = {" ": parent.above, ">": parent.mask, "+": parent.last, "~": parent.earlier}
        mask = 0
        for step in self._steps:
            reached = not step.before or around[step.combinator] & step.before
            if reached and all(test(element) for test in step.tests):
                mask |= step.bit
        parent.last = mask
        parent.earlier |= mask
        self._open.append(_Frame(mask, parent.above | mask))
        return [name for name, final in self._names if mask & final] if mask else []

    def end(self) -> None:
        if len(self._open) > 1:
            self._open.pop()


def check(written: str) -> None:
    """Raises BadSelectorError for a selector that cannot be used."""
    _paths(written)


def _paths(written: str) -> list[list[tuple[str, tuple[Test, ...]]]]:
    if len(written) > LONGEST:
        raise BadSelectorError(f"a selector of more than {LONGEST} characters")
    try:
        found = parser.parse(written)
    except (SelectorError, RecursionError, ValueError) as error:
        raise BadSelectorError(f"{written!r} is no CSS selector: {error}") from error
    for one in found:
        if one.pseudo_element is not None:
            raise BadSelectorError(f"{written!r}: ::{one.pseudo_element} is nothing a page holds")
    try:
        return [_path(one.parsed_tree) for one in found]
    except BadSelectorError as error:
        raise BadSelectorError(f"{written!r}: {error}") from error


def _path(tree: Any) -> list[tuple[str, tuple[Test, ...]]]:
    if isinstance(tree, parser.CombinedSelector):
        return [*_path(tree.selector), (tree.combinator, _tests(tree.subselector))]
    return [(" ", _tests(tree))]


def _tests(tree: Any) -> tuple[Test, ...]:
    """What an element has to be, part by part: `a.b[c]` is three tests."""
    if isinstance(tree, parser.Element):
        tag = tree.element and tree.element.lower()
        return (lambda element: element.tag == tag,) if tag else ()
    make = _MAKERS.get(type(tree))
    if make is None:
        raise _unsupported(str(getattr(tree, "combinator", None) or type(tree).__name__.lower()))
    return (*_tests(tree.selector), make(tree))


def _class(tree: parser.Class) -> Test:
    name = tree.class_name
    return lambda element: name in element.classes


def _hash(tree: parser.Hash) -> Test:
    name = tree.id
    return lambda element: element.attrib.get("id") == name


def _attrib(tree: parser.Attrib) -> Test:
    name, fold = tree.attrib.lower(), tree.flag == "i"
    value = (tree.value.value if tree.value is not None else "") or ""
    wanted = value.lower() if fold else value
    compare = _COMPARE.get(tree.operator)
    if compare is None:
        raise _unsupported(f"[{name}{tree.operator}…]")

    def test(element: Element) -> bool:
        has = element.attrib.get(name)
        return has is not None and compare(has.lower() if fold else has, wanted)

    return test


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "exists": lambda _has, _wanted: True,
    "=": lambda has, wanted: has == wanted,
    "~=": lambda has, wanted: wanted in has.split(),
    "|=": lambda has, wanted: has == wanted or has.startswith(f"{wanted}-"),
    "^=": lambda has, wanted: bool(wanted) and has.startswith(wanted),
    "$=": lambda has, wanted: bool(wanted) and has.endswith(wanted),
    "*=": lambda has, wanted: bool(wanted) and wanted in has,
}


def _pseudo(tree: parser.Pseudo) -> Test:
    if tree.ident == "first-child":
        return lambda element: element.nth == 1
    if tree.ident == "first-of-type":
        return lambda element: element.nth_of_type == 1
    raise _unsupported(f":{tree.ident}")


def _function(tree: parser.Function) -> Test:
    if tree.name not in ("nth-child", "nth-of-type"):
        raise _unsupported(f":{tree.name}()")
    try:
        a, b = parser.parse_series(tree.arguments)
    except ValueError as error:
        raise BadSelectorError(f"no number in :{tree.name}()") from error
    of_type = tree.name == "nth-of-type"  # an+b: https://www.w3.org/TR/selectors-4/#anb-microsyntax

    def test(element: Element) -> bool:
        n = (element.nth_of_type if of_type else element.nth) - b
        return n == 0 if a == 0 else n % a == 0 and n // a >= 0

    return test


def _negation(tree: parser.Negation) -> Test:
    tests = _tests(tree.subselector)
    return lambda element: not all(test(element) for test in tests)


def _matching(tree: parser.Matching) -> Test:
    choices = [_tests(one) for one in tree.selector_list]
    return lambda element: any(all(test(element) for test in tests) for tests in choices)


_MAKERS: dict[type, Callable[[Any], Test]] = {
    parser.Class: _class,
    parser.Hash: _hash,
    parser.Attrib: _attrib,
    parser.Pseudo: _pseudo,
    parser.Function: _function,
    parser.Negation: _negation,
    parser.Matching: _matching,
}


def _unsupported(what: str) -> BadSelectorError:
    return BadSelectorError(
        f"{what} is not understood; use names, .classes, #ids, [attributes], :first-child, :nth-child(), "
        "`:not()`, `:is()` and the combinators > + ~"
    )

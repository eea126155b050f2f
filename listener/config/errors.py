"""What is wrong with a config: each problem with its place and remedy, several at once, and never a secret."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from listener.config.secrets import Redactor, hide
from listener.config.yamlfile import Path, Place, Tree

_SHOWN = 20
_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. `excerpt` is the line of the file, without secrets; `caret` the cells before its mark."""

    file: str
    line: int
    column: int
    path: str
    message: str
    remedy: str = ""
    excerpt: str = ""
    caret: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"
        if self.excerpt:
            text += f"\n  {self.line:>5} | {self.excerpt}\n        | {' ' * self.caret}^"
        return text + (f"\n        → {self.remedy}" if self.remedy else "")


class ConfigError(Exception):
    """The config cannot be used. `problems` holds everything that was found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        count = len(self.problems)
        blocks = [str(problem) for problem in self.problems[:_SHOWN]]
        if count > _SHOWN:
            blocks.append(f"… and {count - _SHOWN} more")
        if count > 1:
            blocks.append(f"{count} problems")
        super().__init__("\n".join(blocks))


class ProblemReport:
    """Collects the problems of one file. A path has one problem: what follows from the first is not shown as well."""

    def __init__(self, file: str, tree: Tree) -> None:
        self.file, self.tree = file, tree
        self.problems: list[Problem] = []
        self._reported: set[tuple[Path, str]] = set()
        for fault in tree.faults:
            self.add(fault.place, fault.path, fault.message, fault.remedy)

    def at(self, path: Path, message: str, remedy: str = "") -> None:
        """At the value, or where its nearest parent is named when there is none."""
        self.add(self.tree.place(path), path, message, remedy)

    def at_key(self, path: Path, message: str, remedy: str = "") -> None:
        self.add(self.tree.keys.get(path) or self.tree.place(path), path, message, remedy)

    def inside(self, path: Path, value: str, offset: int, message: str, remedy: str = "") -> None:
        """At a character of a string."""
        self.add(self.tree.inside(path, value, offset), path, message, remedy)

    def add(self, place: Place, path: Path, message: str, remedy: str) -> None:
        reported = (path, message if not path else "")
        if reported not in self._reported:
            self._reported.add(reported)
            self.problems.append(Problem(self.file, place.line, place.column, dotted(path), message, remedy))

    def raise_if_any(self, secrets: Iterable[str]) -> None:
        """Raise when there are problems, with every secret taken out of them."""
        if self.problems:
            mask = Redactor(secrets).mask
            raise ConfigError([self._with_excerpt(problem, mask) for problem in self.problems]) from None

    def _with_excerpt(self, problem: Problem, mask: Callable[[str], str]) -> Problem:
        """The problem without secrets, and its line: cut around the caret when it is long."""
        lines = self.tree.lines
        line = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
        left, text = mask(hide(line[: problem.column - 1])), mask(hide(line))
        caret = len(left) if text.startswith(left) else 0  # else it would stand within something hidden
        start = max(0, caret - _WIDTH // 2) if len(text) > _WIDTH else 0
        excerpt = "".join(char if char.isprintable() else " " for char in text[start : start + _WIDTH])
        return replace(
            problem,
            path=mask(problem.path),
            message=mask(problem.message),
            remedy=mask(problem.remedy),
            excerpt=excerpt.rstrip(),
            caret=sum(map(_width, excerpt[: caret - start])),
        )


def _width(char: str) -> int:
    """The cells that a character takes on a terminal: East Asian wide ones two (https://www.unicode.org/reports/tr11/)."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def dotted(path: Path) -> str:
    """`watches[1].query`"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    folded = {name.casefold(): name for name in known}
    found = get_close_matches(str(word).casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def choice(word: object, known: Iterable[str], limit: int = 12) -> str:
    """A remedy: the word that was probably meant, or the allowed ones."""
    names = list(known)
    meant = nearest(word, names)
    listed = ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
    if meant:
        return f"did you mean `{meant}`?" + (f" (allowed: {listed})" if len(names) <= limit else "")
    return f"allowed: {listed}" if names else "none is defined"

"""The parts of a query as a person thinks of it, and what each of them does to stored posts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from insight.model import Post
from insight.query.matching.compiled import AnyOf, compile_query
from insight.query.matching.document import NOTHING_KNOWN, Document, Facts
from insight.query.matching.leaves import InText
from insight.query.matching.matcher import exclusions
from insight.query.traversal import flattened
from insight.query.tree import And, Or, Query

FEW = 20
"""Of fewer posts than these no share in percent is said: it would sound more certain than it is."""


class ClauseKind(StrEnum):
    FINDS = "finds"
    REQUIRED = "also required"
    HIDES = "hides"


@dataclass(frozen=True, slots=True)
class Clause:
    """`number` counts from 1 through the query; `text` is the part as printed, an exclusion with its NOT."""

    number: int
    kind: ClauseKind
    text: str
    position: int


def clauses(query: Query) -> tuple[Clause, ...]:
    """What finds (the sides of the first OR, or all of it), what is also required, and what hides."""
    return tuple(clause for clause, _ in _split(query))


def _split(query: Query) -> list[tuple[Clause, Query]]:
    """Each clause with what a post is asked: of an exclusion, what it hides."""
    required, hiding = exclusions(query)
    finding: tuple[Query, ...] = required
    others: tuple[Query, ...] = ()
    first = next((part for part in required if isinstance(part, Or)), None)
    if first is not None:
        finding, others = tuple(flattened(first, Or)), tuple(part for part in required if part is not first)
    elif len(required) > 1:
        finding = (And(required, at=required[0].at),)
    found = [(ClauseKind.FINDS, part, part) for part in finding]
    found += [(ClauseKind.REQUIRED, part, part) for part in others]
    found += [(ClauseKind.HIDES, part, part.part) for part in hiding]
    return [(Clause(n, kind, str(part), part.at), asked) for n, (kind, part, asked) in enumerate(found, 1)]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one clause does, in posts.

    Of what finds: `hits` and `rejected` (found, but hidden by an exclusion) are the posts in which it occurs, `alone`
    and `rejected_alone` those that no other clause finds. Of what is also required: `alone` are the posts that only
    it keeps out. Of what hides: `hits` are the posts it hides, `alone` those that nothing else hides.
    """

    clause: Clause
    hits: int = 0
    alone: int = 0
    rejected: int = 0
    rejected_alone: int = 0


@dataclass(frozen=True, slots=True)
class ClauseCounts:
    """Of `stored` posts, how many the query finds (`hits`), and how many an exclusion hides (`rejected`)."""

    stored: int
    hits: int
    rejected: int
    tallies: tuple[Tally, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        stored = _posts(self.stored, "stored ")
        summary = f"Of {stored}, {self.hits:,} found and {self.rejected:,} rejected by an exclusion."
        return (summary, *(_sentence(tally, self) for tally in self.tallies))


class Census:
    """Counts clause by clause, over posts that come one at a time."""

    def __init__(self, query: Query) -> None:
        split = _split(query)
        self._clauses = [clause for clause, _ in split]
        self._tallies = [Counter[str]() for _ in split]
        groups = {kind: [n for n, clause in enumerate(self._clauses) if clause.kind is kind] for kind in ClauseKind}
        self._groups = {kind: _Group({n: split[n][1] for n in numbers}) for kind, numbers in groups.items()}
        self._stored = self._hits = self._rejected = 0

    def add(self, post: Post, facts: Facts = NOTHING_KNOWN) -> None:
        self._stored += 1
        document = Document(post, facts)
        finds = self._groups[ClauseKind.FINDS].holding(document)
        if self._groups[ClauseKind.FINDS].numbers and not finds:
            return
        required = self._groups[ClauseKind.REQUIRED]
        missing = required.numbers.difference(required.holding(document))
        hides = self._groups[ClauseKind.HIDES].holding(document)
        if missing:
            if len(missing) == 1 and not hides:
                self._tallies[min(missing)]["alone"] += 1
            return
        self._hits += not hides
        self._rejected += bool(hides)
        hits, alone = ("rejected", "rejected_alone") if hides else ("hits", "alone")
        for number in (*finds, *required.numbers):
            self._tallies[number][hits] += 1
            self._tallies[number][alone] += number in finds and len(finds) == 1
        for number in hides:
            self._tallies[number]["hits"] += 1
            self._tallies[number]["alone"] += len(hides) == 1

    def counted(self) -> ClauseCounts:
        pairs = zip(self._clauses, self._tallies, strict=True)
        tallies = tuple(Tally(clause, **counts) for clause, counts in pairs)
        return ClauseCounts(self._stored, self._hits, self._rejected, tallies)


class _Group:
    """Clauses that are asked all at once: a list of a thousand costs what one does."""

    def __init__(self, asked: dict[int, Query]) -> None:
        self.numbers = frozenset(asked)
        nodes = {number: compile_query(query) for number, query in asked.items()}
        same: dict[object, list[int]] = {}  # what holds together is asked once: acme and "acme"
        for number, node in nodes.items():
            known = node.lookup if isinstance(node, InText) and node.exact else number
            same.setdefault(known, []).append(number)
        self._same = list(same.values())
        self._any = AnyOf([nodes[first] for first, *_ in self._same])

    def holding(self, document: Document) -> frozenset[int]:
        return frozenset(number for part in self._any.holding_parts(document) for number in self._same[part])


# -- in words --------------------------------------------------------------------------------------------------


def _sentence(tally: Tally, counted: ClauseCounts) -> str:
    name = f"clause {tally.clause.number}"
    match tally.clause.kind:
        case ClauseKind.FINDS:
            rejected = f" and {_share(tally.rejected_alone, counted.rejected, 'rejected')}" if counted.rejected else ""
            return f"{name} adds {_share(tally.alone, counted.hits, 'hits')}{rejected}"
        case ClauseKind.REQUIRED:
            return f"{name} keeps out {_posts(tally.alone)} that would be found without it"
        case _:
            return f"{name} hides {_share(tally.hits, counted.rejected, 'rejected')}, {tally.alone:,} of them alone"


def _posts(count: int, which: str = "") -> str:
    return f"{count:,} {which}{'post' if count == 1 else 'posts'}"


def _share(part: int, whole: int, what: str) -> str:
    """2 % of the hits (41 of 2,050); of few posts only how many."""
    if whole < FEW:
        return f"{part:,} of {whole:,} {what}"
    share = 100 * part / whole
    percent = "less than 1" if 0 < share < 1 else "more than 99" if 99 < share < 100 else f"{share:.0f}"
    return f"{percent} % of the {what} ({part:,} of {whole:,})"

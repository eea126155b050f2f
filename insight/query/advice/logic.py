"""What will surprise the writer about how a query is put together: what can never hold, hides all or adds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from insight.query.advice.implication import Proof
from insight.query.advice.remarks import Remark, hint, warning
from insight.query.advice.term_implication import row_of
from insight.query.cover import covering
from insight.query.errors import shown
from insight.query.text.words import Piece
from insight.query.traversal import children, flattened
from insight.query.tree import And, Field, Not, Or, Phrase, Query, Word

COMPARED = 200
"""Parts that are compared each with each; in a longer list, single words and phrases still are, by looking up."""

_SLICES = 8  # words of a phrase in a row that are looked up at most


def about_logic(query: Query, proof: Proof) -> Iterator[Remark]:
    """Of every group, what it does that nobody meant. Claims that something can never be are proven."""
    parts: Sequence[Query] = children(query)
    match query:
        case And():
            together = tuple(flattened(query, And))
            required = [part for part in together if not isinstance(part, Not)]
            clauses = [clause for part in together if isinstance(part, Not) for clause in flattened(part.part, Or)]
            for one, other in combinations(required[:COMPARED], 2):
                yield from _about_pair(one, other, proof)
            yield from _about_exclusions(required, clauses, proof)
            parts = required + clauses
        case Or():
            parts = tuple(flattened(query, Or))
            yield from _about_or(parts, proof)
    for part in parts:
        yield from about_logic(part, proof)


# -- what must hold together -----------------------------------------------------------------------------------


def _about_pair(one: Query, other: Query, proof: Proof) -> Iterator[Remark]:
    """What two parts that must both hold do to each other."""
    if proof.excludes(one, other):
        match one, other:
            case (Field(name, value), Field(same, second)) if name == same:
                remedy = f"Write {name}:{value},{second} for either of them, or remove one."
            case Field(), Field():
                remedy = "Write the earlier time behind after: and the later one behind before:."
            case _:
                remedy = f"Write ({_text(one)} OR {_text(other)}) for either of them, or remove one."
        says = f"{_text(other)} can never hold together with {_text(one)}"
        yield warning("never-holds", other, says, remedy, one)
        return
    for part, because in ((other, one), (one, other)):
        if proof.implies(because, part):
            says = f"{_text(part)} adds nothing here: whatever {_text(because)} finds fulfils it"
            yield hint("requires-nothing", part, says, "Remove it, or write OR if either is enough.", because)
            return
    for group, needed in ((one, other), (other, one)):
        yield from _sides_ruled_out(group, needed, proof)


def _sides_ruled_out(group: Query, needed: Query, proof: Proof) -> Iterator[Remark]:
    """Sides of an OR that what stands beside it rules out; that it rules out all would have been said already."""
    for side in _sides(group)[:COMPARED]:
        if proof.excludes(side, needed):
            says = f"{_text(side)} can never hold here: {_text(needed)} is required, too"
            remedy = f"Remove it, or move it out of the brackets that {_text(needed)} stands beside."
            yield warning("never-holds", side, says, remedy, needed)


def _sides(group: Query) -> Sequence[Query]:
    return tuple(flattened(group, Or)) if isinstance(group, Or) else ()


# -- exclusions ------------------------------------------------------------------------------------------------


def _about_exclusions(required: Sequence[Query], clauses: Sequence[Query], proof: Proof) -> Iterator[Remark]:
    """`NOT (a OR b)` excludes two things: a, and b."""
    hidden = Covers(clauses, proof)
    emptied = [(part, by) for part in required if (by := hidden.covering(part)) is not None]
    for part, by in emptied:
        says = f"NOT {_text(by)} hides everything that {_text(part)} finds: nothing is left"
        remedy = "Remove it, or exclude something narrower, such as a phrase."
        yield warning("hides-everything", by, says, remedy, part)
    for side in () if emptied else [side for part in required for side in _sides(part)]:
        hiding = hidden.covering(side)
        if hiding is not None:
            says = f"{_text(side)} finds nothing: NOT {_text(hiding)} hides all of it"
            yield warning("hidden-side", side, says, "Remove it, or make the exclusion narrower.", hiding)
    for number, clause in enumerate(clauses):
        wider = hidden.covering(clause, number)
        if wider is not None:
            says = f"NOT {_text(clause)} adds nothing: NOT {_text(wider)} hides it already"
            yield hint("adds-nothing", clause, says, "Remove it.", wider)
            continue
        against = next((part for part in required[:COMPARED] if proof.excludes(part, clause)), None)
        if against is not None:
            says = f"NOT {_text(clause)} can never apply: {_text(against)} rules it out already"
            yield hint("never-applies", clause, says, "Remove it, or what rules it out.", against)


# -- what may hold instead -------------------------------------------------------------------------------------


def _about_or(sides: Sequence[Query], proof: Proof) -> Iterator[Remark]:
    covers = Covers(sides, proof)
    for number, side in enumerate(sides):
        wider = covers.covering(side, number)
        if wider is None:
            yield from islice(_in_one_side(sides, number, proof), 1)
        elif str(side) == str(wider):
            yield hint("adds-nothing", side, f"{_text(side)} is there twice", "Remove it.", wider)
        else:
            says = f"{_text(side)} adds nothing: {_text(wider)} finds all of it"
            remedy = f"Remove it; or remove {_text(wider)} if only {_text(side)} is meant."
            yield hint("adds-nothing", side, says, remedy, wider)


def _in_one_side(sides: Sequence[Query], number: int, proof: Proof) -> Iterator[Remark]:
    """An exclusion that is a part of one side, although another side can find what it is to hide."""
    parts = tuple(flattened(sides[number], And))
    others = [side for place, side in enumerate(sides[:COMPARED]) if place != number]
    for clause in (part for part in parts if len(parts) > 1 and isinstance(part, Not) and covering(part) is None):
        finding = next((side for side in others if not proof.excludes(side, clause.part)), None)
        if finding is not None:
            says = f"{_text(clause)} hides nothing that {_text(finding)} finds: it belongs to its own side of the OR"
            remedy = f"Put brackets around the whole OR if it is meant for all of it: (… OR …) {_text(clause)}"
            yield warning("exclusion-in-side", clause, says, remedy, finding)


class Covers:
    """Of many parts, which one holds wherever another one does; words and phrases are looked up, not compared."""

    def __init__(self, parts: Sequence[Query], proof: Proof) -> None:
        self._parts = parts
        self._proof = proof
        self._rows: dict[tuple[tuple[Piece, str], ...], int] = {}
        self._others: list[int] = []
        for number, part in enumerate(parts):
            row = row_of(part) if isinstance(part, Word | Phrase) else None
            if row is None or any(kind is Piece.RUN for kind, _ in row.pieces):
                self._others.append(number)
            if row is not None:
                self._rows.setdefault(row.pieces, number)

    def covering(self, part: Query, own: int | None = None) -> Query | None:
        """The first other part that holds wherever this one does. `own`: which of them it is; of two that are the
        same, the second is covered by the first."""
        row = row_of(part)
        candidates: Sequence[int] = range(min(len(self._parts), COMPARED))
        if row is not None:
            starts, lengths = range(len(row.pieces)), range(1, _SLICES + 1)
            slices = {row.pieces[start : start + length] for start in starts for length in lengths}
            same = {self._rows[pieces] for pieces in slices if pieces in self._rows}
            candidates = sorted(same.union(self._others[:COMPARED]))
        for number in candidates:
            other = self._parts[number]
            if number == own or not self._proof.implies(part, other):
                continue
            if own is None or number < own or not self._proof.implies(other, part):
                return other
        return None


def _text(part: Query) -> str:
    return shown(str(part))

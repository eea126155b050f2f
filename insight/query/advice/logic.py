"""What will surprise the writer about how a query is put together: what can never hold, hides all or adds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from insight.query.advice.implication import Proof, row_of
from insight.query.advice.remarks import Remark, hint, warning
from insight.query.cover import covering
from insight.query.errors import shown
from insight.query.text.words import Piece
from insight.query.tree import And, Field, Not, Or, Phrase, Query, Word

COMPARED = 200
"""Parts that are compared each with each; in a longer list, single words and phrases still are, by looking up."""

_SLICES = 8  # words of a phrase in a row that are looked up at most


def about_logic(query: Query, proof: Proof) -> Iterator[Remark]:
    """Of every group, what it does that nobody meant. Claims that something can never be are proven."""
    inner: Sequence[Query] = ()
    match query:
        case And():
            parts = tuple(_beside(query, And))
            required = [part for part in parts if not isinstance(part, Not)]
            clauses = [clause for part in parts if isinstance(part, Not) for clause in _beside(part.part, Or)]
            yield from _of_both(required, proof)
            yield from _excluded(required, clauses, proof)
            inner = required + clauses
        case Or():
            inner = tuple(_beside(query, Or))
            yield from _of_either(inner, proof)
        case Not(part):
            inner = (part,)
    for part in inner:
        yield from about_logic(part, proof)


def _beside(query: Query, kind: type[And | Or]) -> Iterator[Query]:
    """The parts of a group, through groups of the same kind inside it."""
    if isinstance(query, And | Or) and isinstance(query, kind):
        for part in query.parts:
            yield from _beside(part, kind)
    else:
        yield query


# -- what must hold together -----------------------------------------------------------------------------------


def _of_both(required: Sequence[Query], proof: Proof) -> Iterator[Remark]:
    for one, other in combinations(required[:COMPARED], 2):
        yield from _both(one, other, proof)


def _both(one: Query, other: Query, proof: Proof) -> Iterator[Remark]:
    if proof.excludes(one, other):
        says = f"{_text(other)} can never hold together with {_text(one)}"
        yield warning("never-holds", other, says, _instead(one, other), one)
    elif proof.implies(one, other):
        yield _no_requirement(other, one)
    elif proof.implies(other, one):
        yield _no_requirement(one, other)
    else:
        yield from _dead_sides(one, other, proof)
        yield from _dead_sides(other, one, proof)


def _instead(one: Query, other: Query) -> str:
    """For two values of one field, how either of them is asked for."""
    match one, other:
        case (Field(name, value), Field(same, second)) if name == same:
            return f"Write {name}:{value},{second} for either of them, or remove one."
        case Field(), Field():
            return "Write the earlier time behind after: and the later one behind before:."
        case _:
            return f"Write ({_text(one)} OR {_text(other)}) for either of them, or remove one."


def _no_requirement(part: Query, because: Query) -> Remark:
    says = f"{_text(part)} adds nothing here: whatever {_text(because)} finds fulfils it"
    return hint("requires-nothing", part, says, "Remove it, or write OR if either is enough.", because)


def _dead_sides(group: Query, beside: Query, proof: Proof) -> Iterator[Remark]:
    """Sides of an OR that what stands beside it rules out; that it rules out all would have been said already."""
    for side in _sides(group)[:COMPARED]:
        if proof.excludes(side, beside):
            says = f"{_text(side)} can never hold here: {_text(beside)} is required, too"
            remedy = f"Remove it, or move it out of the brackets that {_text(beside)} stands beside."
            yield warning("never-holds", side, says, remedy, beside)


def _sides(group: Query) -> Sequence[Query]:
    return tuple(_beside(group, Or)) if isinstance(group, Or) else ()


# -- exclusions ------------------------------------------------------------------------------------------------


def _excluded(required: Sequence[Query], clauses: Sequence[Query], proof: Proof) -> Iterator[Remark]:
    """`NOT (a OR b)` excludes two things: a, and b."""
    hidden = Covers(clauses, proof)
    nothing_left = False
    for part in required:
        by = hidden.covering(part)
        if by is not None:
            nothing_left = True
            says = f"NOT {_text(by)} hides everything that {_text(part)} finds: nothing is left"
            remedy = "Remove it, or exclude something narrower, such as a phrase."
            yield warning("hides-everything", by, says, remedy, part)
    if not nothing_left:
        yield from (remark for part in required for remark in _hidden_sides(part, hidden))
    for number, clause in enumerate(clauses):
        yield from _idle(number, clause, required, hidden, proof)


def _hidden_sides(group: Query, hidden: Covers) -> Iterator[Remark]:
    for side in _sides(group):
        by = hidden.covering(side)
        if by is not None:
            says = f"{_text(side)} finds nothing: NOT {_text(by)} hides all of it"
            yield warning("hidden-side", side, says, "Remove it, or make the exclusion narrower.", by)


def _idle(number: int, clause: Query, required: Sequence[Query], hidden: Covers, proof: Proof) -> Iterator[Remark]:
    wider = hidden.covering(clause, number)
    if wider is not None:
        says = f"NOT {_text(clause)} adds nothing: NOT {_text(wider)} hides it already"
        yield hint("adds-nothing", clause, says, "Remove it.", wider)
        return
    against = next((part for part in required[:COMPARED] if proof.excludes(part, clause)), None)
    if against is not None:
        says = f"NOT {_text(clause)} can never apply: {_text(against)} rules it out already"
        yield hint("never-applies", clause, says, "Remove it, or what rules it out.", against)


# -- what may hold instead -------------------------------------------------------------------------------------


def _of_either(sides: Sequence[Query], proof: Proof) -> Iterator[Remark]:
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
    parts = tuple(_beside(sides[number], And))
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
        candidates = (number for number in self._candidates(part) if number != own)
        return next((self._parts[number] for number in candidates if self._covers(number, part, own)), None)

    def _candidates(self, part: Query) -> Sequence[int]:
        row = row_of(part)
        if row is None:
            return range(min(len(self._parts), COMPARED))
        starts, lengths = range(len(row.pieces)), range(1, _SLICES + 1)
        slices = {row.pieces[start : start + length] for start in starts for length in lengths}
        return sorted({self._rows[pieces] for pieces in slices if pieces in self._rows} | set(self._others[:COMPARED]))

    def _covers(self, number: int, part: Query, own: int | None) -> bool:
        other = self._parts[number]
        if not self._proof.implies(part, other):
            return False
        return own is None or number < own or not self._proof.implies(other, part)


def _text(part: Query) -> str:
    return shown(str(part))

"""A query → what a site is to be asked: the tightest searches in its dialect that miss nothing the query wants.

    pushed = push_down(parse(watch.query), source.dialect)
    pushed.searches     # what is asked, in this order: ('acme crash', 'acme bug')
    pushed.left_here    # parts that the site cannot do, or only roughly: ('lang:en', 'acme NEAR/5 corp')
    pushed.misses       # what is not found there, and why: ('小米: only where the site takes it for a word',)
    pushed.exact        # nothing is left to do here but the exclusions

Exclusions are never asked for: what one hides can be undone. A source whose `dialect` is None reads everything. No
`searches`: the site cannot be asked for this query at all, and `misses` says so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from insight.query.dialect import Dialect
from insight.query.pushdown.forms import (
    Both,
    Either,
    Form,
    SearchTerm,
    both,
    either,
    finds_all,
    is_anchored,
    misses,
    terms,
    with_query_term,
    write_search,
)
from insight.query.pushdown.term_writer import TermWriter
from insight.query.tree import And, In, Name, Near, Not, Or, Phrase, Query, Term, Text, Word

MOST = 10
"""Searches that one AND may become where the site has no OR, or little room. A wider one costs everybody less then."""


@dataclass(frozen=True, slots=True)
class PushDown:
    """See the module. `forms` are the searches as trees, in the same order: what `covers` compares."""

    searches: tuple[str, ...]
    left_here: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    forms: tuple[Form, ...] = field(default=(), repr=False)

    @property
    def exact(self) -> bool:
        return not self.left_here and not self.misses


def push_down(query: Query, dialect: Dialect) -> PushDown:
    """The searches for a query, always the same and in the same order. Never raises for a query that was parsed."""
    compiler = _Compiler(dialect)
    form = compiler.compile(query)
    if form is None:
        nothing = f"{query}: nothing in it can be searched for here"
        return PushDown((), tuple(compiler.left_here), (nothing,))
    found = {
        text: unit for unit in compiler.fitting_searches(form) if (text := write_search(unit, dialect)) is not None
    }
    return PushDown(tuple(found), tuple(compiler.left_here), tuple(dict.fromkeys(misses(form))), tuple(found.values()))


class _Compiler:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.left_here: dict[str, None] = {}
        self.writer = TermWriter(dialect)

    # -- the positive part, with what the site cannot do taken out or made wider ---------------------------------

    def compile(self, query: Query) -> Form | None:
        form = self.compile_part(query)
        if isinstance(form, Either) and not is_anchored(form):
            kept = [part for part in form.parts if is_anchored(part)]
            lost = [term.term for part in form.parts if not is_anchored(part) for term in terms(part)]
            form = either(kept, (*form.missing, *lost)) if kept else None
        return form if form is not None and is_anchored(form) else None

    def compile_part(self, query: Query, *, negated: bool = False) -> Form | None:
        """None: nothing that could be searched for. Negations move inwards (De Morgan); what stays negative is left."""
        match query:
            case Not(part):
                return self.compile_part(part, negated=not negated)
            case And(parts) | Or(parts):
                found = [(part, self.compile_part(part, negated=negated)) for part in parts]
                if isinstance(query, Or) == negated:
                    return self.choose_required([form for _, form in found if form is not None])
                kept = [form for _, form in found if form is not None]
                lost = [_negated(part) if negated else str(part) for part, form in found if form is None]
                return either(kept, lost) if kept else None
            case _:
                return None if negated else self.compile_term(query)

    def compile_term(self, query: Term) -> Form | None:
        match query:
            case Near(_, _, left, right):
                self.left_here[str(query)] = None
                return self.compile_part(And((Or(left), Or(right))))
            case In(place, part):
                return self.compile_in_place(query, place, part)
            case _:
                form, exact = self.writer.write(query)
                if not exact:
                    self.left_here[str(query)] = None
                return form and with_query_term(form, str(query))

    def compile_in_place(self, query: In, place: str, part: Text) -> Form | None:
        """A term in one place is searched for everywhere, where the site cannot say it."""
        form, exact = None, False
        if place == "author" and isinstance(part, Name):
            form, exact = self.writer.write_author(part.text)
        elif place == "title" and isinstance(part, Word | Phrase):
            found, exact = self.writer.write(part)
            form = self.writer.in_title(found)
        if not exact:
            self.left_here[str(query)] = None
        if form:
            return with_query_term(form, str(query))
        return self.compile_term(part) if place in ("title", "text") else None

    def choose_required(self, parts: Sequence[Form]) -> Form | None:
        """What misses nothing; else the best of the rest, alone: to ask for two such would miss even more."""
        if not parts:
            return None
        sure = [part for part in parts if finds_all(part)]
        if any(map(is_anchored, sure)) and self.dialect.both is not None:
            chosen = sure
        elif any(map(is_anchored, sure)) or self.dialect.both is None:
            chosen = [min(sure if any(map(is_anchored, sure)) else parts, key=_by_worth)]
        else:
            rest = _without(parts, sure)
            chosen = [*sure, min(rest, key=_by_worth)] if rest else sure
        self._leave_here(_without(parts, chosen))
        return both(chosen)

    def _leave_here(self, parts: Iterable[Form]) -> None:
        for part in parts:
            for term in terms(part):
                self.left_here[term.term] = None

    # -- split to what the site takes at once --------------------------------------------------------------------

    def fits(self, form: Form) -> bool:
        return write_search(form, self.dialect) is not None

    def fitting_searches(self, form: Form) -> list[Form]:
        """Searches that each fit and together find what the form finds."""
        if self.fits(form):
            return [form]
        if not isinstance(form, Either):
            return self._narrow(form.parts) if isinstance(form, Both) else []
        # as few searches as the OR fits in; what is more than a term does not keep terms from each other
        units = [unit for part in form.parts for unit in self.fitting_searches(part)]
        packs: list[Form] = []
        for kind in (True, False):
            pack: list[Form] = []
            for unit in units:
                if isinstance(unit, SearchTerm) is not kind:
                    continue
                if pack and not self.fits(Either((*pack, unit))):
                    packs.append(either(pack))
                    pack = []
                pack.append(unit)
            if pack:
                packs.append(either(pack))
        return packs

    def _narrow(self, parts: tuple[Form, ...]) -> list[Form]:
        """An AND that does not fit: its ORs multiplied out, and where that would be too many, without the widest."""
        found = self._multiply_out(parts, MOST)
        if found is not None or len(parts) == 1:
            return self.fitting_searches(parts[0]) if found is None else found
        widest_first = sorted(parts, key=_by_worth, reverse=True)
        without = bisect_left(range(1, len(parts) - 1), True, key=lambda n: self._is_narrow(parts, widest_first[:n]))
        self._leave_here(widest_first[: without + 1])
        return self._narrow(_without(parts, widest_first[: without + 1]))

    def _is_narrow(self, parts: tuple[Form, ...], wide: Sequence[Form]) -> bool:
        """Whether an AND without these becomes few enough searches; it is asked, and nothing is left out yet."""
        left = dict(self.left_here)
        found = self._multiply_out(_without(parts, wide), MOST)
        self.left_here = left
        return found is not None

    def _multiply_out(self, parts: tuple[Form, ...], most: int) -> list[Form] | None:
        """None: more than `most` searches. Halves an OR at a time, so that each half is as tight as it can be."""
        if most < 1:
            return None
        form = both(parts)
        if self.fits(form):
            return [form]
        if not isinstance(form, Both):
            found = self.fitting_searches(form)
            return found if len(found) <= most else None
        wide = max(form.parts, key=lambda part: len(part.parts) if isinstance(part, Either) else 0)
        if not isinstance(wide, Either):
            return [self._trim(form.parts)]
        middle = len(wide.parts) // 2
        halves = [half for half in (wide.parts[:middle], wide.parts[middle:]) if half]
        units: list[Form] = []
        for to_come, half in zip(reversed(range(len(halves))), halves, strict=True):
            room = most - len(units) - to_come  # each half to come is one search at least
            narrower = tuple(either(half) if part is wide else part for part in form.parts)
            tighter = self._multiply_out(narrower, room)
            if tighter is None:
                return None
            units += tighter
        return units

    def _trim(self, parts: tuple[Form, ...]) -> Form:
        """As many terms of an AND as fit, the longest: they are the rarest, mostly."""
        best = sorted(parts, key=_by_worth)
        more = bisect_left(range(2, len(best)), True, key=lambda count: not self.fits(both(best[:count])))
        self._leave_here(reversed(best[more + 1 :]))
        return both(_without(parts, best[more + 1 :]))


def _without(parts: Sequence[Form], out: Iterable[Form]) -> tuple[Form, ...]:
    excluded = frozenset(out)
    return tuple(part for part in parts if part not in excluded)


def _by_worth(form: Form) -> tuple[bool, bool, int, int]:
    """The least is the best one to search for alone: a subject, found whole, in few searches, of rare words."""
    texts = [term.text for term in terms(form)]
    return not is_anchored(form), not finds_all(form), len(texts), -min(map(len, texts))


def _negated(part: Query) -> str:
    return str(part.part) if isinstance(part, Not) else str(Not(part))

"""What a query needs of a post's words → full-text expressions → the row numbers of the posts that may hold it.

A user's words are only ever in bound values: a list of small expressions of quoted tokens. Each is looked up for
itself, so that a list of ten thousand words meets no database's limit of depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, column, intersect, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from insight.query.matching.keys import All, Key, Need
from insight.query.matching.keys import Any as AnyOf
from storage.rows.columns import dumps
from storage.writing.search_index import EVERYTHING, token

LARGEST = 64
"""Tokens in one expression."""
DEEPEST = 8
"""Brackets inside each other in one expression: FTS5's parser gives up at about thirty (https://sqlite.org/fts5.html)."""
MOST_LISTS = 4
"""Lists that a post must be in all of; the shortest ones are asked."""


@dataclass(frozen=True, slots=True)
class Expression:
    text: str
    tokens: int = 1
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a database writes an expression."""

    token: Callable[[str, bool], str]
    and_: str
    or_: str

    def joined(self, parts: Sequence[Expression], operator: str) -> Expression:
        if len(parts) == 1:
            return parts[0]
        words = operator.join(part.text if part.depth == 0 else f"({part.text})" for part in parts)
        return Expression(words, sum(part.tokens for part in parts), max(part.depth for part in parts) + 1)


SYNTAXES = {
    "sqlite": Syntax(lambda word, prefix: f'"{word}"{" *" if prefix else ""}', " AND ", " OR "),
    "postgresql": Syntax(lambda word, prefix: f"'{word}'{':*' if prefix else ''}", " & ", " | "),
}

_HITS = {
    # CROSS JOIN: the order of the loops is as written (https://sqlite.org/optoverview.html#crossjoin)
    "sqlite": "SELECT search.rowid AS id FROM json_each(:{name}) AS one CROSS JOIN search WHERE search MATCH one.value",
    # OFFSET 0 keeps the planner from flattening the subquery, so that each expression is asked of the index; it cannot
    # know them, and would read everything where there are many
    "postgresql": "SELECT hit.post AS id FROM unnest(CAST(:{name} AS tsquery[])) AS one (words) CROSS JOIN LATERAL "
    "(SELECT search.post FROM search WHERE search.words @@ one.words OFFSET 0) AS hit",
}


def hits(need: Need, dialect: str) -> Any:
    """The row numbers, in a column `id`, of all indexed posts that have what is needed; None: no words are needed."""
    syntax, found = SYNTAXES[dialect], []
    for number, list_ in enumerate(lists(need, syntax)):
        name = f"expressions_{number}"
        values = [*(one.text for one in list_), syntax.token(EVERYTHING, False)]
        bound = bindparam(name, dumps(values), Text) if dialect == "sqlite" else bindparam(name, values, ARRAY(Text))
        statement = sql(_HITS[dialect].format(name=name)).bindparams(bound).columns(column("id"))
        found.append(select(statement.subquery().c.id))
    if not found:
        return None
    return found[0] if len(found) == 1 else intersect(*(select(one.subquery().c.id) for one in found))


def lists(need: Need, syntax: Syntax) -> list[list[Expression]]:
    """Of each list, a post that has what is needed fulfils at least one expression. No list: nothing is needed."""
    if not isinstance(need, All):
        return [list_] if (list_ := _list(need, syntax)) else []
    known = [list_ for part in need.parts if (list_ := _list(part, syntax))]
    small = [list_[0] for list_ in known if len(list_) == 1]
    large = sorted((list_ for list_ in known if len(list_) > 1), key=len)
    return [*([[_all(small, syntax)]] if small else []), *large][:MOST_LISTS]


def _list(need: Need, syntax: Syntax) -> list[Expression] | None:
    match need:
        case Key(text, prefix) if text:
            return [Expression(syntax.token(token(text), prefix))]
        case AnyOf(parts):
            found = [_list(part, syntax) for part in parts]
            known = [expression for list_ in found if list_ for expression in list_]
            return list(_packed(known, syntax)) if all(found) else None
        case All(parts):
            known_lists = [list_ for part in parts if (list_ := _list(part, syntax))]
            small = [list_[0] for list_ in known_lists if len(list_) == 1]
            return [_all(small, syntax)] if small else min(known_lists, key=len, default=None)
        case _:
            return None


def _all(parts: Iterable[Expression], syntax: Syntax) -> Expression:
    """As many of them as fit, those of one long token first: it is the rarest, mostly."""
    ordered = sorted(parts, key=lambda part: (part.depth, part.tokens, -len(part.text)))
    chosen = ordered[:1]
    for part in ordered[1:]:
        if part.depth < DEEPEST and sum(one.tokens for one in chosen) + part.tokens <= LARGEST:
            chosen.append(part)
    return syntax.joined(chosen, syntax.and_)


def _packed(expressions: Sequence[Expression], syntax: Syntax) -> Iterator[Expression]:
    """The same, in as few expressions as their limits allow."""
    pack: list[Expression] = []
    for one in expressions:
        if one.depth >= DEEPEST:
            yield one
            continue
        if pack and sum(other.tokens for other in pack) + one.tokens > LARGEST:
            yield syntax.joined(pack, syntax.or_)
            pack = []
        pack.append(one)
    if pack:
        yield syntax.joined(pack, syntax.or_)

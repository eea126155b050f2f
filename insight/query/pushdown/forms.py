"""What a site is to be asked, as a small tree of finished terms: how it is written, and which search covers another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from insight.query.dialect import Brackets, Dialect


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """One term as the site writes it. `words`: what a post must say to be found; none: only an equal text is the same.

    `misses`: why this does not find everything. `anchor` False: it narrows, and alone it would find half the site.
    `term`: what the query says.
    """

    text: str
    words: tuple[str, ...] = ()
    misses: str = ""
    anchor: bool = True
    term: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """`missing`: the sides of the OR that the site cannot be asked for."""

    parts: tuple[Form, ...]
    missing: tuple[str, ...] = ()


Form = SearchTerm | Both | Either


def both(parts: Iterable[Form]) -> Form:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Both) else (part,))]
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Both(unique)


def either(parts: Iterable[Form], missing: Iterable[str] = ()) -> Form:
    """Without what another part finds as well: `acme OR acme crash` is `acme`."""
    flat: list[Form] = []
    lost = list(missing)
    for part in parts:
        if isinstance(part, Either):
            flat += part.parts
            lost += part.missing
        else:
            flat.append(part)
    unique = dict.fromkeys(flat)
    single = {part for part in unique if isinstance(part, SearchTerm) and len(part.words) == 1}
    alone = {part.words[0] for part in single if not part.misses}
    kept = tuple(part for part in unique if part in single or alone.isdisjoint(_words(part)))
    return kept[0] if len(kept) == 1 and not lost else Either(kept, tuple(dict.fromkeys(lost)))


def _words(form: Form) -> Iterator[str]:
    """Words that every post says which this finds."""
    if isinstance(form, SearchTerm):
        yield from form.words
    elif isinstance(form, Both):
        for part in form.parts:
            yield from _words(part)


def terms(form: Form) -> Iterator[SearchTerm]:
    if isinstance(form, SearchTerm):
        yield form
    else:
        for part in form.parts:
            yield from terms(part)


def map_terms(form: Form, change: Callable[[SearchTerm], SearchTerm]) -> Form:
    """The same tree with every term changed."""
    if isinstance(form, SearchTerm):
        return change(form)
    parts = tuple(map_terms(part, change) for part in form.parts)
    return Both(parts) if isinstance(form, Both) else Either(parts, form.missing)


def with_query_term(form: Form, term: str) -> Form:
    return map_terms(form, lambda one: replace(one, term=term))


def misses(form: Form) -> Iterator[str]:
    """Why a search for this does not find everything."""
    if isinstance(form, SearchTerm):
        if form.misses:
            yield form.misses
        return
    if isinstance(form, Either):
        yield from (f"{part}: cannot be searched for here" for part in form.missing)
    for part in form.parts:
        yield from misses(part)


def finds_all(form: Form) -> bool:
    return next(misses(form), None) is None


def is_anchored(form: Form) -> bool:
    """Whether it finds a subject, and not simply everything in a language, say."""
    if isinstance(form, SearchTerm):
        return form.anchor
    holds: Callable[[Iterable[object]], bool] = any if isinstance(form, Both) else all
    return holds(map(is_anchored, form.parts))


def covers(wide: Form, narrow: Form) -> bool:
    """Whether a search for `wide` certainly finds all that one for `narrow` finds."""
    match wide, narrow:
        case _, Either(parts):
            return all(covers(wide, part) for part in parts)
        case Both(parts), _:
            return all(covers(part, narrow) for part in parts)
        case Either(parts), _:
            return any(covers(part, narrow) for part in parts)
        case _, Both(parts):
            return any(covers(wide, part) for part in parts)
        case SearchTerm(), SearchTerm():
            few, many = wide.words, narrow.words
            in_a_row = any(many[i : i + len(few)] == few for i in range(len(many) - len(few) + 1))
            return wide.text == narrow.text or (not wide.misses and bool(few) and in_a_row)
    return False


def hints(form: Form) -> frozenset[str]:
    """Of a search, words or texts of which every search holds one that it covers (see `covers`)."""
    if isinstance(form, Both):
        return hints(form.parts[0])
    if isinstance(form, Either):
        return frozenset(hint for part in form.parts for hint in hints(part))
    return frozenset(form.words[:1] or (form.text,))


def write_search(form: Form, dialect: Dialect) -> str | None:
    """The search as the site understands it; None where it has no way to say so, or it is too long."""
    text = _text(form, dialect)
    if text is not None and isinstance(form, Either) and len(form.parts) > 1 and dialect.brackets is Brackets.ALWAYS:
        text = f"({text})"
    if text is None:
        return None
    count = sum(1 for _ in terms(form))
    sizes = (
        (len(text.encode()) if dialect.in_bytes else len(text), dialect.max_length),
        (count, dialect.max_terms),
        (count - 1, dialect.max_operators),
    )
    return text if all(limit is None or size <= limit for size, limit in sizes) else None


def _text(form: Form, dialect: Dialect) -> str | None:
    if isinstance(form, SearchTerm):
        return form.text
    if len(form.parts) == 1:
        return _text(form.parts[0], dialect)
    joint = dialect.both if isinstance(form, Both) else dialect.either
    parts = [_inside(part, dialect) for part in form.parts]
    return None if joint is None or None in parts else joint.join(filter(None, parts))


def _inside(form: Form, dialect: Dialect) -> str | None:
    text = _text(form, dialect)
    if text is None or isinstance(form, SearchTerm) or len(form.parts) == 1:
        return text
    has_brackets = dialect.brackets is Brackets.ANYWHERE or (
        dialect.brackets is not Brackets.NONE
        and isinstance(form, Either)
        and all(isinstance(part, SearchTerm) for part in form.parts)
    )
    return f"({text})" if has_brackets else None

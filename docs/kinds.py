"""A page for each kind of source, from its docstring, its terms and its settings; and the table of them all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from pydantic import SecretStr

from docs.tables import number, of_model, paragraphs, snippet, table
from scrapers import KINDS
from scrapers.base import Access, Budget, Source

GROUPS = {
    "social": "Where people talk",
    "news": "News",
    "reviews": "Reviews",
    "pages": "Web pages",
}
WITH_MORE = "with its settings"
_SOME_DAY = datetime(2026, 3, 2, tzinfo=UTC)


def index() -> str:
    """Every kind in one table for each group, and what all of them have alike."""
    columns = ("Kind", "Reads", "Access", "Needs", "Backfill", "Stream", "May be kept")
    parts = []
    for group, heading in GROUPS.items():
        rows = [_row(name, kind) for name, kind in KINDS.items() if group_of(kind) == group]
        parts += [f"## {heading}", table(columns, rows)] if rows else []
    return "\n\n".join([*parts, "## Settings that every kind has", of_model(Source)])


def page(name: str) -> str:
    """The whole page of a kind."""
    kind = KINDS[name]
    first, *rest = paragraphs(kind)
    parts = [f"# {kind.title}", f"<!-- generated from {kind.__module__}, by `make docs` -->"]
    parts += [first, *rest, snippet({"sources": [example_of(name)]}), table(("", ""), _facts(kind))]
    if kind.stream is not Source.stream and not kind.polls:
        parts += ["A stream goes on from where it was left; what it cannot make up for is recorded as a gap."]
    parts += ["## Settings", of_model(kind, leave_out=Source.model_fields)]
    parts += ["The settings that every kind has, and all other kinds, are in [sources](../sources.md)."]
    return "\n\n".join(parts) + "\n"


def example_of(name: str) -> dict[str, Any]:
    """An entry of the config: its example, its secrets out of the environment, its terms accepted."""
    kind = KINDS[name]
    secrets = {field: f"${{{name.upper()}_{field.upper()}}}" for field in secrets_of(kind) if field in kind.example}
    accepted = {"accept_terms": True} if kind.terms.access is Access.GREY else {}
    return {"kind": name, **kind.example, **secrets, **accepted}


def group_of(kind: type[Source]) -> str:
    """The folder that a kind lies in."""
    return kind.__module__.split(".")[1]


def secrets_of(kind: type[Source]) -> list[str]:
    """The settings of a kind that hold secrets."""
    fields = kind.model_fields.items()
    return [name for name, known in fields if SecretStr in (known.annotation, *get_args(known.annotation))]


def _row(name: str, kind: type[Source]) -> tuple[str, ...]:
    return (
        f"[`{name}`](sources/{name}.md)", kind.title, kind.terms.access.value, _needs(kind), _backfills(kind),
        _streams(kind), _keep(kind),
    )  # fmt: skip


def _facts(kind: type[Source]) -> Iterator[tuple[str, str]]:
    yield "Kind", f"`{kind.kind}`"
    yield "Access", kind.terms.access.value
    yield "Terms", f"{kind.terms.summary} [Their page]({kind.terms.url})."
    yield "Needs", _needs(kind)
    yield "May be kept", _keep(kind)
    yield "Search", _search(kind)
    yield "Visited every", span(kind.default_every)
    yield "Asks at most", _budget(_source(kind).budget(), kind.terms.pace)
    yield "Shows at most", kind.window or "no limit is known"
    yield "Backfill", _backfill(kind)
    yield "Stream", _streams(kind)
    yield "Looks again", _looks(kind.looks_again)
    if kind.obey_robots:
        yield "robots.txt", "is obeyed"


def _backfills(kind: type[Source]) -> str:
    """Whether `listener backfill` can walk to a time in it, with the example's settings or with others."""
    if kind.mark_at is Source.mark_at:
        return "no"
    return WITH_MORE if _source(kind).mark_at(_SOME_DAY) is None else "yes"


def _backfill(kind: type[Source]) -> str:
    ways = {"no": "not possible: a visit reads all that is shown", "yes": "`listener backfill` works"}
    return ways.get(_backfills(kind), "`listener backfill` works with what opens more")


def _source(kind: type[Source]) -> Source:
    return kind(**kind.example)


def _needs(kind: type[Source]) -> str:
    required = [name for name in secrets_of(kind) if kind.model_fields[name].is_required()]
    optional = [name for name in secrets_of(kind) if name not in required]
    parts = ["`accept_terms: true`"] if kind.terms.access is Access.GREY else []
    parts += [f"`{name}`" for name in required]
    needed = " and ".join(parts) or "nothing"
    return needed + (f"; more with {' or '.join(f'`{name}`' for name in optional)}" if optional else "")


def _streams(kind: type[Source]) -> str:
    if kind.stream is Source.stream:
        return "no"
    source = _source(kind)
    opened = any(source.stream(search, None, _SOME_DAY) for search in source.searches(()))
    return "yes" if opened else WITH_MORE


def _search(kind: type[Source]) -> str:
    if kind.dialect is None:
        return "none; it reads everything there is, and the queries are applied here"
    return f"{kind.dialect.in_words()}; what it cannot do is done here"


def _keep(kind: type[Source]) -> str:
    days = kind.terms.keep_days
    return "no limit" if days is None else f"{days:g} days"


def _budget(budget: Budget, pace: float) -> str:
    limits = (
        (budget.per_minute, "requests a minute"),
        (budget.per_day, "requests a day"),
        (budget.units, "of the platform's units a day"),
        (budget.money, "dollars a month, as its settings say"),
    )
    parts = [f"{number(most)} {what}" for most, what in limits if most is not None]
    return ", ".join([*parts, f"one request to a host in {pace:g} s"])


def _looks(ages: tuple[timedelta, ...]) -> str:
    if not ages:
        return "no: edits and deletions are seen when a post comes again"
    return f"at a post's age of {', '.join(span(age.total_seconds()) for age in ages)}: for edits, deletions, likes"


def span(seconds: float) -> str:
    """A time in its own unit: 90 min, 6 h, 1 day."""
    if seconds >= 86_400:
        return f"{seconds / 86_400:g} day{'' if seconds == 86_400 else 's'}"
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"

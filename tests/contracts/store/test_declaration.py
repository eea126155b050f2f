"""Every field of a post goes all the way, by its declaration alone: stored, revised, edited, found, deleted."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insight.model import Facet, Label, Mention, MentionState, Post, Precision, Rating, Sentiment, Span, Visibility
from insight.query import parse
from storage import Store
from storage.rows.codecs import Codec
from storage.rows.tables import MENTION
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, mention, post, understood

ROOT = Path(__file__).resolve().parents[3]
FIELDS = {one.name: one for one in fields(Post) if "not_stored" not in one.metadata}
NUMBERS = count(1)

_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    int: st.integers(-(2**63) + 1, 2**63 - 1),
    float: st.floats(-1e9, 1e9).map(lambda number: round(number, 6)),
    datetime: st.datetimes(datetime(2000, 1, 1), datetime(2026, 3, 2, 11), timezones=st.just(UTC)),  # noqa: DTZ001
}


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that stands in the model."""
    parts = get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_dataclass(hint):
        return st.builds(hint, **{name: of_type(kind) for name, kind in get_type_hints(hint).items()})
    if get_origin(hint) is tuple:
        return st.lists(of_type(parts[0]), max_size=2).map(tuple)
    if get_origin(hint) is Mapping:
        return st.dictionaries(of_type(parts[0]), of_type(parts[1]), max_size=2)
    if parts:
        return st.one_of(st.none() if part is NoneType else of_type(part) for part in parts)
    return st.sampled_from(list(hint))


def drawn_posts() -> st.SearchStrategy[Post]:
    """Posts with something in every field, whichever fields there are."""
    return of_type(Post).filter(lambda one: one.published_at or one.precision is Precision.UNKNOWN)


def same(found: Post, expected: Post) -> None:
    for name in FIELDS:
        assert getattr(found, name) == getattr(expected, name), name


def edited(new: Post, old: Post, name: str) -> Any:
    """What a field is after an edit, by what its declaration says of it."""
    after, before = getattr(new, name), getattr(old, name)
    if name == "visibility":
        return Visibility.PRIVATE if Visibility.PRIVATE in (before, after) else after
    if "kept_if_absent" not in FIELDS[name].metadata:
        return after
    return {**before, **after} if isinstance(after, Mapping) else after or before


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=drawn_posts(), second=drawn_posts())
def test_every_field_is_stored_revised_edited_found_and_taken(store: Store, first: Post, second: Post) -> None:
    named: Any = {"network": "mastodon", "native_id": f"post {next(NUMBERS)}", "aliases": ()}
    first, second = replace(first, **named, edited_at=NOON - DAY), replace(second, **named, edited_at=NOON)
    store.ingest(batch_of(first))
    same(stored(store, first), first)
    store.ingest(batch_of(second, at=NOON + HOUR))
    after = stored(store, second)
    expected = replace(second, **{name: edited(second, first, name) for name in FIELDS})
    same(after, expected)
    revised = any(
        getattr(first, name) != getattr(expected, name) for name in FIELDS if "content" in FIELDS[name].metadata
    )
    revisions = store.posts.revisions(first.key)
    assert len(revisions) == revised
    for revision in revisions:
        same(revision.post, first)
    (seen,) = store.posts.mentions(first.key)
    same(seen.post, expected)
    (found,) = (one.stored.post for one in store.posts.search(parse("watch:acme")) if one.stored.post.key == first.key)
    same(found, expected)
    store.ingest(batch_of(gone=[first], at=NOON + HOUR))
    for name, one in FIELDS.items():
        empty = (
            one.default
            if one.default is not MISSING
            else one.default_factory()
            if callable(one.default_factory)
            else ""
        )
        stays = "kept_after_deletion" in one.metadata or name in ("network", "native_id")
        assert getattr(stored(store, first), name) == (getattr(expected, name) if stays else empty), name


def stored(store: Store, one: Post) -> Post:
    found = store.posts.get(one.key)
    assert found is not None
    return found.post


def test_facets_spans_and_sentiment_of_a_mention_come_back(store: Store) -> None:
    facets = (Facet("aspect", "battery", -0.5, 0.9), Facet("language", "en"))
    full = replace(mention(post()), facets=facets, spans=(Span("title", 0, 4), Span("text", 1, 2)), excluded_by="NOT x")
    store.ingest(batch_of(replace(understood(post()), mentions=(full,))))
    assert [one.mention for one in store.posts.mentions(post().key)] == [full]


# -- the declaration ----------------------------------------------------------------------------------------------


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    at: datetime
    mood: Mood = Mood.GOOD


@dataclass(frozen=True, slots=True)
class LongerPost(Post):
    """A post as it might be one day."""

    mood: Mood = Mood.GOOD
    before: Mood | None = None
    strength: float = 0.5
    seen_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    last: Step | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


def test_a_new_field_is_written_in_one_place() -> None:
    codec, plain = Codec(LongerPost), Codec(Post)
    assert codec.names == (*plain.names, "mood", "before", "strength", "seen_at", "steps", "last", "scores")
    step = Step("bought", NOON, Mood.BAD)
    full = LongerPost("net", "1", "hi", mood=Mood.BAD, before=Mood.GOOD, strength=0.0, seen_at=NOON, steps=(step,),
                      last=step, scores={"a": 1.5})  # fmt: skip
    for one in (full, LongerPost("net", "2", "", rating=Rating(2.0))):
        assert codec.read(list(codec.write(one).values())) == one
        assert codec.from_json(codec.to_json(one)) == one
    former = Post("net", "1", "hi", facts={"version": "2"})
    assert codec.from_json(plain.to_json(former)) == LongerPost("net", "1", "hi", facts={"version": "2"})


def test_json_of_before_a_field_was_added_takes_its_default() -> None:
    row = MENTION.write(Mention("acme", post().key, 1, "en", Sentiment(Label.NEUTRAL, 0.0), "s"))
    read = MENTION.read([*({**row, "facets": [["aspect", "battery"]]}).values()], "acme", post().key)
    assert read.facets == (Facet("aspect", "battery"),)
    assert read.state is MentionState.KEPT


def test_no_list_of_a_posts_fields_stands_anywhere_but_in_its_declaration() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}": sorted(names)
        for file in sorted((ROOT / "storage").glob("*.py"))
        for line, names in _lists(ast.parse(file.read_text()))
        if len(names) >= 4
    }
    assert found == {}


def _lists(tree: ast.AST) -> Iterator[tuple[int, set[str]]]:
    """Every literal, and every call but that of Post itself, with the fields of a post that it names."""
    for node in ast.walk(tree):
        parts: list[Any] = []
        match node:
            case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
                parts = elts
            case ast.Dict(keys):
                parts = keys
            case ast.Call(func, arguments, keywords) if not (isinstance(func, ast.Name) and func.id == "Post"):
                parts = [*arguments, *(ast.Constant(one.arg) for one in keywords)]
        names = {part.value for part in parts if isinstance(part, ast.Constant) and part.value in FIELDS}
        if names:
            yield node.lineno, names  # type: ignore[attr-defined]

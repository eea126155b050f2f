"""Pydantic's errors as problems that a person can put right: the place in the file, plain words, a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import AliasChoices, BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from listener.config.errors import ProblemReport, choice
from listener.config.yamlfile import Path

M = TypeVar("M", bound=BaseModel)

_YAML_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "yes or no (true, false)"),
    ((int, float), "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "settings (`key: value`)"),
)


def build(model: type[M], value: Any, path: Path, report: ProblemReport) -> M | None:
    """Build a model from values of the file; gives None when problems were reported instead."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _report(detail, model, value, path, report)
    except Exception as error:  # noqa: BLE001  # a kind of the user's own may raise anything
        report.at(path, f"its kind failed to read these settings: {type(error).__name__}: {error}", "see its code")
    return None


def _report(detail: ErrorDetails, model: type[BaseModel], value: Any, path: Path, report: ProblemReport) -> None:
    """One of pydantic's errors, at its place in the file."""
    loc = _path_in_file(detail["loc"], value, detail["type"])
    full, name = (*path, *loc), str(loc[-1]) if loc else ""
    if detail["type"] == "too_short" and _value_at(value, loc):
        return  # it only looks empty: its entries have problems of their own
    owner = model  # the model that owns the key, through lists, optionals and nested settings
    for part in loc[:-1]:
        setting = _field(owner, str(part))
        owner = next(_models(setting.annotation), owner) if setting else owner
    if detail["type"] == "missing":
        missing = _field(owner, name)
        wanted = (missing.description or "").rstrip(".") if missing else ""
        report.at(full, f"`{name}` is missing", f"add `{name}:`{f' ({wanted})' if wanted else ''}")
    elif detail["type"] == "extra_forbidden":
        unknown_key(full, setting_names(owner), report)
    else:
        found = _value_at(value, loc)
        names = [part for part in loc if isinstance(part, str)]
        secret = bool(names) and names[-1] in secret_names(owner)
        message, remedy = _message_and_remedy(detail, found, secret=secret)
        if found is None and re.search(r":\s+#\S", report.tree.lines[report.tree.place(full).line - 1]):
            remedy = 'a `#` after a space begins a comment: put the value in quotes, "#…"'
        report.at(full, message, remedy)


ID_RULE = "must be made of a-z, 0-9, - and _, and begin with a letter or digit (at most 64)"


def unknown_key(path: Path, known: list[str], report: ProblemReport) -> None:
    name = str(path[-1])
    if name.startswith("-"):
        return report.at_key(path, f"`{name}` is one word", f"put a space after the dash: `- {name.lstrip('-')}`")
    return report.at_key(path, f"unknown key `{name}`", choice(name, known, limit=40))


def _message_and_remedy(detail: ErrorDetails, found: Any, *, secret: bool) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    # pydantic names an error by the type and by what failed: int_type, int_parsing, int_from_float (see its
    # https://docs.pydantic.dev/latest/errors/validation_errors/); to people it is one: a whole number belongs here.
    word = re.sub(r"_(type|parsing|parsing_size|from_float)$", "", kind)
    if kind in ("enum", "literal_error"):
        allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return f"{_quoted(found, secret)} is none of the allowed values", choice(found, allowed)
    if kind == "string_pattern_mismatch":
        return _wrong_form(found, str(context.get("pattern", "")), secret)
    if kind == "value_error":
        return str(context.get("error") or detail["msg"].removeprefix("Value error, ")), ""
    if word in _TYPES and (found is None or not isinstance(found, str) or word not in ("string", "secret")):
        return _wrong_type(word, found, secret)
    if kind == "too_short" and found in ([], {}):
        return "is empty", "add at least one entry, or leave the key out if it has a default"
    return detail["msg"].replace("Input should", "must").replace("String should", "must"), ""


_TYPES: Mapping[str, tuple[str, str]] = {
    "string": ("text", "put it in quotes"),
    "int": ("a whole number", "write digits alone"),
    "float": ("a number", "write digits, with a point for decimals"),
    "bool": ("true or false", "write true or false"),
    "tuple": ("a list", "write [one, two], or one `- entry` a line"),
    "list": ("a list", "write [one, two], or one `- entry` a line"),
    "set": ("a list", "write [one, two], or one `- entry` a line"),
    "frozen_set": ("a list", "write [one, two], or one `- entry` a line"),
    "dict": ("settings (`key: value`)", "indent them under this key"),
    "model": ("settings (`key: value`)", "indent them under this key"),
}


def _wrong_type(word: str, found: Any, secret: bool) -> tuple[str, str]:
    expected, remedy = _TYPES[word]
    if found is None:
        return f"has no value; {expected} belongs here", "give it one, or leave the key out"
    if word == "string" and isinstance(found, bool | int | float) and not secret:
        remedy = f'put it in quotes: "{str(found).lower() if isinstance(found, bool) else found}"'
    if word in ("tuple", "list", "set", "frozen_set") and isinstance(found, str | int | float) and not secret:
        remedy = f"write it as a list: [{found}]"
    if word == "string" and isinstance(found, list | dict):
        remedy = "write one value"
    given = next((name for kinds, name in _YAML_TYPES if isinstance(found, kinds)), "something else")
    if isinstance(found, str):
        given = _quoted(found, secret)
    return f"{given} where {expected} belongs", remedy


def _wrong_form(found: Any, pattern: str, secret: bool) -> tuple[str, str]:
    if pattern == r"^[a-z0-9][a-z0-9_-]*$":
        slug = re.sub(r"[^a-z0-9]+", "-", str(found).casefold()).strip("-")
        return f"{_quoted(found, secret)} {ID_RULE}", f"for example `{slug}`" if slug and not secret else ""
    if r"\x00-\x1f" in pattern:
        return "must be one line of text, and not blank", "write it on one line"
    if pattern.startswith("^https?://"):
        return f"{_quoted(found, secret)} is no web address", "write it in full: https://example.org/…"
    return f"{_quoted(found, secret)} does not have the right form", f"it must match {pattern}"


def _quoted(found: Any, secret: bool) -> str:
    if secret:
        return "the value"
    text = found if isinstance(found, str) else str(found)
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _path_in_file(loc: tuple[int | str, ...], value: Any, kind: str) -> tuple[int | str, ...]:
    """Pydantic's location without what is not in the file: for a union it adds the name of the branch it tried."""
    kept: list[int | str] = []
    for index, part in enumerate(loc):
        inside = isinstance(value, dict) and part in value
        inside = inside or (isinstance(value, list) and isinstance(part, int) and part < len(value))
        if inside:
            value = value[part]
        elif not (kind == "missing" and index == len(loc) - 1):
            continue
        kept.append(part)
    return tuple(kept)


def _value_at(value: Any, loc: tuple[int | str, ...]) -> Any:
    for part in loc:
        value = value[part]
    return value


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _field(model: type[BaseModel], spelling: str) -> FieldInfo | None:
    return next((known for name, known in model.model_fields.items() if spelling in spellings(name, known)), None)


def setting_names(model: type[BaseModel]) -> list[str]:
    return [spelling for name, known in model.model_fields.items() for spelling in spellings(name, known)]


def spellings(name: str, known: FieldInfo) -> list[str]:
    """The names that a setting may have in the file."""
    alias = known.validation_alias
    if isinstance(alias, AliasChoices):
        return [choice for choice in alias.choices if isinstance(choice, str)]
    return [alias] if isinstance(alias, str) else [name]


def secret_names(model: type[BaseModel]) -> Iterator[str]:
    """The settings of a kind that hold a secret."""
    for name, known in model.model_fields.items():
        if _mentions_secret(known.annotation):
            yield from spellings(name, known)
        for inner in _models(known.annotation):
            yield from secret_names(inner)


def _mentions_secret(annotation: Any) -> bool:
    direct = isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes)
    return direct or any(_mentions_secret(inner) for inner in get_args(annotation))

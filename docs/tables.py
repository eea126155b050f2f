"""What pages are made of: settings as tables, with description, default and allowed values; docstrings; snippets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from pydantic import BaseModel, SecretStr

from listener.config import yamlfile
from listener.config.validation import spellings

_LIMITS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def of_model(model: type[BaseModel], *, leave_out: Iterable[str] = ()) -> str:
    """One row a setting: how it is written, what it means, what it may be, what it is when unset."""
    schema = model.model_json_schema()
    rows = []
    for name, known in model.model_fields.items():
        if name in leave_out:
            continue
        first, *others = spellings(name, known)
        called = f"`{first}`" + "".join(f" (or `{other}`)" for other in others)
        allowed = _allowed(schema["properties"][first], schema.get("$defs", {}))
        default = "**required**" if known.is_required() else shown(known.get_default(call_default_factory=True))
        rows.append((called, known.description or _section(known.annotation), allowed, default))
    return table(("Key", "What it says", "Allowed", "If unset"), rows)


def paragraphs(model: type[BaseModel]) -> list[str]:
    """The paragraphs of a docstring, a line each."""
    return [" ".join(part.split()) for part in (model.__doc__ or "").split("\n\n")]


def snippet(value: Mapping[str, Any]) -> str:
    """A piece of a config, to be copied."""
    return f"```yaml\n{yamlfile.dump(value).strip()}\n```"


def _section(annotation: Any) -> str:
    """What a whole section is for, where a key holds one."""
    return annotation.__doc__ or "" if isinstance(annotation, type) and issubclass(annotation, BaseModel) else ""


def shown(value: Any) -> str:
    """A default as it would be written."""
    if value in (None, "", (), {}):
        return "nothing"
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    number = isinstance(value, float) and value.is_integer()
    return f"`{int(value) if number else value if isinstance(value, str) else json.dumps(value)}`"


def _allowed(found: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    branches = found.get("anyOf") or found.get("oneOf")
    if branches:
        kinds = [_allowed(kind, definitions) for kind in branches if kind.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in found:
        found = definitions[found["$ref"].rpartition("/")[2]]
    if "enum" in found:
        return ", ".join(f"`{value}`" for value in found["enum"])
    if found.get("format") == "password":
        return "a secret"
    kind = found.get("type", "")
    if kind == "array":
        return f"a list: {_allowed(found['items'], definitions)}" if found.get("items") else "a list"
    if kind == "object":
        return "keys and values"
    limits = [f"{words} {number(found[key])}" for key, words in _LIMITS.items() if key in found]
    return ", ".join([_TYPES.get(kind, kind), *limits])


def number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else str(value)

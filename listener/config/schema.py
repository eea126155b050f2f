"""The JSON Schema of the config, from the very models that read it, so that editors complete and check it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from listener.config.base import ID
from listener.config.catalogue import OWN_KIND, Catalogue, channel_kinds, source_kinds
from listener.config.settings import Document
from listener.config.validation import spellings

SCHEMA_FILE = Path(__file__).parent.parent / "config.schema.json"

_REF = "#/$defs/{model}"


def schema() -> dict[str, Any]:
    """The whole config as JSON Schema (draft 2020-12)."""
    made = Document.model_json_schema(ref_template=_REF)
    definitions: dict[str, Any] = made.setdefault("$defs", {})
    made["properties"]["sources"]["items"] = _any_of(source_kinds(), definitions)
    channels = made["properties"]["channels"]
    channels["patternProperties"] = {ID: _any_of(channel_kinds(), definitions)}
    channels["additionalProperties"] = False
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "Listener config"}
    return _with_holes(whole)  # type: ignore[no-any-return]


def schema_text() -> str:
    """As it is shipped in SCHEMA_FILE."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _any_of(catalogue: Catalogue[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    own = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string", "pattern": OWN_KIND, "description": "A class of your own."}},
    }
    refs = []
    for kind, model in sorted(catalogue.kinds.items()):
        made = model.model_json_schema(ref_template=_REF)
        definitions.update(made.pop("$defs", {}))
        tag = {"const": kind, "description": str(getattr(model, "title", kind))}
        properties = made.get("properties", {})
        for name, known in model.model_fields.items():
            first, *others = spellings(name, known)
            properties |= dict.fromkeys(others, properties[first])
        definition = f"{catalogue.noun}_{kind}"
        definitions[definition] = {
            "title": kind,
            "description": " ".join((model.__doc__ or "").split("\n\n", maxsplit=1)[0].split()),
            "type": "object",
            "properties": {"kind": tag, **properties},
            "required": ["kind", *made.get("required", [])],
            "additionalProperties": False,
        }
        refs.append({"$ref": _REF.format(model=definition)})
    return {"anyOf": [*refs, own]}


def _with_holes(value: Any) -> Any:
    """The schema with `${…}` allowed for numbers and switches, too, as in `port: ${SMTP_PORT}`."""
    if isinstance(value, list):
        return [_with_holes(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    made = {key: _with_holes(inner) for key, inner in value.items()}
    if made.get("type") in ("integer", "number", "boolean") and "const" not in made:
        made |= {"type": [made["type"], "string"], "pattern": r"^\$\{.+\}$"}
    return made

"""What the catalogues know: sources with what their platform allows, channels, and the daemon's metrics."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from alerts import CHANNELS
from alerts.base import Channel
from docs.tables import of_model, table
from listener import yamlfile
from listener.web.metrics import Metrics
from scrapers import KINDS
from scrapers.base import Source


def sources() -> str:
    rows = [
        (f"[`{name}`](#{name})", kind.title, kind.terms.access.value, _keep(kind), _span(kind.default_every))
        for name, kind in KINDS.items()
    ]
    parts = [table(("Kind", "Reads", "Access", "May be kept", "Visited every"), rows)]
    parts += ["## Settings that every kind has", of_model(Source)]
    for name, kind in KINDS.items():
        parts += [f"## {name}", f"**{kind.title}.** {_first(kind)}", *_rest(kind)]
        says = f"Terms: {kind.terms.summary} [Their page]({kind.terms.url})."
        robots = " robots.txt is obeyed." if kind.obey_robots else ""
        pace = f"At least {kind.terms.pace:g} s between two requests to a host."
        parts += [f"{says} {pace}{robots}", _snippet({"sources": [{"kind": name, **kind.example}]})]
        parts += [of_model(kind, leave_out=Source.model_fields)]
    return "\n\n".join(parts)


def channels() -> str:
    rows = [
        (f"[`{name}`](#{name})", kind.title, _yes(kind, "thread"), _yes(kind, "lookup"))
        for name, kind in CHANNELS.items()
    ]
    parts = [table(("Kind", "Tells", "Keeps a conversation in a thread", "Can be asked what arrived"), rows)]
    for name, kind in CHANNELS.items():
        parts += [f"## {name}", f"**{kind.title}.** {_first(kind)}"]
        parts += [_snippet({"channels": {"team": {"kind": name, **kind.example}}})]
        parts += [of_model(kind)]
    return "\n\n".join(parts)


def metrics() -> str:
    found = [metric for metric in Metrics().registry.collect() if metric.name.startswith("listener_")]
    rows = [(f"`{m.name}{'_total' if m.type == 'counter' else ''}`", m.type, m.documentation) for m in found]
    return table(("Metric", "Type", "What it counts"), rows)


def _keep(kind: type[Source]) -> str:
    days = kind.terms.keep_days
    return "no limit" if days is None else f"{days} days"


def _span(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def _yes(kind: type[Channel], ability: str) -> str:
    return "yes" if getattr(kind.capabilities, ability) else "no"


def _paragraphs(model: type[BaseModel]) -> list[str]:
    return [" ".join(part.split()) for part in (model.__doc__ or "").split("\n\n")]


def _first(model: type[BaseModel]) -> str:
    return _paragraphs(model)[0]


def _rest(model: type[BaseModel]) -> list[str]:
    return _paragraphs(model)[1:]


def _snippet(value: dict[str, Any]) -> str:
    return f"```yaml\n{yamlfile.dump(value).strip()}\n```"

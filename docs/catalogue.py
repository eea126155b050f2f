"""What the catalogues know: channels, and the daemon's metrics."""

from __future__ import annotations

from alerts import CHANNELS
from alerts.base import Channel
from docs.tables import of_model, paragraphs, snippet, table
from listener.web.metrics import Metrics


def channels() -> str:
    rows = [
        (f"[`{name}`](#{name})", kind.title, _yes(kind, "thread"), _yes(kind, "edit"), _yes(kind, "lookup"))
        for name, kind in CHANNELS.items()
    ]
    header = ("Kind", "Tells", "Keeps a conversation in a thread", "Can change a message", "Can be asked what arrived")
    parts = [table(header, rows)]
    for name, kind in CHANNELS.items():
        parts += [f"## {name}", f"**{kind.title}.** {paragraphs(kind)[0]}"]
        parts += [snippet({"channels": {"team": {"kind": name, **kind.example}}})]
        parts += [of_model(kind)]
    return "\n\n".join(parts)


def metrics() -> str:
    found = [metric for metric in Metrics().registry.collect() if metric.name.startswith("listener_")]
    rows = [(f"`{m.name}{'_total' if m.type == 'counter' else ''}`", m.type, m.documentation) for m in found]
    return table(("Metric", "Type", "What it counts"), rows)


def _yes(kind: type[Channel], ability: str) -> str:
    return "yes" if getattr(kind.capabilities, ability) else "no"

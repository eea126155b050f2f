"""The page of the config: every key outside sources and channels, from the models that read it."""

from __future__ import annotations

from docs.tables import of_model
from listener.config import AlertSettings, DaemonSettings, DigestSettings, StorageSettings, WatchTests
from listener.config.settings import Document, RouteSettings, WatchSettings
from listener.config.written_posts import PostEntry

SECTIONS = (
    ("watches", "A list; each entry is what the team follows.", WatchSettings),
    (
        "watches.tests",
        "Each entry is a text, or the keys of a post. `listener check` tries them, also with `--offline`.",
        WatchTests,
    ),
    ("watches.tests.match", "A post, where a text alone does not say enough; `reject` takes the same.", PostEntry),
    ("alerts", "Who is told what, and how readily.", AlertSettings),
    ("alerts.routes", "A list; each entry sends some signals to one channel.", RouteSettings),
    ("digest", "The week in one message. See [digest.md](digest.md).", DigestSettings),
    ("storage", "Where everything is kept. See [data.md](data.md).", StorageSettings),
    ("daemon", "How `listener run` behaves. See [operating.md](operating.md).", DaemonSettings),
)


def page() -> str:
    parts = ["## The whole file", of_model(Document)]
    for name, says, model in SECTIONS:
        parts += [f"## `{name}`", says, of_model(model)]
    return "\n\n".join(parts)

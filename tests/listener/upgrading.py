"""The program as it starts on a store, by an earlier version to which every post was neutral, or by this one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from insight import pipeline
from insight.model import Label, Post, Sentiment, UnderstoodPost
from insight.pipeline import Pipeline
from listener import log
from listener.app import App, opened
from listener.clock import SimulatedClock
from listener.config import load
from storage import Store

CONFIG = """
contact: tests@example.com
{owned}
watches: [{watches}]
sources: [{{kind: "tests.fake_source:Board", every: 86400}}]
channels: {{console: {{kind: console}}}}
storage: {{url: "{url}", keep_days: {keep_days}}}
"""


class Deaf(Pipeline):
    """An earlier version, to which every post was neutral."""

    def understand(
        self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
    ) -> list[UnderstoodPost]:
        found = super().understand(posts, bound, source)
        flat = Sentiment(Label.NEUTRAL, 0.0)
        return [
            replace(one, mentions=tuple(replace(it, sentiment=flat, complaint=False) for it in one.mentions))
            for one in found
        ]


def be_deaf(patch: pytest.MonkeyPatch) -> None:
    """Make the program the earlier version, until the patch is undone."""
    patch.setattr(pipeline, "VERSION", "0")
    patch.setattr("listener.setup.Pipeline", Deaf)


@asynccontextmanager
async def program(
    folder: Path,
    store: Store,
    url: str,
    at: datetime,
    watches: str = "{id: acme, name: Acme, query: acme}",
    owned: str = "",
    keep_days: int = 10_000,
) -> AsyncIterator[App]:
    """The program as it starts at a time, with these settings."""
    (folder / "config.yaml").write_text(CONFIG.format(watches=watches, url=url, owned=owned, keep_days=keep_days))
    async with opened(load(folder / "config.yaml"), store, SimulatedClock(at), log.get()) as app:
        yield app


async def understand_anew(app: App, **arguments: bool) -> dict[str, int]:
    job = app.engine.submit("reunderstand", arguments=arguments)
    assert await app.engine.wait_for(job, 60)
    assert job.error == ""
    return dict(job.result or {})

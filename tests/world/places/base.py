"""What a platform of the small world is: how it is configured, how much it shows, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.world.hidden_posts import Told
from tests.world.web import Call, Reply

FEW = 5
"""Posts on a page, where the platform is free to give fewer than it is asked for: so that walks have many pages."""

Answer = Callable[[Call, Sequence[Told], str], Reply]
"""The call, what is shown at its time (newest first), and the place's own address."""


@dataclass(frozen=True, slots=True)
class Place:
    """`shows`: how many of its newest posts at most, or for how long; None: all.

    `late`: some posts show up so long after they were told, and after others that were told later.

    In `settings`, `{url}` is where the place is.
    """

    kind: str
    settings: Mapping[str, Any]
    answer: Answer
    shows: int | timedelta | None = None
    late: timedelta = timedelta(minutes=45)
    accept_terms: bool = False

    def entry(self, url: str) -> dict[str, Any]:
        """The place as a source of the config."""
        accepted = {"accept_terms": True} if self.accept_terms else {}
        return {"kind": self.kind, "name": self.kind, **_filled(self.settings, url), **accepted}

    def shown(self, rows: Sequence[Told], now: datetime) -> Sequence[Told]:
        """Of what there is, newest first, what the place still shows."""
        if isinstance(self.shows, timedelta):
            return [told for told in rows if told.at > now - self.shows]
        return rows if self.shows is None else rows[: self.shows]


def _filled(value: Any, url: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, url) for key, inner in value.items()}
    return value.replace("{url}", url) if isinstance(value, str) else value


def iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def at_of(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def paged(call: Call, rows: Sequence[Told], name: str = "page", size: int = FEW) -> tuple[Sequence[Told], int | None]:
    """The rows of the page that a parameter names (from 1), and the number of the next one."""
    number = int(call.query.get(name, "1"))
    following = number + 1 if len(rows) > number * size else None
    return rows[(number - 1) * size : number * size], following


def after(call: Call, rows: Sequence[Told], name: str, size: int = FEW) -> tuple[Sequence[Told], str | None]:
    """The rows behind the one whose mark a parameter holds, and the mark to go on from.

    A mark and no number, so that a post which comes in between shifts nothing, as with a platform's own cursors.
    """
    mark = call.query.get(name)
    start = next((index + 1 for index, told in enumerate(rows) if told.mark == mark), 0)
    page = rows[start : start + size]
    return page, page[-1].mark if len(rows) > start + size else None


def token(call: Call) -> str:
    """The access token of that day: those of the days before are refused."""
    assert call.date is not None
    return f"token-{call.date:%Y-%m-%d}"


def let_in(call: Call) -> bool:
    return call.headers.get("authorization") == f"Bearer {token(call)}"

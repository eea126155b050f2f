"""What a recording should give, what it gives, and in which fields the two differ."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from insight.model import Post
from scrapers.base import SourceError
from scrapers.saved import read_saved

NOW = datetime(2027, 3, 3, 12, tzinfo=UTC)

Said = dict[str, Any]
"""The fields of one post that are not as `Post` has them by default."""

Mapped = Callable[[Any, str], Sequence[Said] | None]
"""A raw answer (JSON, or its text) and its address to what must be read of it; None: it must be refused."""

_FIELDS = [each.name for each in fields(Post) if each.name != "aliases"]  # of ids the tests of identity know more
_DEFAULTS = {
    each.name: each.default if each.default is not MISSING else each.default_factory()  # type: ignore[misc]
    for each in fields(Post)
    if each.default is not MISSING or each.default_factory is not MISSING
}
_SETS = ("links", "hashtags", "media")
_HINTS = re.compile("[\u00ad\u200b\u2060\ufeff]")  # where a line may be broken
_LAID_OUT = ("text", "title")  # where lines break is a matter of layout


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wrong`: of each post that is not right, its number, the field, what was wanted and what was read."""

    kind: str
    name: str
    outcome: str  # right, partly, refused
    posts: int
    wrong: tuple[str, ...] = ()


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def time(written: str | None) -> datetime | None:
    return None if not written else datetime.fromisoformat(written).astimezone(UTC)


def numbers(**counts: Any) -> dict[str, int]:
    """The counts that an answer states."""
    return {name: int(value) for name, value in counts.items() if value is not None}


def judge(kind: str, name: str, body: bytes, meta: Mapping[str, Any], mapped: Mapped) -> Verdict:
    url = meta.get("url") or ""
    try:
        raw: Any = json.loads(body)
    except ValueError:
        declared = re.match(rb"\s*<\?xml[^>]*encoding=[\"']([\w-]+)", body)
        raw = body.decode("cp1252", errors="replace")
        with suppress(UnicodeDecodeError):
            raw = body.decode(declared[1].decode() if declared else "utf-8")
    refused_rightly = (meta.get("status") or 200) >= 400
    wanted = None if refused_rightly else mapped(raw, url)
    try:
        batch = read_saved(
            kind, body, url=url or None, status=meta.get("status") or 200, headers=meta.get("headers"), now=NOW
        )
    except SourceError as error:
        return Verdict(kind, name, "refused", 0, () if wanted is None else (str(error),))
    got = [item for item in batch.items if isinstance(item, Post)]
    if wanted is None:
        return (
            Verdict(kind, name, "partly", len(got), (f"{len(got)} posts of what is no answer",))
            if got
            else (Verdict(kind, name, "refused", 0))
        )
    wrong = tuple(differences(wanted, got)) + tuple(f"set aside: {one.reason}" for one in batch.rejected)
    return Verdict(kind, name, "partly" if wrong else "right", len(wanted), wrong)


def differences(wanted: Sequence[Said], got: Sequence[Post]) -> Iterator[str]:
    """Posts are told apart by their ids, in whatever order they are read; without expected ids by their order."""
    if any(said["native_id"] is None for said in wanted):
        if len(wanted) != len(got) or len({post.native_id for post in got}) != len(got):
            yield f"{len(wanted)} posts wanted, {len(got)} read, with {len({post.native_id for post in got})} ids"
        for said, post in zip(wanted, got, strict=False):
            yield from _wrong_fields({**said, "native_id": post.native_id}, post)
        return
    by_id = {(post.network, post.native_id): post for post in got}
    keys = [(said["network"], said["native_id"]) for said in wanted]
    yield from (f"{key[1]} is missing" for key in keys if key not in by_id)
    yield from (f"{key[1]} is one too many" for key in by_id if key not in set(keys))
    for said in wanted:
        post = by_id.get((said["network"], said["native_id"]))
        if post is not None:
            yield from _wrong_fields(said, post)


def _wrong_fields(said: Said, post: Post) -> Iterator[str]:
    for name in _FIELDS:
        want, got = said.get(name, _DEFAULTS.get(name)), getattr(post, name)
        if name in _LAID_OUT:
            want, got = (" ".join(_HINTS.sub("", value or "").split()) for value in (want, got))
        if name in _SETS:
            want, got = sorted(want), sorted(got)
        if want != got:
            yield f"{post.native_id} {name}: wanted {want!r:.300}, read {got!r:.300}"


def table(verdicts: Iterable[Verdict]) -> str:
    """One line a recording; of what is not right the first fault."""
    lines = [f"{'kind':<14}{'recording':<52}{'posts':>6}  outcome"]
    judged = list(verdicts)
    for one in judged:
        fault = f": {one.wrong[0]:.160} ({len(one.wrong)})" if one.wrong else ""
        lines.append(f"{one.kind:<14}{one.name:<52}{one.posts:>6}  {one.outcome}{fault}")
    right = sum(not one.wrong for one in judged)
    return "\n".join([*lines, f"{right} of {len(judged)} right in every field"])

"""What settings that several kinds have stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from scrapers.base import Search


def own_searches(queries: Iterable[str]) -> list[Search]:
    """The setting `queries`: each under a key that no quotes and capitals make another one."""
    return [Search(query.lower().strip('"'), query) for query in queries]


def bearer(token: SecretStr | None) -> Mapping[str, str]:
    """The header with an access token, where there is one."""
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def host_and_path(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc + parts.path.rstrip("/")


def under(base: str, path: str) -> str:
    """An address below another one, which may be written with a slash at its end."""
    return f"{base.rstrip('/')}/{path}"


def named(given: Iterable[str], form: re.Pattern[str], meant: str) -> tuple[str, ...]:
    """What the pattern's first group takes from each, every one once. Raises ValueError for what does not fit."""
    names: dict[str, None] = {}
    for written in given:
        found = form.fullmatch(written.strip())
        if not found:
            raise ValueError(f"{written!r} is no {meant}")
        names[found[1]] = None
    return tuple(names)

"""The settings about queries: the named ones, the team's own accounts, and the texts that try a watch's query."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from insight.query.advice.cases import Case
from insight.query.text.folding import fold
from listener.config.base import Id, Settings
from listener.config.written_posts import PostEntry, read_post

_Text = Annotated[str, StringConstraints(min_length=1), Tag("text")]
_Post = Annotated[PostEntry, Tag("post")]
Entry = Annotated[_Text | _Post, Discriminator(lambda value: "post" if isinstance(value, dict | PostEntry) else "text")]
"""Told apart by their shape, so that a fault in one is not reported as a fault of the other as well."""


class WatchTests(Settings):
    """Texts that a query must match, and texts that it must not: `listener check` tries them."""

    match: tuple[Entry, ...] = Field((), description="What the query must match, and not hide.")
    reject: tuple[Entry, ...] = Field((), description="What it must not match, or must hide.")

    def cases(self, owned: frozenset[str] = frozenset()) -> tuple[Case, ...]:
        """The posts as a query sees them. `owned`: the team's own accounts and hosts."""
        wanted = ((self.match, True), (self.reject, False))
        entries = ((read_post(it) if isinstance(it, str) else it, yes) for group, yes in wanted for it in group)
        return tuple(Case(entry.post(), entry.as_facts(owned), yes) for entry, yes in entries)


_ACCOUNT = re.compile(r"@[\w.-]+(?:@[\w.-]+)?")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")


def _account_or_host(value: str) -> str:
    if not (_ACCOUNT.fullmatch(value) or _HOST.fullmatch(value)):
        raise ValueError("is neither an account nor a site: write @acme, @acme@example.social or acme.com")
    return value


class QuerySettings(Settings):
    """What the queries of the config may refer to."""

    owned: tuple[Annotated[str, AfterValidator(_account_or_host)], ...] = Field(
        (), description="The team's own accounts (@acme) and sites (acme.com, with what lies below): see `is:owned`."
    )
    queries: dict[Id, Annotated[str, StringConstraints(min_length=1)]] = Field(
        {}, description="Queries by a name of your own; others take one in as $name."
    )

    @property
    def accounts_and_hosts(self) -> frozenset[str]:
        """`owned` as posts are compared with it."""
        return frozenset(fold(name).removeprefix("@").removeprefix("www.") for name in self.owned)

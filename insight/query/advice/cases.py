"""Must-match and must-not-match posts of a query: which of them come out otherwise, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from insight.model import Post
from insight.query.matching.document import Facts
from insight.query.matching.matcher import Match, Matcher
from insight.query.tree import Query

_SHOWN = 5  # places of a match that are named; more explain nothing
_LENGTH = 100  # characters of a post that are shown; who wrote it knows the rest


@dataclass(frozen=True, slots=True)
class Case:
    """A post, and whether the query must match it."""

    post: Post
    facts: Facts
    expected: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that came out otherwise. `match` None: nothing of the query is in the post."""

    case: Case
    match: Match | None

    def __str__(self) -> str:
        post = self.case.post
        text = " ".join(" / ".join(filter(None, (post.title, post.text))).split())
        shown = f'"{text[:_LENGTH]}{"…" if len(text) > _LENGTH else ""}"'
        if not text:
            shown = f"a rating of {post.rating.value:g}" if post.rating else "a post without words"
        return f"{self.expected} {shown}, but {self.says}"

    @property
    def expected(self) -> str:
        return "must match" if self.case.expected else "must not match"

    @property
    def says(self) -> str:
        """Why it came out so: what hides it, that nothing matched, or what did."""
        if self.match is None:
            return "nothing in it matches"
        if self.match.excluded_by:
            return f"{self.match.excluded_by} hides it"
        found = dict.fromkeys(
            (getattr(self.case.post, span.field) or "")[span.start : span.end] for span in self.match.spans
        )
        return f"it matches{': ' if found else ''}{', '.join(map(repr, list(found)[:_SHOWN]))}"


def run(query: Query, cases: Iterable[Case]) -> list[Failure]:
    """The cases that come out otherwise than expected, in order. A post that an exclusion hides is not matched."""
    matcher = Matcher(query)
    failures = []
    for case in cases:
        match = matcher.match(case.post, case.facts)
        if case.expected != (match is not None and match.excluded_by is None):
            failures.append(Failure(case, match))
    return failures

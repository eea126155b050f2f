"""What one visit has come to: counted page by page, told to whoever watches, and what the next one is planned from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from insight.model import Post, Precision
from listener.collecting.budget import NOTHING, Amount, Rest
from scrapers.base import Batch, Page, Search, SourceError
from storage import BatchCounts, SearchState

NOT_MODIFIED = 304


@dataclass
class VisitResult:
    """One visit. What it was to read: `searches` (all of the source, as they do now) or `only_some` of them. `former`:
    searches that failed and that nobody asks for any more.

    What it brought: `pages` read, posts `seen` and `new`, `mentions`, items `rejected`, `ids` of the posts. For the
    pace: the longest `page`, the `newest` post, and by search the posts `fresh` since the newest one `before`.

    How it ended: the searches that were `asked`, and the `errors` of those that failed. Where nobody was answered, it
    was `refused`; where the budget cut it short, there is a `rest`; `begin_at`: the search that comes next then.
    `unfinished`: a search has more to be read at once.
    """

    started: datetime
    need: Amount = NOTHING
    searches: dict[str, SearchState] = field(default_factory=dict)
    former: list[SearchState] = field(default_factory=list)
    only_some: bool = False
    before: datetime | None = None

    pages: int = 0
    seen: int = 0
    new: int = 0
    mentions: int = 0
    rejected: int = 0
    ids: set[str] = field(default_factory=set)
    unchanged: bool = False
    page: int = 0
    newest: datetime | None = None
    fresh: Counter[str] = field(default_factory=Counter)

    asked: list[str] = field(default_factory=list)
    errors: dict[str, SourceError] = field(default_factory=dict)
    refused: SourceError | None = None
    rest: Rest | None = None
    begin_at: str | None = None
    unfinished: bool = False

    @property
    def error(self) -> SourceError | None:
        """What the source as a whole failed in: it was refused, or none of its searches can be read."""
        if self.errors and all(state.failures for state in self.searches.values()):
            return self.refused or next(iter(self.errors.values()))
        return self.refused

    @property
    def reasons(self) -> list[str]:
        """What went wrong, each once."""
        errors = [*self.errors.values(), *([self.refused] if self.refused else [])]
        return list(dict.fromkeys(error.reason for error in errors))

    @property
    def permanent(self) -> bool:
        """Whether a person has to mend it."""
        if self.refused is not None:
            return self.refused.permanent
        return self.error is not None and all(state.paused for state in self.searches.values())

    @property
    def complete(self) -> bool:
        """Whether everything that is due was asked for."""
        return not (self.error or self.rest or self.unfinished or self.only_some)

    @property
    def unread_searches(self) -> set[str]:
        """The searches that did not bring what they have."""
        return {key for key, state in self.searches.items() if key not in self.asked or state.failures}

    def read(self, search: Search, page: Page, batch: Batch) -> None:
        """A page has come, and could be read."""
        posts = [item for item in batch.items if isinstance(item, Post)]
        times = [post.published_at for post in posts if post.published_at and post.precision is Precision.SECOND]
        times = [at for at in times if at <= page.fetched_at]
        self.ids.update(post.native_id for post in posts)
        self.unchanged = self.unchanged or page.status == NOT_MODIFIED
        self.page = max(self.page, len(posts))
        self.newest = max([*times, *([self.newest] if self.newest else [])], default=None)
        if self.before is not None:
            self.fresh[search.key] += sum(1 for at in times if at > self.before)

    def stored(self, batch: Batch, outcome: BatchCounts) -> None:
        """The page's batch has been stored."""
        self.pages += 1
        self.rejected += len(batch.rejected)
        self.seen += outcome.seen
        self.new += outcome.new
        self.mentions += outcome.mentions

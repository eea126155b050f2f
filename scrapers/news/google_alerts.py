"""What Google Alerts find, as the feed that an alert can be delivered to."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from scrapers.base import Access, Terms
from scrapers.news.feed import Feed


class GoogleAlerts(Feed):
    """A feed that its user made for himself at google.com/alerts ("Deliver to: RSS feed"): free, without a key.

    Whoever knows the address can read it, so it is shown by its last part only. It holds the 20 newest finds, each with
    two lines of the text and the link wrapped in one of Google's own, which is taken off: so an article is one post,
    whichever alert or feed finds it. Asked no more often than every quarter of an hour. Nothing limits how long what
    was read is kept. Who wrote an article the feed does not say. The searching is Google's: the query of a watch still
    decides, on the two lines that there are, unless the source is bound to its watch by `watches`.
    """

    kind = "google_alerts"
    title = "Google Alerts"
    terms = Terms(
        Access.OPEN,
        "A feed of the user's own; the 20 newest finds, asked every quarter of an hour at most.",
        "https://www.google.com/alerts",
        pace=2.0,
    )
    example: ClassVar[dict[str, Any]] = {"url": "https://www.google.com/alerts/feeds/1234567890/987654321"}
    default_every = 900.0
    window = "the 20 newest finds of an alert"
    full = 20
    shows = "an alert's feed shows its 20 newest finds only"

    url: str = Field(
        description="The alert's address: the feed icon at google.com/alerts.",
        pattern=r"^https?://[^\s@/]+/alerts/feeds/\d+/\d+/?$",
    )
    every: float | None = Field(None, ge=900, description="Seconds between two visits; 900 at least.")

    @property
    def label(self) -> str:
        return urlsplit(self.url).path.rstrip("/").rpartition("/")[2]

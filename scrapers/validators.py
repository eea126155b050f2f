"""What an address gave with its answer, so that it can be asked whether anything has changed since: pure.

https://www.rfc-editor.org/rfc/rfc9110#section-13.1
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from scrapers.exchange import Page

NOT_MODIFIED = 304
VALIDATING = ("etag", "last-modified")
_TRUSTED_FOR = timedelta(days=1)  # some servers answer "not modified" for ever: their validators are of another page
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # https://www.rfc-editor.org/rfc/rfc9110#section-5.5


@dataclass(frozen=True, slots=True)
class Validators:
    """ETag and Last-Modified of the address that gave them, and of no other: a moved feed is another page.

    `address`: a digest, for there may be a key in an address. `read_at`: when the page itself came.
    """

    address: str
    read_at: datetime
    etag: str | None = None
    last_modified: str | None = None

    def still_trusted(self, now: datetime) -> bool:
        """Whether to ask with them: once a day the page is asked for whatever they say."""
        return timedelta(0) <= now - self.read_at < _TRUSTED_FOR  # else the clock was set back

    def conditions(self, url: str) -> dict[str, str]:
        """The headers that make a request for this address conditional; an odd one is left out."""
        given = {"if-none-match": self.etag, "if-modified-since": self.last_modified}
        ours = _digest(url) == self.address
        return {name: value for name, value in given.items() if ours and value and _VALUE.fullmatch(value)}


def validators_after(page: Page, before: Validators | None = None) -> Validators | None:
    """What to ask with after this page. 304 gives only what has changed of them.

    https://www.rfc-editor.org/rfc/rfc9111#section-4.3.4
    """
    etag, modified = (page.headers.get(name) or None for name in VALIDATING)
    if page.status == NOT_MODIFIED:
        return before and replace(before, etag=etag or before.etag, last_modified=modified or before.last_modified)
    return Validators(_digest(page.url), page.fetched_at, etag, modified) if etag or modified else None


def _digest(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:16]

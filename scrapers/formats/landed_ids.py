"""Ids as Listener 0.1 of November 2026 made them, so that what it stored is found again: never to be changed.

A kind that knows posts by other ids now gives these as `aliases`.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scrapers.formats.values import canonical

_TRACKING = re.compile(
    r"^(utm_.*|(fb|g)clid|mc_[ce]id|cmp(id)?|wt_mc|xtor|igshid|at_(medium|campaign)|ns_(mchannel|source))$",
    re.IGNORECASE,
)


def landed_address(url: str) -> str:
    """What `canonical` gave then. Where it took something from a query, it wrote the rest anew."""
    parts = urlsplit(url)
    kept = [
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.match(key) and not (key == "source" and value.startswith("rss"))
    ]
    query = parts.query if len(kept) == parts.query.count("&") + 1 else urlencode(kept)
    host = re.sub(r":(80|443)$", "", parts.netloc.rpartition("@")[2].lower())
    return urlunsplit(("https", host, parts.path or "/", query, parts.fragment))


def address_ids(url: str) -> tuple[str, ...]:
    """What names a post that is known by its address: that, and what the landed version made of it."""
    return tuple(dict.fromkeys((canonical(url), landed_address(url))))

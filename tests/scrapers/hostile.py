"""Pages that somebody made to cost much, each read in a process of its own: what it costs, and what comes of it.

python -m tests.scrapers.hostile NAME…      # prints a JSON object a page: processor seconds, megabytes, items, reasons
"""

# ruff: noqa: E501 - a page a line

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from insight.model import Post
from scrapers import KINDS
from scrapers.base import SourceError
from scrapers.pages import listing  # noqa: F401  # what a page costs is not what it costs to import Beautiful Soup
from scrapers.saved import read_saved

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
LIST = {"url": "https://e.com/list", "item": "li", "text": "p", "heading": "h3", "accept_terms": True}


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    megabytes: float
    posts: int
    reasons: tuple[str, ...]
    error: str


def many(one: str, times: int, before: str = "", after: str = "") -> Callable[[], str]:
    return lambda: before + one * times + after


def rows(one: str, times: int, before: str = "[", after: str = "]") -> Callable[[], str]:
    """So many times the same in a JSON list."""
    return lambda: before + ",".join([one] * times) + after


def toot(number: object) -> str:
    return (
        f'{{"id": "{number}", "uri": "https://m.social/{number}", "content": "acme {number}", "created_at":'
        f' "2026-03-02T10:00:00Z", "account": {{"acct": "ada"}}, "favourites_count": {number}}}'
    )


def attributes(count: int) -> str:
    return " ".join(f'a{number}=""' for number in range(count))


def toots(count: int, odd: str = "") -> Callable[[], str]:
    return lambda: "[" + ",".join([*(toot(number) for number in range(count)), *filter(None, [odd])]) + "]"


NINES = "9" * 5_000
RSS = '<rss version="2.0"><channel><title>t</title>'
ITEM = "<item><title>Acme</title><guid>a</guid><description>acme &amp; more</description></item>"
LD = '<script type="application/ld+json">'
REVIEW = '{"@type":"Review","reviewBody":"acme"}'

# name: (kind, what it answers)
PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "feed of 600,000 items": ("feed", many("<item/>", 600_000, RSS)),
    "feed of 100,000 whole items": ("feed", many(ITEM, 100_000, RSS, "</channel></rss>")),
    "feed of a million small tags": ("feed", many("<a/>", 1_000_000, f"{RSS}<item><title>Acme</title>")),
    "feed with 65,000 attributes": ("feed", lambda: RSS + f"<item {attributes(65_000)}/>"),
    "feed with 600,000 attributes": ("feed", lambda: RSS + f"<item {attributes(600_000)}/>"),
    "feed 300,000 deep": ("feed", many("<a>", 300_000, RSS)),
    "feed of deep HTML": ("feed", many("&lt;div&gt;", 300_000, f"{RSS}<item><description>", "</description></item></rss>")),
    "feed of one huge text": ("feed", many("acme ", 3_500_000, f"{RSS}<item><title>a</title><description>", "</description></item></rss>")),
    "feed of entities": ("feed", many("&eacute;", 2_000_000, f"{RSS}<item><title>a</title><description>")),
    "JSON feed of 600,000 items": ("feed", rows('{"id":"1","title":"acme"}', 600_000, '{"version":"https://jsonfeed.org/version/1","items":[', "]}")),
    "JSON feed of nulls": ("feed", rows("null", 3_000_000, '{"version":"https://jsonfeed.org/version/1","items":[', "]}")),
    "list of 600,000 empty lists": ("mastodon", rows("[]", 600_000)),
    "list of 6,000,000 empty objects": ("mastodon", rows("{}", 6_000_000)),
    "list of 600,000 objects": ("mastodon", rows('{"id":"1"}', 600_000)),
    "60,000 whole toots": ("mastodon", toots(60_000)),
    "toots nested 2,000 deep": ("mastodon", toots(3, odd='{"id":' + "[" * 2_000 + "]" * 2_000 + "}")),
    "toots nested 300,000 deep": ("mastodon", toots(3, odd='{"id":' + "[" * 300_000)),
    "toots, one with a number of 5,000 digits": ("mastodon", lambda: f"[{toot(1)},{toot(2).replace(': 2}', f': {NINES}}}')},{toot(3)}]"),
    "toots, one with an id of 5,000 digits": ("mastodon", lambda: f'[{toot(1)},{{"id": {NINES}}},{toot(3)}]'),
    "one object of 600,000 keys": ("mastodon", lambda: "{" + ",".join(f'"k{n}":{n}' for n in range(600_000)) + "}"),
    "numbers of 5,000 digits": ("mastodon", rows(NINES, 3_500)),
    "hits of 600,000": ("hackernews", rows('{"objectID":"1"}', 600_000, '{"hits":[', "]}")),
    "a thread 100,000 deep": ("hackernews", lambda: '{"id":1,"children":[' * 100_000 + "]}" * 100_000),
    "page of 600,000 list items": ("page", many("<li>", 600_000, "<ul>")),
    "page of 100,000 whole items": ("page", many("<li><h3>Acme</h3><p>is nice</p></li>", 100_000, "<ul>", "</ul></html>")),
    "page of nested items": ("page", many("<li><p>acme", 350_000, "<ul>")),
    "page of a long text in nested items": ("page", lambda: "<li><p>" * 390 + "acme " * 700_000),
    "page with 65,000 attributes": ("page", lambda: f"<li {attributes(65_000)}><p>acme</p></li>"),
    "page with 600,000 attributes": ("page", lambda: "<li" + ' a=""' * 600_000 + "><p>acme</p></li>"),
    "page of classes": ("page", lambda: "<li class='" + "a " * 1_900_000 + "'><p>acme</p></li>"),
    "page of siblings": ("page", many("<p>a</p>", 490_000, "<li>")),
    "page 50,000 deep": ("page", many("<div>", 50_000, "<li>")),
    "page of many short texts": ("page", many("<li><p>a<h3>b", 16_000, "<ul>")),
    "page of megabytes of text": ("page", many(f"<li><p>{'acme ' * 2_000}</p></li>", 350, "<ul>", "</ul></html>")),
    "microdata of 400,000 names": ("reviews", lambda: "<p itemscope itemtype=Review><i itemprop='" + " ".join(f"n{number}" for number in range(400_000)) + "'>x</i>"),
    "microdata that refers to itself": ("reviews", lambda: "".join(f"<p itemscope itemtype=Review id=a{n} itemref='a{n + 1} a{n + 2} a0 b'></p>" for n in range(20_000)) + "<p id=b>" + "<i itemprop=name>x</i>" * 29_000),
    "microdata of 40,000 properties": ("reviews", many("<i itemprop=name>x</i>", 40_000, "<p itemscope itemtype=Review>")),
    "microdata of 100,000 reviews": ("reviews", many("<div itemscope itemtype='http://schema.org/Review'><i itemprop=reviewBody>acme</i></div>", 50_000)),
    "nested microdata around a long text": ("reviews", lambda: "<div itemscope itemtype=Review itemprop=review>" * 390 + "<div itemprop=text>" * 390 + "acme " * 700_000),
    "JSON-LD of 200,000 reviews": ("reviews", rows(REVIEW, 100_000, LD + "[", "]</script>")),
    "JSON-LD 100,000 deep": ("reviews", lambda: LD + '{"review":[' * 100_000 + "</script>"),
    "JSON-LD of many keys": ("reviews", lambda: LD + '{"@type":"Review",' + ",".join(f'"k{n}":1' for n in range(300_000)) + "}</script>"),
    "JSON-LD of comments": ("reviews", many("/*", 1_900_000, LD + "{", "</script>")),
    "JSON-LD of commas": ("reviews", many(",", 3_900_000, LD + "[", "</script>")),
    "JSON-LD, a number of 5,000 digits": ("reviews", lambda: f'{LD}[{REVIEW},{{"@type":"Review","reviewBody":"two","reviewRating":{NINES}}}]</script></html>'),
}  # fmt: skip


def read(name: str) -> Cost:
    kind, made = PAGES[name]
    body = made().encode()
    source = KINDS[kind](**LIST) if kind == "page" else None
    url = {
        "mastodon": "https://m.social/api/v1/timelines/tag/acme",
        "hackernews": "https://hn.algolia.com/api/v1/search_by_date",
    }
    Path("/proc/self/clear_refs").write_text("5")  # what this process has held so far is not counted
    before, start = highest(), time.process_time()
    batch, error = None, ""
    try:
        batch = read_saved(kind, body, url=url.get(kind, "https://e.com/page"), now=NOW, source=source)
    except SourceError as raised:
        error = str(raised)
    seconds = time.process_time() - start
    peak = highest()
    posts = sum(isinstance(item, Post) for item in batch.items) if batch else 0
    reasons = tuple(one.reason for one in batch.rejected) if batch else ()
    return Cost(seconds, peak - before, posts, tuple(dict.fromkeys(reasons))[:5], error[:200])


def highest() -> float:
    """The most megabytes that this process has held."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def apart(name: str) -> dict[str, Any]:
    """The same in a fork, so that one page's memory is not another's."""
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        os.close(receiving)
        with os.fdopen(sending, "w") as to:
            json.dump(asdict(read(name)), to)
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as found:
        said = found.read()
    os.waitpid(child, 0)
    return {"page": name, **(json.loads(said) if said else {"error": "the process died"})}


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PAGES:
        sys.stdout.write(json.dumps(apart(wanted)) + "\n")
        sys.stdout.flush()

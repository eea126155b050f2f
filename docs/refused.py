"""What the query language refuses, as the page shows it and the tests try it."""

from __future__ import annotations

from dataclasses import dataclass

from docs.tables import table


@dataclass(frozen=True, slots=True)
class Refused:
    """`why` is the message, word for word; `instead` is a query that is understood."""

    query: str
    why: str
    instead: str


_OPEN = "this would match nearly everything: it can hold without any word that has to occur"
REFUSED = (
    Refused("acme or bolt", "or could be an operator or a word", "acme OR bolt"),
    Refused("NOT acme", _OPEN, "app NOT acme"),
    Refused("acme OR NOT bolt", _OPEN, "acme NOT bolt"),
    Refused("lang:en", _OPEN, "acme lang:en"),
    Refused("acme sentiment:neg", "sentiment: is only known of stored mentions", "acme"),
    Refused("language:en acme", "language: is no field", "lang:en acme"),
    Refused("re:invent", "re: is no field", '"re:invent"'),
    Refused("title: acme", "title: has no value", "title:acme"),
    Refused("title:(acme lang:en)", "a field stands inside title:", "title:acme lang:en"),
    Refused("acme kind:reviews", "kind: has no value reviews", "acme kind:review"),
    Refused("acme lang:vn", "vn is not the code of a language", "acme lang:vi"),
    Refused(
        "acme followers:>10,000", "behind this comma could stand thousands, or a second number", "acme followers:>10k"
    ),
    Refused("acme rating:[2 TO 1]", "this range ends before it begins", "acme rating:[1 TO 2]"),
    Refused("acme after:yesterday", "yesterday is no date or time", "acme after:2026-03-01"),
    Refused('"acme', "the quotes that open here never close", '"acme"'),
    Refused("(acme", "this bracket is never closed", "(acme)"),
    Refused("acme AND", "something to search for is missing at the end", "acme"),
    Refused("acme && bolt", "& means nothing here", "acme AND bolt"),
    Refused("acme +bolt", "+ means nothing here", "acme bolt"),
    Refused("acme 100%", "the symbol % would be ignored in 100%", "acme raw:100%"),
    Refused("#acme-corp", "#acme-corp is not a hashtag: letters, digits and _ only", '"#acme-corp"'),
    Refused("@acme*", "a name takes no wildcards", "author:acme*"),
    Refused("*", "* would match every word", "acme*"),
    Refused(
        "acme.c*", "a wildcard stands in one word of letters and digits, and acme.c* is more than that", "acme.com"
    ),
    Refused("小米*", "a wildcard has no use in a script without spaces between words", "小米"),
    Refused("acme NEAR crash", "NEAR does not say how many words may stand between", "acme NEAR/5 crash"),
    Refused("acme NEAR/2 so NEAR/2 slow", "NEAR/2 stands behind another NEAR/2", "acme NEAR/2 so AND so NEAR/2 slow"),
    Refused("(acme bolt) NEAR/2 slow", "an AND stands on a side of NEAR/2", "acme NEAR/2 slow AND bolt NEAR/2 slow"),
    Refused("title:acme NEAR/2 slow", "a field stands on a side of NEAR/2", "title:(acme NEAR/2 slow)"),
    Refused("/a*/", "this regular expression cannot be used: it matches the empty text, which is everywhere", "/a+/"),
    Refused("/r/acme", "something stands directly behind /r/", '"/r/acme"'),
    Refused("{Acme", "the { that opens here never closes", "{Acme}"),
    Refused("acme <<< note", "the comment that opens here never closes", "acme <<< note >>>"),
    Refused("acme -$noise", "$noise: named queries and word lists need a config", "acme -(jobs OR hiring)"),
)


def page() -> str:
    rows = [(f"`{row.query}`", row.why, f"`{row.instead}`") for row in REFUSED]
    return table(("Refused", "because", "Write instead"), rows)

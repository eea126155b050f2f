"""The fields of the language as one table: what each asks of a post, and which values it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from insight.model import Label, PostKind


class Takes(Enum):
    """What may stand behind a field's colon."""

    TEXT = "words, phrases and every other kind of text"
    CHOICE = "one of its values"
    VALUE = "a value"
    NUMBER = "a number, >n, >=n, <n, <=n or [n TO m]"
    TIME = "a date (2026-03-02) or a time (2026-03-02T09:30Z), in UTC"


@dataclass(frozen=True, slots=True)
class Asked:
    """One field. `values` are the canonical ones with their other spellings. `later`: only known of stored mentions,
    so a watch cannot ask for it. `of`: all it asks is whether this attribute of the post is the value."""

    takes: Takes
    says: str
    values: tuple[tuple[str, ...], ...] = ()
    later: bool = False
    of: str = ""


def _same(*values: str) -> tuple[tuple[str, ...], ...]:
    return tuple((value,) for value in values)


_YES_OR_NO = _same("yes", "no")

FACTS: dict[str, Asked] = {
    "version": Asked(Takes.VALUE, "about this version of the product, where the platform says so"),
    "verified": Asked(Takes.CHOICE, "the platform vouches that who writes has bought or used it", _YES_OR_NO),
    "answered": Asked(Takes.CHOICE, "who is reviewed has answered it", _YES_OR_NO),
    "plan": Asked(Takes.VALUE, "from a customer with this plan"),
    "customer": Asked(Takes.VALUE, "from this kind of customer, such as trial or reseller"),
    "segment": Asked(Takes.VALUE, "from this segment of the customers"),
    "nps": Asked(Takes.NUMBER, "from 0 to 10, how likely who answers is to recommend it"),
}
"""What only some kinds of posts know: the names in `Post.facts`. A number is a float there, all else is text."""

FIELDS: dict[str, Asked] = {
    "title": Asked(Takes.TEXT, "in the title only"),
    "text": Asked(Takes.TEXT, "in the text only, not in the title"),
    "author": Asked(Takes.TEXT, "in the name or the handle of who writes"),
    "url": Asked(Takes.TEXT, "in the address of the post"),
    "links": Asked(Takes.TEXT, "in an address that the post links to"),
    "site": Asked(Takes.VALUE, "published on this host or one below it: acme.com is also blog.acme.com"),
    "hashtag": Asked(Takes.VALUE, "the same as #value"),
    "mention": Asked(Takes.VALUE, "names this account; unlike @value not what the account writes itself"),
    "lang": Asked(Takes.VALUE, "written in this language (ISO 639-1: en, vi, zh)"),
    "country": Asked(Takes.VALUE, "from this country, where the platform says so (ISO 3166-1: de, us)", of="country"),
    "source": Asked(Takes.VALUE, "brought by this source: its id, its kind or its network"),
    "kind": Asked(Takes.CHOICE, "what sort of post it is", _same(*(kind.value for kind in PostKind)), of="kind"),
    "rating": Asked(Takes.NUMBER, "its rating in stars from 1 to 5, whatever scale the site uses"),
    "followers": Asked(Takes.NUMBER, "how many follow who writes"),
    "engagement": Asked(Takes.NUMBER, "its likes, replies, reposts and so on together"),
    "sentiment": Asked(
        Takes.CHOICE,
        "how the mention sounds",
        (
            (Label.NEGATIVE.value, "neg"), (Label.NEUTRAL.value, "neu"), (Label.POSITIVE.value, "pos"),
            (Label.UNKNOWN.value,),
        ),
        later=True,
    ),
    "theme": Asked(Takes.VALUE, "belongs to this theme: its id, or words of its label", later=True),
    "watch": Asked(Takes.VALUE, "is a mention of this watch (its id)", later=True),
    "is": Asked(Takes.CHOICE, "a reply, a repost of another's post, or written by the team itself (`owned`)",
                _same("reply", "repost", "owned")),
    "has": Asked(Takes.CHOICE, "it has a link, a picture or video, or a rating", _same("link", "media", "rating")),
    "after": Asked(Takes.TIME, "published at this time or later"),
    "before": Asked(Takes.TIME, "published before this time"),
    **FACTS,
}  # fmt: skip

PLACES = tuple(name for name, asked in FIELDS.items() if asked.takes is Takes.TEXT)
"""The parts of a post that `In` can look into."""

PREFIXES = ("raw", "plain", "joined")
"""What stands before a colon and is no field but a way of looking."""

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
class FieldSpec:
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

FACTS: dict[str, FieldSpec] = {
    "version": FieldSpec(Takes.VALUE, "about this version of the product, where the platform says so"),
    "verified": FieldSpec(Takes.CHOICE, "the platform vouches that who writes has bought or used it", _YES_OR_NO),
    "answered": FieldSpec(Takes.CHOICE, "who is reviewed has answered it", _YES_OR_NO),
    "plan": FieldSpec(Takes.VALUE, "from a customer with this plan"),
    "customer": FieldSpec(Takes.VALUE, "from this kind of customer, such as trial or reseller"),
    "segment": FieldSpec(Takes.VALUE, "from this segment of the customers"),
    "nps": FieldSpec(Takes.NUMBER, "from 0 to 10, how likely who answers is to recommend it"),
}
"""What only some kinds of posts know: the names in `Post.facts`. A number is a float there, all else is text."""

FIELDS: dict[str, FieldSpec] = {
    "title": FieldSpec(Takes.TEXT, "in the title only"),
    "text": FieldSpec(Takes.TEXT, "in the text only, not in the title"),
    "author": FieldSpec(Takes.TEXT, "in the name or the handle of who writes"),
    "url": FieldSpec(Takes.TEXT, "in the address of the post"),
    "links": FieldSpec(Takes.TEXT, "in an address that the post links to, also in its text"),
    "site": FieldSpec(Takes.VALUE, "published on this host or one below it: acme.com is also blog.acme.com"),
    "hashtag": FieldSpec(Takes.VALUE, "the same as #value"),
    "mention": FieldSpec(Takes.VALUE, "names this account; unlike @value not what the account writes itself"),
    "lang": FieldSpec(Takes.VALUE, "written in this language (ISO 639-1: en, vi, zh)"),
    "country": FieldSpec(
        Takes.VALUE, "from this country, where the platform says so (ISO 3166-1: de, us)", of="country"
    ),
    "source": FieldSpec(Takes.VALUE, "brought by this source: its id, its kind or its network"),
    "kind": FieldSpec(Takes.CHOICE, "what sort of post it is", _same(*(kind.value for kind in PostKind)), of="kind"),
    "rating": FieldSpec(Takes.NUMBER, "its rating in stars from 1 to 5, whatever scale the site uses"),
    "followers": FieldSpec(Takes.NUMBER, "how many follow who writes"),
    "engagement": FieldSpec(Takes.NUMBER, "its likes, replies, reposts and so on together"),
    "sentiment": FieldSpec(
        Takes.CHOICE,
        "how the mention sounds",
        (
            (Label.NEGATIVE.value, "neg"), (Label.NEUTRAL.value, "neu"), (Label.POSITIVE.value, "pos"),
            (Label.MIXED.value,), (Label.UNKNOWN.value,),
        ),
        later=True,
    ),
    "theme": FieldSpec(Takes.VALUE, "belongs to this theme: its id, or words of its label", later=True),
    "watch": FieldSpec(Takes.VALUE, "is a mention of this watch (its id)", later=True),
    "is": FieldSpec(Takes.CHOICE, "a reply, a repost of another's post, or written by the team itself (`owned`)",
                _same("reply", "repost", "owned")),
    "has": FieldSpec(Takes.CHOICE, "it has a link, a picture or video, or a rating", _same("link", "media", "rating")),
    "after": FieldSpec(Takes.TIME, "published at this time or later"),
    "before": FieldSpec(Takes.TIME, "published before this time"),
    **FACTS,
}  # fmt: skip

PLACES = tuple(name for name, spec in FIELDS.items() if spec.takes is Takes.TEXT)
"""The parts of a post that `In` can look into."""

PREFIXES = ("raw", "plain", "joined")
"""What stands before a colon and is no field but a way of looking."""

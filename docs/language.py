"""The reference of the query language: one table of examples that the page shows and the tests run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from docs.tables import table
from insight.model import Label
from insight.query.fields import FIELDS

Sample = str | Mapping[str, Any]
"""A post: its text alone, or what `listener query match` reads; `themes` are those it belongs to."""

OWNED = frozenset({"acme", "acme.com"})
"""The team's own accounts and hosts, for `is:owned`."""


class Shelf:
    """What `$noise` and `@file:excludes.txt` stand for in the examples."""

    queries: Mapping[str, str] = {"noise": 'hiring OR "job offer"'}
    files: Mapping[str, str] = {"excludes.txt": "hiring\njob offer\n#jobs\n"}

    def named(self, name: str) -> str | None:
        return self.queries.get(name)

    def names(self) -> Collection[str]:
        return self.queries

    def lines(self, file: str) -> str:
        return self.files[file]


@dataclass(frozen=True, slots=True)
class Row:
    """`what` is shown by `query`, which finds the one post and not the other."""

    what: str
    query: str
    finds: Sample
    leaves: Sample
    says: str


WORDS = (
    Row("word", "acme", "I love Acme's editor", "Acmeville is a town",
        "The whole word in any case, also in #acme, @acme and acme.com. Its endings are not found."),
    Row("word", "café", "the CAFÉ", "the cafe", "Letters with marks are letters of their own; see `plain:`."),
    Row("word", "ışık", "IŞIK", "isik",
        "A capital I belongs to ı as well as to i, so both are one letter; so are yeh and kaf of Arabic and Persian."),
    Row("word", "日本", "東日本の天気", "本日",
        "Chinese, Japanese, Thai and Korean are found anywhere in a run of such letters."),
    Row("word", "🚀", "to the moon 🚀", "to the moon", "An emoji is a word; its skin tone does not matter."),
    Row("word", "kettle", "my ket\u200btle", "my ket tle",
        "Characters that nobody sees do not matter: zero-width spaces and joiners, soft hyphens, direction marks."),
    Row("several words in one", "acme.com", "see https://www.acme.com/news", "acme and com far apart",
        "Punctuation inside makes several words in a row."),
    Row("several words in one", "wi-fi", "no wi fi here", "wifi",
        "The same: which sign stands between does not matter."),
    Row("signs", "c++", "written in C++", "written in C", "`+`, `++` and `#` directly behind a word count."),
    Row("signs", "c#", "C#12 or C#で", "C#sharp",
        "A number may follow, and a letter of a script that puts no blanks between words."),
    Row("number", "3", "version 3", "version 3.5", "Numbers are whole."),
    Row("phrase", '"acme notes"', "The Acme Notes app", "notes of acme",
        "The words in a row. Curly quotes do as well; `\\\"` is a quote inside."),
    Row("phrase", '"acme or not"', "Acme or not Acme?", "acme, or maybe not",
        "In quotes nothing is an operator, a field or a wildcard."),
    Row("`*`", "crash*", "it crashed again", "a car-crusher",
        "Any letters and digits, or none, inside one word. At either end or in the middle."),
    Row("`*`", "*phone", "my smartphone", "my phones", "In front it is allowed, too."),
    Row("`?`", "colo?r", "what a colour", "what a color",
        "Exactly one letter or digit. A word with a question mark behind it, such as `really?`, is one as well: quote "
        "it."),
    Row("hashtag", "#acme", "Day one with #Acme", "acme is a word here",
        "The hashtag alone, in the text or beside it."),
    Row("hashtag", "#acme*", "my #AcmeCorp story", "my #corp story",
        "`*` and `?` stand for anything a hashtag may hold, `_` as well."),
    Row("name", "@acme", "Thanks @acme for the fix", "thanks acme",
        "Who is named so, on any server, or who writes under that name."),
    Row("name", "@acme@example.social", "hi @acme@example.social", "hi @acme@example.org", "On that server only."),
    Row("`{…}`", "{Apple}", "Apple opens a store", "an apple a day",
        "The words in exactly these capitals. `\\}` is a brace inside."),
    Row("`raw:`", 'raw:"C++/CLI"', "I like C++/CLI", "C++ CLI",
        "Exactly these characters, symbols and all, at the edges of words; only case and width may differ."),
    Row("`raw:`", "raw:<3", "we <3 acme", "3 of us", "Without quotes it ends at the next blank or bracket."),
    Row("`plain:`", 'plain:"ca phe"', "một ly cà phê", "một ly trà",
        "Letters with and without marks are the same, in query and post (also đ and d, ø and o, ł and l, ى and ی)."),
    Row("`plain:`", "plain:(cà OR #phê)", "one #phe", "one tea", "Before brackets it goes for each term in them."),
    Row("`joined:`", 'joined:"acme corp"', "my #AcmeCorp story", "the corp of acme",
        "The words in a row, or written as one hashtag: short for `\"acme corp\" OR #acmecorp OR #acme_corp`."),
    Row("`joined:`", "joined:#AcmeCorp", "at Acme Corp today", "at Acme, a corp",
        "The same from the hashtag; capitals, digits and `_` show where its words begin."),
    Row("`/…/`", r"/v\d+\.\d+ beta/", "try v2.5 Beta now", "try v2 beta now",
        "A regular expression, in any case, over the text as it is written, in linear time "
        "([RE2](https://github.com/google/re2/wiki/Syntax)). `\\/` is a slash inside."),
)  # fmt: skip

TOGETHER = (
    Row("side by side", "acme crash", "Another crash in Acme", "Acme is fine", "Both, anywhere in the post."),
    Row("`AND`", "acme AND crash", "Another crash in Acme", "Acme is fine", "The same, written out."),
    Row("`OR`", "acme OR bolt", "bolt is fine", "quill is fine", "Either."),
    Row("`NOT`", "acme NOT hiring", "acme again", "acme is hiring", "The first without the second."),
    Row("`-`", 'acme -"job offer"', "acme again", "a job offer from acme",
        "The same; the minus stands directly before what is excluded."),
    Row("`(…)`", "acme (crash OR slow)", "acme is slow today", "acme is quick today", "Brackets group."),
    Row("what binds", "acme OR bolt crash", "acme is fine", "bolt is fine",
        "AND binds tighter than OR: this is `acme OR (bolt AND crash)`."),
    Row("`NEAR/n`", "acme NEAR/3 slow", "slow start of my Acme", "slow start of the new and shiny Acme",
        "Both in one field, in any order, with at most n words between them (n up to 100)."),
    Row("`NEAR/n`", '(acme OR "bolt notes") NEAR/2 crash*', "Bolt Notes just crashed",
        "a crash of quill, and there is Acme",
        "Each side is a term, or terms with OR in brackets."),
    Row("`ONEAR/n`", "acme ONEAR/3 slow", "Acme is so slow", "slow start of my Acme", "The same in this order."),
    Row("`<<<…>>>`", "acme <<< the brand, not the town >>> NOT town", "acme again", "the town of Acme",
        "A comment; it may run over lines."),
)  # fmt: skip

PLACES = (
    Row("`title:`", "title:crash", {"title": "A crash", "text": "Read on"}, {"title": "News", "text": "A crash"},
        "In the title only."),
    Row("`title:`", "title:(crash OR slow -acme)", {"title": "So slow", "text": "acme"},
        {"title": "Acme is slow", "text": ""},
        "Before brackets it goes for each term in them."),
    Row("`text:`", 'text:"so slow"', {"title": "Acme", "text": "It is so slow"}, {"title": "So slow", "text": "Acme"},
        "In the text only, not in the title."),
    Row("`author:`", "author:jo*", {"text": "hi", "author": "joan"}, {"text": "hi joan", "author": "mia"},
        "In the name or the handle of who writes."),
    Row("`author:`", "author:@acme", {"text": "hi", "author": "acme"}, {"text": "hi @acme", "author": "mia"},
        "Who writes under this handle, and not who is named."),
    Row("`url:`", "url:reviews", {"text": "hi", "url": "https://example.com/reviews/1"},
        {"text": "reviews", "url": "https://example.com/1"},
        "In the address of the post."),
    Row("`links:`", "links:acme.com", {"text": "look", "links": ["https://acme.com/news"]},
        {"text": "look", "links": ["https://example.com"]},
        "In an address that the post links to, beside its text or in it."),
    Row("`site:`", "site:acme.com", {"text": "hi", "url": "https://blog.acme.com/1"},
        {"text": "hi", "url": "https://acme.com.example.org/1"},
        "Published on this host or one below it."),
    Row("`hashtag:`", "hashtag:acme", "hi #acme", "hi acme", "The same as `#acme`."),
    Row("`mention:`", "mention:acme", {"text": "hi @acme", "author": "mia"}, {"text": "hi", "author": "acme"},
        "Names this account; unlike `@acme` not what the account writes itself."),
)  # fmt: skip

KNOWN = (
    Row("`lang:`", "lang:en", {"text": "Acme", "lang": "en-GB"}, {"text": "Acme", "lang": "de"},
        "Written in this language (ISO 639-1), as it is recognised."),
    Row("`lang:`", "lang:pt-br", {"text": "Acme", "lang": "pt-BR"}, {"text": "Acme", "lang": "pt-PT"},
        "With a region, only that one: as far as the platform says so."),
    Row("a list", "lang:en,de", {"text": "Acme", "lang": "de"}, {"text": "Acme", "lang": "fr"},
        "One of these. Every field below takes lists."),
    Row("a list", "lang:(en OR de)", {"text": "Acme", "lang": "de"}, {"text": "Acme", "lang": "fr"}, "The same."),
    Row("`country:`", "country:de", {"text": "Acme", "country": "DE"}, {"text": "Acme"},
        "From this country (ISO 3166-1), where the platform says so."),
    Row("`source:`", "source:mastodon", {"text": "Acme", "source": "mastodon:example.social"},
        {"text": "Acme", "source": "hackernews"},
        "Brought by this source: its id, its kind (what stands before the colon) or its network."),
    *(
        Row("`kind:`", f"kind:{kind}", {"text": "Acme", "kind": kind},
            {"text": "Acme", "kind": "comment" if kind == "post" else "post"},
            f"It is a {kind}." if kind != "article" else "It is an article.")
        for (kind,) in FIELDS["kind"].values
    ),
    Row("`rating:`", "rating:4", {"text": "Acme", "rating": 4}, {"text": "Acme", "rating": 4.5},
        "Stars from 1 to 5, whatever scale the site uses; exactly so many."),
    Row("a range", "rating:[1 TO 2]", {"text": "Acme", "rating": 2}, {"text": "Acme"},
        "From the one to the other, both included. What is not known lies in no range."),
    Row("a range", "rating:[3 TO *]", {"text": "Acme", "rating": 5}, {"text": "Acme", "rating": 2.9},
        "Without an end; the same as `rating:>=3`."),
    Row("`followers:`", "followers:>10k", {"text": "Acme", "followers": 10001}, {"text": "Acme", "followers": 10000},
        "How many follow who writes. `>` `>=` `<` `<=` stand before a number, `k` and `m` behind it."),
    Row("`engagement:`", "engagement:<=100", {"text": "Acme", "engagement": 100}, {"text": "Acme", "engagement": 101},
        "Its likes, replies, reposts and so on together."),
    Row("`is:`", "is:reply", {"text": "Acme", "reply_to": "1"}, {"text": "Acme"}, "It answers another post."),
    Row("`is:`", "is:repost", {"text": "RT @mia Acme", "repost_of": "1"}, {"text": "Acme"},
        "It repeats another's post."),
    Row("`is:`", "is:owned", {"text": "News", "author": "acme"}, {"text": "News from @acme", "author": "mia"},
        "The team wrote it: its accounts and sites stand under `owned` in the config."),
    Row("`has:`", "has:link", "see https://example.com/1", "see there", "It links to something."),
    Row("`has:`", "has:media", {"text": "Acme", "media": ["https://example.com/1.png"]}, {"text": "Acme"},
        "It has a picture or a video."),
    Row("`has:`", "has:rating", {"text": "Acme", "rating": 3}, {"text": "Acme"}, "It is rated."),
    Row("`after:`", "after:2026-03-02", {"text": "Acme", "published_at": "2026-03-02T00:00Z"},
        {"text": "Acme", "published_at": "2026-03-01T23:59Z"},
        "Published then or later. A date is its beginning in UTC."),
    Row("`before:`", "before:2026-03-02T09:30Z", {"text": "Acme", "published_at": "2026-03-02T09:29Z"},
        {"text": "Acme", "published_at": "2026-03-02T09:30Z"},
        "Published before that. A time may have an offset: `2026-03-02T11:30+02:00`."),
    Row("`version:`", "version:2.1", {"text": "Acme", "facts": {"version": "2.1"}},
        {"text": "Acme", "facts": {"version": "2.10"}},
        "About exactly this version of the product (reviews of apps and of software)."),
    Row("`verified:`", "verified:yes", {"text": "Acme", "facts": {"verified": "yes"}}, {"text": "Acme"},
        "The platform vouches that who writes has bought or used it."),
    Row("`verified:`", "verified:no", {"text": "Acme", "facts": {"verified": "no"}}, {"text": "Acme"},
        "It says that it does not vouch for it."),
    Row("`answered:`", "answered:yes", {"text": "Acme", "facts": {"answered": "yes"}}, {"text": "Acme"},
        "Who is reviewed has answered it."),
    Row("`answered:`", "answered:no", {"text": "Acme", "facts": {"answered": "no"}}, {"text": "Acme"},
        "It has not been answered so far."),
    Row("`plan:`", "plan:enterprise", {"text": "Acme", "facts": {"plan": "Enterprise"}},
        {"text": "Acme", "facts": {"plan": "Free"}}, "From a customer with this plan (tickets, surveys)."),
    Row("`customer:`", "customer:trial", {"text": "Acme", "facts": {"customer": "trial"}}, {"text": "a trial of Acme"},
        "From this kind of customer."),
    Row("`segment:`", "segment:schools", {"text": "Acme", "facts": {"segment": "schools"}},
        {"text": "Acme for schools"},
        "From this segment of the customers."),
    Row("`nps:`", "nps:<=6", {"text": "Acme", "facts": {"nps": 6}}, {"text": "Acme", "facts": {"nps": 7}},
        "From 0 to 10, how likely who answers a survey is to recommend it."),
)  # fmt: skip

_SOUNDS = tuple(Label)
STORED = (
    *(
        Row("`sentiment:`", f"sentiment:{spelling}", {"text": "Acme", "sentiment": label},
            {"text": "Acme", "sentiment": _SOUNDS[i - 1].value},
            "How the mention sounds." if spelling == label else f"Short for `sentiment:{label}`.")
        for i, (label, *others) in enumerate(FIELDS["sentiment"].values)
        for spelling in (label, *others)
    ),
    Row("`theme:`", 'theme:"log in"', {"text": "Acme", "themes": ["cannot log in"]}, {"text": "I cannot log in"},
        "Belongs to this theme: its id, or words of its label."),
    Row("`watch:`", "watch:acme", {"text": "hi", "watch": "acme"}, {"text": "Acme", "watch": "bolt"},
        "Is a mention of this watch (its id)."),
)  # fmt: skip

ELSEWHERE = (
    Row("`$name`", "acme -$noise", "acme again", "a job offer from acme",
        f"A named query, here `{Shelf.queries['noise']}`."),
    Row("`@file:`", "acme -@file:excludes.txt", "acme again", "acme is hiring",
        "A word list: one word, phrase, #hashtag, @name, {Cased} or wildcard a line."),
)  # fmt: skip

TABLES: Mapping[str, tuple[Row, ...]] = {
    "Words": WORDS,
    "Together": TOGETHER,
    "In one place of a post": PLACES,
    "What is known of a post": KNOWN,
    "What is known of a stored mention": STORED,
    "Taken from elsewhere": ELSEWHERE,
}
ROWS = tuple(row for rows in TABLES.values() for row in rows)


def page() -> str:
    columns = ("What", "Query", "Finds", "Does not find", "Meaning")
    parts = []
    for title, rows in TABLES.items():
        shown = [(row.what, f"`{row.query}`", sample(row.finds), sample(row.leaves), row.says) for row in rows]
        parts += [f"### {title}", table(columns, shown)]
    return "\n\n".join(parts)


def sample(post: Sample) -> str:
    """A post on one line: what it says, and what else is known of it."""
    if isinstance(post, str):
        return post
    flat = {**post, **post.get("facts", {})}
    known = [
        f"{key}: {', '.join(value) if isinstance(value, list) else value}"
        for key, value in flat.items()
        if value and key != "facts"
    ]
    return " · ".join(known)

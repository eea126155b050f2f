"""The people of each platform, and how a text becomes a post there: tags, titles, ratings, links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from random import Random

from listener.demo.people import Author, Cast, author
from listener.demo.phrases import Writer, names, phrases
from listener.demo.posts import Made, MarketPost, Truth

TOPIC = "notetaking"
TAGS = {"lanternfish": "Lanternfish", "quillmoss": "Quillmoss", "foldermint": "Foldermint", TOPIC: "notetaking"}
STARS = {"positive": ((5, 4), (76, 24)), "neutral": ((3, 4), (64, 36)), "negative": ((1, 2, 3), (62, 30, 8))}
FEATURES = "(?:sync|export|search|support|editor|assistant|widget)"  # whoever leaves the name out says "the export"
LANGUAGE_OF = {"us": "en", "gb": "en", "es": "es", "vn": "vi"}


@dataclass(frozen=True, slots=True)
class Said:
    """A text with what it is, before a platform dresses it."""

    app: str
    text: str
    sentiment: str
    topic: str
    made: Made = Made.ORDINARY
    language: str = "en"
    title: str = ""


class Society:
    """Knows the regulars of every platform and dresses what they say."""

    def __init__(self, rng: Random, writer: Writer) -> None:
        self.rng = rng
        self.writer = writer
        self.hackers = Cast(rng, 230, {"en": 1.0})
        self.tooters = Cast(rng, 330, {"en": 0.84, "es": 0.10, "vi": 0.06}, joint="_")
        self.members = Cast(rng, 110, {"en": 1.0}, joint="-")
        self.journalists = Cast(rng, 9, {"en": 1.0}, joint=" ")
        self._reviewers = count(1)
        self._serial = count(1)

    # -- one method a platform ---------------------------------------------------------------------------------

    def toot(self, at: datetime, said: Said, who: Author | None = None) -> MarketPost:
        """A Mastodon status: the product's name becomes a hashtag, or one stands at the end."""
        who = who or self.tooters.anyone(said.language)
        text, tags = self.writer.voiced(said.text, who.voice), [TAGS.get(said.app, TOPIC)]
        name = names().get(said.app, "")
        if name and self.rng.random() < 0.3:
            text = re.sub(re.escape(name), f"#{tags[0]}", text, count=1, flags=re.IGNORECASE)
        if said.made is Made.NOISE:
            tags = [TAGS["lanternfish"], self.rng.choice(phrases()["en"]["noise"]["tags"])]
        elif said.app in names() and self.rng.random() < 0.12:
            tags.append(TOPIC)
        missing = [f"#{tag}" for tag in tags if f"#{tag}".lower() not in text.lower()]
        text = f"{text} {' '.join(missing)}".strip()
        return self._post(at, "mastodon", "", who, said, text, tags=tuple(tags))

    def comment(self, at: datetime, said: Said, who: Author | None = None) -> MarketPost:
        who = who or self.hackers.anyone()
        return self._post(at, "hackernews", "comment", who, said, self.writer.voiced(said.text, who.voice))

    def headline(self, at: datetime, said: Said, who: Author | None = None) -> MarketPost:
        """A Hacker News story: a question has a text, the others have a link alone."""
        who = who or self.hackers.anyone()
        asks = said.title.startswith(("Ask HN", "Show HN"))
        link = "" if asks else f"https://blog-{self.rng.randrange(100, 999)}.example/{slug(said.title)}"
        text = said.text if asks or said.made is not Made.ORDINARY else ""
        if not text:
            said = replace(said, sentiment="neutral")
        return self._post(at, "hackernews", "story", who, said, text, link=link)

    def topic(self, at: datetime, said: Said) -> MarketPost:
        """The first post of a topic in the forum of the brand."""
        return self._post(at, "feed", "forum", self.members.anyone(), said, said.text)

    def article(self, at: datetime, said: Said) -> MarketPost:
        link = f"https://softwarereader.example/{at:%Y/%m/%d}/{slug(said.title)}-{at:%H%M}"
        return self._post(at, "feed", "press", self.journalists.anyone(), said, said.text, link=link)

    def review(self, at: datetime, said: Said, country: str) -> MarketPost:
        """A review in the app store of a country. About half of them do not name the product."""
        text = said.text
        name = names()[said.app]
        if self.rng.random() < 0.6 and not re.search(rf"\b(?:the|my|awful) {name}", text, re.IGNORECASE):
            text = re.sub(rf"{name} (?={FEATURES}\b)", "the ", text)
            text = text.replace(name, {"en": "this app", "es": "esta app", "vi": "ứng dụng"}[said.language])
            text = text[:1].upper() + text[1:]
        return self._rated(at, "appstore", said, text, country)

    def site_review(self, at: datetime, said: Said) -> MarketPost:
        """A review on the page of an independent site."""
        return self._rated(at, "reviews", said, said.text, "")

    # -- shared ------------------------------------------------------------------------------------------------

    def _rated(self, at: datetime, platform: str, said: Said, text: str, country: str) -> MarketPost:
        who = author(self.rng, next(self._reviewers), said.language, joint=" ")
        stars = self.rng.choices(*STARS[said.sentiment])[0]
        return self._post(at, platform, said.app, who, said, text, country=country, rating=stars)

    def _post(
        self,
        at: datetime,
        platform: str,
        place: str,
        who: Author,
        said: Said,
        text: str,
        *,
        country: str = "",
        rating: int | None = None,
        tags: tuple[str, ...] = (),
        link: str = "",
    ) -> MarketPost:
        watches = concerned(f"{said.title} {text}", place) if said.made is not Made.NOISE else ()
        return MarketPost(
            at=at,
            platform=platform,
            place=place,
            author=who,
            text=text,
            title=said.title,
            truth=Truth(said.made, said.sentiment, said.topic, watches),
            language=said.language,
            country=country,
            rating=rating,
            tags=tags,
            link=link,
            story=str(next(self._serial)),
            applause=min(900, int(self.rng.paretovariate(1.1)) - 1),
        )


def concerned(text: str, place: str) -> tuple[str, ...]:
    """The watches this concerns: the reviewed product, and those that the text names."""
    flat = text.lower().replace("note-taking", TOPIC)
    named = [watch for watch, tag in TAGS.items() if tag.lower() in flat]
    return tuple(dict.fromkeys([place, *named] if place in names() else named))


def slug(title: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def weighted(rng: Random, shares: dict[str, float]) -> str:
    return rng.choices(tuple(shares), tuple(shares.values()))[0]


def matching(templates: Sequence[str], word: str) -> list[str]:
    return [template for template in templates if word in template]

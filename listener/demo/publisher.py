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
class PostDraft:
    """What somebody says, before it becomes a post of a platform."""

    app: str
    text: str
    sentiment: str
    topic: str
    made: Made = Made.ORDINARY
    language: str = "en"
    title: str = ""


class Publisher:
    """Turns drafts into posts of a platform, written by one of the regulars it keeps for each."""

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

    def toot(self, at: datetime, draft: PostDraft, who: Author | None = None) -> MarketPost:
        """A Mastodon status: the product's name becomes a hashtag, or one stands at the end."""
        who = who or self.tooters.anyone(draft.language)
        text, tags = self.writer.in_voice(draft.text, who.voice), [TAGS.get(draft.app, TOPIC)]
        name = names().get(draft.app, "")
        if name and self.rng.random() < 0.3:
            text = re.sub(re.escape(name), f"#{tags[0]}", text, count=1, flags=re.IGNORECASE)
        if draft.made is Made.NOISE:
            tags = [TAGS["lanternfish"], self.rng.choice(phrases()["en"]["noise"]["tags"])]
        elif draft.app in names() and self.rng.random() < 0.12:
            tags.append(TOPIC)
        missing = [f"#{tag}" for tag in tags if f"#{tag}".lower() not in text.lower()]
        text = f"{text} {' '.join(missing)}".strip()
        return self._post(at, "mastodon", "", who, draft, text, tags=tuple(tags))

    def comment(self, at: datetime, draft: PostDraft, who: Author | None = None) -> MarketPost:
        who = who or self.hackers.anyone()
        return self._post(at, "hackernews", "comment", who, draft, self.writer.in_voice(draft.text, who.voice))

    def headline(self, at: datetime, draft: PostDraft, who: Author | None = None) -> MarketPost:
        """A Hacker News story: a question has a text, the others have a link alone."""
        who = who or self.hackers.anyone()
        asks = draft.title.startswith(("Ask HN", "Show HN"))
        link = "" if asks else f"https://blog-{self.rng.randrange(100, 999)}.example/{slug(draft.title)}"
        text = draft.text if asks or draft.made is not Made.ORDINARY else ""
        if not text:
            draft = replace(draft, sentiment="neutral")
        return self._post(at, "hackernews", "story", who, draft, text, link=link)

    def topic(self, at: datetime, draft: PostDraft) -> MarketPost:
        """The first post of a topic in the forum of the brand."""
        return self._post(at, "feed", "forum", self.members.anyone(), draft, draft.text)

    def article(self, at: datetime, draft: PostDraft) -> MarketPost:
        link = f"https://softwarereader.example/{at:%Y/%m/%d}/{slug(draft.title)}-{at:%H%M}"
        return self._post(at, "feed", "press", self.journalists.anyone(), draft, draft.text, link=link)

    def review(self, at: datetime, draft: PostDraft, country: str) -> MarketPost:
        """A review in the app store of a country. About half of them do not name the product."""
        text = draft.text
        name = names()[draft.app]
        if self.rng.random() < 0.6 and not re.search(rf"\b(?:the|my|awful) {name}", text, re.IGNORECASE):
            text = re.sub(rf"{name} (?={FEATURES}\b)", "the ", text)
            text = text.replace(name, {"en": "this app", "es": "esta app", "vi": "ứng dụng"}[draft.language])
            text = text[:1].upper() + text[1:]
        return self._rated(at, "appstore", draft, text, country)

    def site_review(self, at: datetime, draft: PostDraft) -> MarketPost:
        """A review on the page of an independent site."""
        return self._rated(at, "reviews", draft, draft.text, "")

    # -- shared ------------------------------------------------------------------------------------------------

    def _rated(self, at: datetime, platform: str, draft: PostDraft, text: str, country: str) -> MarketPost:
        who = author(self.rng, next(self._reviewers), draft.language, joint=" ")
        stars = self.rng.choices(*STARS[draft.sentiment])[0]
        return self._post(at, platform, draft.app, who, draft, text, country=country, rating=stars)

    def _post(
        self,
        at: datetime,
        platform: str,
        place: str,
        who: Author,
        draft: PostDraft,
        text: str,
        *,
        country: str = "",
        rating: int | None = None,
        tags: tuple[str, ...] = (),
        link: str = "",
    ) -> MarketPost:
        watches = concerned(f"{draft.title} {text}", place) if draft.made is not Made.NOISE else ()
        return MarketPost(
            at=at,
            platform=platform,
            place=place,
            author=who,
            text=text,
            title=draft.title,
            truth=Truth(draft.made, draft.sentiment, draft.topic, watches),
            language=draft.language,
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

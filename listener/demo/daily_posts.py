"""Ordinary life in the simulated market: what is said on any day, platform by platform, and noise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from listener.demo.phrases import names, phrases
from listener.demo.posting_times import LEISURE_WEEK, posting_times
from listener.demo.posts import Made, MarketPost
from listener.demo.publisher import LANGUAGE_OF, TOPIC, PostDraft, Publisher, matching, weighted

TOPICS = ("sync", "price", "editor", "search", "mobile", "export", "support", "onboarding", "ai", "compare")
SUBJECTS = {
    "hackernews": {"lanternfish": 0.50, "quillmoss": 0.18, "foldermint": 0.15, TOPIC: 0.17},
    "mastodon": {"lanternfish": 0.47, "quillmoss": 0.18, "foldermint": 0.12, TOPIC: 0.23},
    "forum": {"lanternfish": 1.0},
    "press": {"lanternfish": 0.45, "quillmoss": 0.30, "foldermint": 0.25},
}
MOODS = {
    "hackernews": {"positive": 0.30, "neutral": 0.44, "negative": 0.26},
    "mastodon": {"positive": 0.40, "neutral": 0.40, "negative": 0.20},
    "forum": {"positive": 0.26, "neutral": 0.52, "negative": 0.22},
    "press": {"positive": 0.34, "neutral": 0.50, "negative": 0.16},
    "stars": {"positive": 0.60, "neutral": 0.14, "negative": 0.26},
}
DAILY = {"hackernews": 26.0, "mastodon": 33.0, "forum": 6.0, "press": 3.0}
STORES = {  # (product, country) → reviews a day
    ("lanternfish", "us"): 5.2,
    ("lanternfish", "gb"): 2.2,
    ("lanternfish", "es"): 1.9,
    ("lanternfish", "vn"): 1.5,
    ("quillmoss", "us"): 2.4,
    ("foldermint", "us"): 1.8,
}
SITES = {"lanternfish": 1.5, "quillmoss": 0.9, "foldermint": 0.7}
NOISE = {"hackernews": 0.7, "mastodon": 3.3}


class DailyPosts:
    """Writes the posts of ordinary days."""

    def __init__(self, publisher: Publisher, start: datetime, end: datetime) -> None:
        self._publisher = publisher
        self._rng = publisher.rng
        self._writer = publisher.writer
        self._span = (start, end)

    def posts(self) -> Iterator[MarketPost]:
        yield from self._hackernews_posts()
        yield from self._mastodon_posts()
        yield from self._feed_posts()
        yield from self._review_posts()
        yield from self._noise_posts()

    # -- platforms ---------------------------------------------------------------------------------------------

    def _hackernews_posts(self) -> Iterator[MarketPost]:
        for at in posting_times(self._rng, *self._span, DAILY["hackernews"]):
            app = weighted(self._rng, SUBJECTS["hackernews"])
            if self._rng.random() < 0.14:
                titles = phrases()["en"]["titles"]["story" if app in names() else "topic_story"]
                yield self._publisher.headline(at, self._draft(app, "hackernews", titles=titles))
            else:
                yield self._publisher.comment(at, self._draft(app, "hackernews", more=self._rng.choice((1, 1, 2))))

    def _mastodon_posts(self) -> Iterator[MarketPost]:
        for at in posting_times(self._rng, *self._span, DAILY["mastodon"]):
            who = self._publisher.tooters.anyone()
            app = weighted(self._rng, SUBJECTS["mastodon"])
            if who.language != "en" and app == TOPIC:
                app = "lanternfish"
            draft = self._draft(app, "mastodon", language=who.language, more=self._rng.choice((0, 1, 1)))
            yield self._publisher.toot(at, draft, who)

    def _feed_posts(self) -> Iterator[MarketPost]:
        titles = phrases()["en"]["titles"]
        for at in posting_times(self._rng, *self._span, DAILY["forum"]):
            yield self._publisher.topic(at, self._draft("lanternfish", "forum", titles=titles["forum"], more=2))
        for at in posting_times(self._rng, *self._span, DAILY["press"]):
            app = weighted(self._rng, SUBJECTS["press"])
            yield self._publisher.article(at, self._draft(app, "press", titles=titles["press"], more=3))

    def _review_posts(self) -> Iterator[MarketPost]:
        for (app, country), daily in STORES.items():
            for at in posting_times(self._rng, *self._span, daily, LEISURE_WEEK):
                yield self._publisher.review(at, self._review_draft(app, LANGUAGE_OF[country]), country)
        for app, daily in SITES.items():
            for at in posting_times(self._rng, *self._span, daily, LEISURE_WEEK):
                yield self._publisher.site_review(at, self._review_draft(app, "en"))

    def _noise_posts(self) -> Iterator[MarketPost]:
        sentences = phrases()["en"]["noise"]["sentences"]
        for platform, daily in NOISE.items():
            for at in posting_times(self._rng, *self._span, daily):
                text = self._writer.compose("", [sentences])
                draft = PostDraft("", text, "neutral", "noise", Made.NOISE)
                yield self._publisher.toot(at, draft) if platform == "mastodon" else self._publisher.comment(at, draft)

    # -- texts -------------------------------------------------------------------------------------------------

    def _review_draft(self, app: str, language: str) -> PostDraft:
        mood = weighted(self._rng, MOODS["stars"])
        draft = self._opinion(app, mood, language, more=self._rng.choice((0, 1, 2)))
        title = self._writer.line(phrases()[language]["titles"][mood], app, language)
        return PostDraft(app, draft.text, mood, draft.topic, language=language, title=title)

    def _draft(
        self, app: str, place: str, *, language: str = "en", titles: list[str] | None = None, more: int = 1
    ) -> PostDraft:
        # One product is liked a little less than the others.
        shares = dict(MOODS[place])
        if app == "foldermint":
            shares["negative"] += 0.08
            shares["positive"] -= 0.08
        mood = weighted(self._rng, shares)
        draft = (
            self._opinion(app, mood, language, more) if app in names() else self._about_note_taking(mood, place, more)
        )
        title = self._writer.line(titles, app, language, draft.topic) if titles else ""
        return PostDraft(app, draft.text, mood, draft.topic, language=language, title=title)

    def _opinion(self, app: str, mood: str, language: str, more: int) -> PostDraft:
        topic = self._rng.choice(TOPICS)
        return PostDraft(app, self._writer.opinion(app, topic, mood, language, more), mood, topic)

    def _about_note_taking(self, mood: str, place: str, more: int) -> PostDraft:
        """About taking notes as such. Hashtags are Mastodon's custom."""
        section = phrases()["en"]
        openings = section["topic"][mood]
        if place != "mastodon":
            openings = matching(openings, "note-taking app")
        text = self._writer.compose(TOPIC, [openings, *[section["after"][mood]] * more])
        return PostDraft(TOPIC, text, mood, TOPIC)

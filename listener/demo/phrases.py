"""Fills the sentences of phrases.toml, so that no two posts of the market read alike."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

CHATTY = ("So: ", "Hm. ", "By the way: ", "OK then. ", "Small note: ", "Day two: ", "Right. ")
SLOT = re.compile(r"\{(\w+)\}")
SAME = ("doc", "who", "role")  # within one text it is one notebook, one friend, one trade


@cache
def phrases() -> dict[str, Any]:
    """The whole file, read once."""
    return tomllib.loads(files("listener.demo").joinpath("phrases.toml").read_text(encoding="utf-8"))


def names() -> dict[str, str]:
    """Watch id → what the product is called."""
    return dict(phrases()["names"])


class Writer:
    """Writes texts about a product (a watch id of `names()`), each of them only once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._names = names()
        self._seen: set[str] = set()
        self._decks: dict[tuple[str, int], list[str]] = {}

    def fill(
        self, template: str, app: str, language: str = "en", topic: str = "", chosen: dict[str, str] | None = None
    ) -> str:
        """The template with its slots filled, first with what is `chosen` already, and a capital first letter."""
        slots = phrases()[language]["slots"]
        rival = self._rng.choice([name for key, name in self._names.items() if key != app])
        topics = phrases()["en"]["topics"]
        fixed = {"app": self._names.get(app, ""), "rival": rival, "topic": topics.get(topic, "notes"), **(chosen or {})}
        text = SLOT.sub(lambda slot: fixed.get(slot[1]) or self._rng.choice(slots[slot[1]]), template)
        return text[:1].upper() + text[1:]

    def pick(self, templates: Sequence[str]) -> str:
        """One of them, dealt like cards: all have been used before one comes again."""
        deck = self._decks.setdefault((templates[0], len(templates)), [])
        if not deck:
            deck.extend(self._rng.sample(list(templates), len(templates)))
        return deck.pop()

    def line(self, section: Sequence[str], app: str, language: str = "en", topic: str = "") -> str:
        return self.fill(self.pick(section), app, language, topic)

    def compose(self, app: str, parts: Sequence[Sequence[str]], language: str = "en") -> str:
        """One sentence from each part, joined; drawn again while it has been said before."""
        text, slots = "", phrases()[language]["slots"]
        for _ in range(50):
            chosen = {name: self._rng.choice(slots[name]) for name in SAME if name in slots}
            text = " ".join(self.fill(self.pick(part), app, language, chosen=chosen) for part in parts)
            if text.casefold() not in self._seen:
                break
        self._seen.add(text.casefold())
        return text

    def opinion(self, app: str, topic: str, sentiment: str, language: str = "en", more: int = 1) -> str:
        """An opening that names the product and `more` sentences after it.

        What follows a happy or an angry opening is of its kind or a plain remark: people stray, but seldom contradict
        themselves within three sentences.
        """
        section = phrases()[language]
        opening = section[topic if language == "en" else "general"][sentiment]
        remarks = section["after"].get("remark", section["after"][sentiment])
        after = [section["after"][sentiment] if self._rng.random() < 0.6 else remarks for _ in range(more)]
        return self.compose(
            app, [opening, *(after if sentiment != "neutral" else [section["after"]["neutral"]] * more)], language
        )

    def in_voice(self, text: str, voice: str) -> str:
        """The text as this author would type it."""
        if voice == "lower":
            return text.lower().rstrip(".")
        if voice == "chatty":
            return self._rng.choice(CHATTY) + text
        return text

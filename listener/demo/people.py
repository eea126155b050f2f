"""The invented people of the simulated market: handles made of things and colours, never of a person's name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from listener.demo.phrases import phrases

SERVERS = ("notes.example", "inkpot.example", "quietsea.example", "fediverse.example")


@dataclass(frozen=True, slots=True)
class Author:
    """`handle` is what the platform calls them; `server` is another Mastodon server, "" for the one that is read."""

    handle: str
    name: str
    language: str = "en"
    voice: str = "plain"
    server: str = ""
    number: int = 0


def author(rng: Random, number: int, language: str = "en", joint: str = "") -> Author:
    """One author; `number` tells them apart on their platform and is part of some handles, as on real ones."""
    words = phrases()["people"][language]
    first, second = rng.choice(words["first"]), rng.choice(words["second"])
    tail = str(rng.randrange(2, 99)) if rng.random() < 0.3 else ""
    return Author(
        handle=f"{first}{joint}{second}{tail}",
        name=f"{first} {second}".title(),
        language=language,
        voice=rng.choices(("plain", "lower", "chatty"), (70, 16, 14 if language == "en" else 0))[0],
        server=rng.choice(SERVERS) if rng.random() < 0.6 else "",
        number=number,
    )


class Cast:
    """The regulars of one platform. A few write a lot, most write rarely."""

    def __init__(self, rng: Random, size: int, languages: dict[str, float], joint: str = "") -> None:
        self._rng = rng
        self._by_language: dict[str, list[Author]] = {}
        self._weights: dict[str, list[float]] = {}
        taken: set[str] = set()
        for language, share in languages.items():
            people: list[Author] = []
            self._by_language[language] = people
            while len(people) < max(8, round(size * share)):
                someone = author(rng, len(taken) + 1, language, joint)
                if someone.handle not in taken:
                    taken.add(someone.handle)
                    people.append(someone)
            self._weights[language] = [*accumulate(1 / (rank + 12) for rank in range(len(people)))]
        self.languages = languages

    def anyone(self, language: str | None = None) -> Author:
        """A person by chance; those who write a lot come up more often."""
        if language is None:
            language = self._rng.choices(tuple(self.languages), tuple(self.languages.values()))[0]
        return self._rng.choices(self._by_language[language], cum_weights=self._weights[language])[0]

    def several(self, count: int) -> list[Author]:
        """That many different people who write English, or all there are."""
        people = self._by_language["en"]
        return self._rng.sample(people, min(count, len(people)))

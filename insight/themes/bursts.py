"""Which phrases many people use now and few used before, and which of them mean the same complaint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from insight.evidence import Author, author, stories
from insight.model import PostKey, StoredMention
from insight.statistics import negative_binomial_tail
from insight.themes.phrasebook import Phrasebook
from insight.understanding.phrases import specificity, unspaced

PEOPLE = 4  # distinct authors, and distinct stories
RATIO = 3.0  # times what the phrase's own history lets expect
BURSTINESS = 1.0  # people talk about what others talk about: the variance of a phrase's count is mean + mean²
LOOKS = 4  # independent looks a day that are allowed for, although hourly looks at three days overlap far more
SAME = 0.5  # two phrases of which so many posts are the same mean the same


@dataclass(frozen=True, slots=True)
class Burst:
    """A complaint: its phrases, best evidence first, and who says it now."""

    label: str
    phrases: tuple[str, ...]
    mentions: tuple[StoredMention, ...]
    expected: float
    chance: float

    @property
    def people(self) -> int:
        """Authors or stories, whichever are fewer: neither one loud voice nor one copied text is many people."""
        return support(self.mentions)

    @property
    def posts(self) -> frozenset[PostKey]:
        return frozenset(stored.post.key for stored in self.mentions)


def support(mentions: Sequence[StoredMention]) -> int:
    return min(len({author(stored) for stored in mentions}), len(stories(mentions)))


def find(
    window: Sequence[tuple[StoredMention, frozenset[str]]], book: Phrasebook, false_alarms_per_day: float
) -> tuple[Burst, ...]:
    """The bursts among these mentions, each phrase against its history, most certain first."""
    # 1. Who uses what.
    users: dict[str, list[StoredMention]] = {}
    for stored, phrases in window:
        for phrase in phrases:
            users.setdefault(phrase, []).append(stored)
    people = len({author(stored) for stored, _ in window})

    # 2. Too many to be chance, given how many phrases are looked at and how often.
    threshold = false_alarms_per_day / (LOOKS * max(1, len(users)))
    certain: dict[str, tuple[float, float]] = {}
    for phrase, said in users.items():
        expected = people * book.share(phrase)
        count = support(said) if len(said) >= PEOPLE else 0
        if count >= max(PEOPLE, RATIO * expected) and _says_something(phrase, book):
            chance = negative_binomial_tail(count, expected, BURSTINESS)
            if chance < threshold:
                certain[phrase] = (chance, expected)

    # 3. One complaint has many phrases.
    groups = _grouped(sorted(certain, key=lambda phrase: (certain[phrase], -specificity(phrase), phrase)), users)
    return tuple(_burst(group, users, certain) for group in groups)


def _says_something(phrase: str, book: Phrasebook) -> bool:
    """Not "since the": a phrase that begins or ends with a word that everybody uses anyway."""
    if unspaced(phrase):
        return True
    words = phrase.split(" ")
    return not (book.common(words[0]) or book.common(words[-1]))


def _grouped(ranked: Sequence[str], users: Mapping[str, Sequence[StoredMention]]) -> list[list[str]]:
    groups: list[tuple[set[PostKey], list[str]]] = []
    for phrase in ranked:
        posts = {stored.post.key for stored in users[phrase]}
        for known, group in groups:
            if len(posts & known) >= SAME * min(len(posts), len(known)):
                group.append(phrase)
                break
        else:
            groups.append((posts, [phrase]))
    return [group for _, group in groups]


def _burst(
    group: list[str], users: Mapping[str, Sequence[StoredMention]], certain: Mapping[str, tuple[float, float]]
) -> Burst:
    """The label is the phrase that says most, of those that most of these people use."""
    voices: dict[str, set[Author]] = {phrase: {author(stored) for stored in users[phrase]} for phrase in group}
    most = max(len(said) for said in voices.values())
    wide = [phrase for phrase in group if len(voices[phrase]) >= 0.6 * most]
    label = max(wide, key=lambda phrase: (specificity(phrase), len(voices[phrase]), phrase))
    mentions = {stored.post.key: stored for phrase in wide for stored in users[phrase]}
    chance, expected = certain[group[0]]
    return Burst(label, tuple(group), tuple(mentions[key] for key in sorted(mentions)), expected, chance)

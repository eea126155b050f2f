"""Which phrases many people use now and few used before, and which of them mean the same complaint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from insight.evidence import Author, author_of, stories
from insight.model import PostKey, StoredMention
from insight.statistics import negative_binomial_tail
from insight.themes.phrasebook import Phrasebook
from insight.understanding.phrases import specificity, unspaced

WINDOW = timedelta(hours=72)  # the time in which people must say the same
PEOPLE = 4  # distinct authors, and distinct stories
RATIO = 3.0  # times what the phrase's own history lets expect
BURSTINESS = 1.0  # people talk about what others talk about: the variance of a phrase's count is mean + mean²
LOOKS = 4  # independent looks a day that are allowed for, although hourly looks at three days overlap far more
SAME_POSTS = 0.5  # two phrases of which so many posts are the same mean the same
WIDE = 0.6  # of the authors of a group's most used phrase: so many must use the phrase that becomes its label


@dataclass(frozen=True, slots=True)
class Burst:
    """A complaint: its phrases, best evidence first, and who says it now.

    `expected`: how many people would have used its surest phrase, by history; `chance`: that so many do all the same.
    """

    label: str
    phrases: tuple[str, ...]
    mentions: tuple[StoredMention, ...]
    expected: float
    chance: float

    @property
    def people(self) -> int:
        return count_people(self.mentions)


def count_people(mentions: Sequence[StoredMention]) -> int:
    """Authors or stories, whichever are fewer: neither one loud author nor one copied text is many people."""
    return min(len({author_of(stored) for stored in mentions}), len(stories(mentions)))


def find_bursts(
    window: Sequence[tuple[StoredMention, frozenset[str]]], book: Phrasebook, false_alarms_per_day: float
) -> tuple[Burst, ...]:
    """The bursts among these mentions, each phrase against its history, most certain first."""
    # 1. Who uses what.
    users: dict[str, list[StoredMention]] = {}
    for stored, phrases in window:
        for phrase in phrases:
            users.setdefault(phrase, []).append(stored)
    people = len({author_of(stored) for stored, _ in window})

    # 2. Too many to be chance, given how many phrases are looked at and how often (Bonferroni, as for spikes).
    threshold = false_alarms_per_day / (LOOKS * max(1, len(users)))
    certain: dict[str, tuple[float, float]] = {}
    for phrase, mentions in users.items():
        expected = people * book.share(phrase)
        count = count_people(mentions) if len(mentions) >= PEOPLE else 0
        if count >= max(PEOPLE, RATIO * expected) and _says_something(phrase, book):
            chance = negative_binomial_tail(count, expected, BURSTINESS)
            if chance < threshold:
                certain[phrase] = (chance, expected)

    # 3. One complaint has many phrases.
    ranked = sorted(certain, key=lambda phrase: (certain[phrase], -specificity(phrase), phrase))
    return tuple(_make_burst(group, users, *certain[group[0]]) for group in _groups(ranked, users))


def _says_something(phrase: str, book: Phrasebook) -> bool:
    """Not "since the": a phrase that begins or ends with a word that everybody uses anyway."""
    if unspaced(phrase):
        return True
    words = phrase.split(" ")
    return not (book.is_common(words[0]) or book.is_common(words[-1]))


def _groups(ranked: Sequence[str], users: Mapping[str, Sequence[StoredMention]]) -> list[list[str]]:
    """Phrases that stand in the same posts, by the first phrase of each group: greedy, the surest phrases first."""
    groups: list[tuple[set[PostKey], list[str]]] = []
    for phrase in ranked:
        posts = {stored.post.key for stored in users[phrase]}
        for first_posts, group in groups:
            if len(posts & first_posts) >= SAME_POSTS * min(len(posts), len(first_posts)):
                group.append(phrase)
                break
        else:
            groups.append((posts, [phrase]))
    return [group for _, group in groups]


def _make_burst(
    group: list[str], users: Mapping[str, Sequence[StoredMention]], chance: float, expected: float
) -> Burst:
    """The label is the phrase that says most, of those that most of these people use."""
    authors: dict[str, set[Author]] = {phrase: {author_of(stored) for stored in users[phrase]} for phrase in group}
    most = max(map(len, authors.values()))
    wide = [phrase for phrase in group if len(authors[phrase]) >= WIDE * most]
    label = max(wide, key=lambda phrase: (specificity(phrase), len(authors[phrase]), phrase))
    mentions = {stored.post.key: stored for phrase in wide for stored in users[phrase]}
    return Burst(label, tuple(group), tuple(mentions[key] for key in sorted(mentions)), expected, chance)

"""Our VADER against the vaderSentiment package: the same scores on 50,000 texts, and how much faster."""

from __future__ import annotations

import random

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

from benchmarks.table import Row, processor_seconds, show
from benchmarks.texts import made, posts_like, real
from insight.understanding.sentiment import vader_scores

TEXTS = 50_000
_TURNS = ("no", "but", "least", "at", "very", "never", "so", "this", "without", "doubt", "kind", "of", "or", "nor")
_PLAIN = ("table", "isn't", "x")
_GLUE = (" ", " ", " ", "", "  ", ", ", "! ", "? ", ". ", "\n", "\u00a0")


def random_texts(theirs: SentimentIntensityAnalyzer, count: int) -> list[str]:
    """Every word and emoji the package knows, its rules' own words most of all, glued in every way."""
    rng = random.Random(7)
    told = [word for phrase in SPECIAL_CASES for word in phrase.split()]
    pools = [list(theirs.lexicon), [*_TURNS, *_PLAIN, *told], [*BOOSTER_DICT, *NEGATE], list(theirs.emojis)]

    def word() -> str:
        chosen: str = rng.choice(rng.choice(pools))
        return chosen.upper() if rng.random() < 0.1 else chosen

    return ["".join(word() + rng.choice(_GLUE) for _ in range(rng.randrange(25))) for _ in range(count)]


def main() -> None:
    theirs = SentimentIntensityAnalyzer()
    found = real()
    texts = found + random_texts(theirs, TEXTS - len(found))
    wrong = sum(vader_scores(text) != theirs.polarity_scores(text) for text in texts)
    note = f"{wrong} differences in {len(texts):,} texts: {len(found):,} real, {len(texts) - len(found):,} random"
    show("VADER, texts a second", "vader", "texts/s", list(_speed(theirs)), [note])


def _speed(theirs: SentimentIntensityAnalyzer) -> list[Row]:
    article = " ".join(made(170))  # about 2,000 words
    sets = {
        "short posts": posts_like(1_000),
        "articles of 2,000 words": [article] * 3,
        "3,000 emojis": ["😂" * 3_000],
    }
    rows = []
    for name, texts in sets.items():
        plain, ours = f"package, {name}", f"ours, {name}"
        for what, score in ((plain, theirs.polarity_scores), (ours, vader_scores)):
            seconds = processor_seconds(lambda score=score, texts=texts: [score(text) for text in texts], 2)  # type: ignore[misc]
            rows.append(Row(what, len(texts) / seconds, plain if what == ours else ""))
    return [*rows, Row("ours, 10,000 emojis", 1 / processor_seconds(lambda: vader_scores("😂" * 10_000), 3))]


if __name__ == "__main__":
    main()

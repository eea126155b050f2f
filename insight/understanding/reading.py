"""What a post says of one watch: how it sounds, whether it complains, what it wants and what it speaks of, and why so.

1. The names of the watches are taken out: a brand called Panic is no panic.
2. The lexicon of the language finds opinions, each turned, raised or weakened by the words around it.
3. Each opinion is one of the watch, or of another one that is named nearer to it.
4. Figures over these opinions go through a readout, fitted on labelled posts, to probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from insight.model import Facet, Label, Post, Sentiment, Span
from insight.understanding.facets import facets_of
from insight.understanding.lexicon import lexicon_for
from insight.understanding.opinions import Opinion, opinions_in
from insight.understanding.passages import passages
from insight.understanding.readout import figures_of, readout_of
from insight.understanding.sentiment import NEGATIVE_SHARE, by_emoji, by_words, share_of_scale, with_rating
from insight.understanding.tokens import BRAND_MARK, OTHER_MARK, tokens_of

COMPLAINS = 0.5
"""From this probability on that something fails, a mention is a complaint whatever its label."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What is stored of a mention, and beside it what decided: the opinions about the watch in the order of the text,
    and the probabilities by the words alone.
    """

    sentiment: Sentiment
    complaint: bool
    facets: tuple[Facet, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    probabilities: Mapping[Label, float] | None = None


def understand(post: Post, language: str, spans: Iterable[Span] = (), others: Iterable[Span] = ()) -> Understanding:
    """What a post in this language says of what stands at `spans` (nothing there: of all that it speaks of).

    `others`: where other watches are named; what is said of them is none of this one's.
    """
    spans, others = tuple(spans), tuple(others)
    text = passages(post, spans, others)
    lexicon = lexicon_for(text, language)
    tokens = tokens_of(text, language)
    opinions = tuple(one for one in opinions_in(tokens, lexicon) if one.own)
    if not lexicon.reads_words:
        sentiment = with_rating(post.rating, by_emoji(opinions))
        return Understanding(sentiment, sentiment.label is Label.NEGATIVE, opinions=opinions)
    readout, figures = readout_of(language), figures_of(tokens, opinions)
    probabilities = readout.probabilities(figures)
    sentiment = with_rating(post.rating, by_words(probabilities, opinions, _names(post, spans, others)))
    share = share_of_scale(post.rating)
    complaint = (
        sentiment.label is Label.NEGATIVE
        or readout.complains(figures) >= COMPLAINS
        or (share is not None and share <= NEGATIVE_SHARE)
    )
    facets = facets_of(tokens, lexicon, opinions, sentiment, complaint)
    return Understanding(sentiment, complaint, facets, opinions, probabilities)


def _names(post: Post, spans: tuple[Span, ...], others: tuple[Span, ...]) -> dict[str, str]:
    """What stands at the first of the spans, by mark."""
    names = {}
    for mark, some in ((BRAND_MARK, spans), (OTHER_MARK, others)):
        for span in some[:1]:
            written = getattr(post, span.field, None)
            names[mark] = written[span.start : span.end] if isinstance(written, str) else ""
    return names

"""`listener analyze` and `listener explain`: what posts say, without a config, a database or a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from insight.model import Facet, Post, Rating, Span
from insight.query import Matcher, Phrase
from insight.understanding.language import recognise
from insight.understanding.lexicon import languages
from insight.understanding.opinions import Opinion
from insight.understanding.reading import Understanding, understand
from listener.cli.output import err, out, print_json, table
from listener.cli.text_files import Row, TextFile, write_rows

STARS = (1.0, 5.0)
_LOOKED_AT = 1000
"""Rows that tell whether the column `rating` holds stars: halves from 1 to 5, and nothing else."""


def analyze(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines or CSV with a header; - reads JSON lines.")],
    to: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write: .csv, else JSON lines.")
    ] = None,
    brand: Annotated[str, typer.Option(help="What the texts are about, where no column says so.")] = "",
) -> None:
    """Say of each text of a file how it sounds, whether it complains, what it wants and what it speaks of.

    A row has a `text` (or `review`, `comment`, `content`, …), and may have `title author hint brand rating url lang`.
    `hint` is the platform's word for the language, `brand` what it is about (several with commas between them),
    `rating` stars from 1 to 5, which decide, and `lang` the language to read it in where you know it. Added are
    `language`, `sentiment` (-1 to 1), `label` with its `probability`, `complaint`, `intent`, `aspects`, and `targets`
    with the same for each brand. No config is needed, and nothing leaves this machine.

    \b
    Examples:
      listener analyze reviews.csv --brand Acme --out judged.csv
      listener analyze posts.jsonl | jq -r 'select(.complaint) | .text'
    """
    rows = TextFile(file)
    first = iter(rows)
    looked = list(islice(first, _LOOKED_AT))
    starred = all(_is_stars(row["rating"]) for row in looked if row.get("rating") not in (None, ""))
    if not starred:
        err.print("[yellow]![/] the column rating does not hold stars from 1 to 5, so it is not read")
    count = write_rows((_analyzed(row, brand, starred) for row in chain(looked, first)), to)
    if to is not None:
        err.print(f"[green]✓[/] {count:,} rows in {escape(str(to))}", soft_wrap=True)
    rows.finish()


def _analyzed(row: Row, brand: str, starred: bool) -> Row:
    given = _Given.of(row, brand, starred)
    whole = given.understood(given.brands)
    added: Row = {
        "language": given.language,
        "sentiment": whole.sentiment.score,
        "label": whole.sentiment.label.value,
        "probability": whole.sentiment.probability,
        "complaint": whole.complaint,
        "intent": next((one.value for one in whole.facets if one.name == "intent"), ""),
        "aspects": {one.value: one.score for one in whole.facets if one.name == "aspect"},
        "targets": {name: _target(given.understood([name])) for name in given.brands},
    }
    return {**row, **added}


def _target(found: Understanding) -> Row:
    sentiment = found.sentiment
    return {"sentiment": sentiment.score, "label": sentiment.label.value, "complaint": found.complaint}


@dataclass(frozen=True, slots=True)
class _Given:
    """A row as a post. `read_in`: the language that it is read in; `language` is what the text itself is in."""

    post: Post
    brands: Sequence[str]
    language: str
    read_in: str
    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Row, brand: str, starred: bool) -> _Given:
        named = row.get("brand") or brand
        brands = named if isinstance(named, list) else [name.strip() for name in str(named).split(",")]
        stars = row.get("rating")
        rating = Rating(float(stars)) if starred and stars not in (None, "") else None
        title = row.get("title")
        post = Post("file", "", row["text"], title=title if isinstance(title, str) else None, rating=rating)
        spans = {name: _spans(name, post) for name in map(str, brands) if name}
        written = f"{post.title}\n{post.text}" if post.title else post.text
        hint = row.get("hint")
        language, _ = recognise(written, hint if isinstance(hint, str) else None)
        known = row.get("lang")
        return cls(post, list(spans), language, known if isinstance(known, str) and known else language, spans)

    def understood(self, names: Sequence[str]) -> Understanding:
        """What is said of these brands, as opposed to the others."""
        own = [span for name in names for span in self.spans[name]]
        others = [span for name, spans in self.spans.items() if name not in names for span in spans]
        return understand(self.post, self.read_in, own, others)


def _is_stars(value: Any) -> bool:
    try:
        stars = float(value)
    except (TypeError, ValueError):
        return False
    return STARS[0] <= stars <= STARS[1] and (2 * stars).is_integer()


def _spans(name: str, post: Post) -> tuple[Span, ...]:
    match = _matcher(name).match(post)
    return match.spans if match else ()


@lru_cache(maxsize=1000)
def _matcher(name: str) -> Matcher:
    return Matcher(Phrase(name))


def explain(
    text: Annotated[str, typer.Argument(help="What somebody wrote.")],
    brand: Annotated[list[str] | None, typer.Option(help="What it is about; several times for several brands.")] = None,
    language: Annotated[str, typer.Option(help="The language to read it in; recognised where none is given.")] = "",
    rating: Annotated[float | None, typer.Option(min=1, max=5, help="Its stars, from 1 to 5.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what a text says, and why: the words that decided, how they were turned, and the probabilities.

    \b
    Examples:
      listener explain "Acme is down again, is it just me?" --brand Acme
      listener explain "Acme is so much better than Globex" --brand Acme --brand Globex
    """
    post = Post("file", "", text, rating=None if rating is None else Rating(rating))
    given = _Given.of({"text": text, "brand": brand or [], "lang": language, "rating": rating}, "", starred=True)
    known, sure = recognise(text)
    read = given.read_in
    about = given.brands or [""]
    found = {name: given.understood([name] if name else []) for name in about}
    if as_json:
        print_json({"language": known, "read_in": read, "targets": found})
        return
    out.print(f"Language: {escape(known)} ({sure:.0%} sure)" + (f", read in {escape(read)}" if read != known else ""))
    if read not in languages():
        out.print(f"There is no word list for it, only emoji and ratings speak; there are {', '.join(languages())}")
    for name, one in found.items():
        _show(name, one, post)


def _show(name: str, one: Understanding, post: Post) -> None:
    sentiment = one.sentiment
    of = f"{escape(name)}: " if name else ""
    complains = "a complaint" if one.complaint else "no complaint"
    sure = f" ({sentiment.probability:.0%} likely)" if sentiment.probability else ""
    out.print(f"\n[bold]{of}{sentiment.label}[/]{sure}, {complains}, score {sentiment.score:+.2f}")
    if one.probabilities:
        out.print("By the words: " + ", ".join(f"{label} {chance:.0%}" for label, chance in one.probabilities.items()))
    if post.rating and sentiment.evidence and sentiment.evidence[0].startswith("rating"):
        out.print(f"The {sentiment.evidence[0]} decides before the words")
    if one.opinions:
        table(("Words", "Heard as", "Weight"), [_opinion_row(opinion, name) for opinion in one.opinions])
    for facet in one.facets:
        out.print(f"{facet.name}: {escape(facet.value)}{_polarity(facet)}")


def _opinion_row(opinion: Opinion, name: str) -> tuple[str, str, str]:
    text = opinion.text.replace("\x01", name).replace("\x02", "another brand")
    return text, opinion.section, f"{opinion.weight:+.1f}"


def _polarity(facet: Facet) -> str:
    if facet.score is None or not facet.score:
        return ""
    return f" ({'good' if facet.score > 0 else 'bad'}, {facet.score:+.2f})"

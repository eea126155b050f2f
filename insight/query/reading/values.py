"""What stands behind a field's colon: one value, a list (`en,de` or `(en OR de)`), a range in square brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from insight.query.errors import Place, QueryError
from insight.query.fields import FIELDS, Takes
from insight.query.reading import canonical
from insight.query.reading.terms import QUOTE, unescaped
from insight.query.tree import Or, Term

_ITEM = re.compile(
    r"""["“”„＂](?P<inner>(?:[^"“”„＂\\]|\\.)*+)(?P<closed>["“”„＂])?
    | \[(?P<range>[^\[\]]*)(?P<ranged>\])?
    | (?P<bare>(?:[^\s()（）"“”„＂\[\],<]|<(?!<<))++)""",
    re.VERBOSE | re.DOTALL,
)
_BLANK = re.compile(r"(?:\s|<<<.*?>>>)*+", re.DOTALL)
_EDGE = re.compile(r"[\s()（）]|<<<|\Z")
_OPERATOR = re.compile(r"(?:AND|OR|NOT)(?=[\s()（）<,]|\Z)")
_THOUSANDS = re.compile(r"(?<=[0-9]),[0-9]{3}(?![0-9])")
_BETWEEN = re.compile(r",|OR(?![^\s()（）<\"“”„＂])")


def parse_values(name: str, place: Place, start: int) -> tuple[Term | Or, int]:
    """What the values from `start` on ask of the field `name`, and where they end. `place`: where the field begins."""
    values = _Values(name, place, start)
    asked = values.parse_group() if place.query[start : start + 1] in ("(", "（") else values.parse_list()
    if len(asked) == 1:
        return replace(asked[0], at=place.position), values.position
    return Or(tuple(asked), at=place.position), values.position


@dataclass(slots=True)
class _Values:
    name: str
    place: Place
    position: int

    def parse_list(self) -> list[Term]:
        """`en,de`: no blank between."""
        asked = [self.parse_item()]
        while self.query.startswith(",", self.position):
            if FIELDS[self.name].takes is Takes.NUMBER and _THOUSANDS.match(self.query, self.position):
                remedy = f"Write {self.name}:10000 or {self.name}:10k for one, and {self.name}:(10 OR 200) for two."
                raise self.error("behind this comma could stand thousands, or a second number", remedy)
            self.position += 1
            asked.append(self.parse_item())
        if not _EDGE.match(self.query, self.position):
            raise self.error(f"something stands directly behind the value of {self.name}:", "Put a blank between them.")
        return asked

    def parse_group(self) -> list[Term]:
        """`(en OR de)`."""
        opened = self.position
        asked = [self.parse_next()]
        while self.query[self.position : self.position + 1] not in (")", "）"):
            if self.position >= len(self.query):
                message, remedy = "this bracket is never closed", "Add the ) where its group ends."
                raise Place(self.query, opened).error(message, remedy)
            between = _BETWEEN.match(self.query, self.position)
            if between is None:
                remedy = f"Write the values of {self.name}: with OR between them, and everything else behind the )."
                raise self.error("an OR is missing here", remedy)
            self.position = between.end() - 1
            asked.append(self.parse_next())
        self.position += 1
        return asked

    def parse_next(self) -> Term:
        self.position = self.after_blanks(self.position + 1)
        if _OPERATOR.match(self.query, self.position):
            raise self.missing()
        item = self.parse_item()
        self.position = self.after_blanks(self.position)
        return item

    def parse_item(self) -> Term:
        found = _ITEM.match(self.query, self.position)
        place = Place(self.query, self.position)
        if found is None:
            raise self.missing()
        self.position = found.end()
        if found["range"] is not None:
            return self.parse_range(found, place)
        if found["bare"] is None and found["closed"] is None:
            raise place.error("the quotes that open here never close", 'Add the closing ".')
        text = found["bare"] if found["bare"] is not None else unescaped(found["inner"])
        return canonical.parse_value(self.name, text, place)

    def parse_range(self, found: re.Match[str], place: Place) -> Term:
        if found["ranged"] is None:
            raise place.error("this [ is never closed", f"Write it so: {self.name}:[1 TO 2].")
        if FIELDS[self.name].takes is not Takes.NUMBER:
            instead = "after:2026-03-01 before:2026-04-01" if FIELDS[self.name].takes is Takes.TIME else "each value"
            raise place.error(f"{self.name}: takes no [range]", f"Write {instead}; ranges are for numbers.")
        return canonical.parse_range(self.name, found["range"], place)

    def missing(self) -> QueryError:
        example = canonical.EXAMPLES[self.name]
        remedy = f"Write it directly behind the colon, without a blank: {example}. Else: {QUOTE}"
        if self.position == self.place.position + len(self.name) + 1:
            return self.place.error(f"{self.name}: has no value", remedy)
        return self.error(
            f"a value of {self.name}: is missing here",
            f"Write {self.name}:one,two or {self.name}:(one OR two), such as {example}.",
        )

    def after_blanks(self, position: int) -> int:
        blanks = _BLANK.match(self.query, position)
        return blanks.end() if blanks else position

    @property
    def query(self) -> str:
        return self.place.query

    def error(self, message: str, remedy: str) -> QueryError:
        return Place(self.query, self.position).error(message, remedy)

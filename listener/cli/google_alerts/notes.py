"""What a person is told of something brought along: what changed on the way, what was lost, why, and what helps."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ConversionNote:
    """`lost`: it is gone; else it is kept in another way, and worth a look. `do`: what helps, where something does."""

    what: str
    why: str
    do: str = ""
    lost: bool = True


@dataclass(slots=True)
class ConversionNotes:
    """Collects notes; the same thing is noted once."""

    all: list[ConversionNote] = field(default_factory=list)

    def lose(self, what: str, why: str, do: str = "", *, lost: bool = True) -> None:
        note = ConversionNote(what, why, do, lost)
        if note not in self.all:
            self.all.append(note)

    def keep(self, what: str, why: str, do: str = "") -> None:
        self.lose(what, why, do, lost=False)

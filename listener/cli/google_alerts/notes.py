"""Notes on what changed or was lost when an alert became a watch: what, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ConversionNote:
    """`lost`: it is gone; otherwise it is kept in another form. `do`: what to do about it, if anything."""

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

"""What a person is told of something brought along: what changed on the way, what was lost, why, and what helps."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Note:
    """`lost`: it is gone; else it is kept in another way, and worth a look. `do`: what helps, where something does."""

    what: str
    why: str
    do: str = ""
    lost: bool = True


@dataclass(slots=True)
class Notes:
    """Collects; the same thing is said once."""

    all: list[Note] = field(default_factory=list)

    def lose(self, what: str, why: str, do: str = "") -> None:
        self._add(Note(what, why, do))

    def keep(self, what: str, why: str, do: str = "") -> None:
        self._add(Note(what, why, do, lost=False))

    def _add(self, note: Note) -> None:
        if note not in self.all:
            self.all.append(note)

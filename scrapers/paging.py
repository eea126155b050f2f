"""Lists whose pages are numbered: what is removed while they are read moves the rest up, past a page's end.

So pages overlap. Where a page holds nothing of the one before, more was removed than that, and the walk starts over;
where that does not help, the gap is stored. Where a site's pages have one size, each is asked for once more after the
next one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from insight.model import Gap
from scrapers.base import Page, Request
from scrapers.formats.values import digest, whole_number

SHORT = 10  # entries of a page that is too short to overlap with the next one
AGAIN = 2  # times that a walk starts over
REASON = "the list changed so much while it was read that a page held nothing of the page before"
_MARK = 8  # letters by which an id is remembered


@dataclass(frozen=True, slots=True)
class Numbered:
    """How a site asks for a page of a list: the parameters that say which and how large, and the largest there is."""

    number: str
    size: str
    most: int

    def place(self, request: Request) -> tuple[int, int]:
        """The number and size of the page that was asked for."""
        said = request.params
        return whole_number(said.get(self.number)) or 1, whole_number(said.get(self.size)) or self.most

    def following(
        self, page: Page, lists: Sequence[Sequence[str]], *, more: bool
    ) -> tuple[tuple[Request, ...], tuple[Gap, ...]]:
        """What comes after a page with lists of these ids, and what was missed before it. `more`: whether to go on.

        `lists`: those alone that may go on, where a page holds several.
        """
        request = page.request
        gap: tuple[Gap, ...] = ()
        if _slipped(request, lists):
            again = (whole_number(request.note.get("again")) or 0) + 1
            if again <= AGAIN:
                first = {self.number: "1", self.size: request.note.get("most", str(self.most))}
                note = {name: value for name, value in request.note.items() if name != "met"}
                return (_moved(request, first, note | {"again": str(again)}),), ()
            gap = (Gap(None, page.fetched_at, REASON),)
        if not more:
            return (), gap
        number, size = self.place(request)
        most = whole_number(request.note.get("most")) or size
        note = {**request.note, "most": str(most)}
        if most < SHORT:
            number += 1
        else:
            number, size = overlapping(number * size, most)
            note["met"] = ";".join(map(marks, lists))
        return (_moved(request, {self.number: str(number), self.size: str(size)}, note),), gap


def overlapping(read: int, most: int) -> tuple[int, int]:
    """The number and size of the page that begins a tenth of a page before the end of what was read, and reaches
    furthest."""
    begin = read - most // 10
    pages = ((begin // size + 1, size) for size in range(most, most // 2, -1))
    return max(pages, key=lambda page: page[0] * page[1])


def both_ways(page: Page, before: Request | None, after: Request | None, ids: Collection[str]) -> tuple[Request, ...]:
    """Where pages have one size: the next one, and on the way back from the last the page before this one once more,
    for what has moved up meanwhile stands there now. None of that where this is such a page itself.

    `ids`: of this page; its request's note `again` or `seen` tells those that were read before, see `marks`.
    """
    note, here = page.request.note, marks(ids)
    if "again" in note:
        return ()
    back = before and replace(before, note={**before.note, "again": f"{here},{note.get('seen', '')}"})
    return tuple(filter(None, (after and replace(after, note={**after.note, "seen": here}), back)))


def marks(ids: Collection[str]) -> str:
    """Ids as a walk remembers them in a request."""
    return ",".join(digest(one)[:_MARK] for one in ids)


def _slipped(request: Request, lists: Sequence[Sequence[str]]) -> bool:
    """Whether a list of the page before has nothing in common with this page."""
    before = [set(filter(None, one.split(","))) for one in request.note.get("met", "").split(";")]
    now = {digest(one)[:_MARK] for ids in lists for one in ids}
    return any(one and not one & now for one in before)


def _moved(request: Request, params: dict[str, str], note: dict[str, str]) -> Request:
    return replace(request, params={**request.params, **params}, note=note)

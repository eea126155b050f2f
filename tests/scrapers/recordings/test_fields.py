"""Every field of every recorded answer, against what a plain mapping of the raw answer says that shares no reader."""

from __future__ import annotations

from scrapers import KINDS
from tests.scrapers.recordings.catalogue import CATALOGUE
from tests.scrapers.recordings.judging import Mapped, Verdict, judge, table
from tests.shared import needs_recordings, recorded, recordings

pytestmark = needs_recordings

ROWS = [(kind, row["file"], mapped) for platform, kind, mapped in CATALOGUE for row in recordings(platform)]
GOAL = 0.98
UNRECORDED = {"devto", "lobsters", "page", "threads"}
"""Kinds of which no answer was recorded: `test_samples.py` says what their samples hold."""


def verdict_of(kind: str, file: str, mapped: Mapped) -> Verdict:
    return judge(kind, file, *recorded(file), mapped)


def test_nearly_all_recorded_answers_are_right_in_every_field() -> None:
    verdicts = [verdict_of(*row) for row in ROWS]
    wrong = [one for one in verdicts if one.wrong]
    assert len(wrong) <= (1 - GOAL) * len(verdicts), "\n" + table(wrong)
    # an answer without posts proves little: most kinds are tried on hundreds
    assert {one.kind for one in verdicts if one.posts} >= KINDS.keys() - UNRECORDED

"""Every field of every recorded answer, against what a plain mapping of the raw answer says that shares no reader."""

from __future__ import annotations

import json
import re

from insight.model import Post
from scrapers import KINDS
from scrapers.saved import read_saved
from tests.scrapers.recordings.catalogue import CATALOGUE
from tests.scrapers.recordings.judging import NOW, Mapped, Verdict, judge, table
from tests.shared import needs_recordings, recorded, recordings

pytestmark = needs_recordings

ROWS = [(kind, row["file"], mapped) for platform, kind, mapped in CATALOGUE for row in recordings(platform)]
GOAL = 0.98


def verdict_of(kind: str, file: str, mapped: Mapped) -> Verdict:
    return judge(kind, file, *recorded(file), mapped)


def test_nearly_all_recorded_answers_are_right_in_every_field() -> None:
    verdicts = [verdict_of(*row) for row in ROWS]
    wrong = [one for one in verdicts if one.wrong]
    assert len(wrong) <= (1 - GOAL) * len(verdicts), "\n" + table(wrong)
    # an answer without posts proves little: most kinds are tried on hundreds
    assert {one.kind for one in verdicts if one.posts} >= KINDS.keys() - UNRECORDED


_FOLDED = re.compile(r'<details|class="spoiler|lazy-video-container')

UNRECORDED = {"devto", "lobsters", "page", "threads"}
"""Kinds of which no answer was recorded: `test_samples.py` says what their samples hold."""


def test_a_recorded_forum_says_the_same_by_feed_as_by_its_api() -> None:
    names = ("discourse/posts_latest_2026.json", "discourse/posts_rss_2026.xml")
    answers = [recorded(name) for name in names]
    batches = (read_saved("discourse", body, url=meta["url"], now=NOW) for body, meta in answers)
    api, feed = ({one.native_id: one for one in batch.items if isinstance(one, Post)} for batch in batches)
    told = json.loads(answers[0][0])["latest_posts"]
    # of what is folded away the feed says little, and of a video its title where the API has the address
    plain = {f"{post['topic_id']}/{post['post_number']}" for post in told if not _FOLDED.search(post["cooked"])}
    both = [(api[each], feed[each]) for each in api.keys() & feed.keys()]
    same = [(one, other) for one, other in both if one.native_id.partition("/t/")[2] in plain]
    assert len(same) > 30
    for one, other in same:
        assert (one.text, set(one.media)) == (other.text, set(other.media))
        assert set(one.links) <= set(other.links)  # which names places on the page by the whole address
    assert all((one.title, one.author) == (other.title, other.author) for one, other in both)

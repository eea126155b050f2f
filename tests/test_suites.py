"""`python -m benchmarks.suites` judges what a suite asks for, and says what failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.suites.__main__ import show, verdicts

FEED = """<!--
Description: a title and a link
Expect:      not bozo and entries[0]['title'] == 'Kettle &amp; cup' and entries[0]['link'] == 'https://a.example/2'
-->
<rss><channel><item><title>Kettle &amp; cup</title><link>https://a.example/1</link></item></channel></rss>"""


def test_each_thing_that_a_suite_asks_for_is_a_verdict_and_failures_say_what_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feeds = tmp_path / "feedparser" / "rss"
    feeds.mkdir(parents=True)
    (feeds / "title.xml").write_text(FEED)
    dates = [{"family": "iso", "text": "2026-03-02T09:30:00Z", "utc": "2026-03-02T09:30:00+00:00"}]
    dates.append({"family": "none", "text": "yesterday", "utc": None})
    (tmp_path / "dates.jsonl").write_text("".join(json.dumps(row) + "\n" for row in dates))
    (tmp_path / "html.json").write_text(
        json.dumps([["bold", "<b>Un</b>real", "Unreal"], ["two", "a<br>b", ["x", "y"]]])
    )
    answer = {"posts": [{"title": "Kettle & cup", "url": "https://a.example/1"}], "rejected": 1}
    case = {"name": "one", "kind": "feed", "url": "https://a.example/feed", "files": ["one.xml"], "expect": answer}
    (tmp_path / "cases.json").write_text(json.dumps([case]))
    (tmp_path / "one.xml").write_text(FEED)

    found = list(verdicts([tmp_path]))
    passed = {(each.suite, each.case): each.passed for each in found}
    assert passed == {
        ("feedparser", "rss/title.xml entries.0.title"): True,
        ("feedparser", "rss/title.xml entries.0.link"): False,
        ("dates", "iso: '2026-03-02T09:30:00Z'"): True,
        ("dates", "none: 'yesterday'"): True,
        ("html", "bold: '<b>Un</b>real'"): True,
        ("html", "two: 'a<br>b'"): False,
        ("cases", "one"): False,
    }
    show(found, verbose=True)
    printed = capsys.readouterr().out
    assert "got    'https://a.example/1'" in printed
    assert "got    ['rejected: 0']" in printed
    assert ["dates", "2", "2", "2"] in [line.split() for line in printed.splitlines()]

"""Noticeboard: what it reads from a saved answer. Run it with `python -m pytest test_noticeboard.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from insight.model import Post
from noticeboard import Noticeboard
from scrapers.base import SourceError
from scrapers.saved import read_saved

KIND = "noticeboard:Noticeboard"
ADDRESS = "https://noticeboard.example/api/search?q=acme&limit=50"
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
SAMPLE = Path(__file__).with_name("noticeboard.json")


# Change this: the values are those of noticeboard.json.
def test_a_post_says_who_wrote_what_where_and_when() -> None:
    batch = read_saved(KIND, SAMPLE.read_bytes(), url=ADDRESS, now=NOW)
    first = batch.items[0]
    assert isinstance(first, Post)
    assert (first.native_id, first.author, first.title) == ("7002", "moss", "Acme 3 and old notebooks")
    assert first.text == "Does Acme 3 open old notebooks?"
    assert first.published_at == datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
    assert not batch.rejected


def test_what_is_asked_for_goes_on_with_the_next_page() -> None:
    source = Noticeboard(queries=["acme"])
    request = source.start(source.searches(())[0], None, NOW)
    assert (request.url, request.params["q"]) == ("https://noticeboard.example/api/search", "acme")
    (further,) = read_saved(KIND, SAMPLE.read_bytes(), url=ADDRESS, now=NOW).requests
    assert further.params["cursor"] == "c2"


@pytest.mark.parametrize(("content", "status"), [(b"", 200), (b"<html>Just a moment</html>", 200), (b"{}", 503)])
def test_an_error_is_not_taken_for_an_answer_without_posts(content: bytes, status: int) -> None:
    with pytest.raises(SourceError):
        read_saved(KIND, content, url=ADDRESS, status=status, now=NOW)

"""What holds for every batch that any source reads from anything."""

from __future__ import annotations

from urllib.parse import urlsplit

from insight.model import Deletion, Gap, Post, Precision, Rating, Reading
from scrapers.base import Batch, Request


def assert_sound(batch: Batch) -> None:
    for item in batch.items:
        if isinstance(item, Post):
            assert_sound_post(item)
        elif isinstance(item, Deletion):
            assert item.native_id
            fits_a_database(item.network, item.native_id)
        elif isinstance(item, Reading):
            assert item.indicator
            assert item.at.tzinfo
        else:
            assert isinstance(item, Gap)
            assert item.reason
    for rejected in batch.rejected:
        assert rejected.reason
        assert len(rejected.raw) <= 2000
        fits_a_database(rejected.reason, rejected.raw)
    for request in batch.requests:
        assert Request.from_json(request.to_json()) == request
        assert urlsplit(request.url).scheme in ("http", "https", "")
    assert batch.newest is None or batch.newest


def assert_sound_post(post: Post) -> None:
    assert post.native_id
    assert (post.published_at is None) == (post.precision is Precision.UNKNOWN)
    for at in (post.published_at, post.edited_at):
        assert at is None or (at.tzinfo is not None and at.utcoffset().total_seconds() == 0)
    for address in (post.url, *post.links, *post.media):
        assert address is None or (urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname)
    for said in (post.title, post.author, post.author_name, post.language, post.reply_to, post.thread):
        assert said is None or (said == said.strip() and said)
    assert post.text == post.text.strip()
    fits_a_database(post.native_id, post.text, post.title, post.author, post.author_name, *post.links, *post.hashtags)
    assert all(isinstance(n, int) and abs(n) < 2**63 for n in post.engagement.values())
    if isinstance(post.rating, Rating):
        assert post.rating.worst < post.rating.best
        assert 0 <= post.rating.share <= 1


def fits_a_database(*texts: str | None) -> None:
    for text in filter(None, texts):
        text.encode("utf-8")  # half a surrogate pair raises
        assert "\0" not in text

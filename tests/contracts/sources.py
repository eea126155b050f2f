"""How the suite reads what a kind makes of an answer, and what holds for every batch from anything.

A failure says which file to change, and what to do instead.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from urllib.parse import urlsplit

from insight.model import Deletion, Gap, Post, Precision, Rating, Reading
from scrapers import kind_of
from scrapers.base import Batch, Request, SourceError
from tests.scrapers.samples import address_of, body, read

ROOT = Path(__file__).parent.parent.parent


def file_of(kind: str) -> str:
    """Where a kind's code is, for a message."""
    path = Path(inspect.getsourcefile(kind_of(kind)) or "?")
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def sample_of(kind: str, name: str) -> str:
    return f"tests/scrapers/samples/{kind}/{name}"


def answer(kind: str, content: bytes, status: int = 200, **headers: str) -> Batch | SourceError:
    """What a kind makes of an answer: a batch, or the SourceError that it raises. Any other exception fails."""
    try:
        return read(kind, content, status, {name.replace("_", "-"): value for name, value in headers.items()})
    except SourceError as error:
        found = error
    where = file_of(kind)
    assert f"the kind {kind} stumbled" not in str(found), (
        f"{where}: parse() raised {found.__cause__!r} for an answer of another shape; read values with the helpers of "
        "scrapers.formats.values, which never raise: mapping(x) before .get, listed(x) for lists, text(x) for words, "
        "whole_number(x) for counts and unix seconds; and items with each()"
    )
    assert str(found), f"{where}: a SourceError without words: say what came instead, as not_read() does"
    assert found.remedy or not found.permanent, (
        f"{where}: a permanent SourceError needs a remedy, what the operator has to do: {found!r}"
    )
    return found


def outcome(kind: str, content: bytes) -> Batch | None:
    """What a kind reads from an answer of success; None for a SourceError."""
    found = answer(kind, content)
    return found if isinstance(found, Batch) else None


def whole(kind: str, name: str) -> Batch:
    """What a kind reads from one of its samples."""
    found = answer(kind, body(kind, name))
    assert isinstance(found, Batch), (
        f"{file_of(kind)}: {sample_of(kind, name)} cannot be read: {found}; parse() must read what its platform "
        f"answers to {address_of(kind)}; an answer that refuses is no sample, write it in the test of the kind"
    )
    return found


def assert_sound(batch: Batch, where: str = "the kind") -> None:
    """`where`: the file of the kind that read the batch, to be named in a failure."""
    for item in batch.items:
        if isinstance(item, Post):
            assert_sound_post(item, where)
        elif isinstance(item, Deletion):
            assert item.native_id, f"{where}: a Deletion needs the native_id of the post that is gone: {item}"
            fits_a_database(where, item.network, item.native_id)
        elif isinstance(item, Reading):
            assert item.indicator, f"{where}: a Reading needs the name of its indicator: {item}"
            assert item.at.tzinfo, f"{where}: a Reading's time needs a zone: {item}; scrapers.formats.dates gives it"
        else:
            assert isinstance(item, Gap), f"{where}: {type(item).__name__} is nothing that a page may hold: {item}"
            assert item.reason, f"{where}: a Gap needs a reason, which people read: {item}"
    for rejected in batch.rejected:
        assert rejected.reason, f"{where}: an item that is set aside needs a reason: raise UnreadableError('why')"
        assert len(rejected.raw) <= 2000, f"{where}: {len(rejected.raw)} characters of an item are kept; use excerpt()"
        fits_a_database(where, rejected.reason, rejected.raw)
    for request in batch.requests:
        assert Request.from_json(request.to_json()) == request, (
            f"{where}: a request changes when it is stored as JSON: {request}; its params and note hold strings only"
        )
        assert urlsplit(request.url).scheme in ("http", "https", ""), f"{where}: {request.url} is no web address"
    assert batch.newest is None or batch.newest, f"{where}: newest is empty; None is the word for no mark"


def assert_sound_post(post: Post, where: str = "the kind") -> None:
    assert post.native_id, f"{where}: a post without its native_id, which is to be set aside: UnreadableError: {post}"
    assert (post.published_at is None) == (post.precision is Precision.UNKNOWN), (
        f"{where}: published_at {post.published_at} and precision {post.precision} do not agree: take both from "
        "one call, `published_at, precision = moment(…)`"
    )
    for at in (post.published_at, post.edited_at):
        assert at is None or (at.tzinfo is not None and at.utcoffset().total_seconds() == 0), (
            f"{where}: {at} is not in UTC: scrapers.formats.dates gives times that are"
        )
    for address in (post.url, *post.links, *post.media):
        assert address is None or (urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname), (
            f"{where}: {address!r} is no web address: scrapers.formats.values.address() gives one, or None"
        )
    for name in ("title", "author", "author_name", "language", "reply_to", "thread"):
        value = getattr(post, name)
        assert value is None or (value == value.strip() and value), (
            f"{where}: {name} is {value!r}: scrapers.formats.values.text() gives it stripped, or None"
        )
    assert post.text == post.text.strip(), (
        f"{where}: the text begins or ends with blanks: text() and plain() of scrapers.formats.values strip it"
    )
    fits_a_database(
        where, post.native_id, post.text, post.title, post.author, post.author_name, *post.links, *post.hashtags
    )
    assert all(isinstance(n, int) and abs(n) < 2**63 for n in post.engagement.values()), (
        f"{where}: engagement holds whole numbers below 2**63: {post.engagement}; use scrapers.formats.values.counts()"
    )
    if isinstance(post.rating, Rating):
        assert post.rating.worst < post.rating.best, f"{where}: a rating's scale is upside down: {post.rating}"
        assert 0 <= post.rating.share <= 1, f"{where}: a rating outside its scale: {post.rating}"


def fits_a_database(where: str, *texts: str | None) -> None:
    for text in filter(None, texts):
        try:
            text.encode("utf-8")  # half a surrogate pair raises
            unfit = "\0" in text
        except UnicodeEncodeError:
            unfit = True
        assert not unfit, (
            f"{where}: {text[:60]!r} holds what no store takes: scrapers.formats.values.text() takes it out"
        )

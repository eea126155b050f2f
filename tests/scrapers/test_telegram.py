"""Telegram: the preview of a channel as a person reads it, page by page, and a channel that has none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from insight.model import Deletion, Post
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, SourceError
from scrapers.social.telegram import Telegram
from scrapers.social.telegram_preview import count
from scrapers.walk import Cursor, advance, begin, next_request
from tests.scrapers.samples import NOW, body, read

SOURCE = Telegram(channels=("acmenews",))
PAGE = 20


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def message(number: int, at: datetime, text: str = "") -> str:
    return (
        f'<div class="tgme_widget_message js-widget_message" data-post="acmenews/{number}">'
        f'<div class="tgme_widget_message_text">{text or f"message {number}"}</div>'
        f'<a class="tgme_widget_message_date" href="https://t.me/acmenews/{number}">'
        f'<time datetime="{at.isoformat()}" class="time">x</time></a></div>'
    )


def preview(messages: str, before: int | None = None) -> bytes:
    link = f'<link rel="prev" href="/s/acmenews?before={before}">' if before else ""
    head = f"<html><head><title>Acme</title>{link}</head><body class='tgme_webpreview'>"
    return f"{head}<main class='tgme_main'>{messages}</main></body></html>".encode()


def answer(request: Request, content: bytes, url: str | None = None) -> Batch:
    return read_page(SOURCE, Page(request, 200, content, url or request.url, NOW))


def server(stamps: dict[int, datetime], request: Request) -> bytes:
    """Telegram in small: the twenty messages before one, oldest first."""
    upper = int(request.params.get("before", 10**9))
    here = sorted(number for number in stamps if number < upper)[-PAGE:]
    more = here[0] if here and here[0] > min(stamps) else None
    return preview("".join(message(number, stamps[number]) for number in here), more)


def walked(stamps: dict[int, datetime], high_water: str | None = None) -> tuple[list[str], str | None]:
    cursor, seen = begin(SOURCE, SOURCE.searches(())[0], Cursor(high_water), NOW), []
    for _ in range(30):
        request = next_request(cursor)
        batch = answer(request, server(stamps, request))
        seen += [post.native_id for post in posts(batch)]
        cursor = advance(cursor, Page(request, 200, b"", request.url, NOW), batch)
        if not cursor.walk:
            return seen, cursor.high_water
    pytest.fail("the walk goes round")


def test_a_message_is_read_as_a_person_reads_it() -> None:
    first, poll = posts(read("telegram", body("telegram", "channel.html")))
    assert first.text == "🔥 Acme 3.0 & its bolt are here.\n\nRead on.\n#acme"
    assert (first.native_id, first.url) == ("acmenews/42", "https://t.me/acmenews/42")
    assert (first.author, first.author_name, first.audience) == ("acmenews", "Acme News", 12_500)
    assert first.published_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert first.edited_at is None, "Telegram says that it was edited, but not when"
    assert first.links == ("https://acme.example/3-0", "https://acme.example/3-0/notes")
    assert (first.hashtags, first.media) == (("acme",), ("https://cdn.example/file/photo-1.jpg",))
    assert poll.text == "Which one?\nAcme\nBolt"
    assert poll.published_at == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


def test_views_and_reactions_are_counted_as_telegram_rounds_them() -> None:
    first, poll = posts(read("telegram", body("telegram", "channel.html")))
    assert first.engagement == {"views": 2500, "reactions": 1110}, "a digit in an emoji is no count"
    assert poll.engagement == {"views": 92}


def test_an_answer_and_a_forward_name_the_other_message_and_do_not_quote_it() -> None:
    first = posts(read("telegram", body("telegram", "channel.html")))[0]
    assert (first.reply_to, first.repost_of) == ("acmenews/40", "boltdaily/500")
    assert "An older one" not in first.text


def test_a_line_of_the_channel_itself_is_no_post() -> None:
    assert "acmenews/41" not in {post.native_id for post in posts(read("telegram", body("telegram", "channel.html")))}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("92", 92),
        ("1.2K", 1200),
        ("12.5K subscribers", 12_500),
        ("3M", 3_000_000),
        ("10 500 subscribers", 10_500),
        ("1,234", 1234),
        ("", None),
        ("views", None),
    ],
)
def test_a_count_is_read_however_it_is_shortened(written: str, number: int | None) -> None:
    assert count(written) == number


def test_a_walk_goes_back_to_the_first_message_and_misses_none() -> None:
    stamps = {number: NOW - timedelta(hours=100 - number) for number in range(1, 98) if number % 7}
    seen, mark = walked(stamps)
    assert sorted(seen) == sorted(f"acmenews/{number}" for number in stamps)
    assert mark == max(stamps.values()).isoformat(timespec="seconds")


def test_the_next_walk_ends_where_the_last_one_began() -> None:
    stamps = {number: NOW - timedelta(hours=100 - number) for number in range(1, 98)}
    seen, mark = walked(stamps, SOURCE.mark_at(stamps[60]))
    assert {f"acmenews/{number}" for number in range(60, 98)} <= set(seen)
    assert len(seen) <= 60
    assert mark == stamps[97].isoformat(timespec="seconds")


def test_a_page_that_leads_to_itself_is_the_last_one() -> None:
    request = Request("https://t.me/s/acmenews", {"before": "41"})
    assert answer(request, preview(message(40, NOW), before=41)).requests == ()


def test_what_lies_before_the_first_message_is_empty() -> None:
    request = Request("https://t.me/s/acmenews", {"before": "1"})
    assert answer(request, preview("")) == Batch()


def test_a_channel_without_preview_is_no_empty_channel() -> None:
    request = SOURCE.start(SOURCE.searches(())[0], None, NOW)
    redirected = b'<html><body><div class="tgme_page"><div class="tgme_page_title">Acme</div></div></body></html>'
    for content, url in ((redirected, "https://t.me/acmenews"), (preview(""), request.url)):
        with pytest.raises(SourceError, match="no public preview of the Telegram channel acmenews") as caught:
            answer(request, content, url)
        assert caught.value.permanent
        assert "acmenews" in caught.value.remedy
        assert caught.value.status == 404, "so that the other channels of the source are still read"


def test_a_page_whose_messages_are_not_found_is_not_taken_for_a_channel_without_preview() -> None:
    request = SOURCE.start(SOURCE.searches(())[0], None, NOW)
    changed = message(1, NOW).replace("data-post", "data-other")
    with pytest.raises(SourceError) as caught:
        answer(request, preview(changed))
    assert not caught.value.permanent


def test_a_page_that_breaks_off_gives_the_whole_messages_before() -> None:
    content = preview(message(1, NOW) + message(2, NOW))
    batch = answer(Request("https://t.me/s/acmenews"), content[: content.index(b"message 2")])
    assert [post.native_id for post in posts(batch)] == ["acmenews/1"]
    assert [rejected.raw for rejected in batch.rejected] == ["acmenews/2"]


def test_one_bad_message_leaves_the_others() -> None:
    bad = message(2, NOW).replace("acmenews/2", "acmenews")
    batch = answer(Request("https://t.me/s/acmenews"), preview(message(1, NOW) + bad + message(3, NOW)))
    assert [post.native_id for post in posts(batch)] == ["acmenews/1", "acmenews/3"]
    assert len(batch.rejected) == 1


def looked(stamps: dict[int, datetime], ids: list[str]) -> tuple[set[str], set[str], int]:
    waiting, shown, gone, asked = list(SOURCE.look_again(ids)), set(), set(), 0
    while waiting:
        request, asked = waiting.pop(), asked + 1
        assert asked < 20, "it goes round"
        batch = answer(request, server(stamps, request))
        shown |= {post.native_id for post in posts(batch)}
        gone |= {item.native_id for item in batch.items if isinstance(item, Deletion)}
        waiting += batch.requests
        assert batch.newest is None
    return shown, gone, asked


def test_messages_are_looked_up_a_page_at_a_time_and_the_missing_ones_are_gone() -> None:
    stamps = {number: NOW for number in range(1, 98) if number not in (50, 95)}
    shown, gone, asked = looked(stamps, [f"acmenews/{number}" for number in (97, 95, 90, 50, 49)])
    assert shown == {"acmenews/97", "acmenews/90", "acmenews/49"}
    assert gone == {"acmenews/95", "acmenews/50"}
    assert asked == 2


def test_a_message_that_could_not_be_read_is_not_taken_for_gone() -> None:
    (request,) = SOURCE.look_again(["acmenews/2", "acmenews/3"])
    content = preview(message(1, NOW) + message(3, NOW))
    batch = answer(request, content[:-90])
    assert batch.rejected
    assert not [item for item in batch.items if isinstance(item, Deletion)]


def test_channels_are_named_as_people_name_them() -> None:
    source = Telegram(channels=("@acmenews", "https://t.me/s/boltdaily", "t_news", "acmenews"))
    assert source.channels == ("acmenews", "boltdaily", "t_news")
    assert [search.key for search in source.searches(())] == ["@acmenews", "@boltdaily", "@t_news"]
    for wrong in ("+AbCdEf", "https://example.com/acme", "a b", "42"):
        with pytest.raises(ValueError, match=re.escape(wrong)):
            Telegram(channels=(wrong,))


def test_a_request_every_three_seconds_at_most() -> None:
    assert SOURCE.pace == 3
    assert SOURCE.budget().per_minute == 20

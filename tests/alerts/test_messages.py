"""What a message says, and what it never says."""

from __future__ import annotations

from dataclasses import replace

from alerts.base import Message
from alerts.messages import alert_deliveries, alert_message, trial_message
from alerts.render import plain
from alerts.rules import Change, Told, decide
from insight.model import Visibility
from tests.alerts.samples import EVERYWHERE, NOW, WATCH, opened, private, quote, signal

OPEN_TO_ALL, CONFIDENTIAL = Told("team", private=False), Told("support", private=True)


def said(told: Told = OPEN_TO_ALL, change: Change = Change.OPEN, **changes: object) -> Message:
    return alert_message(signal(**changes), opened(at=NOW), change, told, WATCH, NOW)


def test_an_alert_says_what_how_much_and_when_in_the_watchs_own_time() -> None:
    facts = {fact.name: fact.value for fact in said().facts}
    assert facts == {
        "Watch": "Lanternfish",
        "Seen": "42, where 9.3 are usual (4.5 times)",
        "Authors": "31",
        "By chance": "about once in 310,000",
        "When": "Tue 4 Mar 2025, 14:30 (Europe/Berlin)",
    }


def test_private_posts_never_leave_for_a_channel_that_others_read() -> None:
    secret = private()
    message = said(quotes=(quote(), secret, replace(secret, text="another secret")))
    assert all(one.visibility is Visibility.PUBLIC for one in message.quotes)
    assert "2 private posts are behind this too, not quoted here." in message.body
    stored = str(message.to_json()) + plain(message)
    assert not any(word in stored for word in (secret.text, "another secret", str(secret.url), str(secret.author)))


def test_private_posts_are_quoted_where_they_may_be_read() -> None:
    message = said(CONFIDENTIAL, quotes=(quote(), private()))
    assert [one.text for one in message.quotes] == [quote().text, private().text]
    assert "not quoted" not in message.body


def test_where_a_route_has_a_query_only_posts_that_match_are_quoted() -> None:
    first, second = quote(), quote("es stürzt ständig ab", 2)
    message = said(replace(OPEN_TO_ALL, posts=frozenset({second.post})), quotes=(first, second, private()))
    assert [one.text for one in message.quotes] == [second.text]
    assert "1 private post is behind this too, not quoted here." in message.body


def test_quotes_are_short_harmless_and_few() -> None:
    hostile = quote("word " * 200 + "\x1b[2J\u202e", author="a\nb\x00" + "x" * 99, url="javascript:alert(1)")
    message = said(quotes=(hostile,) * 9)
    assert len(message.quotes) == 5
    first = message.quotes[0]
    assert len(first.text) <= 280
    assert first.text.endswith("word…")
    assert first.author
    assert (len(first.author), first.author[:3], first.url) == (60, "a b", None)


def test_an_update_and_an_end_say_that_they_are_one() -> None:
    assert said(change=Change.UPDATE).headline.startswith("Update: ")
    end = said(change=Change.RESOLVE)
    assert (end.headline[:6], end.over) == ("Over: ", True)


def test_a_message_survives_being_stored() -> None:
    for message in (said(), said(CONFIDENTIAL, Change.UPDATE), trial_message("team", NOW)):
        assert Message.from_json(message.to_json()) == message


def test_each_told_channel_gets_one_delivery_whose_identity_is_the_news() -> None:
    decision = decide(signal(), None, EVERYWHERE, NOW, told=())
    deliveries = alert_deliveries(signal(), decision, WATCH, NOW)
    assert [one.channel for one in deliveries] == ["console", "team"]
    assert alert_deliveries(signal(), decision, WATCH, NOW) == deliveries
    assert len({one.id for one in deliveries}) == 2
    assert all(one.message["id"] == one.id == one.unique for one in deliveries)
    assert decision.alert
    assert {one.conversation for one in deliveries} == {decision.alert.id}


def test_the_plain_form_is_a_tidy_block() -> None:
    text = plain(said(quotes=(quote("first line\nsecond line"),)))
    assert text == (
        "Negative mentions of Lanternfish: 42 in 1 hour, about 9 are usual\n"
        "\n"
        "From 28 days of history.\n"
        "\n"
        "  Watch      Lanternfish\n"
        "  Seen       42, where 9.3 are usual (4.5 times)\n"
        "  Authors    31\n"
        "  By chance  about once in 310,000\n"
        "  When       Tue 4 Mar 2025, 14:30 (Europe/Berlin)\n"
        "\n"
        "  | first line\n"
        "  | second line\n"
        "  — user1 · mastodon · Tue 4 Mar 2025, 13:30 (Europe/Berlin)\n"
        "  https://social.example/@user1/1\n"
    )

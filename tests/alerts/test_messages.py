"""What a message says, and what it never says."""

from __future__ import annotations

from alerts.base import Message
from alerts.messages import alert_deliveries, alert_message, trial_message
from alerts.render import plain
from alerts.rules import Change, Decision, ToldChannel, decide
from insight.model import Quote
from tests.alerts.samples import EVERYWHERE, NOW, WATCH, opened, private, quote, signal, stored

TEAM = ToldChannel("team")


def said(told: ToldChannel = TEAM, change: Change = Change.OPEN, *quotes: Quote, **changes: object) -> Message:
    return alert_message(signal(**changes), opened(at=NOW), change, told, WATCH, NOW, quotes)


def test_an_alert_says_what_how_much_and_when_in_the_watchs_own_time() -> None:
    facts = {fact.name: fact.value for fact in said().facts}
    assert facts == {
        "Watch": "Lanternfish",
        "Seen": "42, where 9.3 are usual (4.5 times)",
        "Authors": "31",
        "By chance": "about once in 310,000",
        "When": "Tue 4 Mar 2025, 14:30 (Europe/Berlin)",
    }


def test_the_end_of_what_became_private_says_no_word_and_no_figure_of_it() -> None:
    ending = {"headline": "Negative mentions are back: 42", "detail": "secret", "figures": {"observed": 42.0}}
    message = said(ToldChannel("team", withheld=True), Change.RESOLVE, over=True, **ending)
    assert message.headline == "Over: what was told here about Lanternfish"
    assert message.body == "Private posts are behind it by now, so nothing more is said here."
    assert [fact.name for fact in message.facts] == ["Watch", "When"]


def test_each_channel_quotes_the_most_typical_of_the_posts_that_it_may_read() -> None:
    first, second, ticket = quote("battery drain again"), quote("battery drain, again and again", 2), private()
    decision = Decision(
        Change.OPEN,
        opened(at=NOW),
        (
            ToldChannel("all", frozenset({first.post, second.post, ticket.post})),
            ToldChannel("one", frozenset({second.post})),
        ),
    )
    behind = [stored(one) for one in (first, second, ticket)]
    deliveries = alert_deliveries(signal(), decision, WATCH, NOW, behind)
    quoted = {one.channel: [it["text"] for it in one.message["quotes"]] for one in deliveries}
    assert quoted == {"all": [first.text, second.text, ticket.text], "one": [second.text]}


def test_of_a_thousand_posts_five_are_quoted() -> None:
    many = [stored(quote(f"battery drain {number}", number)) for number in range(1000)]
    told = ToldChannel("team", frozenset(one.post.key for one in many))
    (delivery,) = alert_deliveries(signal(), Decision(Change.OPEN, opened(at=NOW), (told,)), WATCH, NOW, many)
    assert len(delivery.message["quotes"]) == 5


def test_quotes_are_short_and_harmless() -> None:
    hostile = quote("word " * 200 + "\x1b[2J\u202e", author="a\nb\x00" + "x" * 99, url="javascript:alert(1)")
    (first,) = said(TEAM, Change.OPEN, hostile).quotes
    assert len(first.text) <= 280
    assert first.text.endswith("word…")
    assert first.author
    assert (len(first.author), first.author[:3], first.url) == (60, "a b", None)


def test_an_update_and_an_end_say_that_they_are_one() -> None:
    assert said(change=Change.UPDATE).headline.startswith("Update: ")
    end = said(change=Change.RESOLVE)
    assert (end.headline[:6], end.over) == ("Over: ", True)


def test_a_message_survives_being_stored() -> None:
    for message in (said(), said(TEAM, Change.UPDATE, quote(), private()), trial_message("team", NOW)):
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
    text = plain(said(TEAM, Change.OPEN, quote("first line\nsecond line")))
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

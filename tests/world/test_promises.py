"""The judge of what arrived knows what is promised: a marked repeat of a mail is right, any other repeat is not."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from tests.world.promises import MARK, mails_once, slack_once
from tests.world.slack import Accepted

PEOPLE = ["b@example.com"]


def mail(name: str, subject: str) -> EmailMessage:
    made = EmailMessage()
    made["Message-ID"], made["Subject"] = f"<{name}@example.com>", subject
    return made


def posted(name: str | None, via: str = "bot") -> Accepted:
    metadata = {"event_payload": {"id": name}} if name else None
    return Accepted("1.0", "C0LISTENER", "words", [], metadata, None, via)


def test_a_repeat_that_says_so_under_the_same_id_is_as_promised() -> None:
    mails = [mail("a", "Week 1"), mail("a", f"{MARK}Week 1"), mail("b", f"{MARK}Week 2"), mail("a", f"{MARK}Week 1")]
    assert list(mails_once(mails, [PEOPLE] * 4).values()) == ["Week 1", "Week 2"]


def test_one_message_to_several_people_is_no_repeat() -> None:
    mails = [mail("a", "Week 1"), mail("a", "Week 1")]
    assert mails_once(mails, [["b@example.com"], ["c@example.com"]])


@pytest.mark.parametrize(
    "mails",
    [
        [mail("a", "Week 1"), mail("a", "Week 1")],
        [mail("a", "Week 1"), mail("b", "Week 1")],
        [mail("a", "Week 1"), mail("b", f"{MARK}Week 1")],
        [mail("a", "Week 1"), mail("a", f"{MARK}Week 2")],
    ],
)
def test_every_other_repeat_is_found(mails: list[EmailMessage]) -> None:
    with pytest.raises(AssertionError):
        mails_once(mails, [PEOPLE] * 2)


def test_slack_never_repeats_while_a_webhook_cannot_be_asked() -> None:
    slack_once([posted("a"), posted("b"), posted(None, "webhook"), posted(None, "webhook")])
    with pytest.raises(AssertionError):
        slack_once([posted("a"), posted("a")])

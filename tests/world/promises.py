"""What is promised about messages that were sent, held against what arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from email.message import EmailMessage

from tests.world.slack import Accepted

MARK = "Possible repeat: "


def slack_once(ledger: Iterable[Accepted]) -> None:
    """A bot can ask what has arrived, so nothing arrives twice, whatever happened."""
    twice = [
        name for name, times in Counter(posted.id for posted in ledger if posted.via == "bot").items() if times > 1
    ]
    assert not twice, f"Slack got twice: {twice}"


def mails_once(mails: Sequence[EmailMessage], people: Sequence[Sequence[str]]) -> dict[str, str]:
    """Nobody can ask a mailbox, so a mail whose outcome was lost may come again: under its Message-ID, and marked.

    `people`: who got each mail. Gives the subject of each Message-ID, without the mark.
    """
    subjects: dict[str, str] = {}
    plain: Counter[tuple[str, str]] = Counter()
    for mail, recipients in zip(mails, people, strict=True):
        name, subject = str(mail["Message-ID"]), str(mail["Subject"])
        marked = subject.startswith(MARK)
        assert subjects.setdefault(name, subject.removeprefix(MARK)) == subject.removeprefix(MARK), name
        plain.update((name, person) for person in recipients if not marked)
    unmarked = [name for name, times in plain.items() if times > 1]
    assert not unmarked, f"repeated without saying so: {unmarked}"
    again = [subject for subject, times in Counter(subjects.values()).items() if times > 1]
    assert not again, f"the same under another Message-ID, which no mailbox can know for a repeat: {again}"
    return subjects

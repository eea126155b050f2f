"""A message as a mail: headers that cannot be broken out of, and a thread for each conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from alerts.base import Message, Ref
from alerts.render import html, plain
from alerts.text import one_line, trim

_SUBJECT = 110  # an inbox shows less
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}")


def address(value: str) -> Address:
    """`Name <local@domain>` or `local@domain`. Raises ValueError for anything else, line breaks above all."""
    name, spec = parseaddr(value)
    if not _ADDRESS.fullmatch(spec) or not value.isprintable():
        raise ValueError(f"{value!r} is not a mail address: write name@example.org, or Name <name@example.org>")
    return Address(one_line(name), addr_spec=spec)


def message_id(delivery: str, sender: str) -> str:
    """The same whenever the same delivery is sent: mail servers and readers may then drop a repeat."""
    return f"<{re.sub(r'[^A-Za-z0-9_-]', '', delivery) or 'listener'}@{address(sender).domain}>"


def compose(message: Message, ref: Ref | None, sender: str, to: Sequence[str]) -> EmailMessage:
    """`ref` is where the conversation began: a reply keeps its subject, or mail clients show two threads."""
    began = str((ref or {}).get("message_id", ""))
    subject = str((ref or {}).get("subject", "")) if began else message.headline
    # "…" would be the one encoded word of an English subject, and folding before such a word doubles a space
    subject = trim(one_line(subject) or "Listener", _SUBJECT).replace("…", "...")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = address(sender)
    mail["To"] = [address(one) for one in to]
    mail["Subject"] = f"{'Possible repeat: ' if message.sent_before else ''}{'Re: ' if began else ''}{subject}"
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = message_id(message.id, sender)
    if re.fullmatch(r"<[!-=?-~]{3,300}>", began):
        mail["In-Reply-To"] = began
        mail["References"] = began
    # so that no holiday notice answers: https://www.rfc-editor.org/rfc/rfc3834#section-5
    mail["Auto-Submitted"] = "auto-generated"
    # what mail filters sort by: https://www.rfc-editor.org/rfc/rfc2919
    mail["List-Id"] = f"Listener <listener.{address(sender).domain}>"
    mail.set_content(plain(message))
    mail.add_alternative(html(message), subtype="html")
    return mail

"""A real SMTP server on the loopback that keeps what it accepts, and can refuse, put off or break off on demand.

with MailServer().running() as server:                     # server.host, server.port
    server.refuse["nobody@example.org"] = "550 5.1.1 no such mailbox"
    server.after_dot.append("drop")                        # the next mail is kept, and the connection is cut
    assert server.mails[0]["Subject"]
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

DROP = "drop"
DROP_UNSEEN = "drop unseen"


class _AnyPort(Controller):
    """The controller on a port of the system's choice."""

    def factory(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a login without TLS is what a test on the loopback wants
            return super().factory()

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class MailServer:
    """`after_dot` is played mail by mail after the final dot: an answer ("451 4.3.0 later"), or DROP, which keeps the
    mail and cuts the connection, or DROP_UNSEEN, which cuts it without keeping. Empty: "250 OK".
    """

    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    greylist: set[str] = field(default_factory=set)
    after_dot: list[str] = field(default_factory=list)
    on_mail: str = ""
    host: str = "127.0.0.1"
    port: int = 0

    @contextmanager
    def running(self) -> Iterator[Self]:
        security: dict[str, Any] = {}
        if self.login:
            security = {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False}
        if self.tls:
            security |= {"tls_context": self.tls, "require_starttls": True}
        controller = _AnyPort(self, hostname=self.host, port=0, **security)
        controller.start()
        self.port = controller.port
        try:
            yield self
        finally:
            controller.stop()

    def text(self, number: int = 0, kind: str = "plain") -> str:
        part = self.mails[number].get_body((kind,))
        assert part is not None
        return str(part.get_content())

    def _authenticate(self, _server: SMTP, _session: Session, _env: Envelope, _how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=right, handled=False)

    # -- what aiosmtpd calls ------------------------------------------------------------------------------------

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.on_mail or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        if address in self.greylist:
            self.greylist.discard(address)
            return "450 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.after_dot.pop(0) if self.after_dot else "250 OK"
        if answer in {DROP, DROP_UNSEEN}:
            if answer == DROP:
                self._keep(envelope)
            server.transport.abort()
            await asyncio.Event().wait()  # until the lost connection ends this conversation
        if answer.startswith("250"):
            self._keep(envelope)
        return answer

    def _keep(self, envelope: Envelope) -> None:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))

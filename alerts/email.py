"""Mail over SMTP: plain text and HTML side by side, each conversation a thread."""

from __future__ import annotations

import errno
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from alerts.base import Capabilities, Channel, Fault, Message, Post, Ref, SendError
from alerts.email_message import address, compose, message_id
from alerts.smtp import Bounded, BoundedTls

Security = Literal["starttls", "tls", "none"]
_OFFLINE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
# 465 is TLS from the first byte, 587 upgrades to it: https://www.rfc-editor.org/rfc/rfc8314#section-3.3
_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


class Email(Channel):
    """Mail to one or several people, each on their own. Nobody can ask what has arrived: a repeat has the same
    Message-ID, and says so.
    """

    kind: ClassVar[str] = "email"
    title: ClassVar[str] = "Mail (SMTP)"
    example: ClassVar[dict[str, Any]] = {
        "host": "smtp.example.org",
        "user": "listener@example.org",
        "password": "${SMTP_PASSWORD}",
        "sender": "Listener <listener@example.org>",
        "to": ["team@example.org"],
    }

    capabilities: ClassVar[Capabilities] = Capabilities(thread=True, probe=True)

    host: str = Field(min_length=1, description="The mail server.")
    port: int | None = Field(None, ge=1, le=65535, description="587 with starttls, 465 with tls, 25 with none.")
    security: Security | None = Field(None, description="starttls unless the port is 465 or the server this machine.")
    user: str | None = Field(None, description="Who logs in; nobody if unset.")
    password: SecretStr | None = Field(None, description="Their password.")
    sender: str = Field(description='Who it comes from: "Listener <listener@example.org>".')
    to: tuple[str, ...] = Field(min_length=1, description="Who gets it.")
    timeout: float = Field(
        15.0,
        gt=0,
        le=120,
        description="Seconds to wait for each answer of the server; a whole mail has four times that.",
    )

    @field_validator("sender")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        address(value)
        return value

    @field_validator("to", mode="before")
    @classmethod
    def _are_addresses(cls, value: Any) -> Any:
        several = (value,) if isinstance(value, str) else tuple(value)
        return tuple(str(address(str(one))) for one in several)

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.password and self.protection == "none" and not self._is_local:
            raise ValueError('with "security: none" the password would travel in clear: use starttls or tls')
        return self

    @property
    def protection(self) -> Security:
        if self.security:
            return self.security
        return "tls" if self.port == 465 else "none" if self._is_local else "starttls"

    @property
    def _is_local(self) -> bool:
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    def addresses(self) -> tuple[str, ...]:
        return (self.host,)

    def recipients(self) -> tuple[str, ...]:
        return self.to

    def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
        """To the message's recipient; to everybody where it names none. The ref names the mail for its replies."""
        mail = compose(message, ref, self.sender, self.to)
        with self._session() as (server, after):
            self._expect(server.mail(address(self.sender).addr_spec), 250, "sender")
            for recipient in (message.recipient,) if message.recipient else self.to:
                code, said = server.rcpt(recipient)
                if code not in {250, 251}:
                    raise self._answered(f"mail: {recipient}", code, said, Fault.RECIPIENT)
            self._data(server, mail.as_bytes(), after)
        return {"message_id": message_id(message.id, self.sender), "subject": str(mail["Subject"])}

    def check(self, post: Post) -> str:
        with self._session() as (server, _):
            self._expect(server.noop(), 250, "NOOP")
        login = f"logged in as {self.user}" if self.user else "without a login"
        return f"{self.host}:{self._port} answers, {login}, security: {self.protection}; to {', '.join(self.to)}"

    @property
    def _port(self) -> int:
        return self.port or _PORTS[self.protection]

    @contextmanager
    def _session(self) -> Iterator[tuple[smtplib.SMTP, list[str]]]:
        """A conversation with the server. Once the list holds something, the message may have been accepted."""
        after: list[str] = []
        try:
            server = self._connect()
            try:
                server.ehlo_or_helo_if_needed()
                if self.protection == "starttls":
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo()
                if self.user and self.password:
                    server.login(self.user, self.password.get_secret_value())
                yield server, after
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
            finally:
                server.close()
        except SendError:
            raise
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise self._error(error, unknown=bool(after)) from None

    def _connect(self) -> smtplib.SMTP:
        # without a name of our own smtplib asks the DNS for one, which can take long
        own = socket.gethostname()
        own = own if "." in own and own.isascii() else "[127.0.0.1]"
        if self.protection == "tls":
            context = ssl.create_default_context()
            return BoundedTls(self.host, self._port, own, timeout=self.timeout, context=context)
        return Bounded(self.host, self._port, own, timeout=self.timeout)

    def _data(self, server: smtplib.SMTP, mail: bytes, after: list[str]) -> None:
        """Send the text of a mail. Step by step, because only a loss after the final dot leaves the outcome unknown."""
        self._expect(server.docmd("DATA"), 354, "DATA", Fault.MESSAGE)
        # a line that is a dot alone would end the mail: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.2
        server.send(re.sub(rb"(?m)^\.", b"..", mail))
        after.append("final dot")
        server.send(b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n")
        answer = server.getreply()
        after.clear()  # whatever the answer was, it is known
        self._expect(answer, 250, "text", Fault.MESSAGE)

    # -- what went wrong --------------------------------------------------------------------------------------------

    def _expect(self, answer: tuple[int, bytes], code: int, step: str, fault: Fault = Fault.CHANNEL) -> None:
        if answer[0] != code:
            raise self._answered(f"mail: {step}", *answer, fault)

    def _answered(self, step: str, code: int, said: bytes | str, fault: Fault = Fault.CHANNEL) -> SendError:
        """421: the server is closing, whatever the step was about."""
        remedy = "the server says it is for good: see its words" if code >= 500 else ""
        words = f"{step}: {code} {self._text(said)}"
        if code == -1:  # smtplib's word for no number at all
            return SendError(f"{step}: this is no mail server", remedy="check host, port and security")
        return SendError(words, permanent=code >= 500, remedy=remedy, fault=Fault.CHANNEL if code == 421 else fault)

    def _error(self, error: Exception, *, unknown: bool) -> SendError:
        place = f"mail: {self.host}:{self._port}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            said = f"{place} refused the login ({error.smtp_code} {self._text(error.smtp_error)})"
            return SendError(said, permanent=error.smtp_code >= 500, remedy="check user and password")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            remedy = 'the server does not offer what the config asks for: try "security: tls" with port 465'
            return SendError(f"{place}: {self._text(str(error))}", permanent=True, remedy=remedy)
        if isinstance(error, smtplib.SMTPResponseException):
            return self._answered(place, error.smtp_code, error.smtp_error)
        if isinstance(error, ssl.SSLCertVerificationError):
            remedy = "put the server's own name as host; for a private authority set SSL_CERT_FILE"
            return SendError(f"{place}: {error.verify_message}", permanent=True, remedy=remedy)
        said, remedy = (
            self._text(str(error)) or type(error).__name__,
            "" if unknown else "check host, port and security",
        )
        offline = isinstance(error, socket.gaierror) or getattr(error, "errno", None) in _OFFLINE
        return SendError(f"{place}: {said}", unknown=unknown, offline=offline, remedy=remedy)

    def _text(self, said: bytes | str) -> str:
        """A server's words on one line. It may be anybody's server, so not more than a few of them, and no secret."""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        if self.password:
            text = text.replace(
                b64encode(f"\0{self.user}\0{self.password.get_secret_value()}".encode()).decode(), "***"
            )
        return " ".join("".join(char if char.isprintable() else " " for char in self.masked(text)).split())[:200]

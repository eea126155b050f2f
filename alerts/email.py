"""Mail over SMTP: plain text and HTML side by side, each conversation a thread."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from alerts.base import Capabilities, Channel, Message, Ref, SendError
from alerts.email_message import address, compose, message_id

Security = Literal["starttls", "tls", "none"]
_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


class Email(Channel):
    """Mail to one or several people. Nobody can ask what has arrived: a repeat has the same Message-ID, and says so."""

    kind: ClassVar[str] = "email"
    title: ClassVar[str] = "Mail (SMTP)"
    example: ClassVar[dict[str, Any]] = {
        "host": "smtp.example.org",
        "user": "listener@example.org",
        "password": "${SMTP_PASSWORD}",
        "sender": "Listener <listener@example.org>",
        "to": ["team@example.org"],
    }

    capabilities: ClassVar[Capabilities] = Capabilities(thread=True)

    host: str = Field(min_length=1, description="The mail server.")
    port: int | None = Field(None, ge=1, le=65535, description="587 with starttls, 465 with tls, 25 with none.")
    security: Security | None = Field(None, description="starttls unless the port is 465 or the server this machine.")
    user: str | None = Field(None, description="Who logs in; nobody if unset.")
    password: SecretStr | None = Field(None, description="Their password.")
    sender: str = Field(description='Who it comes from: "Listener <listener@example.org>".')
    to: tuple[str, ...] = Field(min_length=1, description="Who gets it.")
    timeout: float = Field(15.0, gt=0, le=120, description="Seconds to wait for each answer of the server.")

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

    def send(self, message: Message, ref: Ref | None = None) -> Ref:
        """The ref names the mail for its replies, and in `refused` those whom the server would not take it for."""
        mail = compose(message, ref, self.sender, self.to)
        with self._session() as (server, after):
            refused = self._envelope(server)
            _data(server, mail.as_bytes(), after)
        found = {"message_id": message_id(message.id, self.sender), "subject": str(mail["Subject"])}
        return {**found, "refused": "; ".join(refused)} if refused else found

    def check(self) -> str:
        with self._session() as (server, _):
            _expect(server.noop(), 250, "NOOP")
        login = f"logged in as {self.user}" if self.user else "without a login"
        return f"{self.host}:{self._port} answers, {login}, security: {self.protection}; to {', '.join(self.to)}"

    @property
    def _port(self) -> int:
        return self.port or _PORTS[self.protection]

    def _envelope(self, server: smtplib.SMTP) -> list[str]:
        """Name the sender and the recipients. Some may be refused; an error only when all of them are."""
        _expect(server.mail(address(self.sender).addr_spec), 250, "sender")
        refused: list[str] = []
        codes: list[int] = []
        for recipient in self.to:
            code, said = server.rcpt(recipient)
            if code not in {250, 251}:
                codes.append(code)
                refused.append(f"{recipient} ({code} {_text(said)})")
        if len(refused) == len(self.to):
            remedy = "check the addresses" if min(codes) >= 500 else ""
            summary = f"mail: nobody was accepted: {'; '.join(refused)}"
            raise SendError(summary, permanent=min(codes) >= 500, remedy=remedy)
        return refused

    @contextmanager
    def _session(self) -> Iterator[tuple[smtplib.SMTP, list[str]]]:
        """A conversation with the server. Once the list holds something, the message may have been accepted."""
        after: list[str] = []
        try:
            server = self._connect()
            try:
                self._greet(server)
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
            return smtplib.SMTP_SSL(self.host, self._port, own, timeout=self.timeout, context=context)
        return smtplib.SMTP(self.host, self._port, own, timeout=self.timeout)

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.protection == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.user and self.password:
            server.login(self.user, self.password.get_secret_value())

    def _error(self, error: Exception, *, unknown: bool) -> SendError:
        place = f"mail: {self.host}:{self._port}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            said = f"{place} refused the login ({error.smtp_code} {_text(error.smtp_error)})"
            return SendError(said, permanent=error.smtp_code >= 500, remedy="check user and password")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            remedy = 'the server does not offer what the config asks for: try "security: tls" with port 465'
            return SendError(f"{place}: {_text(str(error))}", permanent=True, remedy=remedy)
        if isinstance(error, smtplib.SMTPResponseException):
            return _answered(place, error.smtp_code, error.smtp_error)
        if isinstance(error, ssl.SSLCertVerificationError):
            remedy = "put the server's own name as host; for a private authority set SSL_CERT_FILE"
            return SendError(f"{place}: {error.verify_message}", permanent=True, remedy=remedy)
        remedy = "" if unknown else "check host, port and security"
        return SendError(f"{place}: {_text(str(error)) or type(error).__name__}", unknown=unknown, remedy=remedy)


def _data(server: smtplib.SMTP, mail: bytes, after: list[str]) -> None:
    """Send the text of a mail. Step by step, because only a loss after the final dot leaves the outcome unknown."""
    _expect(server.docmd("DATA"), 354, "DATA")
    server.send(re.sub(rb"(?m)^\.", b"..", mail))
    after.append("final dot")
    server.send(b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n")
    answer = server.getreply()
    after.clear()  # whatever the answer was, it is known
    _expect(answer, 250, "text")


def _expect(answer: tuple[int, bytes], code: int, step: str) -> None:
    if answer[0] != code:
        raise _answered(f"mail: {step}", *answer)


def _answered(step: str, code: int, said: bytes | str) -> SendError:
    remedy = "the server says it is for good: see its words" if code >= 500 else ""
    return SendError(f"{step}: {code} {_text(said)}", permanent=code >= 500, remedy=remedy)


def _text(said: bytes | str) -> str:
    """A server's words on one line. It may be anybody's server, so not more than a few of them."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:200]

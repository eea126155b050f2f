"""Mail as it arrives at a real server, and what is made of every way it can go wrong."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.policy import default
from email.utils import parsedate_to_datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.base import Fault, SendError
from alerts.email import Email
from alerts.email_message import compose
from tests.alerts.guarded_channel import check, send
from tests.alerts.samples import NOW, message, quote
from tests.world.smtp import DROP, DROP_UNSEEN, MailServer

SENDER = "Listener ünd Söhne <listener@example.org>"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer().running() as running:
        yield running


def mail_to(server: MailServer, *to: str, **settings: Any) -> Email:
    return Email(host=server.host, port=server.port, sender=SENDER, to=to or ("team@example.org",), **settings)


def failure(channel: Email, recipient: str = "") -> SendError:
    with pytest.raises(SendError) as caught:
        send(channel, message(recipient=recipient))
    return caught.value


def test_a_mail_has_text_and_html_and_the_headers_of_a_polite_robot(server: MailServer) -> None:
    send(mail_to(server, "a@example.org", "b@example.org"), message(headline="Überraschung: 42 in 1 hour 💥"))
    [mail] = server.mails
    assert server.envelopes == [("listener@example.org", ["a@example.org", "b@example.org"])]
    assert mail["Subject"] == "Überraschung: 42 in 1 hour 💥"
    assert (mail["From"], mail["To"]) == (SENDER, "a@example.org, b@example.org")
    assert mail["Message-ID"] == "<d1@example.org>"
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "listener.example.org" in mail["List-Id"]
    assert mail.get_content_type() == "multipart/alternative"
    assert quote().text in server.text()
    assert quote().text in server.text(kind="html")


def test_a_conversation_is_one_thread_under_one_subject(server: MailServer) -> None:
    channel = mail_to(server)
    root = send(channel, message("root", headline="It began"))
    send(channel, message("reply", headline="It goes on"), root)
    reply = server.mails[1]
    assert (reply["Subject"], reply["In-Reply-To"], reply["References"]) == (
        "Re: It began", "<root@example.org>", "<root@example.org>",
    )  # fmt: skip
    assert "It goes on" in server.text(1)


def test_a_repeat_has_the_same_identity_and_says_that_it_may_be_one(server: MailServer) -> None:
    channel = mail_to(server)
    send(channel, message())
    send(channel, message(sent_before=True))
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert second["Subject"] == f"Possible repeat: {first['Subject']}"
    assert "Possibly a repeat" in server.text(1)


def test_a_line_that_is_a_dot_does_not_end_the_mail(server: MailServer) -> None:
    send(mail_to(server), message(body="one\n.\n..two\n.three\nend", html="<p>.\n.</p>"))
    assert "one\n.\n..two\n.three\nend" in server.text().replace("\r\n", "\n")


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=40))
def test_no_text_adds_a_header_or_a_recipient(headline: str, body: str, identity: str) -> None:
    usual = compose(message(), None, SENDER, ["a@example.org"])
    sent = message(identity, headline=f"{headline}\r\nBcc: x@example.org\nX-Evil: 1\r\n\r\nbody", body=body)
    for ref in (None, {"message_id": f"<{identity}>\r\nBcc: x@example.org", "subject": f"{headline}\nBcc: x@y"}):
        made = compose(sent, ref, SENDER, ["a@example.org"])
        made.as_bytes()
        assert set(made.keys()) <= {*usual.keys(), "In-Reply-To", "References"}
        assert (made["To"], len(made.get_all("To", []))) == ("a@example.org", 1)


# -- what goes wrong --------------------------------------------------------------------------------------------


def test_a_refused_recipient_is_named_and_is_the_only_one_in_trouble(server: MailServer) -> None:
    server.refuse.update({"gone@example.org": "550 5.1.1 no such mailbox", "later@example.org": "450 4.7.1 later"})
    channel = mail_to(server, "gone@example.org", "later@example.org", "here@example.org")
    assert channel.recipients() == ("gone@example.org", "later@example.org", "here@example.org")
    for recipient, permanent in (("gone@example.org", True), ("later@example.org", False)):
        error = failure(channel, recipient)
        assert (error.fault, error.permanent, error.unknown) == (Fault.RECIPIENT, permanent, False)
        assert recipient in str(error)
    send(channel, message(recipient="here@example.org"))
    assert [to for _, to in server.envelopes] == [["here@example.org"]]
    assert server.mails[0]["To"] == "gone@example.org, later@example.org, here@example.org"


def test_what_the_server_says_of_a_text_is_about_that_message(server: MailServer) -> None:
    server.after_dot += ["554 5.7.1 we think this is spam", "451 4.3.0 try later", "421 4.3.2 going down"]
    faults = [failure(mail_to(server)) for _ in range(3)]
    assert [(error.fault, error.permanent) for error in faults] == [
        (Fault.MESSAGE, True), (Fault.MESSAGE, False), (Fault.CHANNEL, False),
    ]  # fmt: skip


def test_greylisting_passes(server: MailServer) -> None:
    server.greylist.add("team@example.org")
    channel = mail_to(server)
    error = failure(channel)
    assert (error.permanent, error.unknown) == (False, False)
    send(channel, message())
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("answer", "permanent", "unknown", "kept"),
    [
        ("451 4.3.0 try later", False, False, 0),
        ("554 5.7.1 we think this is spam", True, False, 0),
        (DROP, False, True, 1),
        (DROP_UNSEEN, False, True, 0),
    ],
)
def test_after_the_final_dot_an_answer_is_known_and_a_lost_connection_is_not(
    server: MailServer, *, answer: str, permanent: bool, unknown: bool, kept: int
) -> None:
    server.after_dot.append(answer)
    error = failure(mail_to(server))
    assert (error.permanent, error.unknown, len(server.mails)) == (permanent, unknown, kept)


def test_a_sender_that_is_refused_is_known_not_to_have_been_heard(server: MailServer) -> None:
    server.on_mail = "550 5.7.1 you may not send"
    error = failure(mail_to(server))
    assert (error.permanent, error.unknown) == (True, False)
    assert "you may not send" in str(error)


def test_a_server_that_is_not_there_is_passing_trouble() -> None:
    error = failure(Email(host="127.0.0.1", port=9, sender=SENDER, to=("a@example.org",)))
    assert (error.permanent, error.unknown) == (False, False)
    assert "host, port" in error.remedy


def test_a_wrong_password_names_the_remedy_and_not_the_password() -> None:
    with MailServer(login=("me", "right")).running() as server:
        channel = mail_to(server, user="me", password="wr0ng")
        for error in (failure(channel), _check_failure(channel)):
            assert error.permanent
            assert error.remedy == "check user and password"
            assert "wr0ng" not in f"{error!r}{channel!r}"
        assert check(mail_to(server, user="me", password="right")).startswith("127.0.0.1:")
        assert server.mails == []


def _check_failure(channel: Email) -> SendError:
    with pytest.raises(SendError) as caught:
        check(channel)
    return caught.value


def test_a_server_without_encryption_is_not_trusted_with_it(server: MailServer) -> None:
    error = failure(mail_to(server, security="starttls"))
    assert error.permanent
    assert "security" in error.remedy


def test_starttls_is_used_and_its_certificate_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl here to make a certificate with")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with MailServer(tls=context).running() as server:
        channel = Email(host="localhost", port=server.port, security="starttls", sender=SENDER, to=("a@example.org",))
        refused = failure(channel)
        assert refused.permanent
        assert "SSL_CERT_FILE" in refused.remedy
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send(channel, message())
        assert len(server.mails) == 1


# -- servers that mean harm, or are broken ----------------------------------------------------------------------


@contextmanager
def talking(*says: bytes, pause: float = 0.0) -> Iterator[int]:
    """A server that greets each connection with these bytes, the last of them again and again; its port."""
    ended = threading.Event()

    def talk(line: socket.socket) -> None:
        with line, suppress(OSError):
            for words in chain(says[:-1], repeat(says[-1])):
                if ended.wait(pause):
                    return
                line.sendall(words)

    def answer(server: socket.socket) -> None:
        while not ended.is_set():
            try:
                line, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(line,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        yield server.getsockname()[1]
        ended.set()


@pytest.mark.parametrize(
    ("says", "pause"),
    [((b"2",), 0.02), ((b"220-more\r\n",), 0.0), ((b"x" * 65536,), 0.0), ((b"220 hi\r\n", b"250-more\r\n"), 0.01)],
    ids=["one byte after the other", "a greeting without end", "a line without end", "an answer without end"],
)
@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_trickles_or_never_ends_is_left_at_the_deadline(
    says: tuple[bytes, ...], pause: float, security: str
) -> None:
    with talking(*says, pause=pause) as port:
        channel = Email(
            host="127.0.0.1", port=port, security=security, sender=SENDER, to=("a@example.org",), timeout=0.5
        )
        begun = time.monotonic()
        error = failure(channel)
        assert time.monotonic() - begun < 10
        assert (error.permanent, error.unknown) == (False, False)


def test_a_server_that_repeats_the_password_does_not_get_it_into_an_error() -> None:
    plain = b64encode(b"\0me\0wr0ngpassword").decode()
    for said in ("wr0ngpassword", plain, b64encode(b"wr0ngpassword").decode()):
        answers = f"220 hi\r\n250-x\r\n250 AUTH PLAIN LOGIN\r\n535 no: {said}\r\n535 no: {said}\r\n".encode()
        with talking(answers, b"") as port:
            error = failure(
                Email(
                    host="127.0.0.1", port=port, user="me", password="wr0ngpassword", sender=SENDER, to="a@example.org"
                )
            )
        assert "535" in str(error)
        assert said not in f"{error!r}{error}{error.remedy}"


# -- settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "protection"),
    [
        ({"host": "smtp.example.org"}, "starttls"),
        ({"host": "smtp.example.org", "port": 465}, "tls"),
        ({"host": "localhost"}, "none"),
        ({"host": "localhost", "security": "starttls"}, "starttls"),
        ({"host": "smtp.example.org", "security": "none"}, "none"),
    ],
)
def test_mail_is_encrypted_unless_somebody_says_otherwise(settings: dict[str, Any], protection: str) -> None:
    assert Email(**settings, sender=SENDER, to=("a@example.org",)).protection == protection


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": []}, "at least 1"),
        ({"to": ["not an address"]}, "not a mail address"),
        ({"to": ["a@example.org\r\nBcc: b@example.org"]}, "not a mail address"),
        ({"sender": "Listener"}, "not a mail address"),
        ({"user": "me"}, "go together"),
        ({"user": "me", "password": "s3cret", "security": "none"}, "in clear"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], said: str) -> None:
    settings = {"host": "smtp.example.org", "sender": SENDER, "to": ["a@example.org"], **changes}
    with pytest.raises(ValidationError, match=said) as caught:
        Email(**settings)
    assert "s3cret" not in str(caught.value)


def test_one_recipient_needs_no_list() -> None:
    assert Email(host="localhost", sender=SENDER, to="a@example.org").to == ("a@example.org",)


def test_a_long_subject_arrives_as_it_was_written() -> None:
    headline = (
        "Week of 5 to 12 Jan 2026. Acme: 83 mentions; there is no whole week before to compare with; 25% negative, 37%"
    )
    long = message(headline=f"{headline} neutral and more")
    sent = message_from_bytes(compose(long, None, "a@example.org", ["b@example.org"]).as_bytes(), policy=default)
    subject = str(sent["Subject"])
    assert subject.endswith("...")
    assert headline.startswith(subject.removesuffix("...").rstrip())
    assert "  " not in subject

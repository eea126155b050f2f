"""Secrets come from outside, and no text that Listener shows holds one."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.config import Redactor, load, parse, redacted, show
from listener.config.secrets import written_secrets
from tests.listener.configs import GOOD, marked, problem, refused, spoilt, understood
from tests.listener.kinds import CHANNELS, SOURCES, Chat

WITH_CHAT = spoilt("{kind: bell}", "\n    kind: chat\n    token: ${TOKEN}")
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=6, max_size=40).map(
    lambda text: f"s3cr3t{text}"
)


def token(text: str, environ: dict[str, str]) -> str:
    channel = understood(text, environ).channels["bell"]
    assert isinstance(channel, Chat)
    return channel.token.get_secret_value()


def test_a_secret_comes_from_the_environment():
    assert token(WITH_CHAT, {"TOKEN": "xoxb-1"}) == "xoxb-1"


def test_a_secret_comes_from_a_file_beside_the_config(tmp_path):
    (tmp_path / "token").write_text("xoxb-2\n")
    file = tmp_path / "config.yaml"
    file.write_text(WITH_CHAT.replace("${TOKEN}", "${file:token}"))
    config = load(file, {}, sources=SOURCES, channels=CHANNELS)
    assert config.channels["bell"].token.get_secret_value() == "xoxb-2"  # type: ignore[attr-defined]


def test_a_secret_may_stand_within_a_text_and_several_in_one():
    assert token(WITH_CHAT.replace("${TOKEN}", "Bearer ${A}-${B}"), {"A": "one1", "B": "two2"}) == "Bearer one1-two2"


def test_two_dollars_stand_for_the_signs_themselves():
    assert token(WITH_CHAT.replace("${TOKEN}", "a$${TOKEN}b$c"), {}) == "a${TOKEN}b$c"


@pytest.mark.parametrize("value", ["${OTHER}", "a: b", "[1, 2]", "# x", "!!int 5", "*a", "5", "line\nother: line"])
def test_what_comes_in_is_neither_read_as_yaml_nor_filled_again(value):
    assert token(WITH_CHAT, {"TOKEN": value, "OTHER": "wrong"}) == value


def test_numbers_and_switches_may_come_from_outside():
    text = WITH_CHAT + "    port: ${PORT}\n    tls: ${TLS}\n"
    channel = understood(text, {"TOKEN": "xoxb-1", "PORT": "8443", "TLS": "no"}).channels["bell"]
    assert isinstance(channel, Chat)
    assert (channel.port, channel.tls) == (8443, False)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("${TOKEN}", "TOKEN is not set"),
        ("${EMPTY}", "EMPTY is empty"),
        ("${file:/nowhere/at/all}", "/nowhere/at/all cannot be read"),
        ("${file:/}", "cannot be read"),
        ("${TOKEN:-x}", "names no environment variable"),
        ("${}", "names no environment variable"),
    ],
)
def test_a_missing_secret_is_named_with_its_place_and_remedy(written, says):
    text = WITH_CHAT.replace("${TOKEN}", f"'{written}'")
    found = problem(text, {"EMPTY": ""})
    assert says in found.message
    assert found.remedy
    assert marked(text, found).startswith(f"'{written}'")


def test_a_missing_secret_hides_no_other_fault_and_causes_none():
    text = WITH_CHAT + "    port: ${PORT}\n    rom: x\n"
    assert {p.path for p in refused(text).problems} == {f"channels.bell.{key}" for key in ("token", "port", "rom")}


# -- nothing shows --------------------------------------------------------------------------------------------


def shown(config: object) -> str:
    return "\n".join([repr(config), str(config), show(config), json.dumps(redacted(config))])  # type: ignore[arg-type]


@settings(deadline=None)
@given(secret=SECRETS)
def test_no_view_of_a_config_holds_a_secret(secret):
    password = quote(secret, safe="")
    text = WITH_CHAT + "    room: say ${WORD}\nstorage: {url: 'postgresql://me:${PASSWORD}@host/name'}\n"
    text += "daemon: {heartbeat_url: 'https://beat.example.org/${WORD}'}\n"
    config = understood(text, {"TOKEN": secret, "WORD": secret + "x", "PASSWORD": password})
    assert config.storage.url == f"postgresql://me:{password}@host/name"
    for hidden in (secret, password, json.dumps(secret)[1:-1]):
        assert hidden not in shown(config)
        assert hidden not in repr(config.storage) + repr(config.daemon)
        assert hidden not in config.redactor.mask(f"log: {hidden} {config.storage.url} {config.daemon.heartbeat_url}")


@settings(deadline=None)
@given(secret=SECRETS)
def test_no_error_holds_a_secret(secret):
    wrong = WITH_CHAT + "    port: ${TOKEN}\n    tls: ${TOKEN}\n    ${X}: 1\n"
    wrong += (
        "storage: {url: '${TOKEN}'}\ndigest: {weekday: '${TOKEN}', time_zone: '${TOKEN}', channels: ['${TOKEN}']}\n"
    )
    wrong += "daemon: {web: '${TOKEN}', heartbeat_url: '${TOKEN}', log: '${TOKEN}'}\n"
    wrong = wrong.replace("kind: board", "kind: ${TOKEN}").replace("role: brand", "role: ${TOKEN}")
    wrong = wrong.replace("'firefox OR #firefox'", "(${TOKEN}").replace("id: vivaldi", "id: ${TOKEN}")
    error = refused(wrong, {"TOKEN": secret})
    assert len(error.problems) > 8
    assert secret not in str(error) + repr(error) + repr(error.problems)
    assert repr(secret)[1:-1] not in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    "written",
    [
        "token: s3cr3t-1, 2 # 3\n    port: x",
        "token: 's3cr3t-1'\n    port: x",
        "tokne: s3cr3t-1",
        "token: s3cr3t-1: x",
        "token: 's3cr3t-1\n    port: 1",
        "token: [s3cr3t-1]",
        "token: {s3cr3t-1: 1}",
        "tokens: s3cr3t-1",
    ],
)
def test_a_secret_written_in_the_file_is_hidden_from_its_errors(written):
    error = refused(spoilt("{kind: bell}", f"\n    kind: chat\n    {written}"))
    assert "s3cr3t" not in str(error) + repr(error.problems)


def test_secrets_written_in_the_file_are_remembered_and_hidden():
    text = WITH_CHAT.replace("${TOKEN}", "xoxb-written") + "storage: {url: 'postgresql://me:pw-written@host/name'}\n"
    config = understood(text)
    assert config.secrets == {"xoxb-written", "pw-written"}
    assert "written" not in shown(config)


def test_a_password_in_a_misspelt_place_is_hidden():
    assert "hunter22" not in str(refused(GOOD + "storge: {url: 'postgresql://me:hunter22@host/name'}\n"))


def test_an_error_of_a_config_that_is_no_yaml_hides_the_tail_of_a_secret_line():
    assert "s3cr3t" not in str(refused("password: s3cr3t: 'x\n"))


# -- the redactor ---------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(secrets=st.lists(SECRETS, min_size=1, max_size=5), around=st.text(max_size=20))
def test_masking_leaves_no_secret_in_any_of_its_usual_spellings(secrets, around):
    redactor = Redactor(secrets)
    for secret in secrets:
        for form in (secret, repr(secret), json.dumps(secret), quote(secret), quote(secret, safe="")):
            assert secret not in redactor.mask(around + form + around)
            assert form not in redactor.mask(around + form + around)


def test_text_without_secrets_is_left_alone():
    assert Redactor(["xoxb-1"]).mask("a spike of 12 posts") == "a spike of 12 posts"
    assert Redactor([]).mask("anything") == "anything"
    assert Redactor(["a"]).mask("a spike") == "a spike"


def test_a_short_secret_that_could_be_a_word_leaves_other_words_alone():
    mask = Redactor(["prod", "hunter2", "long-enough"]).mask
    assert mask("products of prod, huntress with hunter2") == "products of ***, huntress with ***"
    assert mask("xlong-enoughx") == "x***x"


@settings(deadline=None)
@given(secret=SECRETS, user=st.text(st.characters(codec="ascii"), max_size=8))
def test_a_secret_inside_base64_is_masked_whatever_stands_before_it(secret, user):
    coded = b64encode(f"{user}:{secret}".encode()).decode()
    left = Redactor([secret]).mask(f"Authorization: Basic {coded} was refused")
    assert "***" in left
    behind = left.partition("***")[2]  # the user, who stands before it, may look like the secret's end
    assert coded not in left
    assert coded[-12:].rstrip("=")[:-4] not in behind


@pytest.mark.parametrize(
    "shown",
    [
        "https:\\/\\/hooks.example.org\\/services\\/T0\\/B0\\/hunter2",
        "POST /services/T0/B0/hunter2 HTTP/1.1",
        "https%3a%2f%2fhooks.example.org%2fservices%2fT0%2fB0%2fhunter2",
        "https%253A%252F%252Fhooks.example.org%252Fservices%252FT0%252FB0%252Fhunter2",
    ],
)
def test_the_address_of_a_webhook_is_masked_however_it_comes_back(shown):
    assert "hunter2" not in Redactor(["https://hooks.example.org/services/T0/B0/hunter2"]).mask(shown)


def test_parameters_that_sound_like_secrets_are_secrets_also_without_a_variable():
    written = {"url": "https://f.example.org/?api_key=planted-1&sig=planted-2&q=firefox"}
    assert set(written_secrets(written)) == {"planted-1", "planted-2"}


def test_a_line_of_a_key_file_is_masked_alone():
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----"
    assert Redactor([key]).mask("at MIIEvQIBADANBgkqhkiG9w0 it failed") == "at *** it failed"


def test_a_redactor_shows_nothing_itself():
    assert "xoxb" not in repr(Redactor(["xoxb-1"]))


def test_what_is_shown_is_a_config_again():
    config = understood(GOOD)
    again = parse(show(config), Path("/else/where.yaml"), {}, sources=SOURCES, channels=CHANNELS)
    assert (again.watches, again.sources, again.channels) == (config.watches, config.sources, config.channels)
    assert (again.storage, again.digest, again.alerts, again.daemon) == (
        config.storage,
        config.digest,
        config.alerts,
        config.daemon,
    )

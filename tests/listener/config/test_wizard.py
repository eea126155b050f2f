"""`listener init`: whatever is answered, the config that comes out loads and means what was said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scrapers
from insight.model import Role
from insight.query import parse as parse_query
from listener.config import Config, parse
from listener.config.wizard import Answers, compose
from tests.listener.kinds import INIT

FILE = Path("/etc/listener/config.yaml")
NAMES = st.text(max_size=60).map(lambda text: f"Acme {text}")


def composed(**answers: object) -> Config:
    text = compose(Answers(**{"brand": "Acme", "contact": "me@example.org", **answers}))  # type: ignore[arg-type]
    return parse(text, FILE, {}, sources=INIT)


def test_the_answers_become_watches():
    config = composed(brand="Acme Corp", competitors=("Umbra", "Café Noir"), time_zone="Asia/Ho_Chi_Minh")
    assert [(watch.id, watch.name, watch.role) for watch in config.watches] == [
        ("acme-corp", "Acme Corp", Role.BRAND),
        ("umbra", "Umbra", Role.COMPETITOR),
        ("cafe-noir", "Café Noir", Role.COMPETITOR),
    ]
    assert config.watches[0].query == '"Acme Corp" OR #acmecorp'
    assert {watch.time_zone for watch in config.watches} == {config.digest.time_zone} == {"Asia/Ho_Chi_Minh"}
    assert config.contact == "me@example.org"


@settings(deadline=None)
@given(
    brand=NAMES,
    competitors=st.lists(NAMES | st.sampled_from(["Acme", " acme", "火狐", "Ünïcode"]), max_size=4).map(tuple),
)
def test_whatever_is_answered_loads_and_keeps_the_names(brand, competitors):
    config = composed(brand=brand, competitors=competitors)
    assert len({watch.id for watch in config.watches}) == len(config.watches)
    assert all(parse_query(watch.query) for watch in config.watches)
    for watch in config.watches:
        assert watch.name.isprintable()


@pytest.mark.parametrize(
    "brand", ["${HOME}", "$${X}", 'say "hi"', "OR", "NOT x", "C++", "火狐", "a: b # c", "{x}", "&a *b", "🦊"]
)
def test_a_name_is_never_taken_for_syntax(brand):
    assert composed(brand=brand).watches[0].name == brand


def test_a_name_without_a_hashtag_leaves_the_hashtag_source_out():
    assert [source.kind for source in composed(brand="🦊").sources] == ["board"]
    assert [source.kind for source in composed(brand="Fox").sources] == ["board", "tags"]


@pytest.mark.skipif(
    not {"hackernews", "mastodon"} <= set(getattr(scrapers, "KINDS", {})), reason="its kinds of source are not built"
)
def test_the_real_kinds_take_what_it_writes():
    config = parse(compose(Answers("Acme Corp", ("Umbra",), "me@example.org")), FILE, {})
    assert [source.kind for source in config.sources] == ["hackernews", "mastodon"]


def test_a_name_given_twice_is_watched_once():
    assert [watch.id for watch in composed(competitors=("ACME", "Umbra", "umbra ", "")).watches] == ["acme", "umbra"]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"brand": "  "}, "nothing that could be searched for"),
        ({"brand": "!!!"}, "nothing that could be searched for"),
        ({"contact": "nobody"}, "no e-mail or web address"),
        ({"contact": "a@b.c\nHost: x"}, "no e-mail or web address"),
        ({"time_zone": "Europe/Berln"}, "did you mean Europe/Berlin"),
    ],
)
def test_an_answer_that_cannot_be_used_is_sent_back_with_a_sentence(answers, says):
    with pytest.raises(ValueError, match=says):
        compose(Answers(**{"brand": "Acme", "contact": "me@example.org", **answers}))


def test_the_result_explains_itself_and_names_its_schema():
    text = compose(Answers("Acme", contact="me@example.org"), schema="/usr/share/config.schema.json")
    assert text.startswith("# yaml-language-server: $schema=/usr/share/config.schema.json\n")
    assert "${SLACK_TOKEN}" in text
    assert "$$" not in text

"""A config is understood as a whole, or every fault is named with its place and remedy."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError

import pytest

from alerts.rules import Route
from insight.model import Role, SignalKind, Watch
from listener.config import Catalogue, parse
from tests.listener.configs import GOOD, marked, problem, refused, spoilt, understood
from tests.listener.kinds import CHANNELS, SOURCES, Bell, Board, Tags

# -- what is understood -----------------------------------------------------------------------------------------


def test_a_good_config_becomes_watches_sources_and_channels():
    config = understood(GOOD)
    assert config.contact == "you@example.org"
    assert config.watches == (
        Watch("firefox", "Firefox", Role.BRAND, "firefox OR #firefox", "Europe/Berlin"),
        Watch("vivaldi", "vivaldi", Role.COMPETITOR, '"vivaldi browser"', "UTC"),
    )
    assert config.sources == (Board(), Tags(base_url="https://tags.example.org", watches=("firefox",)))
    assert dict(config.channels) == {"bell": Bell()}


def test_what_is_left_out_has_defaults_and_every_channel_hears_everything():
    config = understood(GOOD)
    assert config.routes == (Route("bell"),)
    assert config.digest_channels == ("bell",)
    assert (config.digest.weekday.number, config.digest.hour) == (0, 8)
    assert config.daemon.address == ("127.0.0.1", 8642)


def test_a_section_whose_keys_are_all_comments_has_its_defaults():
    assert understood(GOOD + "digest:\n  # hour: 9\n").digest.hour == 8


def test_routes_become_rules():
    text = GOOD + "alerts:\n  routes:\n    - {channel: bell, kinds: [spike], watches: [firefox], minimum: 5}\n"
    expected = Route("bell", frozenset({SignalKind.SPIKE}), frozenset({"firefox"}), private=False, minimum=5)
    assert understood(text).routes == (expected,)


def test_a_config_is_frozen():
    config = understood(GOOD)
    with pytest.raises(FrozenInstanceError):
        config.contact = "else"  # type: ignore[misc]
    with pytest.raises(TypeError):
        config.channels["new"] = Bell()  # type: ignore[index]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///data/own.db", "sqlite:////etc/listener/data/own.db"),
        ("sqlite:////var/own.db", "sqlite:////var/own.db"),
        ("postgresql://me@host/name", "postgresql://me@host/name"),
    ],
)
def test_a_relative_database_file_lies_beside_the_config(url, expected):
    assert understood(GOOD + f"storage: {{url: '{url}'}}\n").storage.url == expected


def test_yaml_is_read_as_1_2_so_norway_is_a_country_and_on_is_a_key():
    config = understood(spoilt("kind: board", "kind: board\n    countries: [no, on, 'de']"))
    assert config.sources[0].countries == ("no", "on", "de")  # type: ignore[attr-defined]
    assert problem(GOOD + "on: 1\n").message == "unknown key `on`"


def test_a_switch_may_be_written_yes_or_no():
    assert understood(GOOD + "digest: {enabled: no}\n").digest.enabled is False


def test_a_kind_of_ones_own_is_a_module_and_a_class():
    config = understood(spoilt("- kind: board", "- kind: tests.listener.kinds:Board\n    limit: 3"))
    assert config.sources[0] == Board(limit=3)


def test_a_kind_of_ones_own_may_lie_beside_the_config(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    code = "from tests.listener.kinds import Board\n\n\nclass Mine(Board):\n    kind = 'mine'\n"
    (tmp_path / "beside_the_config.py").write_text(code)
    text = spoilt("- kind: board", "- kind: beside_the_config:Mine")
    catalogue = Catalogue("source", SOURCES.base, SOURCES.kinds, tmp_path)
    config = parse(text, tmp_path / "c.yaml", {}, sources=catalogue, channels=CHANNELS)
    assert config.sources[0].kind == "mine"


def test_anchors_spare_repeating_oneself():
    text = spoilt(
        "- kind: board", "- &b {kind: board, limit: 3}\n  - {<<: *b, base_url: 'https://b.example.org', limit: 4}"
    )
    assert [source.limit for source in understood(text).sources] == [3, 4, 10]  # type: ignore[attr-defined]


# -- what is wrong with a value ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "marks", "says"),
    [
        ("role: brand", "rolle: brand", "rolle: brand", "did you mean `role`?"),
        ("- kind: board", "- kind: board\n    instanc: x", "instanc: x", "did you mean `instance`?"),
        ("- kind: board", "- kind: board\n    instance: 5", "5", 'put it in quotes: "5"'),
        ("role: brand", "role: brnd", "brnd", "did you mean `brand`?"),
        ("name: Firefox", "name: 123", "123", 'put it in quotes: "123"'),
        ("query: 'firefox OR #firefox'", "query: #firefox", "query:", 'in quotes, "#…"'),
        ("id: vivaldi", "id: Vivaldi Browser", "Vivaldi Browser", "for example `vivaldi-browser`"),
        ("- id: vivaldi", "-id: vivaldi", None, "space after the dash"),
        ("Europe/Berlin", "Europe/Berln", "Europe/Berln", "did you mean `Europe/Berlin`?"),
        ("Europe/Berlin", "europe/berlin", "europe/berlin", "did you mean `Europe/Berlin`?"),
        ("kind: board", "kind: bord", "bord", "did you mean `board`?"),
        ("- kind: board", "- board", "board", "write `kind: board`"),
        ("- kind: board", "- kind: board\n    limit: many", "many", "digits alone"),
        ("- kind: board", "- kind: board\n    limit: 0", "0", "greater than or equal to 1"),
        ("- kind: board", "- kind: board\n    countries: us", "us", "write it as a list: [us]"),
        ("- kind: board", "- kind: board\n    countries: [usa]", "[usa]", "two letters"),
        ("- kind: board", "- kind: board\n    countries: [us, 44]", "44]", 'put it in quotes: "44"'),
        ("- kind: board", "- kind: board\n    every: 1e9", "1e9", "31 days"),
        ("- kind: board", "- kind: board\n    every: inf", "inf", "31 days"),
        ("- kind: board", "- kind: nowhere.at_all:Kind", "nowhere.at_all:Kind", "beside the config"),
        ("- kind: board", "- kind: tests.listener.kinds:Bell", "tests", "scrapers.base.Source"),
        ("- kind: board", "- kind: tests.listener.kinds:Missing", "tests", "spelling of the class"),
        ("- kind: board", "- kind: tests.listener.kinds:Moody", "kind:", "not today"),
        ("[firefox]", "[firefx]", "firefx]", "did you mean `firefox`?"),
        ("id: vivaldi", "id: firefox", "firefox", "the first is on line 3"),
        ("- kind: board", "- kind: board\n  - kind: board", "kind: board", "`name:` of its own"),
        ("- kind: board", "- kind: grey", "kind: grey", "accept_terms: true"),
        ("OR #firefox", "", "kind: tags", "nothing to search for"),
        ("{kind: bell}", "{kind: bel}", "bel}", "did you mean `bell`?"),
        ("bell: {", "the bell: {", "the bell", "choose another name"),
        ("you@example.org", "nobody", "nobody", "must be an e-mail address"),
        ("you@example.org", '"a@b.c\\nHost: x"', '"a@b.c', "one line of text"),
    ],
)
def test_a_wrong_value_is_marked_and_answered(old, new, marks, says):
    text = spoilt(old, new)
    found = refused(text).problems
    answers = [p for p in found if says in str(p)]
    assert answers, "\n".join(map(str, found))
    assert marks is None or marked(text, answers[0]).startswith(marks)


@pytest.mark.parametrize(
    ("added", "marks", "says"),
    [
        ("digest: {hour: 25}", "25", "less than or equal to 23"),
        ("digest: {weekday: Monday}", "Monday", "did you mean `monday`?"),
        ("digest: {channels: [ball]}", "ball", "did you mean `bell`?"),
        ("digest: monday", "monday", "settings (`key: value`)"),
        ("alerts: {routes: [{channel: bell, kinds: [spik]}]}", "spik", "did you mean `spike`?"),
        ("alerts: {routes: [{channel: bel}]}", "bel", "did you mean `bell`?"),
        ("alerts: {routes: [{channel: bell, watches: [vivladi]}]}", "vivladi", "did you mean `vivaldi`?"),
        ("storage: {url: 'postgres://h/d'}", "'postgres", "did you mean `postgresql`?"),
        ("storage: {url: 'mysql://h/d'}", "'mysql", "allowed: sqlite, postgresql"),
        ("storage: {url: 'postgresql://h'}", "'postgresql", "names no database"),
        ("storage: {url: 'sqlite://x.db'}", "'sqlite", "three slashes"),
        ("daemon: {web: 8642}", "8642", 'put it in quotes: "8642"'),
        ("daemon: {web: example.org}", "example.org", "must be host:port"),
        ("daemon: {log: jsn}", "jsn", "did you mean `json`?"),
        ("deamon: {log: json}", "deamon", "did you mean `daemon`?"),
    ],
)
def test_a_wrong_setting_is_marked_and_answered(added, marks, says):
    text = GOOD + added + "\n"
    found = problem(text)
    assert says in str(found), str(found)
    assert marked(text, found).startswith(marks)


def test_a_missing_key_is_marked_at_its_parent():
    text = spoilt("{kind: bell}", "\n    kind: chat")
    found = problem(text)
    assert found.message == "`token` is missing"
    assert marked(text, found).startswith("bell:")


def test_missing_sections_are_all_named_at_once():
    messages = {found.message for found in refused("daemon: {}\n").problems}
    assert messages == {f"`{name}` is missing" for name in ("contact", "watches", "sources", "channels")}


def test_a_fault_inside_a_query_is_marked_inside_the_query():
    text = spoilt("'firefox OR #firefox'", "'firefox OR (it''s'")
    found = problem(text)
    assert marked(text, found) == "(it''s'"
    block = spoilt("'firefox OR #firefox'", "|\n      firefox OR\n      (it")
    assert marked(block, problem(block)) == "|"


def test_several_faults_are_shown_at_once_in_the_order_of_the_file():
    text = spoilt("role: brand", "rule: brand").replace("kind: board", "kind: bord") + "digest: {hour: 99}\n"
    error = refused(text)
    assert [found.path for found in error.problems] == ["watches[0].rule", "sources[0].kind", "digest.hour"]
    assert str(error).endswith("3 problems")


def test_an_error_shows_the_line_with_a_caret_below_the_fault():
    shown = str(refused(spoilt("role: brand", "rule: brand")))
    assert shown.splitlines() == [
        "/etc/listener/c.yaml:5:5: watches[0].rule: unknown key `rule`",
        "      5 |     rule: brand",
        "        |     ^",
        "        → did you mean `role`? (allowed: id, name, role, query, tests, time_zone)",
    ]


def test_a_caret_stands_right_below_wide_letters_and_in_long_lines():
    lines = str(
        refused(spoilt("name: Firefox", "name: 火狐, x: 1").replace("    name: 火狐, x: 1", "    火狐: 1"))
    ).splitlines()
    assert lines[2].index("^") == lines[1].index("火")
    long = spoilt("{kind: bell}", "{kind: bell, " + "x" * 300 + ": 1}")
    assert all(len(line) < 130 for line in str(problem(long)).splitlines()[1:3])

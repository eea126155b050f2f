"""config.yaml and its JSON Schema: the example works, the schema is current, and both agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import alerts
import scrapers
from insight.model import Role
from listener.cli.checks import check_queries
from listener.config import SCHEMA_FILE, load, parse, schema, schema_text
from listener.config.settings import Document
from listener.config.yamlfile import parse as parse_yaml

EXAMPLE = Path(__file__).parents[3] / "config.yaml"
KINDS = set(getattr(scrapers, "KINDS", {}))

needs_kinds = pytest.mark.skipif(
    not {"hackernews", "mastodon", "feed", "appstore"} <= KINDS, reason="its kinds of source are not built"
)


def faults(value: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(value)]


@needs_kinds
def test_the_example_works_as_it_is():
    config = load(EXAMPLE, {})
    assert [watch.role for watch in config.watches] == [Role.BRAND, Role.COMPETITOR, Role.COMPETITOR, Role.TOPIC]
    assert {source.kind for source in config.sources} == {"hackernews", "mastodon", "feed", "appstore"}
    assert set(config.channels) == {"console"}
    assert config.secrets == frozenset()


@needs_kinds
def test_the_example_works_with_what_it_comments_out():
    text = re.sub(r"(?m)^( *)# ((?: {2})*(?:- )?[a-z_]+:(?: .*)?)$", r"\1\2", EXAMPLE.read_text())
    text = text.replace("  url: sqlite:///listener.db\n", "")
    environ = {name: f"https://{name}" for name in ("SLACK_TOKEN", "SMTP_PASSWORD", "HEARTBEAT_URL")}
    config = parse(text, EXAMPLE, {**environ, "PGPASSWORD": "pg-password"})
    assert set(config.channels) == {"console", "team", "mail"}
    assert [route.channel for route in config.routes] == ["team", "console"]
    assert config.digest_channels == ("mail",)
    assert (config.digest.query in config.filters, len(config.filters)) == (True, 2)
    assert set(config.queries.queries) == {"noise", "elsewhere"}
    assert config.owned == {"firefox", "mozilla.org"}
    found = [finding for finding in check_queries(config) if finding.name == "firefox"]
    assert [(finding.fine, finding.says) for finding in found] == [(True, "4 tests come out as expected")]
    assert config.storage.keep_days == 365


def test_every_setting_is_shown_in_the_example():
    text = EXAMPLE.read_text()
    for section in ("alerts", "digest", "storage", "daemon"):
        model = Document.model_fields[section].annotation
        for name in model.model_fields:  # type: ignore[union-attr]
            assert re.search(rf"(?m)^ +(# )?{name}:", text), f"{section}.{name} is not in config.yaml"


def test_the_example_names_its_schema():
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", EXAMPLE.read_text())
    assert named
    assert (EXAMPLE.parent / named.group(1)).samefile(SCHEMA_FILE)


def test_the_schema_file_is_current():
    assert SCHEMA_FILE.read_text() == schema_text(), "write it again: make docs"


def test_the_schema_is_a_schema_and_knows_every_kind():
    Draft202012Validator.check_schema(schema())
    names = set(schema()["$defs"])
    assert {f"source_{kind}" for kind in KINDS} | {f"channel_{kind}" for kind in alerts.CHANNELS} <= names
    json.dumps(schema())


@needs_kinds
def test_the_schema_accepts_the_example_and_refuses_a_typo():
    value = parse_yaml(EXAMPLE.read_bytes()).value
    assert faults(value) == []
    tested = {"id": "a", "query": "acme", "tests": {"match": ["acme", {"title": "acme", "rating": 2}]}}
    assert faults({**value, "watches": [tested], "queries": {"noise": "spam"}, "owned": ["@acme"]}) == []
    assert faults({**value, "watches": [{**tested, "tests": {"match": [{"txt": "acme"}]}}]})
    assert faults({**value, "queries": {"noise": 5}})
    assert faults({**value, "digest": {"huor": 8}})
    assert faults({**value, "sources": [{"kind": "hackernews", "evry": 5}]})
    assert faults({**value, "channels": {"console": {"kind": "consol"}}})
    assert faults({key: inner for key, inner in value.items() if key != "contact"})


@needs_kinds
def test_the_schema_accepts_kinds_of_ones_own_and_numbers_from_outside():
    value = parse_yaml(EXAMPLE.read_bytes()).value
    value["sources"].append({"kind": "my.module:Kind", "anything": 1})
    value["digest"]["hour"] = "${HOUR}"
    assert faults(value) == []
    value["digest"]["hour"] = "eight"
    assert faults(value)

"""Whatever strangers wrote, it becomes words in Slack and nothing else, within Slack's limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alerts.base import Fact, Message
from alerts.messages import readable
from alerts.slack_blocks import BLOCKS, TOTAL, blocks, carries, escape, fallback, metadata
from tests.alerts.samples import message, quote
from tests.world.slack import invalid

MARKUP = st.sampled_from(["<!channel>", "<!here|x>", "<@U012>", "<#C012>", "<https://evil.example|bank>", "*", "_", "`",
                          "&lt;!channel&gt;", "@here", "#general", "\n> ", "<mailto:a@b|c>", "\\<", "&"])  # fmt: skip
WORDS = st.lists(MARKUP | st.text(max_size=20), max_size=30).map("".join)
MESSAGES = st.builds(
    lambda headline, body, name, value, text, author, url, html: message(
        headline=headline, body=body, facts=(Fact(name, value),) * 3, html=html,
        quotes=(readable(quote(text, author=author, url=url)),) * 3,
    ),
    WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS | st.just("https://a.example/x"), st.none() | st.just("<p>x</p>"),
)  # fmt: skip


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(one)


@given(MESSAGES)
def test_no_text_makes_a_mention_a_link_or_a_command(sent: Message) -> None:
    assert "<" not in fallback(sent)
    assert ">" not in fallback(sent)
    for node in nodes(blocks(sent)):
        if node.get("type") == "mrkdwn":
            assert not set(node["text"]) & {"<", ">"}
            assert node["verbatim"] is True  # or Slack would look for names in the plain words
        assert node.get("type") not in {"user", "usergroup", "channel", "broadcast", "team"}
        if node.get("type") == "link":
            assert re.fullmatch(r"https?://[^\s<>|]+", node["url"])


@given(MESSAGES)
def test_every_message_is_one_that_slack_takes(sent: Message) -> None:
    assert invalid({"text": fallback(sent), "blocks": blocks(sent)}) is None


def test_what_is_too_long_is_shortened_and_says_so() -> None:
    long = message(body="x" * 9000, quotes=(quote("y" * 280),) * 200, facts=message().facts * 50)
    found = blocks(long)
    assert len(found) <= BLOCKS
    assert len(str(found)) < TOTAL + 1000
    assert "Shortened" in str(found[-1])
    assert invalid({"text": "x", "blocks": found}) is None


def test_a_body_laid_out_in_columns_keeps_its_lines() -> None:
    body = "\n".join(f"  line {number:>4}   {'x' * 60}" for number in range(100))
    pieces = [node["text"] for node in nodes(blocks(message(body=body, html="<p>"))[1:]) if node.get("type") == "text"]
    assert "\n".join(pieces).startswith(body)


def test_escaping_can_be_undone_so_nothing_is_lost() -> None:
    assert escape("a <b> & c") == "a &lt;b&gt; &amp; c"


def test_a_message_is_known_again_by_its_metadata_or_by_its_first_block() -> None:
    ours = {"metadata": metadata(message()), "blocks": []}
    named = {"blocks": blocks(message())}
    assert carries(ours, "d1")
    assert carries(named, "d1")
    assert not carries(ours, "d2")
    assert not carries(named, "d2")
    assert not carries({"metadata": {"event_type": "other", "event_payload": {"id": "d1"}}}, "d1")
    assert carries({"blocks": blocks(replace(message(), sent_before=True))}, "d1")

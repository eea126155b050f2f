"""A message as Slack's Block Kit. Strangers' words go in as plain text or typed elements, which Slack never parses.

Limits: https://docs.slack.dev/reference/block-kit/blocks. Slack also refuses a message whose blocks are longer
than about 13,200 characters together (https://github.com/slackapi/bolt-js/issues/2509).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from alerts.base import Fact, Message
from alerts.text import clock, one_line, safe_url, trim
from insight.model import Quote

Block = dict[str, Any]

HEADER, SECTION, FIELD, FIELDS, BLOCKS, TOTAL = 150, 3000, 2000, 10, 50, 12_000
REPEAT = "Possibly a repeat: whether the first copy arrived could not be found out."


def escape(text: str) -> str:
    """So that no `<…>` remains: mentions, links and commands of Slack all begin with it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(message: Message) -> str:
    """What notifications and screen readers get."""
    return escape(trim(one_line(message.headline), SECTION)) or "Listener"


def blocks(message: Message) -> list[Block]:
    """The whole message within Slack's limits; what does not fit is left out from the end, and said to be."""
    found: list[Block] = []
    size, left_out = 0, False
    for block in _unlimited(message):
        size += len(json.dumps(block, ensure_ascii=False))
        if size > TOTAL or len(found) >= BLOCKS - 1:
            left_out = True
            break
        found.append(block)
    found[0]["block_id"] = block_id(message.id)
    return [*found, _note("Shortened: Slack takes no more in one message.")] if left_out else found


def block_id(message_id: str) -> str:
    return f"listener-{message_id}"[:255]


def carries(sent: dict[str, Any], message_id: str) -> bool:
    """Whether a message from Slack's history is ours: by its metadata, or by the name of its first block."""
    metadata = sent.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") == EVENT and payload.get("id") == message_id:
        return True
    return any(block.get("block_id") == block_id(message_id) for block in sent.get("blocks") or ())


EVENT = "listener_delivery"


def metadata(message: Message) -> dict[str, Any]:
    return {"event_type": EVENT, "event_payload": {"id": message.id}}


def _unlimited(message: Message) -> Iterator[Block]:
    headline = one_line(message.headline) or "Listener"
    yield {"type": "header", "text": _plain(trim(headline, HEADER))}
    if message.sent_before:
        yield _note(REPEAT)
    if len(headline) > HEADER:
        yield {"type": "section", "text": _plain(trim(headline, SECTION))}
    if message.html:
        yield from _table(message.body)
    elif message.body.strip():
        yield {"type": "section", "text": _plain(trim(message.body, SECTION))}
    for start in range(0, len(message.facts), FIELDS):
        yield {"type": "section", "fields": [_field(fact) for fact in message.facts[start : start + FIELDS]]}
    for quote in message.quotes:
        yield _quoted(quote, message.zone)


def _table(body: str) -> Iterator[Block]:
    """A body that a template laid out in columns: in fixed width, split between lines."""
    piece = ""
    for line in [*body.split("\n"), None]:
        if piece.strip() and (line is None or len(piece) + len(line) >= SECTION):
            text = {"type": "text", "text": piece.rstrip("\n")}
            yield {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [text]}]}
            piece = ""
        piece += f"{(line or '')[: SECTION - 1]}\n"


def _field(fact: Fact) -> Block:
    text = f"*{escape(one_line(fact.name))}*\n{escape(one_line(fact.value))}"
    # verbatim: otherwise Slack looks for channel names and mentions in the plain words
    return {"type": "mrkdwn", "text": text[:FIELD], "verbatim": True}


def _quoted(quote: Quote, zone: str) -> Block:
    when = clock(quote.published_at, zone) if quote.published_at else None
    where = [quote.author, quote.post.network, when]
    under: list[Block] = [{"type": "text", "text": " · ".join(filter(None, where))}]
    if url := safe_url(quote.url):
        under += [{"type": "text", "text": " · "}, {"type": "link", "url": url, "text": "open"}]
    said = {"type": "rich_text_quote", "elements": [{"type": "text", "text": quote.text or "(no text)"}]}
    return {"type": "rich_text", "elements": [said, {"type": "rich_text_section", "elements": under}]}


def _note(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text)]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}

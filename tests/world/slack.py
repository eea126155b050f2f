"""A Slack on the loopback, with a ledger of what it accepted: the methods that Listener calls, and an incoming webhook.

with World().run_in_thread() as world:
    slack = FakeSlack(world)                                  # slack.api, slack.token, slack.channel, slack.webhook
    slack.refuse("not_in_channel")                            # the next post, with this error
    world.fault(slack.POST, faults.LOST_REPLY)                # accepted, and the reply is lost
    assert [posted.id for posted in slack.ledger]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.world.web import Call, Reply, World

# Its own clock: later than any time a test makes up, as Slack's answer is always later than the message.
LATER = datetime(2100, 1, 1, tzinfo=UTC)
LIMITS = {"header": 150, "section": 3000, "field": 2000}


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message as Slack keeps it. `via`: "bot" or "webhook"."""

    ts: str
    channel: str
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any] | None
    thread_ts: str | None
    via: str
    shown: bool = False  # a reply that the whole channel sees, too

    @property
    def id(self) -> str | None:
        """The delivery it is, where it says so."""
        return self.metadata["event_payload"]["id"] if self.metadata else None

    @property
    def words(self) -> str:
        """Everything a person would read in it."""
        return "\n".join([self.text, *_texts(self.blocks)])

    def to_json(self, *, metadata: bool) -> dict[str, Any]:
        found = {"type": "message", "ts": self.ts, "text": self.text, "blocks": self.blocks, "bot_id": "B0BOT"}
        found |= {"thread_ts": self.thread_ts} if self.thread_ts else {}
        return found | ({"metadata": self.metadata} if metadata and self.metadata else {})


@dataclass
class FakeSlack:
    """One workspace with one channel. Take a scope away, or put the bot out, to see how Listener copes."""

    world: World
    channel: str = "C0LISTENER"
    token: str = "xoxb-test-token"
    now: Callable[[], datetime] = lambda: LATER
    ledger: list[Accepted] = field(default_factory=list)
    scopes: set[str] = field(default_factory=lambda: {"chat:write", "channels:history", "channels:read"})
    member: bool = True
    archived: bool = False
    page: int = 100
    _refusals: list[tuple[str, str]] = field(default_factory=list)

    POST = "/api/chat.postMessage"
    UPDATE = "/api/chat.update"
    WEBHOOK = "/services/T000/B000/secretpart"

    def __post_init__(self) -> None:
        route = self.world.route
        route("/api/*", Reply.json({"ok": False, "error": "unknown_method"}))
        route("/api/auth.test", self._guarded("", self._auth))
        route(self.POST, self._guarded("chat:write", self._post))
        route(self.UPDATE, self._guarded("chat:write", self._update))
        route("/api/conversations.info", self._guarded("channels:read", self._info))
        route("/api/conversations.history", self._guarded("channels:history", self._history))
        route("/api/conversations.replies", self._guarded("channels:history", self._history))
        route(self.WEBHOOK, self._webhook)

    @property
    def api(self) -> str:
        return f"{self.world.url}/api/"

    @property
    def webhook(self) -> str:
        return self.world.url + self.WEBHOOK

    def refuse(self, error: str, method: str = "chat.postMessage", times: int = 1) -> None:
        """Answer the next calls of the method with this error. A webhook's method is "webhook"."""
        self._refusals += [(method, error)] * times

    def posts(self) -> int:
        """How often somebody tried to post, accepted or not."""
        return len(self.world.calls(self.POST)) + len(self.world.calls(self.WEBHOOK))

    # -- the Web API --------------------------------------------------------------------------------------------

    def _guarded(self, scope: str, method: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Call], Reply]:
        def answer(call: Call) -> Reply:
            name = call.path.rpartition("/")[2]
            if call.headers.get("authorization") != f"Bearer {self.token}":
                return _no("invalid_auth")
            if (refusal := self._refusal(name)) is not None:
                return _no(refusal)
            if scope and scope not in self.scopes:
                return Reply.json({"ok": False, "error": "missing_scope", "needed": scope, "provided": "chat:write"})
            as_json = call.body and "json" in call.headers.get("content-type", "")
            arguments = call.json() if as_json else call.form()
            if name != "auth.test" and arguments.get("channel") != self.channel:
                return _no("channel_not_found")
            found = method(arguments)
            return _no(found["error"]) if "error" in found else Reply.json({"ok": True, **found})

        return answer

    def _refusal(self, method: str) -> str | None:
        for number, (name, error) in enumerate(self._refusals):
            if name == method:
                del self._refusals[number]
                return error
        return None

    def _auth(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"team": "Testers", "user": "listener", "bot_id": "B0BOT"}

    def _info(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"channel": {"name": "alerts", "is_member": self.member, "is_archived": self.archived}}

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.archived or not self.member:
            return {"error": "is_archived" if self.archived else "not_in_channel"}
        thread = body.get("thread_ts")
        if thread and all(posted.ts != thread for posted in self.ledger):
            return {"error": "thread_not_found"}
        if (wrong := invalid(body)) is not None:
            return {"error": wrong}
        posted = self._accept(body, "bot")
        return {"channel": self.channel, "ts": posted.ts, "message": posted.to_json(metadata=True)}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        """Another text in place of a message's, which keeps its time, its thread and its answers."""
        for number, posted in enumerate(self.ledger):
            if posted.ts == body.get("ts"):
                if (wrong := invalid(body)) is not None:
                    return {"error": wrong}
                changes = {"text": body["text"], "blocks": body.get("blocks", []), "metadata": body.get("metadata")}
                self.ledger[number] = replace(posted, **changes)
                return {"channel": self.channel, "ts": posted.ts}
        return {"error": "message_not_found"}

    def _history(self, query: dict[str, Any]) -> dict[str, Any]:
        if not self.member:
            return {"error": "not_in_channel"}
        thread, oldest = query.get("ts"), float(query.get("oldest", 0))
        if thread and all(posted.ts != thread for posted in self.ledger):
            return {"error": "thread_not_found"}
        mine = [p for p in self.ledger if (thread in {p.thread_ts, p.ts} if thread else not p.thread_ts)]
        mine = [posted for posted in mine if float(posted.ts) >= oldest][:: 1 if thread else -1]
        start, size = int(query.get("cursor") or 0), min(self.page, int(query.get("limit", 100)))
        found = [p.to_json(metadata=query.get("include_all_metadata") == "1") for p in mine[start : start + size]]
        more = str(start + size) if len(mine) > start + size else ""
        return {"messages": found, "has_more": bool(more), "response_metadata": {"next_cursor": more}}

    # -- the webhook --------------------------------------------------------------------------------------------

    def _webhook(self, call: Call) -> Reply:
        if (refusal := self._refusal("webhook")) is not None:
            return Reply.text(refusal, 404 if refusal.startswith("no_") else 403)
        body = json.loads(call.body)
        if invalid(body) is not None:
            return Reply.text("invalid_payload", 400)
        self._accept(body, "webhook")
        return Reply.text("ok")

    def _accept(self, body: dict[str, Any], via: str) -> Accepted:
        ts = f"{self.now().timestamp() + len(self.ledger) / 1000:.6f}"
        metadata, thread = body.get("metadata") if via == "bot" else None, body.get("thread_ts")
        shown = bool(thread and body.get("reply_broadcast"))
        posted = Accepted(ts, self.channel, body["text"], body.get("blocks", []), metadata, thread, via, shown)
        self.ledger.append(posted)
        return posted


def invalid(body: dict[str, Any]) -> str | None:
    """The error that Slack has for a message which breaks its limits, or None."""
    blocks = body.get("blocks", [])
    if not body.get("text"):
        return "no_text"
    if len(json.dumps(blocks, ensure_ascii=False)) > 13_000:
        return "msg_blocks_too_long"
    return "invalid_blocks" if len(blocks) > 50 or any(map(_invalid_block, blocks)) else None


def _invalid_block(block: dict[str, Any]) -> bool:
    fields, words = block.get("fields", []), _texts([block])
    limit = LIMITS.get(block["type"], LIMITS["section"])
    longest = LIMITS["field"] if fields else limit
    return len(fields) > 10 or not words or any(not text or len(text) > longest for text in words)


def _texts(value: Any) -> list[str]:
    return list(_walk(value))


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _walk(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == "text" and isinstance(one, str):
                yield one
            else:
                yield from _walk(one)


def _no(error: str) -> Reply:
    return Reply.json({"ok": False, "error": error})

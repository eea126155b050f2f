"""What Slack's error codes mean, and what to do about each."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from socket import gaierror
from typing import Any
from urllib.error import URLError

from alerts.base import SendError

_COPY = "copy the bot token (xoxb-…) again from your app's page, OAuth & Permissions"
_ADMIN = "ask an admin of the workspace, or choose another channel"
_REMEDIES = {
    "channel_not_found": (
        "check the channel's ID (at the foot of its details); if it is private, invite the bot: /invite @{bot}"
    ),
    "not_in_channel": "invite the bot: type /invite @{bot} in the channel",
    "is_archived": "unarchive the channel, or choose another one",
    "channel_is_archived": "unarchive the channel, or choose another one",
    "invalid_auth": _COPY,
    "not_authed": _COPY,
    "token_expired": _COPY,
    "token_revoked": f"install the app in the workspace again, then {_COPY}",
    "account_inactive": f"install the app in the workspace again, then {_COPY}",
    "missing_scope": "add the scope {needed} under OAuth & Permissions, and install the app again",
    "not_allowed_token_type": "use a bot token (xoxb-…)",
    "no_permission": _ADMIN,
    "restricted_action": _ADMIN,
    "restricted_action_read_only_channel": _ADMIN,
    "restricted_action_thread_only_channel": _ADMIN,
    "action_prohibited": _ADMIN,
    "posting_to_general_channel_denied": _ADMIN,
    "ekm_access_denied": _ADMIN,
    "access_denied": _ADMIN,
    "accesslimited": "allow this machine's address in the app's settings, or in the workspace's",
    "msg_too_long": "this is a mistake in Listener: please report it",
    "msg_blocks_too_long": "this is a mistake in Listener: please report it",
    "invalid_blocks": "this is a mistake in Listener: please report it",
    "invalid_payload": "this is a mistake in Listener: please report it",
    "no_text": "this is a mistake in Listener: please report it",
    "no_service": "the webhook is gone or switched off: make a new one and put its address in the config",
    "no_service_id": "the webhook's address is not whole: copy it again",
    "no_active_hooks": "the webhook is switched off: make a new one and put its address in the config",
    "no_team": "the webhook's address is not whole, or the workspace is gone: copy it again",
    "team_disabled": "the workspace is gone or disabled",
    "invalid_token": "the webhook's address is not whole: copy it again",
    "user_not_found": "the webhook's person is gone: make a new webhook",
}
# Slack says of these that a part of the work may have been done before the error
_PERHAPS_DONE = {"internal_error", "fatal_error", "rollup_error"}
_PASSING = {"service_unavailable", "request_timeout", "team_added_to_org", "org_login_required"}
_LIMITED = {"ratelimited", "rate_limited", "message_limit_exceeded"}
THREAD_GONE = {"thread_not_found", "invalid_thread_ts", "cannot_reply_to_message"}


def refused(
    step: str,
    code: str,
    status: int,
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
) -> SendError:
    """The error for an answer of Slack that is not "ok". `details`: what fills the remedies ({bot}, {needed})."""
    said = (
        f"Slack: {step}: {code}" if re.fullmatch(r"[a-z][a-z0-9_]{2,60}", code) else f"Slack: {step}: status {status}"
    )
    if status == 429 or code in _LIMITED:
        return SendError(said, retry_after=_seconds(headers or {}))
    if code in _REMEDIES:
        values = {"bot": "listener", "needed": "it needs", **{k: v for k, v in (details or {}).items() if v}}
        return SendError(said, permanent=True, remedy=_REMEDIES[code].format(**values))
    if code in _PERHAPS_DONE or status >= 500:
        return SendError(said, unknown=True, remedy="Slack has a problem: see https://slack-status.com")
    if code in _PASSING:
        return SendError(said)
    if said.endswith(f": {code}"):
        remedy = "see https://docs.slack.dev/reference/methods/chat.postMessage#errors"
        return SendError(said, permanent=True, remedy=remedy)
    # this does not speak Slack: a proxy's page, or a login's. With 200 nobody knows what became of the message
    remedy = "something else than Slack answered: check the address and the proxy"
    return SendError(said, unknown=status < 400, remedy=remedy)


def broken(step: str, error: BaseException) -> SendError:
    """The error for a call without an answer. Without proof that nothing was sent, the outcome is unknown."""
    reason = error.reason if isinstance(error, URLError) else error
    # urllib wraps what goes wrong while connecting and sending, and only that, in URLError
    never_sent = isinstance(error, URLError) and (
        isinstance(reason, ConnectionRefusedError | gaierror | TimeoutError | ssl.SSLCertVerificationError | str)
        or (isinstance(reason, OSError) and type(reason) is OSError)
    )
    cause = f"{type(reason).__name__}: {reason}" if isinstance(reason, OSError) else type(error).__name__
    remedy = "check the network, the proxy and base_url" if never_sent else ""
    return SendError(f"Slack: {step}: {cause}", unknown=not never_sent, remedy=remedy)


def _seconds(headers: Mapping[str, str]) -> float | None:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if re.fullmatch(r"\d{1,6}", value.strip()) else None

"""What Slack's error codes mean, and what to do about each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from alerts.base import Fault, SendError
from alerts.http_channel import retry_after

_COPY = "copy the bot token (xoxb-…) again from your app's page, OAuth & Permissions"
_ADMIN = "ask an admin of the workspace, or choose another channel"
_ARCHIVED = "unarchive the channel, or choose another one"
_OURS = "this is a mistake in Listener: please report it"
_WHOLE = "the webhook's address is not whole: copy it again"
_INSTALL = f"install the app in the workspace again, then {_COPY}"
_REMEDIES = {
    "channel_not_found": (
        "check the channel's ID (at the foot of its details); if it is private, invite the bot: /invite @{bot}"
    ),
    "not_in_channel": "invite the bot: type /invite @{bot} in the channel",
    "missing_scope": "add the scope {needed} under OAuth & Permissions, and install the app again",
    "not_allowed_token_type": "use a bot token (xoxb-…)",
    "accesslimited": "allow this machine's address in the app's settings, or in the workspace's",
    "no_service": "the webhook is gone or switched off: make a new one and put its address in the config",
    "no_active_hooks": "the webhook is switched off: make a new one and put its address in the config",
    "no_team": f"the workspace is gone, or {_WHOLE}",
    "team_disabled": "the workspace is gone or disabled",
    "user_not_found": "the webhook's person is gone: make a new webhook",
    **dict.fromkeys(("is_archived", "channel_is_archived"), _ARCHIVED),
    **dict.fromkeys(("invalid_auth", "not_authed", "token_expired"), _COPY),
    **dict.fromkeys(("token_revoked", "account_inactive"), _INSTALL),
    **dict.fromkeys(("no_service_id", "invalid_token"), _WHOLE),
    **dict.fromkeys(
        ("no_permission", "restricted_action", "restricted_action_read_only_channel", "action_prohibited",
         "restricted_action_thread_only_channel", "posting_to_general_channel_denied", "ekm_access_denied",
         "access_denied"),
        _ADMIN,
    ),
}  # fmt: skip
# what is wrong with one message, whatever the code is called by then
_MESSAGE = re.compile(r"msg_|no_text|invalid_(blocks|payload|metadata|attachment|arg|form|json)|too_many_|.*_too_long")
# Slack says of these that a part of the work may have been done before the error
_PERHAPS_DONE = {"internal_error", "fatal_error", "rollup_error"}
_PASSING = {"service_unavailable", "request_timeout", "team_added_to_org", "org_login_required"}
_LIMITED = {"ratelimited", "rate_limited", "message_limit_exceeded"}
FIRST_GONE = {
    "thread_not_found", "invalid_thread_ts", "cannot_reply_to_message", "message_not_found", "cant_update_message",
    "edit_window_closed",
}  # fmt: skip
"""The conversation's first message is no longer there to be answered, or changed."""


class RefusedError(SendError):
    """An answer of Slack that is not "ok", with its code."""

    code = ""


def refused(
    step: str,
    code: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    bot: str = "",
    needed: str = "",
) -> RefusedError:
    """The error for an answer of Slack that is not "ok". `bot` and `needed` fill the remedies."""
    is_code = re.fullmatch(r"[a-z][a-z0-9_]{2,60}", code)
    known = code if is_code else ""
    more: dict[str, Any] = {}
    if status == 429 or known in _LIMITED:
        more = {"retry_after": retry_after(headers or {})}
    elif known in _REMEDIES:
        remedy = _REMEDIES[known].format(bot=bot or "listener", needed=needed or "it needs")
        more = {"permanent": True, "remedy": remedy}
    elif _MESSAGE.match(known):
        more = {"permanent": True, "remedy": _OURS, "fault": Fault.MESSAGE}
    elif known in _PERHAPS_DONE or status >= 500:
        more = {"unknown": True, "remedy": "Slack has a problem: see https://slack-status.com"}
    elif known and known not in _PASSING:
        more = {"permanent": True, "remedy": "see https://docs.slack.dev/reference/methods/chat.postMessage#errors"}
    elif not known and status in {404, 410}:
        more = {"permanent": True, "remedy": "the address is gone: copy it again from your app's page"}
    elif not known:  # this does not speak Slack: a proxy's page, or a login's; after 200 nobody knows what became of it
        more = {
            "unknown": status < 300,
            "remedy": "something else than Slack answered: check the address and the proxy",
        }
    said = f"Slack: {step}: {known or f'status {status}'}"
    error = RefusedError(said, **more)
    error.code = known
    return error

"""How channels reach out: through the door of `scrapers`, its errors in the words of `alerts`."""

from __future__ import annotations

from collections.abc import Callable

from alerts.base import Channel, Outgoing, Post, Reply, SendError
from listener.config import Config
from scrapers.base import SourceError
from scrapers.network.poster import Poster


def post_to(config: Config, name: str, poster: Poster) -> Post:
    """The way out of one of the config's channels. There is none out of a channel that it does not have."""
    channel = config.channels.get(name)
    return post_for(channel, poster, config.redactor.mask) if channel else _nowhere


def _nowhere(_: Outgoing) -> Reply:
    raise AssertionError("a channel that is not configured sends nothing")


def post_for(channel: Channel, poster: Poster, mask: Callable[[str], str]) -> Post:
    """The `post` that is handed to a channel: what the operator wrote as its address may be private, nothing else.

    `mask` takes every secret of the config out of an error.
    """
    vouched = tuple(address for address in channel.addresses() if "://" in address)

    def post(asked: Outgoing) -> Reply:
        try:
            answer = poster.exchange(
                asked.url,
                headers=asked.headers,
                body=asked.body,
                method=asked.method,
                deadline=asked.deadline,
                cap=asked.cap,
                vouched=vouched,
            )
        except SourceError as error:
            raise SendError(
                mask(str(error)),
                permanent=error.permanent,
                unknown=error.sent,
                remedy=error.remedy,
                offline=error.offline,
            ) from None
        return Reply(answer.status, answer.headers, answer.body)

    return post

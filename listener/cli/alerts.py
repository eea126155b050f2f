"""digest, test-alert, alerts: what people are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from alerts.base import SendError
from alerts.digests import digest_message
from alerts.messages import trial_message
from listener.cli.common import (
    did_you_mean,
    load_config,
    now_for,
    store_for_reading,
    warn_of_mixed_history,
    write,
)
from listener.cli.output import done, fail, out, print_json, print_text, table, when
from listener.clock import SystemClock
from listener.telling.decisions import Context
from listener.telling.digest import last_period, week_of
from listener.telling.posting import post_to
from scrapers.network.poster import Poster

SHOWN_FOR = timedelta(days=30)
"""How long a delivery that was given up is shown."""


alerts = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


def digest(
    context: typer.Context,
    _dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and send nothing; it never sends.")] = True,
    html: Annotated[bool, typer.Option("--html", help="The HTML that mail readers see.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The digest as data.")] = False,
) -> None:
    """Show the digest of the last full week, as the daemon sends it by itself at its weekday and hour.

    \b
    Examples:
      listener digest --dry-run
      listener digest --dry-run --html > digest.html
    """
    config = load_config(context)
    with store_for_reading(config) as store:
        warn_of_mixed_history(store)
        looking = Context(store, config, store.watches.all(), now_for(store))
        found = week_of(looking, last_period(looking)).digest()
        message = digest_message(found, looking.now, id="dry-run")
    if as_json:
        print_json(found)
    elif html:
        print_text(f"{message.html}\n")
    else:
        print_text(f"{message.body}\n")


def test_alert(context: typer.Context, channel: Annotated[str, typer.Argument(help="A channel's name.")]) -> None:
    """Send a test message through one channel of the config.

    \b
    Examples:
      listener test-alert team
    """
    config = load_config(context)
    if channel not in config.channels:
        fail(f"the config has no channel {channel!r}", did_you_mean(channel, sorted(config.channels)))
    clock, found = SystemClock(), config.channels[channel]
    post = post_to(config, channel, Poster(contact=config.contact, now=clock.now))
    for recipient in found.recipients():
        try:
            ref = found.send(replace(trial_message(channel, clock.now()), recipient=recipient), None, post)
        except SendError as error:
            fail(config.redactor.mask(f"{channel}: {error}"), error.remedy)
        to = f", to {recipient}" if recipient else ""
        done(f"{channel}: sent{to}" + "".join(f", {key} {value}" for key, value in ref.items() if value))


@alerts.callback()
def show(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """The alerts that are open, the channels in trouble, and the deliveries that wait or failed.

    \b
    Examples:
      listener alerts --all --json
      listener alerts resend --channel team
    """
    if context.invoked_subcommand:
        return
    config = load_config(context)
    with store_for_reading(config) as store:
        now = now_for(store)
        found = store.signals.alerts(open_only=not everything)
        undelivered, troubles = store.outbox.outstanding(now - SHOWN_FOR), store.outbox.troubles()
        decided = store.signals.decisions(now - SHOWN_FOR) if as_json else []
    if as_json:
        print_json({"alerts": found, "channels": troubles, "deliveries": undelivered, "decisions": decided})
        return
    table(
        ("Since", "State", "Alert"),
        [(when(alert.opened_at, now), alert.state.value, alert.headline) for alert in found],
    )
    if troubles:
        table(
            ("Channel", "Since", "Next try", "Error"),
            [
                (_place(one.channel, one.recipient), when(one.since, now), f"{one.held_until:%H:%M} UTC", one.error)
                for one in troubles
            ],
            title="Channels in trouble",
        )
    if undelivered:
        table(
            ("ID", "Channel", "State", "Tries", "Message", "Error"),
            [
                (row.id, _place(row.channel, row.recipient), row.state, row.attempts, row.headline, row.error or "")
                for row in undelivered
            ],
            title="Deliveries that have not arrived",
        )
    if not found:
        out.print("No alert is open.")


def _place(channel: str, recipient: str) -> str:
    return f"{channel} ({recipient})" if recipient else channel


@alerts.command()
def resend(
    context: typer.Context,
    delivery: Annotated[str | None, typer.Argument(help="A delivery's ID, as `listener alerts` shows it.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only what was given up on this channel.")] = None,
) -> None:
    """Put deliveries that were given up back in the queue, all of them if you name none.

    A channel in trouble is tried again at once.

    \b
    Examples:
      listener alerts resend 3f0c2a9be1d54c7788aa0b12
      listener alerts resend --channel team
    """
    again = write(load_config(context), "resend", {"delivery": delivery, "channel": channel})["deliveries"]
    done(f"{len(again)} put back in the queue" if again else "nothing of that kind was given up")

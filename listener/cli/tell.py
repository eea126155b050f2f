"""digest, test-alert, alerts: what people are told."""

from __future__ import annotations

from typing import Annotated

import typer

from alerts.base import SendError
from alerts.digests import digest_message
from alerts.messages import trial_message
from listener import reports, signals
from listener.cli.output import done, fail, out, print_json, table, when
from listener.cli.parts import present, settings, stored
from listener.clock import SystemClock
from listener.config import nearest


def register(app: typer.Typer) -> None:
    app.command()(digest)
    app.command("test-alert")(test_alert)
    app.command()(alerts)


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
    config = settings(context)
    with stored(config) as store:
        scene = signals.Scene(store, config, store.watches.all(), present(store))
        found = reports.week_of(scene, reports.last_period(scene)).digest()
        message = digest_message(found, scene.now, id="dry-run")
    if as_json:
        print_json(found)
    elif html:
        typer.echo(message.html)
    else:
        typer.echo(message.body)


def test_alert(context: typer.Context, channel: Annotated[str, typer.Argument(help="A channel's name.")]) -> None:
    """Send a test message through one channel of the config.

    \b
    Examples:
      listener test-alert team
    """
    config = settings(context)
    if channel not in config.channels:
        fail(f"the config has no channel {channel!r}", _known(channel, sorted(config.channels)))
    try:
        ref = config.channels[channel].send(trial_message(channel, SystemClock().now()))
    except SendError as error:
        fail(config.redactor.mask(f"{channel}: {error}"), error.remedy)
    done(f"{channel}: sent" + "".join(f", {key} {value}" for key, value in ref.items() if value))


def _known(word: str, known: list[str]) -> str:
    close = nearest(word, known)
    return f"did you mean {close!r}?" if close else f"it has: {', '.join(known)}"


def alerts(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """The alerts that are open, and the deliveries that wait or failed.

    \b
    Examples:
      listener alerts --all --json
    """
    with stored(settings(context)) as store:
        now = present(store)
        found = store.signals.alerts(open_only=not everything)
        rows = store.outbox.rows(limit=200)
    waiting = [row for row in rows if row.state != "sent"]
    if as_json:
        print_json({"alerts": found, "deliveries": waiting})
        return
    table(
        ("Since", "State", "Alert"),
        [(when(alert.opened_at, now), alert.state.value, alert.headline) for alert in found],
    )
    if waiting:
        shown = [(row.channel, row.state, row.attempts, row.headline, row.error or "") for row in waiting]
        table(("Channel", "State", "Tries", "Message", "Error"), shown, title="Deliveries that have not arrived")
    if not found:
        out.print("No alert is open.")

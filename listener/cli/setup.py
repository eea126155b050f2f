"""init, check, doctor, backup: setting Listener up and keeping it well."""

from __future__ import annotations

import platform
import shutil
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from rich.text import Text

import storage
from insight.model import Role
from listener.cli import checks
from listener.cli.common import config_path, load_config, store_for_reading, write
from listener.cli.output import done, fail, out, print_json, table, when
from listener.clock import SystemClock
from listener.collecting.access import open_doors
from listener.config import Config
from listener.config.wizard import Answers, compose
from listener.telling.posting import post_to
from listener.understanding_progress import Progress
from scrapers.network.guard import proxy_variables
from scrapers.network.poster import Poster
from storage import HELD_BACK, StoreError, create_atomically


def init(
    context: typer.Context,
    brand: Annotated[str | None, typer.Option(help="Your own product or brand.")] = None,
    competitors: Annotated[str | None, typer.Option(help="Their names, with commas.")] = None,
    contact: Annotated[str | None, typer.Option(help="An e-mail or web address for the platforms' admins.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Where your team is, such as Europe/Berlin.")] = None,
) -> None:
    """Ask four questions and write a config with comments; an option answers its question. Nothing is overwritten.

    \b
    Examples:
      listener init
      listener -c acme.yaml init --brand Acme --competitors "Foo, Bar"
    """
    path = config_path(context)
    if path.exists():
        fail(f"{path} exists already", f"name another file: listener -c other.yaml init, or remove {path} first")
    brand = brand or typer.prompt("Your product or brand")
    if competitors is None:  # "" is an answer: there are none
        competitors = typer.prompt("Competitors, with commas", default="")
    answers = Answers(
        brand=brand,
        competitors=tuple(name.strip() for name in competitors.split(",") if name.strip()),
        contact=contact or typer.prompt("An e-mail or web address that platforms may reach you at"),
        time_zone=time_zone or typer.prompt("Your time zone", default="UTC"),
    )
    try:
        text = compose(answers)
    except ValueError as error:
        fail(str(error))
    try:
        with create_atomically(path) as fresh:
            fresh.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}", "name another file with -c, or see who may write there")
    done(f"wrote {path}")
    out.print(f"Read it through, then:  listener -c {path} check   and   listener -c {path} run", soft_wrap=True)


def check(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Read the config and try its tests; ask nobody.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Validate the config, try its tests, each channel and source without changing anything, and show what works.

    Ends with 1 when something does not work, with 2 when the config cannot be read.

    \b
    Examples:
      listener check --offline
    """
    config = load_config(context)
    mask = config.redactor.mask
    results = checks.check_queries(config) + checks.check_budgets(config, SystemClock().now())
    if not offline:
        results += anyio.run(_check_online, config)
    if as_json:
        print_json({"config": str(config_path(context)), "findings": results})
    else:
        own = sum(1 for watch in config.watches if watch.role is Role.BRAND)
        done(
            f"{config_path(context)}: {len(config.watches)} watches ({own} of your own), {len(config.sources)} sources"
        )
        for result in results:
            mark = Text("✓", style="green") if result.fine else Text("✗", style="bold red")
            if result.warning:
                mark = Text("!", style="bold yellow")
            out.print(mark, Text(f"{result.what} {result.name}: {mask(result.says)}"))
            if result.remedy and (result.warning or not result.fine):
                out.print(Text(f"    → {mask(result.remedy)}"))
    if not all(result.fine for result in results):
        raise typer.Exit(1)


async def _check_online(config: Config) -> list[checks.CheckResult]:
    clock = SystemClock()
    access = (config.contact, clock, config.sources, config.redactor.mask)
    async with open_doors(*access) as (http, streams):
        post_of = partial(post_to, config, poster=Poster(contact=config.contact, now=clock.now))
        return await checks.check_all(http, streams, config.sources, config.channels, config.watches, clock, post_of)


def doctor(
    context: typer.Context,
    recount: Annotated[bool, typer.Option("--recount", help="Prove the counts against the stored mentions.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="With --recount: mend what differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What this installation is made of and how it does: versions, known bugs, clock, disk, when each source spoke.

    \b
    Examples:
      listener doctor
      listener doctor --recount
    """
    config, now = load_config(context), SystemClock().now()
    if repair and not recount:
        fail("--repair mends what --recount finds", "listener doctor --recount --repair")
    facts: dict[str, Any] = {"python": platform.python_version(), "system": platform.platform(), "clock": now}
    with store_for_reading(config) as store:
        described, owner = store.describe(), store.owner()
        bugs = [f"{bug['name']}: {bug['consequence']}" for bug in described.pop("known_bugs", [])]
        facts |= described
        facts["size"] = f"{described['size'] / 1e6:.1f} MB"
        facts["known bugs"] = "; ".join(bugs) or "none"
        facts["daemon"] = "not running"
        if owner:
            since, url = owner.get("since", "?"), owner.get("url") or "no address"
            facts["daemon"] = f"process {owner.get('pid')}, since {since}, at {url}"
        cycle = store.state.get("cycle")
        facts["history"] = str(Progress.read(store))
        facts["last cycle"] = when(datetime.fromisoformat(cycle["at"]), now) if cycle else "never"
        sources = [state for state in store.sources.all() if state.active]
        rejected = store.sources.rejected(limit=10)
    if proxies := proxy_variables():
        facts["proxy"] = f"{', '.join(proxies)}: not used, see docs/operating.md"
    facts["disk free"] = f"{shutil.disk_usage(Path.cwd()).free / 1e9:.1f} GB"
    if recount:
        facts["counts that differ"] = write(config, "recount", {"repair": repair})["differences"]
    if as_json:
        print_json({"facts": facts, "sources": sources, "rejected": rejected})
        return
    table(("What", "Found"), [(name, value) for name, value in facts.items()])
    table(
        ("Source", "Last spoke", "Failures", "Error"),
        [(s.id, when(s.last_success, now), s.failures, s.error or "") for s in sources],
    )
    if rejected:
        table(("Set aside", "Source", "Reason"), [(when(r.at, now), r.source, r.reason) for r in rejected])


def backup(context: typer.Context, file: Annotated[Path, typer.Argument(help="Where to write the copy.")]) -> None:
    """Copy the SQLite database, also while the daemon runs; nothing is overwritten.

    \b
    Examples:
      listener backup listener-2026-03-02.db
    """
    config = load_config(context)
    if file.exists():
        fail(f"{file} exists already; a backup overwrites nothing", "name a new file")
    with store_for_reading(config) as store:
        try:
            store.backup(file)
        except StoreError as error:
            fail(str(error))
    done(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB)")
    sys.stdout.flush()


def restore(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="What `listener backup` wrote.")]
) -> None:
    """Put a backup of a SQLite database in its place; the former one is moved aside, and nothing is sent again.

    Stop the daemon first. The backup is checked before anything is touched.

    \b
    Examples:
      listener restore listener-2026-03-02.db
    """
    config = load_config(context)
    try:
        found = storage.restore(config.storage.url, file, SystemClock().now())
    except StoreError as error:
        fail(config.redactor.mask(str(error)))
    done(f"{found.path} is now what {file} was")
    for place in found.aside:
        out.print(Text(f"  the former one is kept as {place}"), soft_wrap=True)
    if found.taken_over:
        out.print(Text("  what was told since is taken over from it, so that nothing is sent again"), soft_wrap=True)
    else:
        hours = HELD_BACK // timedelta(hours=1)
        held = (
            f"  {found.held_back} messages that waited in the backup are held back, and so is what is new in the next "
            f"{hours} hours: it may have been told before. `listener alerts resend` sends them."
        )
        out.print(Text(held), soft_wrap=True)

"""Commands that are long jobs: run here, or by the daemon where one runs, with progress; Ctrl-C loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import anyio
import typer

from listener import control, log
from listener.app import opened
from listener.cli.common import lock
from listener.cli.output import err, fail
from listener.clock import SystemClock
from listener.config import Config
from listener.engine import ENDED
from storage import HeldError, Store

POLL = 0.5  # seconds between two looks at the daemon's jobs
INTERRUPTED = 130  # the exit code that a shell gives Ctrl-C: 128 and the number of SIGINT
Jobs = Sequence[Mapping[str, Any]]
Asked = Mapping[str, Mapping[str, Any]]


def run_jobs(config: Config, store: Store, name: str, asked: Asked, show: Callable[[Jobs], None]) -> Jobs:
    """Run the jobs of this name by subject, with their arguments, to their end; gives them as JSON.

    `show` is called with them while they run.
    """
    log.configure(config.daemon.log, config.redactor.mask, level="error")
    try:
        with lock(store, name):
            return anyio.run(_here, config, store, name, asked, show)
    except HeldError as error:
        return _by_daemon(error.owner, name, asked, show)
    except KeyboardInterrupt:
        err.print("stopped; the same command goes on from here")
        raise typer.Exit(INTERRUPTED) from None


async def _here(config: Config, store: Store, name: str, asked: Asked, show: Callable[[Jobs], None]) -> Jobs:
    async with opened(config, store, SystemClock(), log.get()) as app:
        jobs = [app.engine.submit(name, subject, arguments) for subject, arguments in asked.items()]
        while not all(job.ended for job in jobs):
            await app.engine.next_change()
            show([*map(asdict, jobs)])
        return [*map(asdict, jobs)]


def _by_daemon(owner: Mapping[str, Any], name: str, asked: Asked, show: Callable[[Jobs], None]) -> Jobs:
    """Hand the jobs over to the daemon and show their progress; they go on when nobody watches any more."""
    try:
        for subject, arguments in asked.items():
            control.hand_over(owner, name, {"subject": subject, **arguments, "wait": False})
        while True:
            jobs = [job for job in control.jobs(owner, name) if job["subject"] in asked]
            if all(job["state"] in ENDED for job in jobs):
                return jobs
            show(jobs)
            time.sleep(POLL)
    except control.HandoffError as refused:
        fail(str(refused))
    except KeyboardInterrupt:
        err.print("the daemon goes on with it; the same command shows how far it is")
        raise typer.Exit(INTERRUPTED) from None

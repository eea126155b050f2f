"""The running daemon: holds the database, serves its loopback API, heeds signals, and ends within ten seconds."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from socket import socket
from typing import Any, TextIO

from listener import log
from listener.app import App, opened
from listener.clock import Clock, SimulatedClock, SystemClock
from listener.config import Config, DaemonSettings, changes, load
from listener.engine import Job, JobRefusedError, Work
from listener.schedule import Schedule, SystemSchedule
from listener.simulation import SimulatedSchedule, simulation_faults
from listener.web import server
from listener.web.health import HealthWatch
from listener.web.metrics import Metrics, observe
from scrapers.base import Source, SourceError
from storage import LostError, open_store

HEARTBEAT_EVERY = 60.0
SWITCH = 0.001
"""Seconds after which a thread hands on the interpreter's lock. A request passes it several times, and Python's own
5 ms each make that slow: https://docs.python.org/3/library/sys.html#sys.setswitchinterval"""
COMMAND_PATIENCE = 110.0  # seconds: less than a command waits for the daemon


class StartError(Exception):
    """The daemon could not start; the message says why and what to do."""


@dataclass
class Simulation:
    """A stretch of simulated time to run through, and who is told how far it is."""

    start: datetime
    end: datetime
    on_time: Callable[[datetime], None] | None = None


@dataclass
class Daemon:
    """One run of `listener run`. `ready` is called once with the app, before the first job.

    `config`: what has just been read from the path, where somebody needed it before. `ends_within`: seconds after a
    signal in which the process ends, whatever hangs: each transaction is stored as a whole or not at all.
    """

    config_path: Path
    simulation: Simulation | None = None
    ready: Callable[[App], None] = lambda _: None
    log_to: TextIO | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = False
    ends_within: float | None = None
    lost: LostError | None = None
    config: Config | None = None
    health: HealthWatch = field(init=False)

    async def run(self) -> None:
        """Run until a signal comes (or the simulated time has passed). Raises ConfigError, StoreError, StartError."""
        config = self.config or load(self.config_path)
        self._log(config)
        sys.setswitchinterval(SWITCH)
        with ExitStack() as stack:
            # 1. The port, and then the database, which one daemon holds at a time: its hold says where to reach it.
            store = stack.enter_context(open_store(config.storage.url))
            clock = self._clock(config, store.state.get("cycle"))
            try:
                sock = _bound(config.daemon)
            except StartError:
                with store.hold({"pid": os.getpid()}, clock.now()):
                    raise  # the port is another program's; when it is our own daemon's, hold says so
            url, token = server.address_of(sock) if sock else None, secrets.token_urlsafe(24)
            owner = {"pid": os.getpid(), "url": url, "token": token, "since": clock.now().isoformat()}
            hold = stack.enter_context(store.hold(owner, clock.now()))

            # 2. The app, whoever watches its health, and its pages.
            async with (
                opened(config, store, clock, log.get()) as app,
                self._watched(app, hold),
                self._api(app, sock, token),
            ):
                app.engine.add(self._jobs(app))
                self._heed_signals(app)  # before anybody can read that it listens, and send one
                made = app.setup
                app.log.info("listening", watches=len(made.watches), sources=len(made.sources), web=url or "off")
                say_terms(made.config.sources, app.log)
                for bug in store.describe()["known_bugs"]:
                    if bug["name"].startswith("network"):
                        app.log.warning(bug["name"], consequence=bug["consequence"])

                # 3. The jobs, until somebody says stop. What is there by now stays: to look through it for garbage
                # whenever a large page was read would hold everything up for a tenth of a second.
                gc.freeze()
                self.ready(app)
                every = app.schedule() | {"heartbeat": HEARTBEAT_EVERY * (60 if clock.simulated else 1)}
                await self._schedule(app).run(every, app.engine.submit, self.stop)
                app.log.info("stopping")
            if self.lost is not None:
                raise self.lost

    def _log(self, config: Config) -> None:
        log.configure(config.daemon.log, config.redactor.mask, to=self.log_to)

    def _clock(self, config: Config, cycle: Any) -> Clock:
        if self.simulation is None:
            return SystemClock()
        faults = simulation_faults(config)
        if faults:
            raise StartError(f"a simulated clock needs every endpoint on this machine, but {'; '.join(faults)}")
        start = self.simulation.start
        return SimulatedClock(max(start, datetime.fromisoformat(cycle["at"])) if cycle else start)

    def _schedule(self, app: App) -> Schedule:
        if self.simulation is None or not isinstance(app.clock, SimulatedClock):
            return SystemSchedule()
        return SimulatedSchedule(app.clock, app.engine, self.simulation.end, self.simulation.on_time)

    @asynccontextmanager
    async def _watched(self, app: App, hold: Callable[[], bool]) -> AsyncIterator[None]:
        """Look whether all is well while the block runs; who has lost the database stops, and says why at the end."""
        loop = asyncio.get_running_loop()

        def lost(error: LostError) -> None:
            self.lost = error
            loop.call_soon_threadsafe(self.stop.set)

        self.health = HealthWatch(app, hold, lost)
        self.health.start()
        try:
            yield
        finally:
            self.health.stop()

    # -- the loopback API ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _api(self, app: App, sock: socket | None, token: str) -> AsyncIterator[None]:
        if sock is None:
            yield
            return
        metrics = Metrics()
        observe(app, metrics)
        commands, names = partial(carry_out, app), app.setup.config.daemon.names
        async with server.serving(server.application(self.health.health, metrics, commands, token, names), sock):
            yield

    # -- its own jobs and signals -------------------------------------------------------------------------------

    def _jobs(self, app: App) -> dict[str, Work]:
        return {
            "reload": Work(partial(self.reload, app), command=True),
            "heartbeat": Work(partial(self.heartbeat, app)),
        }

    async def reload(self, app: App, _: Job) -> dict[str, Any]:
        """Take the changed config as a whole, or keep the old one and say why."""
        try:
            fresh = load(self.config_path)
            found = changes(app.setup.config, fresh)
            if found.restart:
                raise JobRefusedError(f"this needs a restart: {'; '.join(found.restart)}")
            await app.reload_config(fresh)
        except Exception as error:
            app.log.error("config kept", reason=str(error))
            raise JobRefusedError(f"the config was not taken, the old one stays: {error}") from error
        self._log(fresh)
        app.log.info("config taken", changes=found.lines)
        return {"changes": list(found.lines)}

    async def heartbeat(self, app: App, _job: Job) -> None:
        """Ping the heartbeat address after a healthy cycle, so that somebody learns when the daemon itself dies."""
        url = app.setup.config.daemon.heartbeat_url
        if url is None:
            return
        await app.engine.wait("look", patience=HEARTBEAT_EVERY)
        for _ in range(10):  # for 5 seconds: whether all is well is found out every few seconds
            if self.health.health().ready:
                try:
                    await app.ping(url)
                except SourceError as error:
                    app.log.warning("heartbeat failed", error=str(error))
                return
            await asyncio.sleep(0.5)

    def _heed_signals(self, app: App) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._interrupt)
        loop.add_signal_handler(signal.SIGHUP, app.engine.submit, "reload")

    def _interrupt(self) -> None:
        self.interrupted = True
        self.stop.set()
        if self.ends_within is not None:
            # SIGALRM, which nobody handles, ends the process: whatever hangs, nothing of ours has to run for that
            signal.setitimer(signal.ITIMER_REAL, self.ends_within)


async def carry_out(app: App, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """A command from the loopback API: `jobs` tells of jobs, the others are jobs. Raises ControlError.

    A command is waited for, and answered with what it gave, or, with the argument `wait` false, with how far it is.
    """
    if name == "jobs":
        return {"jobs": [asdict(job) for job in app.engine.jobs(arguments.get("names", ()))]}
    if name not in app.engine.commands():
        raise server.ControlError(f"the daemon knows no command {name!r}")
    job = app.engine.submit(name, str(arguments.get("subject") or arguments.get("source", "")), arguments)
    if not arguments.get("wait", True):
        return asdict(job)
    if job.arguments != arguments:
        raise server.ControlError(f"{job} is running, asked for otherwise; try again when it has ended")
    if not await app.engine.wait_for(job, COMMAND_PATIENCE):
        raise server.ControlError(f"{job} is still running; `listener jobs` tells how far it is")
    if job.error:
        raise server.ControlError(job.error)
    return dict(job.result or {})


def _bound(settings: DaemonSettings) -> socket | None:
    if settings.address is None:
        return None
    host, port = settings.address
    try:
        return server.bind(host, port)
    except OSError as error:
        raise StartError(
            f"{host}:{port} cannot be listened on ({error.strerror}): another program has it; "
            "stop that one, or set another port in daemon.web (0 takes any free one)"
        ) from error


def say_terms(sources: Sequence[Source], to: log.Log) -> None:
    """What the platform of each kind in use allows, in the log."""
    for kind in dict.fromkeys(type(source) for source in sources):
        terms = kind.terms
        to.info("terms", kind=kind.kind, access=terms.access.value, says=terms.summary, keep_days=terms.keep_days)

"""`listener` as a process of its own that starts at once: forked from a process that has already imported it.

Importing takes over two seconds of processor time, and the tests start some sixty daemons. The first `start` of a test
session starts the process that they are forked from. It has no threads, so that forking it is safe.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["listener.cli", "listener.daemon", "tests.processes"])


class Process:
    """What of `subprocess.Popen` the tests use."""

    def __init__(
        self, module: str, arguments: tuple[str, ...], out: Path, err: Path, env: Mapping[str, str], folder: Path
    ) -> None:
        for path in (out, err):
            path.touch(mode=0o600)
        given = (module, arguments, out, err, dict(env), folder)
        self._process = _CONTEXT.Process(target=_become, args=given, daemon=True)  # ends with the tests
        self._process.start()
        self.pid: int = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, negative for a signal."""
        self._process.join(seconds)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired("listener", seconds)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    *arguments: str, log: Path, env: Mapping[str, str] = os.environ, folder: Path | None = None, module: str = ""
) -> Process:
    """Start `listener` with these arguments; what it prints is added to `log`. `module`: another one, with a `main`."""
    return Process(module or "listener.cli", arguments, log, log, env, folder or Path.cwd())


def run(
    *arguments: str, env: Mapping[str, str] = os.environ, folder: Path | None = None, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command of `listener` to its end, with what it printed."""
    with tempfile.TemporaryDirectory() as told:
        out, err = Path(told) / "out", Path(told) / "err"
        process = Process("listener.cli", arguments, out, err, env, folder or Path.cwd())
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


def _become(module: str, arguments: tuple[str, ...], out: Path, err: Path, env: dict[str, str], folder: Path) -> None:
    """Be the process: as if it had been started with these arguments, in this folder, with nothing of the tests."""
    for path, descriptor in ((out, 1), (err, 2)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(file, descriptor)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.path[0:0] = [entry for entry in env.get("PYTHONPATH", "").split(os.pathsep) if entry not in sys.path]
    sys.argv = ["listener", *arguments]
    importlib.import_module(module).main()

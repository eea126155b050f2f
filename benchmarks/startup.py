"""What a command costs before it does anything: CPU of short commands, and how many times a bare Typer program's."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 5
BARE = "import typer\napp = typer.Typer()\n@app.command()\ndef main(): 'Nothing.'\napp()"
CONFIG = (
    "contact: me@example.com\nwatches: [{id: acme, query: acme}]\nsources: [{kind: hackernews}]\n"
    "channels: {console: {kind: console}}\n"
)
OURS = "from listener.cli import main; main()"


def main() -> None:
    print("\nStart of a command, CPU  (alone: python -m benchmarks startup)")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(CONFIG)
        bare = _cpu(BARE, "--help")
        _say("Python alone", _cpu("pass"), bare)
        _say("a bare Typer program, --help", bare, bare)
        for words in (
            ("--help",),
            ("--version",),
            ("sources", "--help"),
            ("query", "lint", "acme crash"),
            ("check", "--offline"),
        ):
            _say(f"listener {' '.join(words)}", _cpu(OURS, "-c", str(config), *words), bare)


def _say(what: str, seconds: float, bare: float) -> None:
    print(f"  {what:<44} {seconds:>8.2f} s {seconds / bare:>8.1f} ×")


def _cpu(program: str, *words: str) -> float:
    """Median seconds of CPU, user and system, of a process of its own."""
    seconds = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", program, *words], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()

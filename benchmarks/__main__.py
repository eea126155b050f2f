"""Runs every benchmark in this folder, one after the other: each module that has a `main()`."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import benchmarks


def run_all() -> None:
    for module in sorted(pkgutil.iter_modules(benchmarks.__path__), key=lambda module: module.name):
        if not module.name.startswith("_"):
            main = getattr(import_module(f"benchmarks.{module.name}"), "main", None)
            if main is not None:
                main()


if __name__ == "__main__":
    run_all()

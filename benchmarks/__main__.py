"""Runs every benchmark in this folder, one after the other, or those that are named: python -m benchmarks structure."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module

import benchmarks


def run(names: list[str]) -> None:
    """Each module that has a `main()`."""
    known = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_")
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    for name in names or known:
        main = getattr(import_module(f"benchmarks.{name}"), "main", None)
        if main is not None:
            main()


if __name__ == "__main__":
    run(sys.argv[1:])

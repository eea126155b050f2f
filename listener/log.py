"""One structured line per fetch, signal and delivery: for people on a terminal, JSON otherwise; never a secret."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, Literal, TextIO

import structlog

Style = Literal["auto", "console", "json"]
Log = structlog.typing.FilteringBoundLogger


def configure(style: Style, mask: Callable[[str], str], *, level: str = "info", to: TextIO | None = None) -> None:
    """Set up logging for the process. `mask` takes every secret of the config out of a text."""
    stream = to or sys.stderr
    people = style == "console" or (style == "auto" and stream.isatty())
    renderer = structlog.dev.ConsoleRenderer(pad_event_to=18) if people else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if people else "iso", utc=not people),
            structlog.processors.format_exc_info,
            _masking(mask),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def get() -> Log:
    log: Log = structlog.get_logger()
    return log


def _masking(mask: Callable[[str], str]) -> structlog.typing.Processor:
    def process(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}

    return process

"""One structured line per fetch, signal and delivery: for people on a terminal, JSON otherwise; never a secret."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal, TextIO

import structlog

from alerts.text import printable

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
            _each(mask),
            *([_each(printable)] if people else []),  # JSON escapes by itself what would act on a terminal
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.root.handlers = [one for one in logging.root.handlers if not isinstance(one, _Handler)] + [_Handler()]


def get() -> Log:
    log: Log = structlog.get_logger()
    return log


def _each(change: Callable[[str], str]) -> structlog.typing.Processor:
    """Changes every text of an event, however deep it lies."""

    def changed(value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {change(str(key)): changed(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [changed(inner) for inner in value]
        return change(value if isinstance(value, str) else repr(value))

    return lambda _logger, _method, event: {key: changed(value) for key, value in event.items()}


class _Handler(logging.Handler):
    """What libraries log, as lines of our own: their text and tracebacks are masked like everything else."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(ValueError):  # the stream has been closed
            get().log(record.levelno, "library", name=record.name, says=record.getMessage(), exc_info=record.exc_info)

"""The templates: HTML escapes everything it is given, plain text is folded for a terminal."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from alerts.base import Message
from alerts.text import clock, number, row, safe_url, wrap

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    # Imported with the first message: a daemon that has nothing to tell does without.
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("alerts"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = {"clock": clock, "number": number, "row": row, "safe_url": safe_url, "wrap": wrap}
    environment.filters.update(filters)
    return environment


def render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


def plain(message: Message) -> str:
    """The whole message as a tidy block of plain text."""
    return re.sub(r"\n{3,}", "\n\n", render("alert.txt.j2", message=message)).lstrip("\n")


def html(message: Message) -> str:
    """The whole message as a page for a mail client."""
    return message.html or render("alert.html.j2", message=message)

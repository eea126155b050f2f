"""Syntax faults in words that help: what ruamel says of one, where it lies, what it means, and what to do."""

from __future__ import annotations

import re

# A pattern of ruamel's words, whether the fault lies where the context of the error began, our words, the remedy.
# The first that is found counts, so what is more special stands before what is more general.
_FAULTS = (
    (r"'\\t'", False, "a tab: YAML is indented with spaces", "replace it by spaces"),
    (r"'\{'", False, "`${…}` inside braces needs quotes", 'write "${NAME}"'),
    (
        r"mapping values are not",
        False,
        "a `: ` where the line already has a value, or a key indented too far",
        "put a value that holds `: ` in 'quotes', or line the key up with its neighbours",
    ),
    (r"could not find expected ':'", True, "neither a key nor a list item", "write `key: value` or `- item`"),
    (r"unexpected end of stream", True, "this quote is never closed", "close it with the same quote"),
    (r"cannot start any token", False, "a value cannot begin with this character", "put the value in 'quotes'"),
    (r"undefined alias", False, "`*` refers to an anchor that is not there", "put the text in 'quotes'"),
    (r"unknown escape", False, 'a backslash in "…" begins an escape, and this is none', "use 'single quotes'"),
    (r"expected ',' or", True, "this bracket is not closed, or a comma is missing in it", "close it, or add the comma"),
    (r"another document", False, "a second document begins here", "keep one, and delete the line `---`"),
    (
        r"<block end>.*(scalar|'\?'|alias|anchor)",
        False,
        "text after the value has ended, or a line indented unlike its neighbours",
        "put the whole value in 'single quotes' (\"double\" ones inside may stay), or correct the indentation",
    ),
    (r"<block end>", False, "this line is indented unlike its neighbours", "line it up with the keys it belongs to"),
    (r"maximum depth", False, "brackets within brackets, far too deep", "is this the right file?"),
)


def explain_fault(problem: str) -> tuple[bool, str, str] | None:
    """Whether the fault lies at the error's context, what it is, and the remedy; None for an unknown message."""
    for pattern, at_context, message, remedy in _FAULTS:
        if re.search(pattern, problem):
            return at_context, message, remedy
    return None

"""Which text can be kept."""

from __future__ import annotations


def clean(text: str) -> str:
    """The text without NUL characters, with halves of surrogate pairs joined or replaced by U+FFFD.

    Postgres refuses NUL (https://www.postgresql.org/docs/current/datatype-character.html), and no UTF-8 holds half a
    surrogate pair (https://www.rfc-editor.org/rfc/rfc3629#section-3).
    """
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text

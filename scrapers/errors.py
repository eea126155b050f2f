"""What goes wrong with a source, who can mend it, and what a message may show of an address."""

from __future__ import annotations

import re
from collections.abc import Callable

Mask = Callable[[str], str]
"""Takes every secret of the config out of a text: `listener.config.Redactor.mask`, handed to the doors."""

# user and password, and the query or fragment: where keys travel. What ends a sentence is no part of an address.
_ADDRESS = re.compile(
    r"""(?P<scheme>\b[a-z][a-z0-9+.-]{1,20}://)(?:[^\s/?\#"'<>]*@)?(?P<place>[^\s?\#"'<>]*)
        (?:[?\#][^\s"'<>]*?)?(?P<end>[.,:;!)\]}]*)(?=[\s"'<>]|\Z)""",
    re.IGNORECASE | re.VERBOSE,
)


def shown(text: str) -> str:
    """An address, or a text with addresses in it, without their users, passwords, queries and fragments."""
    return _ADDRESS.sub(r"\g<scheme>\g<place>\g<end>", text)


def looks_random(text: str) -> bool:
    """Whether this can hardly be a word of a site: a token in a path, say."""
    return re.fullmatch(r"(?=.*[0-9])(?=.*[A-Za-z])[\w~+=-]{12,}", text) is not None


class SourceError(Exception):
    """A fetch that failed. `permanent`: asking again will not help, somebody has to do what `remedy` says.

    `retry_after` is in seconds, where the platform named it; `status` the HTTP status, where there was one.
    `offline`: nothing could be reached at all, so the fault lies with this machine's network. `sent`: the request may
    have reached the platform. `of_login`: it was the login that failed, so nothing can be asked for. The message never
    holds the query of an address, see `shown`.
    """

    of_login = False

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        remedy: str = "",
        retry_after: float | None = None,
        status: int | None = None,
        offline: bool = False,
        sent: bool = False,
    ) -> None:
        super().__init__(shown(message))
        self.permanent = permanent
        self.remedy = remedy
        self.retry_after = retry_after
        self.status = status
        self.offline = offline
        self.sent = sent

    @property
    def reason(self) -> str:
        """What went wrong and what to do, in a line."""
        return f"{self}. {self.remedy}".rstrip(". ") if self.remedy else str(self)

    def masked(self, mask: Mask) -> SourceError:
        """This error, without the secrets that `mask` knows."""
        self.args = (mask(str(self)),)
        self.remedy = mask(self.remedy)
        return self

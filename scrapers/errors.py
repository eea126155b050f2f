"""What goes wrong with a source, and who can mend it."""

from __future__ import annotations


class SourceError(Exception):
    """A fetch that failed. `permanent`: asking again will not help, somebody has to do what `remedy` says.

    `retry_after` is in seconds, where the platform named it; `status` the HTTP status, where there was one.
    `offline`: nothing could be reached at all, so the fault lies with this machine's network. `sent`: the request may
    have reached the platform.
    """

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
        super().__init__(message)
        self.permanent = permanent
        self.remedy = remedy
        self.retry_after = retry_after
        self.status = status
        self.offline = offline
        self.sent = sent

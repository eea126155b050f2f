"""`main` is `listener` with less patience: a simulated week has little time."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

from listener import cli
from scrapers.network import http
from scrapers.network.hops import Limits

SECONDS = 0.8


def main() -> None:
    with patch.object(http, "Limits", partial(Limits, seconds=SECONDS)):
        cli.main()

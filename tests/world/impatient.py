"""`python -m tests.world.impatient` is `listener` with less patience: a simulated week has little time."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

from listener.cli import main
from scrapers.network import http
from scrapers.network.hops import Limits

SECONDS = 0.8

if __name__ == "__main__":
    with patch.object(http, "Limits", partial(Limits, seconds=SECONDS)):
        main()

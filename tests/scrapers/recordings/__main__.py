"""python -m tests.scrapers.recordings [PLATFORM] [-v]: what each recorded answer gives, field by field, as a table."""

from __future__ import annotations

import sys

from tests.scrapers.recordings.judging import table
from tests.scrapers.recordings.test_fields import ROWS, verdict_of

if __name__ == "__main__":
    asked = [word for word in sys.argv[1:] if word != "-v"]
    verdicts = [verdict_of(*row) for row in ROWS if not asked or row[1].split("/")[0] in asked]
    sys.stdout.write(f"{table(verdicts)}\n")
    for one in verdicts if "-v" in sys.argv else ():
        sys.stdout.writelines(f"{one.name}: {fault}\n" for fault in one.wrong[:10])

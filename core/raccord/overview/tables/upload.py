"""Bank lines that wait, as a file that QuickBooks takes on its own page of bank transactions: the way round Raccord.

No interface of QuickBooks puts lines there. Its help names three columns, one way to write days, no line of nothing,
and at most 1,000 rows or 350 KB a file; see EX-18 in the requirements.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from raccord.onboarding.closing.export import cell_text, table_bytes
from raccord.overview.lines.bank_lines import WantedLines, open_lines
from raccord.overview.listing import MOST, Within

COLUMNS = ("Date", "Description", "Amount")
ROWS = MOST
"""So many lines a file has at most."""
TEXT_BYTES = 300
"""So much of a line's text is taken, by which a whole file stays below 350 KB."""


def parts(lines: int) -> int:
    """Return how many files so many lines make."""
    return -(-lines // ROWS)


def upload_file(session: Session, wanted: WantedLines, part: int, within: Within = None) -> bytes:
    """Return the lines of one account that wait as a CSV file, ``ROWS`` of them; ``part`` counts from 1.

    Days are written day, month, year; an amount is negative where money leaves the account. No text begins as a
    formula of a spreadsheet does.
    """
    lines = open_lines(session, wanted, within=within, limit=ROWS, offset=(part - 1) * ROWS).rows
    rows = [
        [f"{line.day:%d/%m/%Y}", cell_text(_short(line.text)), f"{line.amount:f}"]
        for line in lines
        if line.day is not None and line.amount
    ]
    return table_bytes([COLUMNS, *rows])


def _short(text: str) -> str:
    return " ".join(text.encode()[:TEXT_BYTES].decode(errors="ignore").split())

"""The sections of a QIF file: what a record is depends on the section it stands in."""

from __future__ import annotations

import re

from raccord_bankfeed.readers.contract import AccountKind
from raccord_bankfeed.readers.days import Order

SECTION = re.compile(r"\s*!(?:Type|Account|Option|Clear)\b", re.IGNORECASE)
KINDS = {
    "bank": AccountKind.BANK,
    "cash": AccountKind.BANK,
    "oth a": AccountKind.BANK,
    "ccard": AccountKind.CARD,
    "oth l": AccountKind.LOAN,
    "invst": AccountKind.INVESTMENT,
    "port": AccountKind.INVESTMENT,
    "401(k)/403(b)": AccountKind.INVESTMENT,
    "mutual": AccountKind.INVESTMENT,
}
_LIST_SECTIONS = frozenset(
    {"cat", "class", "memorized", "security", "prices", "budget", "invitem", "template", "tax", "invoice"}
)
_STATED = {"mdy": Order.MONTH, "dmy": Order.DAY, "ymd": Order.YEAR}


class Sections:
    """Follows the sections of a file; what a record is depends on the section it stands in."""

    def __init__(self) -> None:
        self.name = ""
        self.account: dict[str, str] = {}
        self.order: Order | None = None
        """What ``!Option:MDY`` or ``!Option:DMY`` says of the dates."""

    def header(self, text: str) -> str:
        """Enter the section that a line names; return its name in small letters."""
        word, _, rest = text.strip()[1:].partition(":")
        word, rest = word.strip().lower(), " ".join(rest.split()).lower()
        match word:
            case "type":
                self.name = rest
            case "account":
                self.name = "account"
            case "option":
                self.order = _STATED.get(rest, self.order)
            case _:
                pass  # an option says how a program reads the lists; it changes no transaction
        return self.name

    @property
    def holds_transactions(self) -> bool:
        return self.name in KINDS or (self.name not in _LIST_SECTIONS and self.name != "account")

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
    "otha": AccountKind.BANK,
    "ccard": AccountKind.CARD,
    "creditcard": AccountKind.CARD,
    "credit card": AccountKind.CARD,
    "oth l": AccountKind.LOAN,
    "othl": AccountKind.LOAN,
    "invst": AccountKind.INVESTMENT,
    "port": AccountKind.INVESTMENT,
    "401(k)/403(b)": AccountKind.INVESTMENT,
    "mutual": AccountKind.INVESTMENT,
}
_LIST_SECTIONS = frozenset(
    {
        "cat",
        "class",
        "memorized",
        "security",
        "prices",
        "budget",
        "invitem",
        "template",
        "tax",
        "invoice",
        "tag",
        "payee",
    }
)
_ACCOUNTS_MAX = 1000
_STATED = {"mdy": Order.MONTH, "dmy": Order.DAY, "ymd": Order.YEAR}


def slug(name: str) -> str:
    """Return a kind of bank account as keys have it: programs write one kind with a blank or without."""
    return "oth-a" if name == "otha" else name.replace(" ", "-")


class Sections:
    """Follows the sections of a file; what a record is depends on the section it stands in."""

    def __init__(self) -> None:
        self.name = ""
        self._accounts: list[dict[str, str]] = []
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

    def names(self, account: dict[str, str]) -> None:
        """Keep a record of an ``!Account`` section."""
        del self._accounts[:-_ACCOUNTS_MAX]
        self._accounts.append(account)

    def take_account(self) -> dict[str, str]:
        """Return the account whose transactions the section holds, nothing where none is named.

        That is the one before it; the last one of its kind where a whole list of accounts stands there.
        """
        named, self._accounts = self._accounts, []
        kind = KINDS.get(self.name)
        if len(named) > 1:
            named = [each for each in named if KINDS.get(each.get("T", "").strip().lower(), kind) is kind]
        return named[-1] if named else {}

    def take_nameless(self) -> str:
        """Return which kind of bank account the section is of, where no account is named; else nothing."""
        nameless = not self.take_account().get("N") and KINDS.get(self.name) is AccountKind.BANK
        return slug(self.name) if nameless else ""

    @property
    def holds_transactions(self) -> bool:
        return self.name in KINDS or (self.name not in _LIST_SECTIONS and self.name != "account")

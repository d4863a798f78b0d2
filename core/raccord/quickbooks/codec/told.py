"""What is compared of a document of QuickBooks, and no more, so that a month of them can be held at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from sys import intern

from raccord.quickbooks.codec.notes import marked_revision
from raccord.quickbooks.codec.reading import ZERO, moves_of
from raccord.quickbooks.codec.removals import is_voided


@dataclass(frozen=True, slots=True)
class Told:
    """What a document says of money: the day, its number, our mark, and by how much each account is moved."""

    day: date
    number: str
    code: str
    """Of our mark on it, whatever its revision; empty without one."""
    voided: bool
    moves: tuple[tuple[str, Decimal], ...]

    def moved(self, account_id: str) -> Decimal:
        """Return by how much the document moves an account, money into it positive."""
        return sum((amount for account, amount in self.moves if account == account_id), ZERO)


def told_of(kind: str, document: Mapping[str, object]) -> Told:
    """Return what ``document`` says; it needs a day, as every document has that moves money."""
    moves: dict[str, Decimal] = {}
    for account, amount in moves_of(kind, document):
        # The same few accounts stand in all documents.
        name = intern(str(account))
        moves[name] = moves.get(name, ZERO) + amount
    return Told(
        date.fromisoformat(str(document["TxnDate"])),
        str(document.get("DocNumber") or ""),
        code_of(document),
        is_voided(document),
        tuple(moves.items()),
    )


def code_of(document: Mapping[str, object]) -> str:
    """Return the code in our mark on a document, whatever its revision; empty without one."""
    marked = marked_revision(document)
    return marked[0] if marked else ""

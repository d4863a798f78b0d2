"""The type of an account at a bank (bank account, cash or card), and which accounts of the books may be of it."""

from __future__ import annotations

from enum import StrEnum

from raccord.errors import RaccordError
from raccord.plugin.info import RoleInfo
from raccord.plugin.texts import Text
from raccord.store.models import LedgerEntry

_CARD, _CASH = "Credit Card", "CashOnHand"


class AccountTypeError(RaccordError):
    """Raised when an account's type is unknown, or the account chosen for it in the books is of another one."""


class HeldAs(StrEnum):
    """What an account at a source is (K8)."""

    BANK = "bank"
    CASH = "cash"
    CARD = "card"


def type_of(entry: LedgerEntry) -> HeldAs:
    """Return what an account of the books is by its own type."""
    if entry.type == _CARD:
        return HeldAs.CARD
    return HeldAs.CASH if entry.subtype == _CASH else HeldAs.BANK


def read_type(said: str) -> HeldAs:
    """Return the type that a person said; refuses what is none, or nothing."""
    if said not in set(HeldAs):
        raise AccountTypeError(
            "account.type_unknown",
            Text("Le type du compte n'est pas dit.", "The account's type is not said."),
            Text("Dites : compte bancaire, caisse ou carte.", "Say: bank account, cash or card."),
        )
    return HeldAs(said)


def held_as(role: RoleInfo, entry: LedgerEntry, said: str = "") -> str:
    """Return the type to keep with a choice: the one said, else the account's own; nothing for roles without types.

    A card's account in the books is a card's and no other is; cash may be kept in any account of the bank's type.
    """
    if not role.told_by_records:
        return ""
    if not said:
        return type_of(entry)
    if (read_type(said) is HeldAs.CARD) != (type_of(entry) is HeldAs.CARD):
        raise AccountTypeError(
            "account.type_differs",
            Text(
                f"« {entry.name} » n'est pas de ce type dans QuickBooks ({entry.type}).",
                f"“{entry.name}” is not of that type in QuickBooks ({entry.type}).",
            ),
            Text("Choisissez un autre compte ou un autre type.", "Choose another account or another type."),
        )
    return said

"""Journal entries in QuickBooks' words."""

from __future__ import annotations

from decimal import Decimal

from raccord.plugin.drafts import JournalEntry, JournalLine, Side
from raccord.plugin.texts import figures
from raccord.quickbooks.codec.amounts import ZERO, added, cents
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.notes import description, private_note
from raccord.quickbooks.codec.sheet import Sheet, must_have_lines

_LINES = 10_000
_POSTING_TYPES = {Side.DEBIT: "Debit", Side.CREDIT: "Credit"}


def journal_entry(draft: JournalEntry, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a JournalEntry; QuickBooks numbers the lines of a new one from 0."""
    amounts = journal_amounts(draft)
    lines: list[Json] = [
        _line(line, amount, place, sheet) for place, (line, amount) in enumerate(zip(draft.lines, amounts, strict=True))
    ]
    return {
        "TxnDate": draft.day.isoformat(),
        **number,
        **sheet.currency(draft),
        "PrivateNote": private_note(draft.memo, "", marker),
        "Line": lines,
    }


def journal_amounts(draft: JournalEntry) -> list[Decimal]:
    """Return the amount of each of the two or more lines, debits equal to credits; else :class:`EncodeError`."""
    must_have_lines(len(draft.lines), _LINES)
    amounts = [_amount(line, place, draft.currency) for place, line in enumerate(draft.lines)]
    if len(draft.lines) < 2 or added(signed(line, amount) for line, amount in zip(draft.lines, amounts, strict=True)):
        raise _unbalanced(draft, amounts)
    return amounts


def signed(line: JournalLine, amount: Decimal) -> Decimal:
    """Return the amount with debits positive."""
    return amount if line.side is Side.DEBIT else -amount


def _amount(line: JournalLine, place: int, currency: str) -> Decimal:
    amount = cents(line.amount, currency, f"lines[{place}].amount")
    if amount < 0:
        said = figures(amount)
        raise EncodeError(
            "encoding.amount_not_positive",
            f"La ligne {place + 1} de l'écriture porte {said.fr} ; mettez-la de l'autre côté avec un montant positif.",
            f"Line {place + 1} of the entry has {said.en}; put it on the other side with a positive amount.",
            f"lines[{place}].amount",
        )
    return amount


def _line(line: JournalLine, amount: Decimal, place: int, sheet: Sheet) -> JsonObject:
    return {
        "DetailType": "JournalEntryLineDetail",
        "Amount": amount,
        **description(line.description),
        "JournalEntryLineDetail": {
            "PostingType": _POSTING_TYPES[line.side],
            "AccountRef": sheet.ref(line.account, f"lines[{place}].account"),
        },
    }


def _unbalanced(draft: JournalEntry, amounts: list[Decimal]) -> EncodeError:
    debit = sum((amount for line, amount in zip(draft.lines, amounts, strict=True) if line.side is Side.DEBIT), ZERO)
    debits, credits = map(figures, (debit, added(amounts) - debit))
    return EncodeError(
        "encoding.unbalanced",
        f"L'écriture n'est pas équilibrée : débit {debits.fr}, crédit {credits.fr}, {len(amounts)} ligne(s). "
        "Corrigez ses lignes dans la source.",
        f"The entry does not balance: debit {debits.en}, credit {credits.en}, {len(amounts)} line(s). "
        "Correct its lines in the source.",
        "lines",
    )

"""What a proof needs of the documents that QuickBooks holds; numbers are Decimal or whole, never floats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from raccord.plugin import Document, Money
from raccord.plugin.drafts import Control

ZERO = Decimal("0.00")
MONEY_KINDS = frozenset(
    {
        "SalesReceipt", "RefundReceipt", "Deposit", "Purchase", "Transfer", "JournalEntry", "Payment", "BillPayment",
        "CreditCardPayment", "Invoice", "CreditMemo", "Bill", "VendorCredit",
    }
)  # fmt: skip
"""Documents that move money on accounts they name themselves, or what customers owe and vendors are owed."""


def money_of(kind: str, document: Mapping[str, object], account_id: str) -> Decimal:
    """Return by how much ``document`` moves the ledger account ``account_id``, money into it positive.

    Counted are the accounts that the document names itself: what a deposit takes out of Undeposited Funds, and the
    income accounts behind items, stand in other documents. ``receivable`` and ``payable`` stand for the accounts of
    what is owed, which invoices and bills do not name. Voided (amounts zero) and deleted documents move nothing.
    """
    return sum((amount for account, amount in moves_of(kind, document) if account == account_id), ZERO)


def moves_of(kind: str, document: Mapping[str, object]) -> Iterator[tuple[str, Decimal]]:
    """Yield every account that :func:`money_of` counts, with each amount that moves it."""
    return iter(()) if document.get("status") == "Deleted" else _moves(kind, document)


def summary_of(kind: str, document: Mapping[str, object], currency: str = "") -> Document:
    """Return ``document`` in short; ``currency`` is the home currency, for documents that name none."""
    day = _text(document, "TxnDate")
    code = _text(document, "CurrencyRef", "value") or currency
    number = _text(document, "DocNumber") or _text(document, "PaymentRefNum") or _text(document, "AcctNum")
    return Document(
        kind=kind,
        id=_text(document, "Id"),
        number=number,
        day=date.fromisoformat(day) if day else None,
        total=Money(_total(kind, document), code) if kind in MONEY_KINDS and code else None,
    )


def named_accounts(kind: str, document: Mapping[str, object]) -> list[str]:
    """Return the ids of the accounts that say what a document is for: those of its lines, of a transfer its two."""
    if kind == "Transfer":
        return [_text(document, name, "value") for name in ("FromAccountRef", "ToAccountRef")]
    found = [
        _text(detail, "AccountRef", "value")
        for name in ("AccountBasedExpenseLineDetail", "DepositLineDetail", "JournalEntryLineDetail")
        for _, detail in _details(document, name)
    ]
    return [each for each in dict.fromkeys(found) if each]


def _moves(kind: str, document: Mapping[str, object]) -> Iterator[tuple[str, Decimal]]:
    match kind:
        case "SalesReceipt" | "RefundReceipt":
            total = _total(kind, document)
            yield _text(document, "DepositToAccountRef", "value"), total if kind == "SalesReceipt" else -total
        case "Deposit":
            yield _text(document, "DepositToAccountRef", "value"), _total(kind, document)
            for line, detail in _details(document, "DepositLineDetail"):
                yield _text(detail, "AccountRef", "value"), -_amount(line, "Amount")
            back = _block(document, "CashBack")
            yield _text(back, "AccountRef", "value"), _amount(back, "Amount")
        case "Invoice" | "CreditMemo":
            # What came in with the invoice itself is not owed any more.
            owed = _total(kind, document) - _amount(document, "Deposit")
            yield Control.RECEIVABLE, owed if kind == "Invoice" else -owed
        case "Bill" | "VendorCredit":
            yield Control.PAYABLE, -_total(kind, document) if kind == "Bill" else _total(kind, document)
        case "Payment":
            yield _text(document, "DepositToAccountRef", "value"), _total(kind, document)
        case "BillPayment":
            paid = _text(document, "CheckPayment", "BankAccountRef", "value")
            yield paid or _text(document, "CreditCardPayment", "CCAccountRef", "value"), -_total(kind, document)
        case "Purchase":
            sign = -1 if document.get("Credit") is True else 1
            yield _text(document, "AccountRef", "value"), -sign * _total(kind, document)
            for line, detail in _details(document, "AccountBasedExpenseLineDetail"):
                yield _text(detail, "AccountRef", "value"), sign * _amount(line, "Amount")
        case "Transfer":
            yield _text(document, "FromAccountRef", "value"), -_total(kind, document)
            yield _text(document, "ToAccountRef", "value"), _total(kind, document)
        case "CreditCardPayment":
            # Nothing of ours: a card that a person paid down from a bank account.
            yield _text(document, "BankAccountRef", "value"), -_total(kind, document)
            yield _text(document, "CreditCardAccountRef", "value"), _total(kind, document)
        case "JournalEntry":
            for line, detail in _details(document, "JournalEntryLineDetail"):
                yield _text(detail, "AccountRef", "value"), _side(detail) * _amount(line, "Amount")
        case _:
            raise ValueError(f"{kind} documents are not counted: {', '.join(sorted(MONEY_KINDS))} are")


def _total(kind: str, document: Mapping[str, object]) -> Decimal:
    """Return the document's own total; a journal entry's ``TotalAmt`` is 0 in QuickBooks, so its debits are added."""
    match kind:
        case "Transfer" | "CreditCardPayment":
            return _amount(document, "Amount")
        case "JournalEntry":
            details = _details(document, "JournalEntryLineDetail")
            return sum((_amount(line, "Amount") for line, detail in details if _side(detail) > 0), ZERO)
        case _:
            return _amount(document, "TotalAmt")


def _side(detail: Mapping[str, object]) -> int:
    return 1 if detail.get("PostingType") == "Debit" else -1


def _details(
    document: Mapping[str, object], detail_type: str
) -> Iterator[tuple[Mapping[str, object], Mapping[str, object]]]:
    lines = document.get("Line")
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, Mapping) and line.get("DetailType") == detail_type:
            yield line, _block(line, detail_type)


def _block(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(document: Mapping[str, object], *path: str) -> str:
    *blocks, name = path
    for block in blocks:
        document = _block(document, block)
    found = document.get(name)
    return found if isinstance(found, str) else ""


def _amount(document: Mapping[str, object], name: str) -> Decimal:
    found = document.get(name, ZERO)
    if isinstance(found, Decimal):
        return found
    if isinstance(found, int) and not isinstance(found, bool):
        return Decimal(found)
    raise TypeError(
        f"{name} must be a decimal, not {type(found).__name__}: read QuickBooks' answers with parse_float=Decimal"
    )

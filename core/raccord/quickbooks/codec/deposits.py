"""Deposits in QuickBooks' words: documents taken out of Undeposited Funds, and lines straight to an account."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from raccord.plugin.drafts import Deposit, DirectLine, LedgerId, LinkedLine
from raccord.plugin.texts import figures
from raccord.quickbooks.codec.amounts import cents, must_add_up
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.notes import description, private_note
from raccord.quickbooks.codec.sheet import Sheet, must_have_lines
from raccord.quickbooks.codec.tax_plan import TaxPlan, tax_of_deposit

_LINES = 10_000


def deposit(draft: Deposit, sheet: Sheet, marker: str) -> JsonObject:
    """Return a Deposit with its linked and its direct lines."""
    tax = deposit_tax(draft, sheet)
    amounts = deposit_amounts(draft) if tax is None else tax.nets
    lines: list[Json] = [
        _line(line, amount, place, sheet, tax)
        for place, (line, amount) in enumerate(zip(draft.lines, amounts, strict=True))
    ]
    return {
        "TxnDate": draft.day.isoformat(),
        **sheet.currency(draft),
        "DepositToAccountRef": sheet.ref(draft.bank, "bank"),
        "PrivateNote": private_note(draft.memo, "", marker),
        **({} if draft.location is None else {"DepartmentRef": sheet.ref(draft.location, "location")}),
        **({} if tax is None else tax.header),
        "Line": lines,
    }


def deposit_tax(draft: Deposit, sheet: Sheet) -> TaxPlan | None:
    """Return the tax of a deposit, line by line; nothing where it bears none."""
    return tax_of_deposit(draft, [line for line in draft.lines if isinstance(line, DirectLine)], sheet)


def deposit_amounts(draft: Deposit) -> list[Decimal]:
    """Return the amount of each line, which add up to the total.

    Raises :class:`EncodeError` otherwise, for a document linked twice, and for a total below zero, which QuickBooks
    refuses (the way round is a journal entry, K6).
    """
    must_have_lines(len(draft.lines), _LINES)
    total = cents(draft.total, draft.currency, "total")
    if total < 0:
        said = figures(total)
        raise EncodeError(
            "encoding.negative_deposit",
            f"Le dépôt de {said.fr} {draft.currency} est négatif ; QuickBooks le refuse. Il faut une écriture de "
            "journal qui débite les fonds non déposés et crédite la banque, puis un dépôt de 0,00 qui relie les "
            "documents.",
            f"The deposit of {said.en} {draft.currency} is negative; QuickBooks refuses it. It takes a journal entry "
            "that debits Undeposited Funds and credits the bank, then a deposit of 0.00 that links the documents.",
            "total",
        )
    amounts = [cents(line.amount, draft.currency, f"lines[{place}].amount") for place, line in enumerate(draft.lines)]
    must_add_up(amounts, total)
    _must_link_once(draft)
    return amounts


def _line(line: LinkedLine | DirectLine, amount: Decimal, place: int, sheet: Sheet, tax: TaxPlan | None) -> JsonObject:
    match line:
        case LinkedLine():
            # Any DetailType here would make QuickBooks ask for an account.
            link: JsonObject = {
                "TxnId": sheet.id(line.document, f"lines[{place}].document"),
                "TxnType": _linked_type(line, sheet),
                "TxnLineId": "0" if line.line is None else str(line.line),
            }
            return {"Amount": amount, "LinkedTxn": [link]}
        case DirectLine():
            account = sheet.id(line.account, f"lines[{place}].account")
            detail: JsonObject = {"AccountRef": {"value": account}}
            if line.entity is not None:
                found, kind = sheet.entity(line.entity, f"lines[{place}].entity")
                detail["Entity"] = {"value": found, "type": kind.upper()}
            if line.class_ is not None:
                detail["ClassRef"] = sheet.ref(line.class_, f"lines[{place}].class_")
            if tax is not None:
                # What is taxed gives a cost's tax back, or is one that was kept back; nothing else bears any.
                cost = line.tax_code is not None or sheet.is_cost(account)
                detail |= {**tax.detail(place), "TaxApplicableOn": "Purchase" if cost else "Sales"}
            return {
                "Amount": amount,
                "DetailType": "DepositLineDetail",
                **description(line.description),
                "DepositLineDetail": detail,
            }
        case _ as never:
            assert_never(never)


def _linked_type(line: LinkedLine, sheet: Sheet) -> str:
    """Return the linked document's kind; where nobody knows it, a sale puts money in and a refund takes it out."""
    known = line.document.kind if isinstance(line.document, LedgerId) else sheet.kind_of(line.document)
    if known:
        return known
    if line.line is not None:
        return "JournalEntry"
    return "RefundReceipt" if line.amount < 0 else "SalesReceipt"


def _must_link_once(draft: Deposit) -> None:
    seen: set[tuple[str, int | None]] = set()
    for place, line in enumerate(draft.lines):
        if not isinstance(line, LinkedLine):
            continue
        of = line.document
        name = f"{of.kind} {of.id}" if isinstance(of, LedgerId) else of.key
        if (name, line.line) in seen:
            raise EncodeError(
                "encoding.linked_twice",
                f"Le dépôt relie deux fois le document « {name} ». Vérifiez le règlement dans la source.",
                f'The deposit links the document "{name}" twice. Check the settlement in the source.',
                f"lines[{place}].document",
            )
        seen.add((name, line.line))

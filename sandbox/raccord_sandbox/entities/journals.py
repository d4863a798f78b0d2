"""Journal entries."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import (
    CENTS,
    NAMED,
    date_and_currency,
    following,
    forget_old_tax,
    mark_voided,
    number_lines,
    own_lines,
    preference,
    refuse_if_deposited,
    unique_number,
)
from raccord_sandbox.entities.applications import keep_applied, let_go, refuse_if_linked
from raccord_sandbox.entities.journal_codes import keep_journal
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.entities.payables import release_from_payments, rework_payments
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import MONEY, Block, Choice, Flag, Line, Many, Ref, Text
from raccord_sandbox.tax import TAX_PROPERTIES, Side, TaxableLine, tax_journal

JOURNAL_LINE = Line(
    {
        "JournalEntryLineDetail": Block(
            {
                "PostingType": Choice(("Debit", "Credit")),
                "AccountRef": Ref(("Account",)),
                "Entity": Block(
                    {
                        "Type": Choice(("Customer", "Vendor", "Employee")),
                        "EntityRef": Ref(("Customer", "Vendor", "Employee")),
                    }
                ),
                "ClassRef": Ref(("Class",)),
                "DepartmentRef": Ref(("Department",)),
                "BillableStatus": Choice(("Billable", "NotBillable", "HasBeenBilled")),
                "TaxCodeRef": Ref(("TaxCode",)),
                "TaxApplicableOn": Choice(("Sales", "Purchase")),
                "TaxAmount": MONEY,
                "TaxInclusiveAmt": MONEY,
            }
        ),
        "DescriptionOnly": Block({}),
    }
)


def settle_journal_entry(work: Work, kind: Kind, draft: Draft) -> None:
    """Check that debits equal credits and post the lines as given."""
    new = draft.new
    if draft.old is not None:
        refuse_if_deposited(work, kind, draft.old)
    date_and_currency(work, draft)
    lines = own_lines(draft)
    if len(lines) < 2:
        raise business("You must have at least two detail lines in the journal entry.", "Line")
    number_lines(lines, draft.old, first=0)
    posted = [line for line in lines if line["DetailType"] == "JournalEntryLineDetail"]
    entries = [_entry(work, line) for line in posted]
    if work.by == "person" or work.company.settings.get("one_control_line"):
        _refuse_two_controls(work, posted)
    forget_old_tax(draft)
    taxes = tax_journal(work, new, [_taxable(line) for line in posted], old=draft.old)
    entries += taxes.entries(1, "")
    balance = sum((entry.amount for entry in entries), CENTS)
    if balance != 0:
        raise business(f"The journal entry is out of balance: debits exceed credits by {balance}.", "Line")
    _number(work, draft)
    keep_journal(work, new)
    new["Line"] = lines
    new["TotalAmt"] = sum((entry.amount for entry in entries if entry.amount > 0), CENTS)
    new.setdefault("Adjustment", False)
    new["TxnTaxDetail"] = taxes.detail or {}
    draft.entries = entries
    keep_applied(work, kind, draft)
    rework_payments(work, kind.name, new, draft.old)


def release_journal_entry(work: Work, kind: Kind, doc: Doc) -> None:
    """Let the payments of a journal entry go unapplied, where that is allowed; a deposited one is refused."""
    refuse_if_deposited(work, kind, doc)
    refuse_if_linked(work, kind, doc)
    let_go(work, kind, doc)
    release_from_payments(work, kind, doc)


def void_journal_entry(work: Work, kind: Kind, doc: Doc) -> None:
    """Empty a journal entry; what payments applied to its lines becomes unapplied."""
    refuse_if_deposited(work, kind, doc)
    let_go(work, kind, doc)
    release_from_payments(work, kind, doc)
    mark_voided(doc)
    doc["LinkedTxn"] = []


def _refuse_two_controls(work: Work, lines: list[Doc]) -> None:
    """Refuse a second receivable or payable line, as the browser does."""
    refs = (line["JournalEntryLineDetail"]["AccountRef"]["value"] for line in lines)
    if sum((work.get("Account", key) or {}).get("AccountType") in NAMED for key in refs) > 1:
        raise business("A journal entry can hold one receivable or payable line only.", "Line")


def _entry(work: Work, line: Doc) -> Entry:
    detail: Doc = line.get("JournalEntryLineDetail", {})
    line.pop("LinkedTxn", None)
    if "PostingType" not in detail:
        raise FaultError(2260, "Posting type is required on every journal line", "PostingType")
    if "AccountRef" not in detail:
        raise missing("AccountRef")
    if "Amount" not in line:
        raise missing("Line.Amount")
    if line["Amount"] < 0:
        raise FaultError(2290, "Negative amount : use the other posting type", "Line.Amount")
    name = _name(work, detail)
    amount: Decimal = line["Amount"] if detail["PostingType"] == "Debit" else -line["Amount"]
    return Entry(detail["AccountRef"]["value"], amount, line.get("Description", ""), name, line["Id"])


def _taxable(line: Doc) -> TaxableLine:
    detail: Doc = line["JournalEntryLineDetail"]
    side = Side.PURCHASE if detail.get("TaxApplicableOn") == "Purchase" else Side.SALES
    return TaxableLine(line, detail, detail["AccountRef"]["value"], side)


def _name(work: Work, detail: Doc) -> str:
    entity: Doc = detail.get("Entity", {})
    name: str = entity.get("EntityRef", {}).get("value", "")
    account = work.get("Account", detail["AccountRef"]["value"]) or {}
    needed = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}.get(account.get("AccountType", ""))
    if needed is not None and (not name or work.get(needed, name) is None):
        raise business(
            f"When you use {account['AccountType']}, you must choose a {needed.lower()} in the name field.", "Entity"
        )
    if name and "Type" not in entity:
        raise missing("Entity.Type")
    return name


def _number(work: Work, draft: Draft) -> None:
    if "DocNumber" not in draft.new and draft.old is None and "allowautodocnum" in draft.include:
        last = work.company.settings.get("last_numbers", {}).get("journal", "0")
        draft.new["DocNumber"] = following(last)
    if "DocNumber" not in draft.new:
        return
    if preference(work, "OtherPrefs", "WarnDuplicateJournalNumber"):
        unique_number(work, draft, ("JournalEntry",))
    work.number("journal", draft.new["DocNumber"])


JOURNAL_ENTRY = Kind(
    "JournalEntry",
    Family.TRANSACTION,
    {
        **{name: item for name, item in TRANSACTION_PROPERTIES.items() if name != "DepartmentRef"},
        **TAX_PROPERTIES,
        "Line": Many(JOURNAL_LINE),
        "DocNumber": Text(21),
        "Adjustment": Flag(),
        "JournalCodeRef": Ref(("JournalCode",)),
    },
    settle_journal_entry,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("Line",),
    computed=TRANSACTION_COMPUTED | {"LinkedTxn"},
    queryable=TRANSACTION_QUERYABLE | {"DocNumber"},
    release=release_journal_entry,
    void=void_journal_entry,
)

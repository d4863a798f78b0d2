"""Recurring transactions: templates of documents with a schedule, which post nothing themselves."""

from __future__ import annotations

from collections.abc import Mapping

from raccord_sandbox.entities.bills import BILL, VENDOR_CREDIT
from raccord_sandbox.entities.deposits import DEPOSIT
from raccord_sandbox.entities.estimates import ESTIMATE
from raccord_sandbox.entities.invoices import CREDIT_MEMO, INVOICE
from raccord_sandbox.entities.journals import JOURNAL_ENTRY
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, ENVELOPE, TRANSACTIONS, Draft, Family, Kind
from raccord_sandbox.entities.orders import PURCHASE_ORDER
from raccord_sandbox.entities.purchases import PURCHASE
from raccord_sandbox.entities.sales import REFUND_RECEIPT, SALES_RECEIPT
from raccord_sandbox.entities.transfers import TRANSFER
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.refusing.faults import Doc, FaultError, missing
from raccord_sandbox.schema import Block, Choice, Day, Flag, Text, Whole

BASES: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        BILL, PURCHASE, CREDIT_MEMO, DEPOSIT, ESTIMATE, INVOICE, JOURNAL_ENTRY, REFUND_RECEIPT, SALES_RECEIPT, TRANSFER,
        VENDOR_CREDIT, PURCHASE_ORDER,
    )
}  # fmt: skip
"""The documents that can recur."""
HEAD = ("Id", "SyncToken", "MetaData", "domain", "sparse")
INFO = Block(
    {
        "Name": Text(100),
        "Active": Flag(),
        "RecurType": Choice(("Automated", "Reminder", "Reminded", "Unscheduled")),
        "ScheduleInfo": Block(
            {
                "StartDate": Day(),
                "EndDate": Day(),
                "NextDate": Day(),
                "PreviousDate": Day(),
                "IntervalType": Choice(("Daily", "Weekly", "Monthly", "Yearly")),
                "NumInterval": Whole(1, 999),
                "MaxOccurrences": Whole(1, 999),
                "DayOfMonth": Whole(1, 31),
                "DayOfWeek": Text(20),
                "WeekOfMonth": Whole(1, 5),
                "MonthOfYear": Text(20),
                "DaysBefore": Whole(0, 365),
                "RemindDays": Whole(0, 365),
            }
        ),
    }
)


def unwrap(body: Doc) -> Doc:
    """Return a request with the head of its template, which holds Id and SyncToken, as its own."""
    for name in BASES:
        inner = body.get(name)
        if isinstance(inner, dict):
            return {**body, **{key: inner[key] for key in ("Id", "SyncToken", "sparse") if key in inner}}
    return body


def settle_recurring(work: Work, kind: Kind, draft: Draft) -> None:
    """Compute the template as the document that it stands for, of which nothing is kept but the template."""
    new = draft.new
    names = [name for name in BASES if name in draft.sent]
    if len(names) != 1:
        raise missing("Invoice") if not names else FaultError(2600, f"Conflicting elements in request : {names}")
    name = names[0]
    if draft.old is not None and draft.old["Type"] != name:
        raise FaultError(2120, "Invalid type : a template stays of one type", name)
    sent: Doc = new.pop(name)
    info = _info(work, sent.pop("RecurringInfo", None), new["Id"])
    base = BASES[name]
    for required in base.required:
        if sent.get(required) in (None, "", [], {}):
            raise missing(required)
    sent.pop("LinkedTxn", None)
    template = {**sent, **{key: new[key] for key in HEAD}}
    base.settle(
        Work(work.company, work.by),
        base,
        Draft(template, None, frozenset(template), frozenset({"allowduplicatedocnum"})),
    )
    for key in (*HEAD, "LinkedTxn", *(key for key in ("TxnDate", "DocNumber") if key not in sent)):
        template.pop(key, None)
    if "Balance" in template:
        template["Balance"] = template["TotalAmt"]
    if "RemainingCredit" in template:
        template["RemainingCredit"] = template["TotalAmt"]
    old: Doc = (draft.old or {}).get(name, {})
    reference = old.get("RecurDataRef") or {"value": work.next_id("recurringdata")}
    for other in BASES:
        new.pop(other, None)
    new["Type"], new[name] = name, {**template, "RecurringInfo": info, "RecurDataRef": reference}


def _info(work: Work, info: Doc | None, own: str) -> Doc:
    if info is None:
        raise missing("RecurringInfo")
    if not info.get("Name"):
        raise missing("RecurringInfo.Name")
    for other in work.all("RecurringTransaction"):
        taken: str = other[other["Type"]]["RecurringInfo"]["Name"]
        if other["Id"] != own and taken.lower() == info["Name"].lower():
            raise FaultError(6240, "The name supplied already exists. : Another template is already using this name.")
    info.setdefault("Active", True)
    if info.setdefault("RecurType", "Unscheduled") != "Unscheduled" and "IntervalType" not in info.get(
        "ScheduleInfo", {}
    ):
        raise missing("ScheduleInfo.IntervalType")
    return info


def render_recurring(company: Company, doc: Doc) -> Doc:
    """Show a template under the name of its document, with its head inside."""
    name = doc["Type"]
    return {name: {**doc[name], **{key: doc[key] for key in HEAD}}}


def _template(base: Kind) -> Block:
    ignored = ENVELOPE | base.computed | base.kept | {"RecurDataRef"}
    return Block({**base.properties, "RecurringInfo": INFO}, ignored)


RECURRING_TRANSACTION = Kind(
    "RecurringTransaction",
    Family.TRANSACTION,
    {name: _template(base) for name, base in BASES.items()},
    settle_recurring,
    sequence="transaction",
    operations=TRANSACTIONS,
    computed=frozenset({"Type"}),
    queryable=COMMON_QUERYABLE | {"Type"},
    render=render_recurring,
    unwrap=unwrap,
)

"""Time activities: hours of employees and vendors, which post nothing and can be billed to customers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from raccord_sandbox.entities.bought import LOCATIONS
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, TRANSACTIONS, Draft, Family, Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import Choice, Day, Flag, Number, Ref, Text, Whole

WORKERS = {"Employee": "EmployeeRef", "Vendor": "VendorRef"}
SPENT = ("Hours", "Minutes")
CLOCKED = ("StartTime", "EndTime")
BREAKS = ("BreakHours", "BreakMinutes")


def settle_time(work: Work, kind: Kind, draft: Draft) -> None:
    """Check who worked, how long and whether it is to be billed."""
    new, old = draft.new, draft.old or {}
    wanted = WORKERS[new["NameOf"]]
    if wanted not in new:
        raise missing(wanted)
    if len(WORKERS.values() & new.keys()) > 1:
        raise FaultError(6290, f"Invalid employee or vendor : NameOf is {new['NameOf']}, both are named", wanted)
    _duration(work, draft)
    item = work.get("Item", new.get("ItemRef", {}).get("value", ""))
    if item is not None and item["Type"] != "Service":
        raise business("Time is spent on service items only.", "ItemRef")
    if draft.new.get("BillableStatus") == "HasBeenBilled" and old.get("BillableStatus") != "HasBeenBilled":
        raise FaultError(6320, "Invalid billable status : an invoice alone makes time billed", "BillableStatus")
    if old.get("BillableStatus") == "HasBeenBilled":
        new["BillableStatus"] = "HasBeenBilled"
    if new.setdefault("BillableStatus", "NotBillable") == "Billable":
        if "CustomerRef" not in new:
            raise FaultError(6310, "Customer reference missing : billable time needs a customer", "CustomerRef")
        if "HourlyRate" not in new:
            raise FaultError(6330, "Missing billing rate : billable time needs HourlyRate", "HourlyRate")
    if new.setdefault("HourlyRate", 0) < 0:
        raise FaultError(2290, "Negative amount : HourlyRate", "HourlyRate")
    new.setdefault("Taxable", False)


def _duration(work: Work, draft: Draft) -> None:
    """Take hours and minutes, or start and end with breaks between; both or neither are refused."""
    new = draft.new
    _prefer_sent(draft)
    spent, clocked = [name for name in SPENT if name in new], [name for name in CLOCKED if name in new]
    if spent and clocked:
        raise FaultError(6390, "Invalid multiple durations : hours, or start and end, not both", "Hours")
    if not spent and not clocked:
        raise FaultError(6350, "Missing time : give hours and minutes, or start and end", "Hours")
    if spent:
        for name in SPENT:
            new.setdefault(name, 0)
        for name in BREAKS:
            new.pop(name, None)
        if not new["Hours"] and not new["Minutes"]:
            raise FaultError(6380, "Invalid duration : no time was spent", "Hours")
        new.setdefault("TxnDate", work.company.clock.today().isoformat())
        return
    if len(clocked) == 1:
        raise FaultError(6360, "Invalid start or end time : the other one is missing", clocked[0])
    begins, ends = (_moment(work, new, name) for name in CLOCKED)
    if (begins.tzinfo is None) != (ends.tzinfo is None):
        raise FaultError(6360, "Invalid start or end time : one has an offset, the other not", "EndTime")
    if begins >= ends:
        raise FaultError(6370, "Start time after end time", "StartTime")
    rest = timedelta(hours=new.get("BreakHours", 0), minutes=new.get("BreakMinutes", 0))
    if rest >= ends - begins:
        raise FaultError(6380, "Invalid duration : the break is as long as the time", "BreakHours")
    new["StartTime"], new["EndTime"] = begins.isoformat(), ends.isoformat()


def _prefer_sent(draft: Draft) -> None:
    """Let an update change from hours to start and end, and back."""
    for sent, other in ((SPENT, CLOCKED), (CLOCKED, SPENT)):
        if draft.old is not None and draft.sent & {*sent} and not draft.sent & {*other}:
            for name in other:
                draft.new.pop(name, None)


def _moment(work: Work, new: Doc, name: str) -> datetime:
    """Return a moment; a mere time of day belongs to the activity's date."""
    text: str = new[name]
    try:
        if "T" in text:
            found = datetime.fromisoformat(text)
            new.setdefault("TxnDate", found.date().isoformat())
            return found
        clock = time.fromisoformat(text)
    except ValueError as error:
        raise FaultError(6340, f"Invalid time : {text}", name) from error
    day = new.setdefault("TxnDate", work.company.clock.today().isoformat())
    return datetime.combine(date.fromisoformat(day), clock)


def release_time(work: Work, kind: Kind, doc: Doc) -> None:
    """Refuse to delete time that an invoice bills."""
    if doc["BillableStatus"] == "HasBeenBilled":
        raise FaultError(800, f"Cannot delete object : {kind.name} {doc['Id']} has been billed; unlink it first")


TIME_ACTIVITY = Kind(
    "TimeActivity",
    Family.TRANSACTION,
    {
        "TxnDate": Day(),
        "NameOf": Choice(tuple(WORKERS)),
        "EmployeeRef": Ref(("Employee",)),
        "VendorRef": Ref(("Vendor",)),
        "CustomerRef": Ref(("Customer",)),
        "ProjectRef": Ref(("Customer",)),
        "ItemRef": Ref(("Item",)),
        "ClassRef": Ref(("Class",)),
        "DepartmentRef": Ref(("Department",)),
        "BillableStatus": Choice(("Billable", "NotBillable", "HasBeenBilled")),
        "Taxable": Flag(),
        "HourlyRate": Number(),
        "CostRate": Number(),
        "Hours": Whole(0, 8760),
        "Minutes": Whole(0, 59),
        "BreakHours": Whole(0, 8760),
        "BreakMinutes": Whole(0, 59),
        "StartTime": Text(40),
        "EndTime": Text(40),
        "Description": Text(4000),
        "TransactionLocationType": LOCATIONS,
    },
    settle_time,
    sequence="timeactivity",
    operations=TRANSACTIONS,
    required=("NameOf",),
    queryable=COMMON_QUERYABLE | {"TxnDate", "BillableStatus", "ProjectRef", "CustomerRef"},
    release=release_time,
)

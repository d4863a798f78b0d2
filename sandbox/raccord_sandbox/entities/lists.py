"""The small lists: classes, locations, terms, payment methods and customer types."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import preference
from raccord_sandbox.entities.hierarchy import full_name, rename_if_deactivated, unique_full_name
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, LIST_QUERYABLE, LOOKUP, Draft, Family, Kind, Operation
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import FaultError, missing
from raccord_sandbox.schema import ADDRESS, Choice, Flag, Number, Property, Ref, Text, Whole

TREE_FLAGS = {"Class": "SubClass", "Department": "SubDepartment"}
TRACKED = {"Class": ("ClassTrackingPerTxn", "ClassTrackingPerTxnLine"), "Department": ("TrackDepartments",)}
"""The preferences of which one must be on for the list to grow."""


def settle_tree(work: Work, kind: Kind, draft: Draft) -> None:
    """Complete the full name of a class or location and refuse a taken one; classes must be tracked (5030)."""
    tracked = any(preference(work, "AccountingInfoPrefs", name) for name in TRACKED[kind.name])
    if draft.old is None and not tracked:
        raise FaultError(5030, f"Feature Not Supported Error : {kind.name} tracking is off in this company", kind.name)
    draft.new.setdefault("Active", True)
    full_name(work, kind, draft.new, flag=TREE_FLAGS[kind.name])
    unique_full_name(work, kind, draft, f"Another {kind.name.lower()} is already using this name.")


def settle_flat(work: Work, kind: Kind, draft: Draft) -> None:
    """Refuse a name that the list has already; one that is deactivated gives its name free."""
    new = draft.new
    new.setdefault("Active", True)
    name = "DisplayName" if "DisplayName" in kind.properties else "Name"
    own = draft.old["Id"] if draft.old else None

    def holder() -> str | None:
        return next((key for key in work.company.table(kind.name).having(name, new[name]) if key != own), None)

    rename_if_deactivated(work, draft, name, holder)
    taken = holder()
    if taken is not None:
        raise FaultError(
            6240, f"The name supplied already exists. : Another {kind.name} is already using this name. Id={taken}"
        )


def settle_term(work: Work, kind: Kind, draft: Draft) -> None:
    """Derive the type of a term from what it names: days, or a day of the month."""
    new = draft.new
    if "DueDays" in draft.sent and "DayOfMonthDue" in draft.sent:
        raise FaultError(2600, "Conflicting elements in request : DueDays and DayOfMonthDue", "DueDays")
    if "DayOfMonthDue" in draft.sent:
        new.pop("DueDays", None)
    if "DueDays" in draft.sent:
        new.pop("DayOfMonthDue", None)
    if "DueDays" in new:
        new["Type"] = "STANDARD"
    elif "DayOfMonthDue" in new:
        new["Type"] = "DATE_DRIVEN"
    else:
        raise missing("DueDays")
    if not 0 <= new.setdefault("DiscountPercent", Decimal(0)) <= 100:
        raise FaultError(2150, "Invalid percent : DiscountPercent must be 0 to 100", "DiscountPercent")
    settle_flat(work, kind, draft)


def settle_payment_method(work: Work, kind: Kind, draft: Draft) -> None:
    """Set the default type."""
    draft.new.setdefault("Type", "NON_CREDIT_CARD")
    settle_flat(work, kind, draft)


def _tree(name: str) -> Kind:
    flag = TREE_FLAGS[name]
    properties: dict[str, Property] = {
        "Name": Text(100, ":"), "ParentRef": Ref((name,)), flag: Flag(), "Active": Flag()
    }  # fmt: skip
    if name == "Department":
        properties["Address"] = ADDRESS
    return Kind(
        name,
        Family.LIST,
        properties,
        settle_tree,
        sequence=name.lower(),
        required=("Name",),
        computed=frozenset({"FullyQualifiedName"}),
        queryable=LIST_QUERYABLE,
    )


CLASS = _tree("Class")
DEPARTMENT = _tree("Department")
TERM = Kind(
    "Term",
    Family.LIST,
    {
        "Name": Text(31),
        "Active": Flag(),
        "DueDays": Whole(0, 999),
        "DayOfMonthDue": Whole(1, 31),
        "DueNextMonthDays": Whole(0, 999),
        "DiscountDays": Whole(0, 999),
        "DiscountDayOfMonth": Whole(1, 31),
        "DiscountPercent": Number(),
    },
    settle_term,
    sequence="term",
    required=("Name",),
    computed=frozenset({"Type"}),
    queryable=COMMON_QUERYABLE | {"Name", "Active", "Type"},
)
PAYMENT_METHOD = Kind(
    "PaymentMethod",
    Family.LIST,
    {"Name": Text(31), "Active": Flag(), "Type": Choice(("CREDIT_CARD", "NON_CREDIT_CARD"))},
    settle_payment_method,
    sequence="paymentmethod",
    required=("Name",),
    queryable=COMMON_QUERYABLE | {"Name", "Active", "Type"},
)
CUSTOMER_TYPE = Kind(
    "CustomerType",
    Family.LIST,
    {"Name": Text(100), "Active": Flag()},
    settle_flat,
    sequence="customertype",
    operations=LOOKUP,
    by_person=frozenset({Operation.CREATE, Operation.UPDATE}),
    required=("Name",),
    queryable=COMMON_QUERYABLE | {"Active"},
)
"""Made in the browser alone; a query can be narrowed to active ones, not to a name."""

"""The journals of French books: each journal entry is kept in one."""

from __future__ import annotations

from raccord_sandbox.entities.kind import COMMON_QUERYABLE, Family, Kind
from raccord_sandbox.entities.lists import settle_flat
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.schema import Choice, Flag, Text

TYPES = ("Expenses", "Sales", "Bank", "Nouveaux", "Wages", "Cash", "Others")

OTHER = "Others"


def keep_journal(work: Work, new: Doc) -> None:
    """Give a journal entry that names no journal that of other operations, where the company keeps journals."""
    if "JournalCodeRef" in new:
        return
    found = next((doc for doc in work.all("JournalCode") if doc["Type"] == OTHER and doc["Active"]), None)
    if found is not None:
        new["JournalCodeRef"] = {"value": found["Id"], "name": found["Name"]}


JOURNAL_CODE = Kind(
    "JournalCode",
    Family.LIST,
    {"Name": Text(20), "Description": Text(100), "Type": Choice(TYPES), "Active": Flag()},
    settle_flat,
    sequence="journalcode",
    required=("Name", "Type"),
    queryable=COMMON_QUERYABLE | {"Name", "Active", "Type"},
)

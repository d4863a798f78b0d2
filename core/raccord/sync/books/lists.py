"""A company's lists in memory while a plan is built: by id, by name and by what they fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts, Control
from raccord.plugin.ledger import LedgerObject
from raccord.store.made_once import made_once
from raccord.store.models import LedgerEntry
from raccord.sync.books.company import fits

OWED_TYPES = {Control.RECEIVABLE: "Accounts Receivable", Control.PAYABLE: "Accounts Payable"}


@dataclass(frozen=True, slots=True)
class Entry(LedgerObject):
    """A list object with what finding it needs; ``account_id`` is an item's income account."""

    name_key: str = ""
    account_id: str = ""


@made_once
def _entries(company_id: str) -> Select[str, str, str, bool, str, str, str, str, str, str]:
    return select(
        LedgerEntry.kind,
        LedgerEntry.object_id,
        LedgerEntry.name,
        LedgerEntry.active,
        LedgerEntry.type,
        LedgerEntry.subtype,
        LedgerEntry.number,
        LedgerEntry.currency,
        LedgerEntry.name_key,
        LedgerEntry.account_id,
    ).where(LedgerEntry.company_id == company_id)


@dataclass(slots=True)
class Lists:
    """What we know of one company's lists, as read from QuickBooks before the plan was begun."""

    by_id: dict[tuple[str, str], Entry] = field(default_factory=dict)
    by_name: dict[tuple[str, str], list[Entry]] = field(default_factory=lambda: defaultdict(list))
    _fitting: dict[Accepts, list[Entry]] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session, company_id: str) -> Lists:
        lists = cls()
        rows = session.execute(*_entries(company_id))
        for kind, object_id, name, active, type_, subtype, number, currency, name_key, account_id in rows:
            entry = Entry(kind, object_id, name, active, type_, subtype, number, currency, name_key, account_id)
            lists.by_id[entry.kind, entry.id] = entry
            lists.by_name[entry.kind, entry.name_key].append(entry)
        return lists

    def named(self, kinds: Sequence[str], name: str) -> list[Entry]:
        """Return the objects of these lists that bear ``name``, as QuickBooks compares names."""
        return [entry for kind in kinds for entry in self.by_name.get((kind, name.casefold()), ())]

    def fitting(self, accepts: Accepts) -> list[Entry]:
        """Return the active objects that may fill a place."""
        if accepts not in self._fitting:
            self._fitting[accepts] = [entry for entry in self.by_id.values() if entry.active and fits(accepts, entry)]
        return self._fitting[accepts]

    def income_of(self, item_id: str) -> str:
        """Return the income account of an item, or nothing where it is not known."""
        entry = self.by_id.get(("Item", item_id))
        return "" if entry is None else entry.account_id

    def owed(self, control: Control, currency: str, home: str) -> Entry | None:
        """Return the account of what is owed in a currency; the oldest, should there be several."""
        wanted = OWED_TYPES[control]
        own = [
            entry
            for (kind, _), entry in self.by_id.items()
            if kind == "Account" and entry.active and entry.type == wanted and (entry.currency or home) == currency
        ]
        return min(own, key=lambda entry: (len(entry.id), entry.id)) if own else None

    def of_subtype(self, accepts: Accepts, subtype: str) -> Entry | None:
        """Return the company's own account of a QuickBooks subtype; the oldest, should there be several."""
        own = [entry for entry in self.fitting(accepts) if entry.subtype == subtype]
        return min(own, key=lambda entry: (len(entry.id), entry.id)) if own else None

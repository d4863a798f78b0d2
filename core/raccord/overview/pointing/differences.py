"""What a document's properties point to in QuickBooks, by name, for who compares two sides of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, LedgerEntry
from raccord.sync.chunks import CHUNK, chunks

REFERENCE = "Ref"
"""How the properties end that hold the id of an entry of a list."""
ANYBODY = ("Customer", "Vendor", "Employee")
KINDS = ("Account", "Item", "Customer", "Vendor", "TaxCode", "Class", "Department", "PaymentMethod", "Term")

Property = tuple[str, str, str]
"""A connection, a property's path and its value."""


def entries_named(session: Session, properties: Iterable[Property]) -> Mapping[Property, str]:
    """Return the names of the entries that properties point to; what is no reference, or not known, is left out."""
    wanted = [(each, kinds) for each in set(properties) if each[2] and (kinds := kinds_of(each[1]))]
    connections, kept = {of for (of, _, _), _ in wanted}, {kind for _, kinds in wanted for kind in kinds}
    found: dict[tuple[str, str, str], str] = {}
    for some in chunks(sorted({value for (_, _, value), _ in wanted}), CHUNK):
        rows = session.execute(
            select(Connection.id, LedgerEntry.kind, LedgerEntry.object_id, LedgerEntry.name)
            .join(LedgerEntry, LedgerEntry.company_id == Connection.company_id)
            .where(Connection.id.in_(connections), LedgerEntry.kind.in_(kept), LedgerEntry.object_id.in_(some))
        )
        found.update({(row[0], row[1], row[2]): row[3] for row in rows})
    return {
        each: found[each[0], kind, each[2]]
        for each, kinds in wanted
        for kind in kinds
        if (each[0], kind, each[2]) in found
    }


def kinds_of(path: str) -> tuple[str, ...]:
    """Return the kinds of entry that the property at a path may point to; none where it is no reference."""
    name = path.rpartition(".")[2]
    if not name.endswith(REFERENCE):
        return ()
    of = name.removesuffix(REFERENCE)
    return ANYBODY if of == "Entity" else tuple(kind for kind in KINDS if of.endswith(kind))

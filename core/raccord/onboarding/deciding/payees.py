"""Who a person means by a payee's name: one of the company's vendors, customers or employees."""

from __future__ import annotations

from sqlalchemy import select

from raccord.onboarding.deciding.decisions import DecisionError
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane, quoted
from raccord.store.models import Company, LedgerEntry
from raccord.sync.books.company import PEOPLE
from raccord.sync.workshop import Workshop

NAME_MAX = 500
_FIRST = ("Vendor", "Customer", "Employee")
"""Names are unique among the three lists; vendors are asked first, for they are paid most."""


def payee_named(workshop: Workshop, company_id: str, name: str) -> tuple[str, str]:
    """Return the kind and id of who has this name, nothing for no name; asks QuickBooks where we do not know it.

    Raises :class:`DecisionError` for a name that nobody has.
    """
    wanted = " ".join(name.split())[:NAME_MAX]
    if not wanted:
        return "", ""
    with workshop.database.read() as session:
        known = session.scalars(
            select(LedgerEntry).where(
                LedgerEntry.company_id == company_id,
                LedgerEntry.kind.in_(PEOPLE),
                LedgerEntry.name_key == wanted.casefold(),
                LedgerEntry.active.is_(True),
            )
        ).first()
        if known is not None:
            return known.kind, known.object_id
        company = session.get_one(Company, company_id)
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    for kind in _FIRST:
        for found in client.query_all(kind, f"DisplayName = {quoted(wanted)}"):
            return kind, str(found["Id"])
    raise DecisionError(
        "payee.unknown",
        Text(
            f"QuickBooks ne connaît personne du nom de « {wanted} ».",
            f"QuickBooks knows nobody by the name of “{wanted}”.",
        ),
        Text(
            "Écrivez le nom comme dans QuickBooks, ou créez la personne d'abord : la page de l'opération le permet.",
            "Type the name as it is in QuickBooks, or create the person first: the line's page lets you.",
        ),
    )

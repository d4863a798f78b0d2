"""What a bank line needs and QuickBooks does not have yet, added to it: an owner's account, a category, a payee."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import DecisionError, held
from raccord.onboarding.setting_up.chart_accounts import NAME_MAX, put_in_chart
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane
from raccord.store import events
from raccord.store.models import Company, Connection
from raccord.sync.bodies import digest, load_draft
from raccord.sync.books.company import PEOPLE, find_by_name, receivable_account, store_entry
from raccord.sync.workshop import Workshop


class Addition(StrEnum):
    """What may be added from a line."""

    OWNER = "owner"
    EXPENSE = "expense"
    COST = "cost"
    INCOME = "income"
    ASSET = "asset"
    DEBT = "debt"
    VENDOR = "vendor"
    CUSTOMER = "customer"


ACCOUNTS: Mapping[Addition, tuple[str, str]] = MappingProxyType(
    {
        Addition.OWNER: ("Equity", "OwnersEquity"),
        Addition.EXPENSE: ("Expense", "OtherMiscellaneousServiceCost"),
        Addition.COST: ("Cost of Goods Sold", "SuppliesMaterialsCogs"),
        Addition.INCOME: ("Income", "OtherPrimaryIncome"),
        Addition.ASSET: ("Fixed Asset", "OtherFixedAssets"),
        Addition.DEBT: ("Long Term Liability", "OtherLongTermLiabilities"),
    }
)
"""QuickBooks' account type and detail type of each; what is none of them is a payee."""
PAYEES: Mapping[Addition, str] = MappingProxyType({Addition.VENDOR: "Vendor", Addition.CUSTOMER: "Customer"})
_ASKS_FOR_RECEIVABLE = "FR"


def add_for_line(workshop: Workshop, actor: Actor, hold_id: str, name: str, what: Addition) -> tuple[str, str]:
    """Add an account or a payee to the books of a bank line that waits; return its kind and id. Nothing is answered.

    Raises :class:`DecisionError` for a name that the books have already, or that QuickBooks does not take.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        _, row, connection = held(workshop, session, actor, hold_id, lock=False)
        company = session.get_one(Company, connection.company_id)
        currency = str(getattr(load_draft(row.body), "currency", ""))
    if what in ACCOUNTS:
        return "Account", put_in_chart(workshop, actor, connection, company, name, ACCOUNTS[what], ("line", "", what))
    return PAYEES[what], _put_payee(workshop, actor, connection, company, name, PAYEES[what], currency)


def _put_payee(
    workshop: Workshop, actor: Actor, connection: Connection, company: Company, name: str, kind: str, currency: str
) -> str:
    called = " ".join(name.split())
    if not called or len(called) > NAME_MAX or ":" in called or '"' in called:
        raise _refused(
            Text(
                f"Un nom de bénéficiaire a de 1 à {NAME_MAX} caractères, sans deux-points ni guillemet.",
                f"A payee's name has 1 to {NAME_MAX} characters, without colon or quotation mark.",
            )
        )
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    # Customers, vendors and employees share one space of names.
    if any(find_by_name(client, each, called) for each in PEOPLE):
        raise _refused(Text(f"« {called} » existe déjà.", f"“{called}” exists already."))
    asks = kind == "Customer" and company.country == _ASKS_FOR_RECEIVABLE
    said = {
        "DisplayName": called,
        **({"CurrencyRef": {"value": currency}} if currency and currency != company.home_currency else {}),
        **({"ARAccountRef": {"value": receivable_account(client)}} if asks else {}),
    }
    seed = digest(connection.id, "line", kind, called)[:30]
    made = client.create(kind, json.dumps(said, ensure_ascii=False), f"raccord-p-{seed}").value
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        store_entry(session, company.id, kind, made, now)
        events.append(
            session,
            actor=actor.name,
            action="payee.added",
            subject=called,
            company_id=company.id,
            connection_id=connection.id,
            now=now,
            body={"id": str(made["Id"]), "kind": kind},
        )
    return str(made["Id"])


def _refused(why: Text) -> DecisionError:
    return DecisionError(
        "payee.not_added",
        why,
        Text("Écrivez ce nom comme bénéficiaire, ou donnez-en un autre.", "Type that name as payee, or give another."),
    )

"""A payment whose invoice is out of scope: link it to an invoice that is in QuickBooks, bring its own in, or post it
unapplied; never one of these by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import DecisionError, held, note
from raccord.plugin.drafts import Customer, Link, Payment
from raccord.plugin.texts import Text
from raccord.quickbooks import RefusedError
from raccord.store.models import Company, Connection, DraftRow, DraftState, Hold, RecordState, SourceRecord
from raccord.sync.bodies import load_draft
from raccord.sync.books.parties import with_customers
from raccord.sync.fetching.keep import LEFT_OUT
from raccord.sync.lines.unmet import UNMET, invoices_in
from raccord.sync.resolving.holds import close_hold
from raccord.sync.resolving.newcomers import LIST_MAX, comparison_key
from raccord.sync.resolving.resolve import LINK_MISSING, LINK_WAITS
from raccord.sync.workshop import Workshop

OFFERED_MAX = 50


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice of QuickBooks that a payment may be for."""

    id: str
    number: str
    day: date
    customer: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Ways:
    """What may become of a payment: ``missing`` names its invoices, ``comes`` whether they can be brought in."""

    missing: Sequence[str]
    comes: bool
    total: Decimal
    currency: str
    day: date
    customer: str
    open: Sequence[OpenInvoice]
    """Invoices that owe enough, those of a customer of that name first, then those of that amount."""


def ways_of(workshop: Workshop, hold_id: str, search: str = "") -> Ways | None:
    """Return the three ways for a payment whose invoice did not come over; nothing where the question is another.

    QuickBooks is asked now for the invoices that it may be for.
    """
    with workshop.database.read() as session:
        hold = session.get_one(Hold, hold_id)
        row, connection = session.get_one(DraftRow, hold.draft_id), session.get_one(Connection, hold.connection_id)
        payment, company = load_draft(row.body), session.get_one(Company, connection.company_id)
        keys = _unmet(hold, row) if hold.closed_at is None else []
        if not keys or not isinstance(payment, Payment):
            return None
        comes = all(_left_out(session, connection, key) is not None for key in keys)
        name = _customer(session, connection, payment)
    alike, wanted = comparison_key(name), comparison_key(search)
    found = [
        OpenInvoice(
            str(each["Id"]), str(each.get("DocNumber", "")), date.fromisoformat(str(each["TxnDate"])),
            str(each["CustomerRef"].get("name", "")), each["Balance"],
        )
        for each in workshop.client(company).query_all("Invoice", "Balance > '0'", limit=LIST_MAX)
        if each["Balance"] >= payment.total
    ]  # fmt: skip
    found = [each for each in found if wanted in comparison_key(f"{each.number} {each.customer}")]
    found.sort(
        key=lambda each: (comparison_key(each.customer) != alike, each.balance != payment.total, each.day, each.id)
    )
    return Ways(keys, comes, payment.total, payment.currency, payment.day, name, found[:OFFERED_MAX])


def post_unapplied(workshop: Workshop, actor: Actor, hold_id: str) -> DraftRow:
    """Let a payment go without its invoices that did not come over; the money stays the customer's."""
    return _decide(workshop, actor, hold_id, {}, "unapplied")


def apply_to(workshop: Workshop, actor: Actor, hold_id: str, invoice_id: str) -> DraftRow:
    """Say which invoice of QuickBooks a payment is for, as it owes enough; the payment goes to that one's customer."""
    with workshop.database.read() as session:
        _, draft, connection = held(workshop, session, actor, hold_id, lock=False)
        payment, company = load_draft(draft.body), session.get_one(Company, connection.company_id)
    client = workshop.client(company)
    try:
        invoice = client.read("Invoice", invoice_id.strip()).value
    except RefusedError:
        raise _refused(
            Text(f"QuickBooks n'a pas de facture {invoice_id}.", f"QuickBooks has no invoice {invoice_id}.")
        ) from None
    if isinstance(payment, Payment) and invoice["Balance"] < payment.total:
        raise _refused(
            Text(
                f"Il reste {invoice['Balance']} à payer sur la facture, moins que ce paiement de {payment.total}.",
                f"{invoice['Balance']} is left to pay of the invoice, less than this payment of {payment.total}.",
            )
        )
    said = {"invoice": str(invoice["Id"]), "customer": str(invoice["CustomerRef"]["value"])}
    return _decide(workshop, actor, hold_id, said, "applied")


def bring_in(workshop: Workshop, actor: Actor, hold_id: str) -> list[str]:
    """Take up the invoices of a payment that were left out; the next plan shows them and waits for a person."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        hold, draft, connection = held(workshop, session, actor, hold_id)
        require(actor, Power.LINK)
        keys = _missing(hold, draft)
        found = [record for key in keys if (record := _left_out(session, connection, key)) is not None]
        if len(found) != len(keys):
            raise _refused(
                Text(
                    "La source n'a pas envoyé cette facture, ou elle n'est pas de celles que la bascule laisse dehors.",
                    "The source did not send this invoice, or it is none that the cut-over leaves out.",
                )
            )
        for record in found:
            record.state, record.reason = RecordState.NEW, ""
        connection.review_next = True
        note(session, actor, "hold.brought_in", draft, connection, now, invoices=" ".join(keys))
        return keys


def _decide(workshop: Workshop, actor: Actor, hold_id: str, said: dict[str, str], how: str) -> DraftRow:
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        hold, draft, connection = held(workshop, session, actor, hold_id)
        known = draft.decisions.get(UNMET) or {}
        draft.decisions = {**draft.decisions, UNMET: {**known, **dict.fromkeys(_missing(hold, draft), said)}}
        draft.state, draft.reason = DraftState.WAITING, ""
        close_hold(session, draft, now, actor.name, {UNMET: how})
        note(session, actor, f"hold.{how}", draft, connection, now, **said)
        return draft


def _customer(session: Session, connection: Connection, payment: Payment) -> str:
    """Return the customer's name as the source says it."""
    (named,) = with_customers(session, connection.id, [payment])
    customer = named.customer if isinstance(named, Payment) else payment.customer
    if not isinstance(customer, Link):
        return ""
    of = select(DraftRow.body).where(DraftRow.connection_id == connection.id, DraftRow.key == customer.key)
    body = session.scalars(of).first()
    draft = None if body is None else load_draft(body)
    return draft.name if isinstance(draft, Customer) else ""


def _unmet(hold: Hold, draft: DraftRow) -> list[str]:
    keys = {str(key) for key in hold.params.get("keys", ())} if hold.code in (LINK_MISSING, LINK_WAITS) else set()
    return invoices_in(load_draft(draft.body), keys)


def _missing(hold: Hold, draft: DraftRow) -> list[str]:
    found = _unmet(hold, draft)
    if not found:
        raise _refused(Text("Cette question ne porte pas sur une facture absente.", "No invoice is missing here."))
    return found


def _left_out(session: Session, connection: Connection, key: str) -> SourceRecord | None:
    stream, _, source_id = key.partition("/")
    return session.scalars(
        select(SourceRecord).where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.stream == stream,
            SourceRecord.source_id == source_id,
            SourceRecord.state == RecordState.SKIPPED,
            SourceRecord.reason.in_(LEFT_OUT),
        )
    ).one_or_none()


def _refused(text: Text) -> DecisionError:
    return DecisionError(
        "hold.unmet_refused",
        text,
        Text(
            "Reliez le paiement à une facture de QuickBooks, faites venir la sienne, ou écrivez-le sans l'appliquer.",
            "Link the payment to an invoice of QuickBooks, bring its own in, or post it unapplied.",
        ),
    )

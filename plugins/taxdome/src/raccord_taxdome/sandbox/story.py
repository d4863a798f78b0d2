"""A spring of a tax practice in Québec: what the twin is seeded with, the same each time."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from raccord_taxdome.sandbox.practice import Practice

_CLIENTS = (
    ("Érable & fils", "company", "compta@erable.example"),
    ("Jeanne d’Arc Ouellet", "individual", "jeanne@courriel.example"),
    ("Quincaillerie Beauséjour inc.", "company", "ap@beausejour.example"),
    ("Succession Arthur Nguyen", "other", "nguyen@courriel.example"),
)


def seeded(first_day: date, weeks: int = 6) -> Practice:
    """Return the practice after so many weeks from ``first_day`` on."""
    practice = Practice()
    practice.on(first_day)
    clients = [
        practice.account(
            name,
            type=kind,
            contacts=[{"name": name, "email": email, "city": "Québec", "region": "QC", "country": "CA"}],
        )
        for name, kind, email in _CLIENTS
    ]
    practice.account("Prospect sans facture")
    services = [
        practice.service("Déclaration de revenus", "245.00", rate_type="item"),
        practice.service("Tenue de livres", "85.00", rate_type="hour"),
        practice.service("Conseil fiscal", "150.00", "taxdome_before", rate_type="hour"),
    ]
    for week in range(weeks):
        _week(practice, first_day + timedelta(weeks=week), week, clients, services)
    return practice


def _week(practice: Practice, monday: date, week: int, clients: list[str], services: list[str]) -> None:
    """One week: returns paid by card with their fees and paid out, books by the hour, and what goes wrong."""
    returns, books, advice = services
    person, business = clients[(2 * week + 1) % 4], clients[(2 * week) % 4]
    practice.on(monday)
    paid = []
    for client, quantity in ((person, "1"), (business, "2")):
        bill = practice.invoice(client, practice.line(returns, quantity=quantity))
        gross = Decimal(str(practice.objects["invoice"][bill]["total"]))
        fee = (gross * Decimal("0.029") + Decimal("0.30")).quantize(Decimal("0.01"))
        paid.append((practice.pay(bill, fee=str(fee)), fee))
    practice.on(monday + timedelta(days=2))
    practice.payout(*(payment for payment, _ in paid), fee=str(sum((fee for _, fee in paid), Decimal(0))))
    hours = practice.invoice(business, practice.line(books, quantity="7.5"), practice.line(advice, quantity="2"))
    match week % 3:
        case 0:
            practice.credit(business, "30.00")
            practice.pay(hours, "30.00", source="promotional_credit", provider="none")
        case 1:
            practice.pay(hours, source="check", provider="none")
        case _:
            practice.on(monday + timedelta(days=4))
            practice.refund(practice.pay(hours, source="cash", provider="none"), "40.00")

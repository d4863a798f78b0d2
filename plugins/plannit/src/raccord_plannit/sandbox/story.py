"""A spring of Ventilation Boréale, duct cleaners in Lévis: what the twin is seeded with, the same each time."""

from __future__ import annotations

from datetime import date, timedelta

from raccord_plannit.sandbox.firm import Firm, Sold

_CLIENTS = (
    ("Gestion immobilière du Fleuve inc.", "comptes@fleuve.example", "Québec"),
    ("Geneviève Côté-Lachance", "g.cote@courriel.example", "Lévis"),
    ("Clinique dentaire Saint-Rédempteur", "admin@dentaire.example", "Lévis"),
    ("École de la Ruche", "direction@ruche.example", "Saint-Nicolas"),
    ("Boulangerie Chez Œuvrard", "bonjour@oeuvrard.example", "Beaumont"),
    ("Condos Place Laurier — Syndicat", "syndicat@laurier.example", "Québec"),
)
_CATALOGUE = (
    ("Nettoyage de conduits", "289.00", "visite", True),
    ("Nettoyage de sécheuse", "89.95", "visite", True),
    ("Filtre MERV 13", "34.49", "unité", True),
    ("Désinfection", "0.175", "pi²", True),
    ("Frais de déplacement", "45.00", "visite", True),
    ("Ajustement", "0.00", "unité", False),
)


def seeded(first_day: date, weeks: int = 6) -> Firm:
    """Return the firm after so many weeks of work from ``first_day`` on."""
    firm = Firm()
    firm.now = firm.now.replace(year=first_day.year, month=first_day.month, day=first_day.day)
    firm.tax_group()
    clients = [
        firm.contact(name, emails=[email], billing_address={"line": "1, rue Principale", "city": city, "region": "QC"})
        for name, email, city in _CLIENTS
    ]
    items = [firm.item(name, price, unit=unit, taxable=taxable) for name, price, unit, taxable in _CATALOGUE]
    firm.contact("Sans facture", emails=[])
    for week in range(weeks):
        _week(firm, first_day + timedelta(weeks=week), week, clients, items)
    return firm


def _week(firm: Firm, monday: date, week: int, clients: list[str], items: list[str]) -> None:
    """One week: a house paid at once, a business with an advance, and now and then what goes wrong."""
    ducts, dryer, filters, disinfection, travel, adjustment = items
    home, business = clients[(2 * week + 1) % 6], clients[(2 * week) % 6]
    firm.now = firm.now.replace(year=monday.year, month=monday.month, day=monday.day)
    house = firm.invoice(home, Sold(ducts), Sold(filters, quantity="2"), Sold(travel, discount="5.00"), day=monday)
    firm.pay(house, method="card", day=monday)
    firm.advance(business, "250.00", day=monday)
    large = firm.invoice(
        business,
        Sold(disinfection, quantity=str(1240 + 17 * week)),
        Sold(dryer, quantity="3"),
        Sold(name="Location d’un échafaudage", price="160.00"),
        day=monday + timedelta(days=2),
    )
    firm.pay(large, "100.00", method="cheque", day=monday + timedelta(days=4))
    firm.invoice(home, Sold(dryer), day=monday + timedelta(days=4), number=False)
    match week % 3:
        case 0:
            small = firm.invoice(home, Sold(dryer), Sold(adjustment, price="-0.02"), day=monday + timedelta(days=3))
            firm.void(firm.pay(small, "103.00", day=monday + timedelta(days=3)))
            firm.pay(small, day=monday + timedelta(days=3))
        case 1:
            firm.credit(business, Sold(ducts, price="50.00"), invoice=large, day=monday + timedelta(days=4))
        case _:
            firm.payout("1211.41", "36.54", day=monday + timedelta(days=4))

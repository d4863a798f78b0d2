"""The connector's part in Raccord's demonstration: a month of expenses, exported once, at a twin that answers calls.

The bookkeeper exports what two people spent. One of them filed a dinner without a category: it is not posted, both
sides say why, and it can be mended on the twin's page and exported again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from uuid import UUID

from raccord.plugin import Text
from raccord.plugin.demo import DemoSource
from raccord_pleo.mapping import BANK, FUNDING, POCKET, TAX
from raccord_pleo.sandbox.company import PEOPLE, Filed, TwinCompany
from raccord_pleo.sandbox.keeping import keep, take_up
from raccord_pleo.sandbox.server import PleoTwin

FIRST_DAY, LAST_DAY = date(2026, 3, 2), date(2026, 3, 31)
CURRENCY = "CAD"
OFFICE, TRAVEL, MEALS, SOFTWARE = "Fournitures de bureau", "Frais de déplacement", "Repas", "Logiciels"
RATE = Decimal("0.14975")
"""GST and QST together, which a Quebec supplier's price holds."""
EVE, PAUL = PEOPLE


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story; ``amount`` in the wallet's currency, ``charged`` in the supplier's if that is another."""

    day: int
    amount: str
    supplier: str = ""
    note: str = ""
    category: str = ""
    who: str = PAUL
    kind: str = "card_purchase"
    taxed: bool = False
    charged: tuple[str, str] | None = None
    receipt: bool = True


STORY: Sequence[Told] = (
    Told(2, "2500.00", note="Versement de mars", kind="wallet_load", receipt=False),
    Told(3, "86.23", "Papeterie du Fleuve", "Papier et cartouches", OFFICE, EVE, taxed=True),
    Told(4, "64.38", "Cantine Mile Nord", "Dîner avec un client", MEALS, taxed=True),
    Told(5, "27.40", "Nuagerie", "Abonnement, mars", SOFTWARE, EVE, charged=("USD", "19.99")),
    Told(6, "142.85", "Rail du Saint-Laurent", "Montréal–Québec, aller-retour", TRAVEL, taxed=True),
    Told(9, "48.60", note="Visite de chantier, 81 km", category=TRAVEL, kind="mileage", receipt=False),
    Told(10, "12.64", "Quincaillerie Papineau", "Ampoules", OFFICE, EVE, taxed=True),
    Told(11, "215.00", "Auberge des Remparts", "Une nuit à Québec", TRAVEL),
    Told(12, "38.94", "Cantine Mile Nord", "Réunion d’équipe", MEALS, EVE, taxed=True),
    Told(13, "31.50", "Taxis Réunis", "De la gare au client", TRAVEL, kind="out_of_pocket"),
    Told(16, "80.10", note="Remboursé à Paul Côté", kind="reimbursement", receipt=False),
    Told(17, "28.74", "Papeterie du Fleuve", "Cartouches rendues", OFFICE, EVE, kind="refund", taxed=True),
    Told(18, "455.00", "Logiciels Boréalis", "Licences, un an", SOFTWARE, EVE),
    Told(19, "9.90", "Rail du Saint-Laurent", "Café à bord", MEALS),
    Told(20, "118.42", "Table des Patriotes", "Souper avec deux clients", "", taxed=True),
    Told(23, "57.49", "Papeterie du Fleuve", "Classeurs", OFFICE, EVE, taxed=True),
    Told(24, "1.25", note="Frais de change", category=SOFTWARE, who=EVE, kind="fee", receipt=False),
    Told(26, "73.58", "Cantine Mile Nord", "Dîner avec un fournisseur", MEALS, taxed=True),
    Told(30, "27.51", "Nuagerie", "Abonnement, avril", SOFTWARE, EVE, charged=("USD", "19.99")),
)  # fmt: skip


def demo(folder: Path, today: date) -> DemoSource:
    """Serve the company from now on, as it was left; its people export once QuickBooks' accounts are there."""
    company = TwinCompany(lambda: datetime.now(UTC), currency=CURRENCY)
    path = folder / "company.json"
    take_up(company, path)
    twin = PleoTwin(company)
    twin.__enter__()

    def act() -> None:
        if not company.exports:
            file_story(company)
            company.export(by=EVE)

    def close() -> None:
        twin.__exit__(None, None, None)
        keep(company, path)

    return DemoSource(
        label=Text("Pleo (un mois de dépenses)", "Pleo (a month of expenses)"),
        values={"company_id": str(company.id), "api_key": "twin-key", "address": twin.url},
        starts_on=FIRST_DAY,
        last_day=LAST_DAY,
        prefer={BANK: "banque pleo", POCKET: "pleo pocket", FUNDING: "chèques", TAX: "tvq"},
        accounts=(
            ("Banque Pleo", "Bank"),
            ("Pleo Pocket", "Bank"),
            (MEALS, "Expense"),
            (SOFTWARE, "Expense"),
        ),
        act=act,
        page=twin.url,
        close=close,
    )


def file_story(company: TwinCompany) -> None:
    """File the month, with the accounts and tax codes that QuickBooks sent as categories and rates."""
    for account in company.lists.get("accounts", ()):
        company.categories[str(account["externalId"])] = str(account["name"])
    for each in STORY:
        company.file(_filed(company, each))


def _filed(company: TwinCompany, told: Told) -> Filed:
    moment = datetime(FIRST_DAY.year, FIRST_DAY.month, told.day, 16, 30, tzinfo=UTC).isoformat()
    account = company.found("accounts", "name", told.category)
    currency, charged = told.charged or (CURRENCY, told.amount)
    return Filed(
        minor=_minor(Decimal(told.amount)),
        kind=told.kind,
        currency=CURRENCY,
        supplier_currency=currency,
        supplier_minor=_minor(Decimal(charged)),
        category=None
        if account is None
        else {"id": account["id"], "name": account["name"], "identifier": account["externalId"]},
        note=told.note,
        receipts=(receipt(f"{told.supplier} - {told.amount} {CURRENCY}"),) if told.receipt else (),
        settled=moment,
        performed=moment,
        employee=told.who,
        tax=_tax(company, Decimal(told.amount)) if told.taxed else None,
        more={"supplier": {"name": told.supplier}} if told.supplier else {},
    )


def _tax(company: TwinCompany, paid: Decimal) -> dict[str, object] | None:
    code = next((each for each in company.lists.get("tax-codes", ()) if each["rate"] == RATE), None)
    if code is None:
        return None
    amount = {"currency": CURRENCY, "value": _minor(paid - paid / (1 + RATE))}
    both = {"inWalletCurrency": amount, "inSupplierCurrency": amount}
    id_ = str(UUID(str(code["id"])))
    return {"id": id_, "code": code["code"], "rate": RATE, "type": "inclusive", "amount": both}


def _minor(amount: Decimal) -> int:
    return int(amount.scaleb(2).to_integral_value(ROUND_HALF_UP))


def receipt(words: str) -> bytes:
    """Return a page with a line of text, as small as a PDF file can be (ISO 32000-1, 7.5)."""
    line = words.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    drawn = b"BT /F 12 Tf 24 90 Td (" + line + b") Tj ET"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 360 180]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n" % len(drawn) + drawn + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    file, places = b"%PDF-1.4\n", list[int]()
    for number, part in enumerate(parts, 1):
        places.append(len(file))
        file += b"%d 0 obj" % number + part + b"endobj\n"
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(file)

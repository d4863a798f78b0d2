"""Golden books of TaxDome: what it says, and the exact documents of QuickBooks that come of it.

``PYTHONPATH=tests/support .venv/bin/python -m taxdome_books`` writes them anew, to be read in review.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from plannit_books import MARKER, TAXES

import raccord_taxdome
from raccord.plugin import JSON, Record, Skipped
from raccord.plugin.contract import ContractObject
from raccord.plugin.drafts import Draft, LedgerId, Link, Ref, Role
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf
from raccord.quickbooks.codec import CompanyFacts, TaxRate, encode, placeholder
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.records import maker
from raccord_taxdome.sandbox import Practice
from raccord_taxdome.settings import TaxDomeSettings

FOLDER = Path(__file__).parents[1] / "golden" / "taxdome"
CODES = {"tax_taxable": TAXES, "tax_exempt": (TaxRate("2", "Exonéré", Decimal(0)),)}
QUEBEC = CompanyFacts("CA", "CAD", False, True, CODES, "tax_exempt", {})
FIRST = date(2026, 3, 1)
PLAIN = TaxDomeSettings(firm="laurier")


def answer(ref: Ref) -> str:
    """Return what stands for a reference: roles by their names, so that a reader sees what was chosen where."""
    match ref:
        case Link():
            return placeholder(ref.key)
        case LedgerId():
            return ref.id
        case Role():
            return ref.name
        case _:
            raise TypeError(ref)


def _services(practice: Practice) -> None:
    new = practice.service("Tenue de livres", "125.00", rate_type="hour")
    copied = practice.service("Conseil", "150.00", "quickbooks_copy", quickbooks_item_id="41")
    older = practice.service("Vieux service", "90.00", "taxdome_before")
    person = {"name": "Luc", "email": "luc@erable.example", "phone": "418 555-0100", "city": "Québec", "region": "QC"}
    client = practice.account("Érable & fils", type="company", contacts=[person])
    taxes = tuple({"tax": tax.name, "rate": str(tax.percent), "amount": amount} for tax, amount in _OF_TWO)
    lines = [practice.line(each, quantity="2", taxable=each == new) for each in (new, copied, older)]
    practice.invoice(client, *lines, taxes=taxes, due="2026-04-01", description="Mars")


_OF_TWO = tuple(zip(TAXES, ("12.50", "24.94"), strict=True))


def _payments(practice: Practice) -> None:
    client = practice.account("Érable & fils")
    bill = practice.invoice(client, practice.line(name="Déclaration", rate="100.00"))
    practice.pay(bill, fee="3.20")
    practice.pay(bill, "100.00", source="cash", provider="none")
    practice.pay(bill, sync=False)
    practice.pay(bill, status="failed")


def _credits(practice: Practice) -> None:
    client = practice.account("Érable & fils")
    bill = practice.invoice(client, practice.line(name="Déclaration", rate="100.00"))
    practice.pay(bill, "30.00", source="promotional_credit", provider="none")
    over = practice.pay(bill, "120.00", invoice_applications=[{"invoice_id": bill, "amount": "70.00"}])
    practice.use_credit(over, practice.invoice(client, practice.line(name="Suivi", rate="50.00")), "50.00")


def _refund(practice: Practice) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="Déclaration", rate="100.00"))
    practice.refund(practice.pay(bill), "40.00")


def _payouts(practice: Practice) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="Déclaration", rate="100.00"))
    practice.payout(practice.pay(bill, fee="3.20"), fee="3.20")
    practice.payout(fee="88.00", provider="cpacharge", total="0")


SCENES: dict[str, tuple[tuple[str, ...], Callable[[Practice], None]]] = {
    "TD-12 TD-13 TD-18 TD-19 TD-20 account, services and invoice": (("account", "service", "invoice"), _services),
    "TD-14 TD-16 payments and fee": (("payment",), _payments),
    "TD-07 TD-15 credits": (("payment",), _credits),
    "TD-17 refund": (("refund",), _refund),
    "TD-53 payouts": (("payout",), _payouts),
}


def record_of(kind: str, value: Mapping[str, JSON], shelf: FileShelf) -> Record:
    """Return the record of an object that was said."""
    info = CONTRACT.named(kind)
    assert info is not None
    model: ContractObject = info.model.model_validate(value)
    return maker(FakeFetchContext(files=shelf, settings=PLAIN, starts_on=FIRST), PLAIN)(kind, model)


def books(shelf: FileShelf) -> dict[str, str]:
    """Return the text of each golden file by its name."""
    context = FakeMapContext(settings=PLAIN, terms=raccord_taxdome.describe().terms, taxed=True, language="fr")
    found: dict[str, str] = {}
    for name, (kinds, act) in SCENES.items():
        practice = Practice()
        act(practice)
        pairs: list[object] = []
        for kind in kinds:
            for value in practice.objects[kind].values():
                said = raccord_taxdome.map_record(context, record_of(kind, value, shelf))
                assert said is not None
                answers = [said] if isinstance(said, Skipped) else said.drafts
                pairs.append({"taxdome": {"object": kind, **value}, "quickbooks": [_said(each) for each in answers]})
        text = json.dumps(pairs, ensure_ascii=False, indent=2, default=lambda value: format(value, "f"))
        found[f"{name.replace(' ', '_')}.json"] = text + "\n"
    return found


def _said(answered: Draft | Skipped) -> object:
    if isinstance(answered, Skipped):
        return {"nothing": answered.code, "reason": answered.reason.fr}
    number = str(getattr(answered, "number", ""))
    payload = encode(answered, answer, QUEBEC, marker=MARKER, number=number).payload
    return {str(answered.kind): json.loads(payload, parse_float=Decimal)}


if __name__ == "__main__":
    for name, text in books(FileShelf(Path("var/golden-box"))).items():
        (FOLDER / name).write_text(text, encoding="utf-8")

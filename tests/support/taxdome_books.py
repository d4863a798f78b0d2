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
from raccord.plugin import JSON, Skipped
from raccord.plugin.drafts import Draft, LedgerId, Link, MoneyOf, Ref, Role
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf
from raccord.quickbooks.codec import CompanyFacts, TaxRate, encode, placeholder
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.records import maker
from raccord_taxdome.sandbox import Practice
from raccord_taxdome.settings import TaxDomeSettings

FOLDER = Path(__file__).parents[1] / "golden" / "taxdome"
CODES = {
    "code of TPS + TVQ": TAXES,
    "code of TPS": TAXES[:1],
    "code of VAT": TAXES[:1],
    "tax_exempt": (TaxRate("2", "Exonéré", Decimal(0)),),
}
QUEBEC = CompanyFacts("CA", "CAD", False, True, CODES, "tax_exempt", {})
FIRST = date(2026, 3, 1)


def answer(ref: Ref) -> str:
    """Return what stands for a reference: roles by their names, so that a reader sees what was chosen where."""
    match ref:
        case Link():
            return placeholder(ref.key)
        case LedgerId():
            return ref.id
        case Role(name="tax_named"):
            return f"code of {ref.of}"
        case Role():
            return f"{ref.name} {ref.of}".strip()
        case MoneyOf():
            return LYING.get(ref.payment.key, ref.otherwise.name)
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


LYING = {"payments/pay_0002": "the bank to which a person deposited pay_0002"}


def _refund(practice: Practice) -> None:
    """The second payment was deposited to a bank in QuickBooks: that is where its refund is drawn (TD-42)."""
    client = practice.account("Érable & fils")
    for amount in ("40.00", "25.00"):
        bill = practice.invoice(client, practice.line(name="Déclaration", rate="100.00"))
        practice.refund(practice.pay(bill), amount)


def _fees_apart(practice: Practice) -> None:
    """Fees as objects of their own: of one payment, of a payment that says it already, and CPACharge's of a month."""
    client = practice.account("Érable & fils")
    bills = [practice.invoice(client, practice.line(name="Déclaration", rate="100.00")) for _ in range(3)]
    practice.fee("2.90", practice.pay(bills[0]))
    practice.fee("3.20", practice.pay(bills[1], fee="3.20"))
    practice.pay(bills[2])
    practice.fee("88.00", provider="cpacharge", description="Mars")


def _tracked(practice: Practice) -> None:
    lines = (practice.line(name="Déclaration", rate="100.00"), practice.line(name="Suivi", rate="20.00"))
    practice.invoice(practice.account("Érable & fils"), *lines, class_name="Fiscalité", location="Québec")


def _named_taxes(practice: Practice) -> None:
    """A line of both taxes and one of TPS alone: 5 % of 150.00, 9.975 % of 100.00."""
    both = ({"tax": "TPS", "rate": "5", "amount": "7.50"}, {"tax": "TVQ", "rate": "9.975", "amount": "9.98"})
    lines = (
        practice.line(name="Déclaration", rate="100.00", taxable=True),
        practice.line(name="Livre", rate="50.00", taxable=True, tax="TPS"),
        practice.line(name="Débours", rate="12.00"),
    )
    practice.invoice(practice.account("Érable & fils"), *lines, taxes=both)


def _statuses(practice: Practice) -> None:
    client = practice.account("Érable & fils")
    for status in ("draft", "unpaid", "overdue", "paid", "voided"):
        practice.invoice(client, practice.line(name="Déclaration", rate="100.00"), status=status)


def _clients(practice: Practice) -> None:
    person = {
        "name": "Luc Roy", "email": "luc@erable.example", "phone": "418 555-0100", "line": "1, rue du Port",
        "city": "Québec", "region": "QC", "postal_code": "G1K 3X2", "country": "Canada",
    }  # fmt: skip
    practice.account("Érable & fils", type="company", contacts=[person])
    practice.account("Ana Roy")


def _payouts(practice: Practice) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="Déclaration", rate="100.00"))
    practice.payout(practice.pay(bill, fee="3.20"), fee="3.20")
    practice.payout(fee="88.00", provider="cpacharge", total="0")


def _taxed(practice: Practice) -> None:
    bill = practice.invoice(
        practice.account("Érable & fils"),
        practice.line(name="Déclaration", rate="100.00", taxable=True),
        taxes=({"tax": "VAT", "rate": "5", "amount": "5.00"},),
    )
    practice.pay(bill, invoice_applications=[{"invoice_id": bill, "amount": "105.00", "tax": "5.00"}])


def _united_states(practice: Practice) -> None:
    practice.currency = "USD"
    lines = (practice.line(name="Return", rate="133.33", taxable=True), practice.line(name="Filing", rate="10.00"))
    tax = {"tax": "Sales tax", "rate": "8.875", "amount": "11.83"}
    practice.invoice(practice.account("Ana Roy"), *lines, taxes=(tax,))


def _deleted(practice: Practice) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="Déclaration", rate="100.00"))
    practice.change("payment", practice.pay(bill, source="cash", provider="none"), deleted=True)


def _left_out(practice: Practice) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="Déclaration", rate="100.00"))
    practice.refund(practice.pay(bill, source="cash", provider="none"), "40.00")


STATES = CompanyFacts("US", "USD", False, False, {}, "", {})
ANSWERS: dict[str, dict[str, str]] = {
    "TD-40 K3 older services as items": {"older_services": "own_item"},
    "TD-11 automated sales tax": {"tax": "automated"},
    "K18 EX-12 tax left out": {"tax": "left_out"},
    "TD-53 K4 clearing account": {"landing": "clearing"},
    "TD-05 TD-43 K24 offline payments left out": {"payments": "online"},
    "TD-36 EX-09 account not synced": {"unsynced": "acc_0001"},
}
"""What the firm answered in a scene, where it is not the usual."""
SCENES: dict[str, tuple[tuple[str, ...], Callable[[Practice], None]]] = {
    "TD-40 K3 older services as items": (("service", "invoice"), _services),
    "TD-11 automated sales tax": (("invoice",), _united_states),
    "K18 EX-12 tax left out": (("invoice", "payment"), _taxed),
    "TD-53 K4 clearing account": (("payment", "payout"), _payouts),
    "TD-05 TD-43 K24 offline payments left out": (("invoice", "payment", "refund"), _left_out),
    "TD-36 EX-09 account not synced": (("account", "invoice", "payment"), _payments),
    "EX-06 deleted payment": (("payment",), _deleted),
    "TD-10 TD-12 TD-21 clients": (("account",), _clients),
    "TD-06 TD-08 TD-13 TD-18 TD-19 TD-20 TD-23 TD-38 TD-39 services and invoice": (("service", "invoice"), _services),
    "TD-13 EX-05 statuses of invoices": (("invoice",), _statuses),
    "TD-13 EX-11 class and location": (("invoice",), _tracked),
    "TD-23 K18 named taxes": (("invoice",), _named_taxes),
    "TD-03 TD-04 TD-09 TD-14 TD-16 TD-24 payments and fee": (("payment",), _payments),
    "TD-09 TD-16 K13 fees apart": (("payment", "fee"), _fees_apart),
    "TD-07 TD-15 credits": (("payment",), _credits),
    "TD-17 TD-42 refunds": (("refund",), _refund),
    "TD-53 payouts": (("payout",), _payouts),
}


def books(shelf: FileShelf) -> dict[str, str]:
    """Return the text of each golden file by its name."""
    return {f"{name.replace(' ', '_')}.json": _book(name, shelf) for name in SCENES}


def _book(name: str, shelf: FileShelf) -> str:
    """Return each object of a scene beside what becomes of it; objects come in the order of the streams."""
    kinds, act = SCENES[name]
    practice = Practice()
    act(practice)
    settings = TaxDomeSettings.model_validate({"firm": "laurier", **ANSWERS.get(name, {})})
    facts = STATES if practice.currency == "USD" else QUEBEC
    terms = raccord_taxdome.describe().terms
    context = FakeMapContext(settings=settings, terms=terms, taxed=facts.taxed, language="fr")
    before: dict[tuple[str, str], Mapping[str, JSON]] = {}
    make = maker(FakeFetchContext(files=shelf, settings=settings, starts_on=FIRST, before=before), settings)
    pairs: list[object] = []
    for info in CONTRACT.objects:
        for value in practice.objects[info.name].values():
            record = make(info.name, info.model.model_validate(value))
            before[record.stream, record.source_id] = record.raw
            said = raccord_taxdome.map_record(context, record)
            assert said is not None
            answers = [_said(each, facts) for each in ([said] if isinstance(said, Skipped) else said.drafts)]
            if info.name in kinds:
                pairs.append({"taxdome": {"object": info.name, **value}, "quickbooks": answers})
    return json.dumps(pairs, ensure_ascii=False, indent=2, default=lambda value: format(value, "f")) + "\n"


def _said(answered: Draft | Skipped, facts: CompanyFacts) -> object:
    if isinstance(answered, Skipped):
        return {"nothing": answered.code, "reason": answered.reason.fr}
    number = str(getattr(answered, "number", ""))
    payload = encode(answered, answer, facts, marker=MARKER, number=number).payload
    return {str(answered.kind): json.loads(payload, parse_float=Decimal)}


if __name__ == "__main__":
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, text in books(FileShelf(Path("var/golden-box"))).items():
        (FOLDER / name).write_text(text, encoding="utf-8")

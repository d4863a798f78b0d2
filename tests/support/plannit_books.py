"""Golden books of Plannit: what it says, and the exact documents of QuickBooks that come of it.

``PYTHONPATH=tests/support .venv/bin/python -m plannit_books`` writes them anew, to be read in review.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import raccord_plannit
from raccord.plugin import JSON, LedgerObject, PushContext, Record, Skipped
from raccord.plugin.contract import ContractObject
from raccord.plugin.drafts import Draft, LedgerId, Link, Ref, Role
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf
from raccord.quickbooks.codec import CompanyFacts, TaxRate, encode, placeholder
from raccord.sync.fetching.keep import BEFORE_START
from raccord_plannit.contract import CONTRACT
from raccord_plannit.pushing import push_list
from raccord_plannit.records import maker
from raccord_plannit.sandbox import Firm
from raccord_plannit.sandbox.firm import Sold
from raccord_plannit.settings import InputKind, PlannitSettings

FOLDER = Path(__file__).parents[1] / "golden" / "plannit"
TAXES = (TaxRate("8", "TPS", Decimal("5")), TaxRate("9", "TVQ", Decimal("9.975")))
CODES = {"tax_group": TAXES, "tax_exempt": (TaxRate("2", "Exonéré", Decimal(0)),)}
QUEBEC = CompanyFacts("CA", "CAD", False, True, CODES, "tax_exempt", {})
MARKER = "[raccord 7K2M9QX4TWAB r1]"
FIRST, DAY = date(2026, 3, 1), date(2026, 3, 3)


def answer(ref: Ref) -> str:
    """Return what stands for a reference: roles by their names, so that a reader sees what was chosen where."""
    match ref:
        case Link():
            return placeholder(ref.key)
        case LedgerId():
            return ref.id
        case Role(name="item"):
            return f"item linked to {ref.of}"
        case Role():
            return ref.name
        case _:
            raise TypeError(ref)


def record_of(kind: str, value: Mapping[str, JSON], settings: PlannitSettings, shelf: FileShelf) -> Record:
    """Return the record of an object that was said."""
    info = CONTRACT.named(kind)
    assert info is not None
    model: ContractObject = info.model.model_validate(value)
    context = FakeFetchContext(files=shelf, settings=settings, starts_on=FIRST)
    return maker(context, settings)(kind, model)


def said_by(records: Iterable[Record], settings: PlannitSettings) -> Iterator[Draft | Skipped]:
    """Yield the drafts of records, and why others make none."""
    context = FakeMapContext(settings=settings, terms=raccord_plannit.describe().terms, taxed=True, language="fr")
    for record in records:
        answered = raccord_plannit.map_record(context, record)
        assert answered is not None
        if isinstance(answered, Skipped):
            yield answered
        else:
            yield from answered.drafts


def body_of(draft: Draft) -> dict[str, Any]:
    """Return the document that QuickBooks is sent."""
    number = str(getattr(draft, "number", ""))
    decoded: dict[str, Any] = json.loads(
        encode(draft, answer, QUEBEC, marker=MARKER, number=number).payload, parse_float=Decimal
    )
    return decoded


def _invoice(firm: Firm) -> None:
    ducts, cents = firm.item("Nettoyage de conduits", "289.00"), firm.item("Ajustement", "0", taxable=False)
    firm.invoice(
        firm.contact("Zoé Roy", emails=["zoe@courriel.example"], billing_address={"city": "Lévis", "region": "QC"}),
        Sold(ducts),
        Sold(ducts, quantity="2", discount="28.90"),
        Sold(name="Location d’un échafaudage", price="160.00"),
        Sold(name="Dépôt de garantie", price="25.00", taxable=False),
        Sold(cents, price="-0.02"),
        day=DAY,
        due="2026-04-02",
    )


def _tax_by_line(firm: Firm) -> None:
    """9.975 % of each line, rounded line by line: a cent away from QuickBooks' own sum, and kept as it is."""
    client = firm.contact("Zoé Roy")
    invoice = firm.invoice(client, *(Sold(name=f"Visite {each}", price="10.03") for each in (1, 2, 3)), day=DAY)
    taxes = [{"tax": "TPS", "rate": "5", "amount": "1.50"}, {"tax": "TVQ", "rate": "9.975", "amount": "3.00"}]
    firm.change("invoice", invoice, taxes=list[JSON](taxes), total="34.59")
    taxes = [{"tax": "TPS", "rate": "5", "amount": "1.51"}, {"tax": "TVQ", "rate": "9.975", "amount": "3.01"}]
    firm.change("invoice", invoice, taxes=list[JSON](taxes), total="34.61")


def _inclusive(firm: Firm) -> None:
    invoice = firm.invoice(firm.contact("Zoé Roy"), Sold(name="Forfait", price="114.98"), day=DAY)
    taxes = [{"tax": "TPS", "rate": "5", "amount": "5.00"}, {"tax": "TVQ", "rate": "9.975", "amount": "9.98"}]
    firm.change("invoice", invoice, prices_include_tax=True, taxes=list[JSON](taxes), total="114.98")


def _draft(firm: Firm) -> None:
    firm.invoice(firm.contact("Zoé Roy"), Sold(name="Visite", price="10.00"), day=DAY, number=False)


def _before(firm: Firm) -> None:
    moment = "2026-03-02T08:59:00-05:00"
    firm.invoice(firm.contact("Zoé Roy"), Sold(name="Visite", price="10.00"), day=DAY, numbered_at=moment)


def _payments(firm: Firm) -> None:
    client = firm.contact("Zoé Roy")
    invoice = firm.invoice(client, Sold(name="Visite", price="100.00"), day=DAY)
    firm.pay(invoice, "50.00", day=DAY)
    firm.advance(client, "20.00", day=DAY)
    firm.change("payment", firm.advance(client, "30.00", day=DAY), invoice_id=invoice)
    firm.void(firm.pay(invoice, "7.00", day=DAY))


def _credit(firm: Firm) -> None:
    client = firm.contact("Zoé Roy")
    invoice = firm.invoice(client, Sold(name="Visite", price="100.00"), day=DAY)
    firm.credit(client, Sold(name="Rabais fidélité", price="10.00"), invoice=invoice, day=DAY)


def _refund(firm: Firm) -> None:
    payment = firm.pay(firm.invoice(firm.contact("Zoé Roy"), Sold(name="Visite", price="100.00"), day=DAY), day=DAY)
    firm.refund(payment, Sold(name="Visite", price="10.00"), day=DAY)


def _payout(firm: Firm) -> None:
    firm.payout("1211.41", "36.54", day=DAY)


SCENES: dict[str, tuple[tuple[str, ...], Callable[[Firm], None]]] = {
    "PL-14 PL-15 PL-35 EX-04 invoice": (("contact", "invoice"), _invoice),
    "PL-14 tax rounded line by line": (("invoice",), _tax_by_line),
    "PL-14 prices with tax": (("invoice",), _inclusive),
    "EX-02 draft": (("invoice",), _draft),
    "PL-23 K16 numbered before the cut-over": (("invoice",), _before),
    "PL-16 EX-03 payments, advances and a void": (("payment",), _payments),
    "EX-02 promotional credit": (("credit",), _credit),
    "EX-02 refund": (("refund",), _refund),
    "PL-16 payout fee": (("payout",), _payout),
}
SETTINGS = PlannitSettings(account="boreale", cut_over="2026-03-02T09:00-05:00")
PULLED = PlannitSettings(account="boreale", input_kind=InputKind.PULL, base_url="https://plannit.example", token="x")


def books(shelf: FileShelf) -> dict[str, str]:
    """Return the text of each golden file by its name."""
    found: dict[str, str] = {}
    for name, (kinds, act) in SCENES.items():
        firm = Firm()
        act(firm)
        pairs: list[object] = []
        for kind in kinds:
            for value in firm.objects[kind].values():
                record = record_of(kind, value, SETTINGS, shelf)
                said: list[object] = [_said(each) for each in said_by([record], SETTINGS)]
                if record.begins_on is not None and record.begins_on < FIRST:
                    said = [{"nothing": BEFORE_START}]
                pairs.append({"plannit": {"object": kind, **value}, "quickbooks": said})
        text = json.dumps(pairs, ensure_ascii=False, indent=2, default=lambda value: format(value, "f"))
        found[f"{name.replace(' ', '_')}.json"] = text + "\n"
    return found | {f"{name.replace(' ', '_')}.json": _import(name) for name in IMPORTS}


IMPORTS: dict[str, tuple[str, tuple[LedgerObject, ...]]] = {
    "PL-18 PL-35 contacts from QuickBooks": (
        "contacts",
        (
            LedgerObject("Customer", "61", "Zoé Roy", True, details={
                "company": "Roy et filles inc.", "email": "zoe@courriel.example", "phone": "418 555-0101",
                "street": "12, rue Principale", "city": "Lévis", "region": "QC", "postal_code": "G6V 1A1",
                "country": "Canada",
            }),
            LedgerObject("Customer", "62", "Ana Roy", True),
        ),
    ),
    "PL-20 PL-35 products from QuickBooks": (
        "items",
        (
            LedgerObject("Item", "41", "Nettoyage de conduits", True, "Service", details={
                "description": "À l’heure", "price": "289.00", "taxable": "true",
            }),
            LedgerObject("Item", "42", "Dépôt", True, "Service", details={"price": "25.00", "taxable": "false"}),
            LedgerObject("Item", "43", "Entretien", True, "Category"),
        ),
    ),
}  # fmt: skip
"""What is in QuickBooks, and comes into Plannit: the other way round."""


def _import(name: str) -> str:
    """Return each entry of QuickBooks beside what Plannit is asked to keep of it."""
    list_name, entries = IMPORTS[name]
    pairs: list[object] = []
    for entry in entries:
        sent: list[object] = []

        def put(address: str, *, json: JSON, headers: Mapping[str, str], sent: list[object] = sent) -> object:
            assert "Authorization" in headers
            sent.append({f"PUT {address.partition('.example')[2]}": json})
            return SimpleNamespace(status=200, json=lambda: {"id": "x"})

        push_list(cast(PushContext, SimpleNamespace(http=SimpleNamespace(put=put))), PULLED, list_name, [entry])
        said = {"kind": entry.kind, "id": entry.id, "name": entry.name, "type": entry.type, **entry.details}
        pairs.append({"quickbooks": said, "plannit": sent})
    return json.dumps(pairs, ensure_ascii=False, indent=2) + "\n"


def _said(answered: Draft | Skipped) -> object:
    if isinstance(answered, Skipped):
        return {"nothing": answered.code, "reason": answered.reason.fr}
    return {str(answered.kind): body_of(answered)}


if __name__ == "__main__":
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, text in books(FileShelf(Path("var/golden-box"))).items():
        (FOLDER / name).write_text(text, encoding="utf-8")

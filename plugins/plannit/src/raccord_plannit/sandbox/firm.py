"""A field-service firm as Plannit keeps it: stateful, the same each time, its objects those of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from raccord.plugin import JSON
from raccord_plannit.contract import CONTRACT

_CENT = Decimal("0.01")
TAXES = (("TPS", Decimal("5")), ("TVQ", Decimal("9.975")))
START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
Value = dict[str, JSON]


@dataclass(slots=True)
class Sold:
    """What goes on a line: an item of the catalogue or words of its own."""

    item: str = ""
    name: str = ""
    quantity: str = "1"
    price: str = ""
    discount: str = ""
    taxable: bool | None = None


@dataclass(slots=True)
class Firm:
    """All objects by kind and id, the order in which they changed, and a clock that moves a minute with each change."""

    now: datetime = START
    objects: dict[str, dict[str, Value]] = field(default_factory=lambda: {each.name: {} for each in CONTRACT.objects})
    changes: list[tuple[str, Value]] = field(default_factory=list)
    told: Callable[[str, Value], None] | None = None
    """Is told of each change, as a message would be."""
    _numbers: dict[str, int] = field(default_factory=dict)

    def contact(self, name: str, **more: JSON) -> str:
        """Create a contact."""
        return self._put("contact", {"id": self._id("C"), "display_name": name, **more})

    def item(self, name: str, price: str, **more: JSON) -> str:
        """Create a product or service."""
        return self._put(
            "item",
            {"id": self._id("A"), "name": name, "sale_price": price, "unit": "unité", "tax_group_id": "QC", **more},
        )

    def tax_group(self) -> str:
        """Create Quebec's tax group."""
        return self._put(
            "tax_group",
            {"id": "QC", "name": "TPS/TVQ", "taxes": [{"name": name, "rate": str(rate)} for name, rate in TAXES]},
        )

    def invoice(self, contact: str, *sold: Sold, day: date | None = None, number: bool = True, **more: JSON) -> str:
        """Create an invoice, with a number unless it is to stay a draft."""
        value = self._sale("F", contact, sold, day)
        value |= {"created_at": self.now.isoformat(), "status": "to pay" if number else "open"}
        if number:
            value |= {"number": str(1000 + self._numbers["F"]), "numbered_at": self.now.isoformat()}
        return self._put("invoice", {**value, **more})

    def credit(self, contact: str, *sold: Sold, invoice: str = "", day: date | None = None) -> str:
        """Give a promotional credit, applied to an invoice if one is named."""
        value = self._sale("K", contact, sold, day)
        return self._put("credit", {**value, **({"invoice_id": invoice} if invoice else {})})

    def pay(self, invoice: str, amount: str = "", *, method: str = "e-transfer", day: date | None = None) -> str:
        """Take a payment of an invoice, of all of it unless an amount is said."""
        owed = self.objects["invoice"][invoice]
        return self._put(
            "payment",
            {
                "id": self._id("P"),
                "kind": "payment",
                "invoice_id": invoice,
                "contact_id": owed["contact_id"],
                "date": str(day or self.now.date()),
                "amount": amount or owed["total"],
                "method": method,
            },
        )

    def advance(self, contact: str, amount: str, *, day: date | None = None) -> str:
        """Take an advance from a client before there is an invoice."""
        return self._put(
            "payment",
            {
                "id": self._id("P"),
                "kind": "deposit",
                "contact_id": contact,
                "date": str(day or self.now.date()),
                "amount": amount,
                "method": "cheque",
            },
        )

    def void(self, payment: str) -> str:
        """Void a payment; the invoice is to be paid again."""
        return self.change("payment", payment, voided_at=self.now.isoformat())

    def refund(self, payment: str, *sold: Sold, day: date | None = None) -> str:
        """Give money back, with the lines it gives back."""
        contact = str(self.objects["payment"][payment]["contact_id"])
        return self._put("refund", {**self._sale("R", contact, sold, day), "payment_id": payment})

    def payout(self, gross: str, fee: str, *, day: date | None = None) -> str:
        """Pay online payments out to the bank."""
        net = Decimal(gross) - Decimal(fee)
        value: Value = {"id": self._id("V"), "date": str(day or self.now.date()), "gross": gross, "fee": fee}
        return self._put("payout", {**value, "net": str(net)})

    def change(self, kind: str, id_: str, **values: JSON) -> str:
        """Change an object."""
        return self._put(kind, {**self.objects[kind][id_], **values})

    def imported(self, kind: str, key: str, ledger_id: str, values: Mapping[str, JSON]) -> str:
        """Take an entry of the ledger in, once: the same one is found again by its ledger id."""
        for id_, value in self.objects[kind].items():
            if value.get(key) == ledger_id and not value.get("deleted"):
                same = all(value.get(name) == each for name, each in values.items())
                return id_ if same else self.change(kind, id_, **values)
        id_ = self._id("C" if kind == "contact" else "A")
        return self._put(kind, {"id": id_, key: ledger_id, **values})

    def tag(self, contact: str, tag: str) -> str:
        """Give a contact a tag, once."""
        tags = self.objects["contact"][contact].get("tags")
        held = list(tags) if isinstance(tags, list) else []
        return contact if tag in held else self.change("contact", contact, tags=[*held, tag])

    def delete(self, contact: str) -> str:
        """Delete a contact; raises ``ValueError`` where an invoice or a payment hangs on it."""
        hangs = [*self.objects["invoice"].values(), *self.objects["payment"].values()]
        if any(each.get("contact_id") == contact for each in hangs):
            raise ValueError(contact)
        return self.change("contact", contact, deleted=True)

    def all(self, kind: str) -> list[Value]:
        """Return the objects of a kind as they are now, each naming its kind."""
        return [{"object": kind, **value} for value in self.objects[kind].values()]

    def _sale(self, letter: str, contact: str, sold: Sequence[Sold], day: date | None) -> Value:
        lines = [self._line(each) for each in sold]
        taxable = sum((Decimal(str(line["amount"])) for line in lines if line["taxable"]), Decimal(0))
        net = sum((Decimal(str(line["amount"])) for line in lines), Decimal(0))
        taxes = [(name, rate, _rounded(taxable * rate / 100)) for name, rate in TAXES] if taxable else []
        return {
            "id": self._id(letter),
            "contact_id": contact,
            "date": str(day or self.now.date()),
            "lines": list[JSON](lines),
            "taxes": [
                {"tax": name, "rate": str(rate), "base": str(taxable), "amount": str(amount)}
                for name, rate, amount in taxes
            ],
            "total": str(net + sum((amount for _, _, amount in taxes), Decimal(0))),
        }

    def _line(self, sold: Sold) -> Value:
        item = self.objects["item"].get(sold.item, {})
        price, quantity = Decimal(sold.price or str(item.get("sale_price", "0"))), Decimal(sold.quantity)
        discount = Decimal(sold.discount or "0")
        line: Value = {
            "name": sold.name or str(item.get("name", "")),
            "quantity": str(quantity),
            "unit_price": str(price),
            "amount": str(_rounded(quantity * price) - discount),
            "taxable": bool(item.get("taxable", True)) if sold.taxable is None else sold.taxable,
        }
        if sold.item:
            line |= {"item_id": sold.item, "unit": item.get("unit", "")}
        return line | ({"discount": str(discount)} if discount else {})

    def _id(self, letter: str) -> str:
        self._numbers[letter] = self._numbers.get(letter, 0) + 1
        return f"{letter}{self._numbers[letter]:04}"

    def _put(self, kind: str, value: Mapping[str, JSON]) -> str:
        kept = {**value, "updated_at": self.now.isoformat()}
        self.now += timedelta(minutes=1)
        self.objects[kind][str(value["id"])] = kept
        self.changes.append((kind, kept))
        if self.told is not None:
            self.told(kind, kept)
        return str(value["id"])


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)

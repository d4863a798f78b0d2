"""A tax practice as TaxDome keeps it: stateful, the same each time, its objects those of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from raccord.plugin import JSON
from raccord_taxdome.contract import CONTRACT

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
Value = dict[str, JSON]


@dataclass(slots=True)
class Practice:
    """All objects by kind and id, and a clock that moves a minute with each change."""

    now: datetime = START
    currency: str = "CAD"
    objects: dict[str, dict[str, Value]] = field(default_factory=lambda: {each.name: {} for each in CONTRACT.objects})
    told: Callable[[str, Value], None] | None = None
    """Is told of each change, as a message would be."""
    _numbers: dict[str, int] = field(default_factory=dict)

    def account(self, name: str, **more: JSON) -> str:
        """Create a client's account."""
        return self._put("account", {"id": self._id("acc"), "name": name, **more})

    def service(self, name: str, rate: str, origin: str = "taxdome_after", **more: JSON) -> str:
        """Create a service."""
        return self._put("service", {"id": self._id("srv"), "name": name, "rate": rate, "origin": origin, **more})

    def line(self, service: str = "", *, quantity: str = "1", **more: JSON) -> Value:
        """Return a line that bills a service, or words of its own."""
        sold = self.objects["service"].get(service, {})
        rate = Decimal(str(more.pop("rate", None) or sold.get("rate") or "0"))
        copied: Value = {
            name: sold[name] for name in ("origin", "quickbooks_item_id", "taxable", "name") if name in sold
        }
        return {
            **({"service_id": service} if service else {}),
            **copied,
            "quantity": quantity,
            "rate": str(rate),
            "amount": str((rate * Decimal(quantity)).quantize(Decimal("0.01"))),
            **more,
        }

    def invoice(self, account: str, *lines: Value, taxes: tuple[Value, ...] = (), **more: JSON) -> str:
        """Bill an account; the total is what the lines and taxes come to."""
        total = sum((Decimal(str(each["amount"])) for each in (*lines, *taxes)), Decimal(0))
        id_ = self._id("inv")
        return self._put(
            "invoice",
            {
                "id": id_,
                "number": str(5000 + self._numbers["inv"]),
                "account_id": account,
                "posted": str(self.now.date()),
                "currency": self.currency,
                "status": "unpaid",
                "lines": list[JSON](lines),
                "taxes": list[JSON](taxes),
                "total": str(total),
                **more,
            },
        )

    def recurring(self, account: str, name: str, amount: str, every: str = "month") -> str:
        """Let an invoice be issued again and again."""
        value: Value = {"id": self._id("rec"), "account_id": account, "name": name, "amount": amount, "every": every}
        return self._put("recurring_invoice", value)

    def issue(self, recurring: str) -> str:
        """Issue the next invoice of a recurring one."""
        value = self.objects["recurring_invoice"][recurring]
        line = self.line(name=str(value["name"]), rate=str(value["amount"]))
        return self.invoice(str(value["account_id"]), line, recurring_id=recurring)

    def pay(self, invoice: str, amount: str = "", **more: JSON) -> str:
        """Take a payment of an invoice, of all of it unless an amount is said."""
        owed = self.objects["invoice"][invoice]
        paid = amount or str(owed["total"])
        settles: JSON = [{"invoice_id": invoice, "amount": min(paid, str(owed["total"]), key=Decimal)}]
        return self._put(
            "payment",
            {
                "id": self._id("pay"),
                "account_id": owed["account_id"],
                "date": str(self.now.date()),
                "currency": self.currency,
                "amount": paid,
                "source": "card",
                "provider": "stripe",
                "invoice_applications": settles,
                **more,
            },
        )

    def fee(self, amount: str, payment: str = "", **more: JSON) -> str:
        """Let a provider keep something, of a payment or of none."""
        value: Value = {
            "id": self._id("fee"),
            "amount": amount,
            "date": str(self.now.date()),
            "currency": self.currency,
        }
        return self._put("fee", {**value, **({"payment_id": payment} if payment else {}), **more})

    def refund(self, payment: str, amount: str, **more: JSON) -> str:
        """Give money of a payment back."""
        value: Value = {"id": self._id("ref"), "payment_id": payment, "amount": amount, "date": str(self.now.date())}
        account = self.objects["payment"][payment]["account_id"]
        return self._put("refund", {**value, "account_id": account, "currency": self.currency, **more})

    def use_credit(self, payment: str, invoice: str, amount: str) -> str:
        """Settle an invoice out of the client's credit: its payment is sent again, and TaxDome shows one of credit."""
        paid = self.objects["payment"][payment]
        settled = paid["invoice_applications"]
        more: list[JSON] = [*(settled if isinstance(settled, list) else []), {"invoice_id": invoice, "amount": amount}]
        self.change("payment", payment, invoice_applications=more)
        return self.pay(invoice, amount, source="client_credit", provider="none")

    def credit(self, account: str, amount: str, kind: str = "promotional") -> str:
        """Give a client something to use later."""
        value: Value = {"id": self._id("crd"), "account_id": account, "amount": amount, "kind": kind}
        return self._put("credit", {**value, "date": str(self.now.date()), "currency": self.currency})

    def payout(self, *paid: str, fee: str = "0", **more: JSON) -> str:
        """Pay payments and refunds out to the bank."""
        rows: list[Value] = []
        for id_ in paid:
            kind = "refund" if id_ in self.objects["refund"] else "payment"
            amount = Decimal(str(self.objects[kind][id_]["amount"]))
            rows.append({f"{kind}_id": id_, "amount": str(-amount if kind == "refund" else amount)})
        total = sum((Decimal(str(row["amount"])) for row in rows), -Decimal(fee))
        value: Value = {"id": self._id("po"), "date": str(self.now.date()), "currency": self.currency, "fee": fee}
        return self._put("payout", {**value, "total": str(total), "payments": list[JSON](rows), **more})

    def change(self, kind: str, id_: str, **values: JSON) -> str:
        """Change an object."""
        return self._put(kind, {**self.objects[kind][id_], **values})

    def on(self, day: date) -> None:
        """Let it be another day."""
        self.now = self.now.replace(year=day.year, month=day.month, day=day.day)

    def all(self, kind: str) -> list[Value]:
        """Return the objects of a kind as they are now, each naming its kind."""
        return [{"object": kind, **value} for value in self.objects[kind].values()]

    def _id(self, prefix: str) -> str:
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}_{self._numbers[prefix]:04}"

    def _put(self, kind: str, value: Mapping[str, JSON]) -> str:
        kept = self.objects[kind][str(value["id"])] = {**value, "updated_at": self.now.isoformat()}
        self.now += timedelta(minutes=1)
        if self.told is not None:
            self.told(kind, kept)
        return str(value["id"])

"""What a market says: a few rows of every kind, in any number."""

from __future__ import annotations

from decimal import Decimal

Row = dict[str, str]

MONTH = "2026-03"


def every_kind(batch: str, sales: int = 3, *, lists: bool = True, item: str = "") -> list[Row]:
    """Return one row of each list, ``sales`` sales, and one of each other document, all with ids of this batch; without
    ``lists`` nothing that somebody owes or is owed.

    What is sold is the batch's own item, or ``item``, or what the connector's default makes of it.
    """
    rows: list[Row] = []
    if lists:
        rows += [
            _row("accounts", batch, 1, name=f"Étal {batch}"),
            _row("people", batch, 1, name=f"Zoé {batch}"),
            _row("vendors", batch, 1, name=f"Ferme {batch}"),
            _row("items", batch, 1, name=f"Panier {batch}"),
        ]
    to = {"to": f"people/{batch}1"} if lists else {}
    of = {"of": item or f"items/{batch}1"} if item or lists else {}
    sold = [_row("sales", batch, number, f"{20 + number}.07", **to, **of) for number in range(1, sales + 1)]
    back = _row("refunds", batch, 1, "-1.05", **of)
    rows += [*sold, back]
    rows += [
        _row("expenses", batch, 1, "-12.40", memo="marché", **({"to": f"vendors/{batch}1"} if lists else {})),
        _row("journals", batch, 1, "-3.33", memo="ajustement"),
        _row("transfers", batch, 1, "-50.00"),
        _row("takings", batch, 1, "80.10", memo="recette"),
        payout(batch, [*sold, back]),
    ]
    return rows + (owed(batch, of) if lists else [])


def owed(batch: str, of: Row) -> list[Row]:
    """Return an invoice and a bill, each partly credited, and the money that settles the rest and a little more."""
    customer, vendor = {"to": f"people/{batch}1"}, {"to": f"vendors/{batch}1"}
    return [
        _row("invoices", batch, 1, "114.98", **customer, **of),
        _row("credits", batch, 1, "-14.98", **customer, **of),
        _row("receipts", batch, 1, "101.00", **customer, of=f"invoices/{batch}1=114.98,credits/{batch}1=14.98"),
        _row("bills", batch, 1, "-40.00", **vendor),
        _row("returns", batch, 1, "5.25", **vendor),
        _row("scans", batch, 1, text=f"Reçu {batch}", of=f"bills/{batch}1"),
        _row("settlements", batch, 1, "-34.75", **vendor, of=f"bills/{batch}1=40.00,returns/{batch}1=5.25"),
    ]


def payout(batch: str, paid: list[Row], fee: str = "0.50") -> Row:
    """Return the deposit that pays sales and refunds out, less a fee."""
    total = sum((Decimal(row["amount"]) for row in paid), Decimal(0)) - Decimal(fee)
    linked = ",".join(f"{row['stream']}/{row['id']}={row['amount']}" for row in paid)
    return _row("payouts", batch, 1, str(total), of=linked, fee=fee)


def _row(stream: str, batch: str, number: int, amount: str = "", **more: str) -> Row:
    row = {"stream": stream, "id": f"{batch}{number}", "day": f"{MONTH}-{1 + number % 9:02}", **more}
    return row | {"amount": amount} if amount else row

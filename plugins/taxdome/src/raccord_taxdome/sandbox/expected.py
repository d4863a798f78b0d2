"""What a person read off the twin of the trials, record by record, and what it comes to by account."""

from __future__ import annotations

from raccord.plugin.testing import Expected

_SAID = [
    Expected("invoices", "inv_0001", "2026-03-02", "245.00"),
    Expected("invoices", "inv_0002", "2026-03-02", "490.00"),
    Expected("invoices", "inv_0003", "2026-03-04", "937.50"),
    Expected("invoices", "inv_0004", "2026-03-09", "245.00"),
    Expected("invoices", "inv_0005", "2026-03-09", "490.00"),
    Expected("invoices", "inv_0006", "2026-03-11", "937.50"),
    Expected("invoices", "inv_0007", "2026-03-16", "245.00"),
    Expected("invoices", "inv_0008", "2026-03-16", "490.00"),
    Expected("invoices", "inv_0009", "2026-03-18", "937.50"),
    Expected("payments", "pay_0001", "2026-03-02", "237.60"),
    Expected("payments", "pay_0002", "2026-03-02", "475.49"),
    Expected("payments", "pay_0003", "2026-03-04", "-30.00"),
    Expected("payments", "pay_0004", "2026-03-09", "237.60"),
    Expected("payments", "pay_0005", "2026-03-09", "475.49"),
    Expected("payments", "pay_0006", "2026-03-11", "937.50"),
    Expected("payments", "pay_0007", "2026-03-16", "237.60"),
    Expected("payments", "pay_0008", "2026-03-16", "475.49"),
    Expected("payments", "pay_0009", "2026-03-20", "937.50"),
    Expected("fees", "fee_0001", "2026-03-20", "-15.00"),
    Expected("fees", "payment:pay_0003", "2026-03-20", "-1.25"),
    Expected("refunds", "ref_0001", "2026-03-20", "-40.00"),
    Expected("refunds", "ref_0002", "2026-03-20", "-20.00"),
]
_PAYOUTS = (("po_0001", "2026-03-04"), ("po_0002", "2026-03-11"), ("po_0003", "2026-03-18"))
_INVOICES = {"receivable": "5017.50", "=services": "-4117.50", "default_item": "-900.00"}
"""Three weeks of 245.00, 490.00 and 937.50, each with 300.00 of a service that no list names."""


def expected(landing: str) -> list[Expected]:
    """Return the records; a payout of 735.00 less its fees of 21.91 leaves the clearing account where one is used."""
    amount = "735.00" if landing == "undeposited" else "-713.09"
    bad = "251.40" if landing == "undeposited" else "-237.60"
    paid = [Expected("payouts", id_, day, amount) for id_, day in _PAYOUTS]
    return [*_SAID, *paid, Expected("payouts", "po_0004", "2026-03-20", bad, "bad")]


def effects(landing: str) -> dict[str, dict[str, str]]:
    """Return the sums: 4080.00 was paid with fees of 65.73, and 15.00 and 1.25 apart; 60.00 went back."""
    if landing == "undeposited":
        return {
            "invoices": _INVOICES,
            "payments": {
                "undeposited": "4080.00", "payout_bank": "-65.73", "fees": "65.73", "receivable": "-4110.00",
                "default_item": "30.00",
            },
            "fees": {"payout_bank": "-16.25", "fees": "16.25"},
            "payouts": {"payout_bank": "2205.00", "=payments": "-2205.00"},
            "refunds": {"undeposited": "-60.00", "default_item": "60.00"},
        }  # fmt: skip
    return {
        "invoices": _INVOICES,
        "payments": {"clearing": "4014.27", "fees": "65.73", "receivable": "-4110.00", "default_item": "30.00"},
        "fees": {"clearing": "-16.25", "fees": "16.25"},
        "payouts": {"payout_bank": "2139.27", "clearing": "-2139.27"},
        "refunds": {"clearing": "-60.00", "default_item": "60.00"},
    }

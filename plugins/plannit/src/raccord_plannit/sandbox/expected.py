"""What a person read off the twin of the trials, record by record, and what it comes to by account."""

from __future__ import annotations

from raccord.plugin.testing import Expected

EXPECTED = [
    Expected("invoices", "F0001", "2026-03-02", "457.58"),
    Expected("invoices", "F0002", "2026-03-04", "743.71"),
    Expected("invoices", "F0003", "2026-03-06", "", "plannit.draft"),
    Expected("invoices", "F0004", "2026-03-05", "103.40"),
    Expected("invoices", "F0005", "2026-03-09", "457.58"),
    Expected("invoices", "F0006", "2026-03-11", "747.14"),
    Expected("invoices", "F0007", "2026-03-13", "", "plannit.draft"),
    Expected("invoices", "F0008", "2026-03-16", "457.58"),
    Expected("invoices", "F0009", "2026-03-18", "750.56"),
    Expected("invoices", "F0010", "2026-03-20", "", "plannit.draft"),
    Expected("credits", "K0001", "2026-03-13", "-57.49"),
    Expected("payments", "P0001", "2026-03-02", "457.58"),
    Expected("payments", "P0002", "2026-03-02", "250.00"),
    Expected("payments", "P0003", "2026-03-06", "100.00"),
    Expected("payments", "P0004", "2026-03-05", ""),
    Expected("payments", "P0005", "2026-03-05", "103.40"),
    Expected("payments", "P0006", "2026-03-09", "457.58"),
    Expected("payments", "P0007", "2026-03-09", "250.00"),
    Expected("payments", "P0008", "2026-03-13", "100.00"),
    Expected("payments", "P0009", "2026-03-16", "457.58"),
    Expected("payments", "P0010", "2026-03-16", "250.00"),
    Expected("payments", "P0011", "2026-03-20", "100.00"),
    Expected("refunds", "R0001", "2026-03-16", "-22.99"),
    Expected("payouts", "V0001", "2026-03-20", "-36.54"),
]
EFFECTS = {
    "invoices": {
        "receivable": "3717.55",
        "item": "-2753.35",
        "default_item": "-480.00",
        "tax 5 %": "-161.67",
        "tax 9.975 %": "-322.53",
    },
    "credits": {"receivable": "-57.49", "item": "50.00", "tax 5 %": "2.50", "tax 9.975 %": "4.99"},
    # Three advances of 250.00 wait for their invoices.
    "payments": {"deposit_bank": "2526.14", "receivable": "-1776.14", "receivable unapplied": "-750.00"},
    "refunds": {"deposit_bank": "-22.99", "default_item": "20.00", "tax 5 %": "1.00", "tax 9.975 %": "1.99"},
    "payouts": {"deposit_bank": "-36.54", "fees": "36.54"},
}
"""Each week 457.58 and what a business had done, three times a scaffold rented at 160.00 that no item names."""

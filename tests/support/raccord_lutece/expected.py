"""What a person reads off the samples of Lutèce, record by record, and what they come to by account and customer."""

from raccord.plugin.testing import Expected

EXPECTED = [
    Expected("invoices", "F1", "2026-03-02", "76.03"),
    # Lutèce rounds 0.5555 of VAT down.
    Expected("invoices", "F2", "2026-03-03", "10.65"),
    Expected("invoices", "F3", "2026-03-03", "100.00"),
    Expected("invoices", "F4", "2026-03-04", "12.66", "takes back lutece.void"),
    Expected("invoices", "F5", "2026-03-05", "60.00"),
    Expected("invoices", "A1", "2026-03-06", "-21.10"),
    Expected("invoices", "F6", "2026-03-07", "10.21", "bad"),
    Expected("payments", "P1", "2026-03-04", "74.90"),
    Expected("payments", "P2", "2026-03-06", "40.00"),
    # 23:30 in London is half past midnight in Paris.
    Expected("payments", "P3", "2026-03-09", "25.00"),
    Expected("payments", "P4", "2026-03-09", "50.00"),
    Expected("payments", "P5", "2026-03-09", "10.65", "takes back lutece.void"),
    Expected("payments", "P6", "2026-03-10", "15.00", "bad"),
    Expected("refunds", "R1", "2026-03-10", "-9.00"),
    Expected("refunds", "R2", "2026-03-11", "-21.10"),
]
EFFECTS = {
    "invoices": {
        "receivable": "225.58",
        "income @tax_reduced": "-45.10",
        "income @tax_standard": "-65.00",
        "income @tax_export": "-100.00",
        "tax 5.5 %": "-2.48",
        "tax 20 %": "-13.00",
    },
    "payments": {
        "clearing": "99.90",
        "bank": "90.00",
        "fees": "1.13",
        "receivable": "-186.03",
        "receivable unapplied": "-5.00",
    },
    "refunds": {
        "clearing": "-9.00",
        "bank": "-21.10",
        "income @tax_standard": "7.50",
        "income @tax_reduced": "20.00",
        "tax 20 %": "1.50",
        "tax 5.5 %": "1.10",
    },
}

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
# What is owed at the end; the overpaid 5.00 of P3 and the credit note stand below zero.
OPEN = {
    "customers/C1": "-21.10",
    "customers/C2": "5.65",
    "customers/C3": "50.00",
    "invoices/A1": "-21.10",
    "invoices/F2": "10.65",
    "invoices/F3": "50.00",
    "payments/P3": "-5.00",
}
COUNTS = {
    "CreditMemo": 1,
    "Customer": 3,
    "Invoice": 4,
    "JournalEntry": 1,
    "Payment": 4,
    "RefundReceipt": 2,
}
PRINTED = {
    "customers/C1": [
        "Customer",
        "name: Librairie Molière",
        "email: compta@moliere.example",
        "currency: EUR",
    ],
    "invoices/F1": [
        "Invoice",
        "day: 2026-03-02",
        "currency: EUR",
        "customer: customers/C1",
        "lines: item income; amount 60.00; Les Misérables; tax tax_reduced; quantity 3; price 20.00",
        "lines: item income; amount 15.00; Carnet; tax tax_standard; quantity 2; price 7.50",
        "lines: item income; amount -5.00; Remise fidélité; tax tax_reduced; quantity 1; price -5.00",
        "total: 76.03",
        "tax_mode: exclusive",
        "taxes: percent 5.5; amount 3.03",
        "taxes: percent 20; amount 3.00",
        "number: 2026-001",
        "due: 2026-04-01",
    ],
    "invoices/A1": [
        "CreditMemo",
        "day: 2026-03-06",
        "currency: EUR",
        "customer: customers/C1",
        "lines: item income; amount 20.00; Les Misérables; tax tax_reduced; quantity 1; price 20.00",
        "total: 21.10",
        "tax_mode: exclusive",
        "taxes: percent 5.5; amount 1.10",
        "number: 2026-A01",
    ],
    "payments/P2": [
        "Payment",
        "day: 2026-03-06",
        "currency: EUR",
        "customer: customer of invoices/F5",
        "deposit_to: bank",
        "total: 40.00",
        "applied: document invoices/F5; amount 40.00; of Invoice",
        "reference: VIR 881",
    ],
    "payments/P1#fee": [
        "JournalEntry",
        "day: 2026-03-04",
        "currency: EUR",
        "lines: account fees; side debit; amount 1.13",
        "lines: account clearing; side credit; amount 1.13",
        "money: clearing",
    ],
    "refunds/R1": [
        "RefundReceipt",
        "day: 2026-03-10",
        "currency: EUR",
        "paid_from: clearing",
        "lines: item income; amount 7.50; Carnet; tax tax_standard; quantity 1; price 7.50",
        "total: 9.00",
        "tax_mode: exclusive",
        "customer: customer of invoices/F1",
        "memo: Carnet abîmé",
        "taxes: percent 20; amount 1.50",
    ],
}

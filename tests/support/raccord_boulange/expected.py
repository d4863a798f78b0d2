"""What a person reads off the samples of the till, record by record, and what they come to by account."""

from raccord.plugin.testing import Expected

EXPECTED = [
    Expected("tickets", "T-1042", "2026-03-02", "18.31"),
    Expected("tickets", "T-1043", "2026-03-02", "4.60"),
    Expected("tickets", "T-1044", "2026-03-02", "25.00"),
    Expected("tickets", "T-1045", "2026-03-02", "", "boulange.void"),
    Expected("tickets", "T-1046", "2026-03-02", "6.00"),
    Expected("tickets", "T-1047", "2026-03-03", ""),
    Expected("tickets", "T-1048", "2026-03-04", "-18.31"),
    Expected("tickets", "T-1049", "2026-03-05", "12.50"),
    Expected("tickets", "T-1050", "2026-03-05", ""),
    Expected("tickets", "T-1051", "2026-03-05", "6.25", "waits"),
    # The till rounds 0.205 of GST down.
    Expected("tickets", "T-1052", "2026-03-05", "4.71"),
    Expected("tickets", "T-1053", "2026-03-05", "4.52", "bad"),
    Expected("payouts", "P-1", "2026-03-04", "48.08"),
    Expected("payouts", "P-2", "2026-03-06", "-18.41"),
]
EFFECTS = {
    "tickets": {
        "cash": "21.81",
        "clearing": "31.00",
        "gift_cards": "4.02",
        "gift_cards @untaxed": "-25.00",
        "income @tax": "-11.60",
        "income @untaxed": "-24.75",
        "tax 5 %": "-0.57",
        "tax 9.975 %": "-1.16",
        "tender": "6.25",
    },
    "payouts": {"bank": "29.67", "clearing": "-31.00", "fees": "1.33"},
}
COUNTS = {
    "Deposit": 1,
    "JournalEntry": 3,
    "RefundReceipt": 2,
    "SalesReceipt": 8,
}
PRINTED = {
    "tickets/T-1042": [
        "SalesReceipt",
        "day: 2026-03-02",
        "currency: CAD",
        "deposit_to: clearing",
        "lines: item income; amount 10.50; 3 × CROISSANT; tax tax",
        "lines: item income; amount 6.25; 1 × PAIN; tax untaxed",
        "total: 18.31",
        "tax_mode: exclusive",
        "memo: MTL-1 T-1042",
        "taxes: percent 5; amount 0.52",
        "taxes: percent 9.975; amount 1.04",
    ],
    "payouts/P-2": [
        "JournalEntry",
        "day: 2026-03-06",
        "currency: CAD",
        "lines: account clearing; side debit; amount 18.31",
        "lines: account fees; side debit; amount 0.10",
        "lines: account bank; side credit; amount 18.41",
        "money: bank",
        "memo: P-2: T-1048",
    ],
    "tickets/T-1048": [
        "RefundReceipt",
        "day: 2026-03-04",
        "currency: CAD",
        "paid_from: clearing",
        "lines: item income; amount 10.50; -3 × CROISSANT; tax tax",
        "lines: item income; amount 6.25; -1 × PAIN; tax untaxed",
        "total: 18.31",
        "tax_mode: exclusive",
        "memo: MTL-1 T-1048 T-1042",
        "taxes: percent 5; amount 0.52",
        "taxes: percent 9.975; amount 1.04",
    ],
    "payouts/P-1": [
        "Deposit",
        "day: 2026-03-04",
        "currency: CAD",
        "bank: bank",
        "lines: account clearing; amount 49.31",
        "lines: account fees; amount -1.23",
        "total: 48.08",
        "memo: P-1: T-1042, T-1044, T-1046",
        "tax_mode: none",
    ],
}

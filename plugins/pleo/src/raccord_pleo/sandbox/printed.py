"""What the export of the trial becomes, as a person reads it off Pleo's own page."""

COUNTS = {
    "Attachable": 1,
    "Deposit": 1,
    "Expense": 4,
    "Transfer": 2,
}
PRINTED = {
    "entries/4e39b2fa-8c0b-50a2-9ee5-1120870e9425": [
        "Expense",
        "day: 2026-03-15",
        "currency: CAD",
        "paid_from: pleo_bank",
        "payment_type: cash",
        "lines: account Account 60; amount 45.50",
        "total: 45.50",
        "tax_mode: none",
        "reference: 1",
    ],
    "entries/4e39b2fa-8c0b-50a2-9ee5-1120870e9425#receipt-1cfd9c781ea8b21c": [
        "Attachable",
        "document: entries/4e39b2fa-8c0b-50a2-9ee5-1120870e9425",
        "file: 1cfd9c781ea8b21c3c17bb558def1d77998c237072a86ec620a1121ea4fc2a1d",
        "name: 4e39b2fa-8c0b-50a2-9ee5-1120870e9425-1.pdf",
    ],
    "entries/e9267d66-a409-55f6-84ea-3b0c47c68e85": [
        "Deposit",
        "day: 2026-03-17",
        "currency: CAD",
        "bank: pleo_bank",
        "lines: account Account 60; amount 9.00",
        "total: 9.00",
        "tax_mode: none",
    ],
    "entries/6ab95681-dbfd-587b-b548-6f288845d975": [
        "Transfer",
        "day: 2026-03-17",
        "currency: CAD",
        "source: funding",
        "target: pleo_bank",
        "total: 500.00",
        "arriving: True",
    ],
}

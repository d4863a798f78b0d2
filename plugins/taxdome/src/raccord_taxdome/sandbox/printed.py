"""What three weeks of the practice come to, and some of its documents as a person reads them in TaxDome."""

OPEN = {
    "accounts/acc_0001": "907.50",
    "invoices/inv_0003": "907.50",
}
_UNDEPOSITED = {
    "accounts/acc_0001": [
        "Customer",
        "name: Érable & fils",
        "email: compta@erable.example",
        "company: Érable & fils",
        "address: city Québec; region QC; country CA",
        "type: customer_type",
        "when_used: True",
        "keeps_name: True",
    ],
    "services/srv_0001": [
        "Item",
        "name: Déclaration de revenus",
        "income_account: service_income",
        "unit_price: 245.00",
        "sku: item",
    ],
    "invoices/inv_0003": [
        "Invoice",
        "day: 2026-03-04",
        "currency: CAD",
        "customer: accounts/acc_0001",
        "lines: item services/srv_0002; amount 637.50; Tenue de livres; quantity 7.50; price 85.00",
        "lines: item default_item; amount 300.00; Conseil fiscal; quantity 2.00; price 150.00",
        "total: 937.50",
        "tax_mode: none",
        "number: 5003",
        "memo: TaxDome inv_0003",
    ],
    "payments/pay_0001": [
        "Payment",
        "day: 2026-03-02",
        "currency: CAD",
        "customer: accounts/acc_0002",
        "deposit_to: undeposited",
        "total: 245.00",
        "applied: document invoices/inv_0001; amount 245.00; of Invoice",
        "reference: pay_0001",
        "memo: Payment (cash, card, check) · card · stripe · pay_0001",
    ],
    "fees/payment:pay_0003": [
        "Expense",
        "day: 2026-03-20",
        "currency: CAD",
        "paid_from: payout_bank",
        "payment_type: cash",
        "lines: account fees; amount 1.25; Payment-processing fee · payment:pay_0003",
        "total: 1.25",
        "tax_mode: none",
        "memo: Payment-processing fee · payment:pay_0003",
        "after: payments/pay_0003",
    ],
    "payments/pay_0003": [
        "CreditMemo",
        "day: 2026-03-04",
        "currency: CAD",
        "customer: accounts/acc_0001",
        "lines: item default_item; amount 30.00; Payment by promotional credit · pay_0003",
        "total: 30.00",
        "tax_mode: none",
        "memo: Payment by promotional credit · pay_0003",
    ],
    "refunds/ref_0001": [
        "RefundReceipt",
        "day: 2026-03-20",
        "currency: CAD",
        "paid_from: money of payments/pay_0009",
        "lines: item default_item; amount 40.00; Refund · pay_0009 · ref_0001",
        "total: 40.00",
        "tax_mode: none",
        "customer: accounts/acc_0001",
        "memo: Refund · pay_0009 · ref_0001",
        "after: payments/pay_0009",
    ],
    "payouts/po_0001": [
        "Deposit",
        "day: 2026-03-04",
        "currency: CAD",
        "bank: payout_bank",
        "lines: document payments/pay_0001; amount 245.00",
        "lines: document payments/pay_0002; amount 490.00",
        "total: 735.00",
        "memo: Payout to the bank · stripe · po_0001",
        "tax_mode: none",
    ],
}
_CLEARING = {
    "payouts/po_0001": [
        "Transfer",
        "day: 2026-03-04",
        "currency: CAD",
        "source: clearing",
        "target: payout_bank",
        "total: 713.09",
        "memo: Payout to the bank · stripe · po_0001",
    ],
}
_COUNTS = {
    "CreditMemo": 1,
    "Customer": 5,
    "Deposit": 3,
    "Expense": 8,
    "Invoice": 9,
    "Item": 2,
    "Payment": 9,
    "RefundReceipt": 2,
}


def counts(landing: str) -> dict[str, int]:
    """Return how many documents there are of each kind; a payout out of a clearing account is a transfer."""
    if landing == "undeposited":
        return _COUNTS
    return {**{kind: number for kind, number in _COUNTS.items() if kind != "Deposit"}, "Transfer": _COUNTS["Deposit"]}


def printed(landing: str) -> dict[str, list[str]]:
    """Return the documents that payments make where they land there; all others are the same."""
    return _UNDEPOSITED if landing == "undeposited" else _CLEARING

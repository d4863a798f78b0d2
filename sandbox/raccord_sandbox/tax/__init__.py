"""Sales and purchase tax: what a document owes, to which agency, and on which account it is posted."""

from __future__ import annotations

from raccord_sandbox.tax.documents import price_without_tax, tax_deposit, tax_journal, tax_purchase, tax_sale
from raccord_sandbox.tax.lines import TAX_PROPERTIES, Side, TaxableLine, Taxes, rounded

__all__ = [
    "TAX_PROPERTIES",
    "Side",
    "TaxableLine",
    "Taxes",
    "price_without_tax",
    "rounded",
    "tax_deposit",
    "tax_journal",
    "tax_purchase",
    "tax_sale",
]

"""What people say of a payment whose invoice did not come over: which invoice of QuickBooks it is, or none; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from raccord.plugin.drafts import (
    Accepts,
    Application,
    CustomerOf,
    Decision,
    Draft,
    LedgerId,
    Link,
    Payment,
    Settled,
)
from raccord.plugin.texts import Text

UNMET = "unmet"
"""Under this name stands, among a draft's decisions, what was said of each invoice that is missing, by its key: nothing
for "post it unapplied", else the invoice of QuickBooks and its customer.
"""
_WHOSE = Text("de quel client est ce paiement", "which customer this payment is from")


def as_answered(decisions: Mapping[str, Any], draft: Draft) -> Draft:
    """Return a payment as people said it is to go without the invoices that did not come over."""
    said = decisions.get(UNMET)
    if not isinstance(said, Mapping) or not isinstance(draft, Payment):
        return draft
    applied: list[Application] = []
    customer = draft.customer
    for each in draft.applied:
        answer = said.get(each.document.key) if isinstance(each.document, Link) else None
        if answer is None:
            applied.append(each)
        elif answer:
            applied.append(replace(each, document=LedgerId(str(answer["invoice"]))))
            customer = LedgerId(str(answer["customer"]))
        elif isinstance(customer, CustomerOf) and customer.document == each.document:
            # Nobody else knows it: the source names the invoice alone.
            customer = Decision(name="customer", accepts=Accepts.CUSTOMER, label=_WHOSE)
    return replace(draft, applied=tuple(applied), customer=customer)


def invoices_in(draft: Draft, keys: set[str]) -> list[str]:
    """Return those of the keys that are invoices which a payment settles."""
    if not isinstance(draft, Payment):
        return []
    of = [each.document for each in draft.applied if each.of is Settled.INVOICE]
    return [each.key for each in of if isinstance(each, Link) and each.key in keys]

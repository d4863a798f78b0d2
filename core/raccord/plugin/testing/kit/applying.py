"""Rules on what pays what: a payment settles a document of the same party, and no document more than it comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from raccord.plugin.drafts import Bill, BillPayment, CreditMemo, Invoice, Link, Payment, Settled, VendorCredit
from raccord.plugin.hooks import Mapped
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject

_CREDITS = (Settled.CREDIT_MEMO, Settled.VENDOR_CREDIT)
_Open = Invoice | CreditMemo | Bill | VendorCredit
_Paying = Payment | BillPayment


@check("draft.applied")
def _applied(subject: Subject) -> Iterator[str]:
    answers = subject.mapped_taxed if subject.trial.taxed else subject.mapped
    drafts = [draft for _, each in answers if isinstance(each.answer, Mapped) for draft in each.answer.drafts]
    paying = [each for each in drafts if isinstance(each, _Paying) and not getattr(each, "voided", False)]
    if not paying:
        raise NotConcerned
    known = {each.key for each in drafts}
    documents = {each.key: each for each in drafts if isinstance(each, _Open)}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in paying:
        if settled(payment) > payment.total:
            yield f"{payment.key}: {settled(payment)} > {payment.total}"
        for one in payment.applied:
            document = documents.get(one.document.key) if isinstance(one.document, Link) else None
            if document is None:
                continue  # A document of before the trial, or of the ledger: links that lead nowhere have a rule.
            sums[document.key] += one.amount
            if one.of.value != document.kind:
                yield f"{payment.key} → {document.key}: {one.of.value} ≠ {document.kind}"
            ours, theirs = _party(payment), _party(document)
            if (
                isinstance(ours, Link)
                and isinstance(theirs, Link)
                and ours != theirs
                and {ours.key, theirs.key} <= known
            ):
                yield f"{payment.key} → {document.key}: {ours.key} ≠ {theirs.key}"
    yield from (f"{key}: {sums[key]} > {documents[key].total}" for key in sums if sums[key] > documents[key].total)


def settled(payment: Payment | BillPayment) -> Decimal:
    """Return how much of a payment's own money goes to documents: what it pays, less the credits it uses up."""
    return sum((-one.amount if one.of in _CREDITS else one.amount for one in payment.applied), Decimal(0))


def _party(draft: _Open | _Paying) -> object:
    return draft.vendor if isinstance(draft, Bill | VendorCredit | BillPayment) else draft.customer

"""Rules on what pays what: a payment settles a document of the same party, and no document more than it comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from raccord.plugin.drafts import (
    Application,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerOf,
    Draft,
    Invoice,
    LedgerId,
    Link,
    Payment,
    Settled,
    VendorCredit,
)
from raccord.plugin.emptied import emptied, is_empty
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.records import Record
from raccord.plugin.testing.kit.asking import Asked
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject

_CREDITS = (Settled.CREDIT_MEMO, Settled.VENDOR_CREDIT)
OWED = Invoice | CreditMemo | Bill | VendorCredit
PAYING = Payment | BillPayment


@dataclass(frozen=True, slots=True)
class Outside:
    """A document that a payment settles and that the samples do not tell, by the name it has in ``Trial.open``."""

    name: str


@check("draft.applied")
def _applied(subject: Subject) -> Iterator[str]:
    now, after = _drafts_of(first_answers(subject)), standing(subject)
    if not any(isinstance(each, PAYING) and not getattr(each, "voided", False) for each in (*now, *after)):
        raise NotConcerned
    told = list(_misapplied(now, subject.trial.open))
    yield from told
    named = {**subject.trial.open, **subject.trial.later_open}
    yield from (f"later: {each}" for each in _misapplied(after, named) if each not in told)


def first_answers(subject: Subject) -> Sequence[tuple[Record, Asked[Mapped | Skipped | None]]]:
    """Return what mapping made of the first day, for the company of which a person counted."""
    return subject.mapped_taxed if subject.trial.taxed else subject.mapped


def standing(subject: Subject) -> list[Draft]:
    """Return the documents as they stand once ``Trial.later`` was read too.

    What was posted of a record that is taken back then stands emptied; a payment that says nothing new was posted
    before, so QuickBooks takes off it what it settled of such a document, and this is the customer's again.
    """
    before = {record.key(): found.drafts for record, found in _made(first_answers(subject))}
    emptied_ones = [
        emptied(draft, "") or draft
        for record, answer in subject.mapped_later
        if isinstance(answer.answer, Skipped) and answer.answer.takes_back
        for draft in before.get(record.key(), ())
    ]
    gone = {each.key for each in emptied_ones if is_empty(each)}
    posted = [draft for drafts in before.values() for draft in drafts]
    return [
        replace(draft, applied=tuple(one for one in draft.applied if _settles(one) not in gone))
        if isinstance(draft, Payment) and draft in posted
        else draft
        for draft in [*_drafts_of(subject.mapped_later), *emptied_ones]
    ]


def _settles(applied: Application) -> str:
    return applied.document.key if isinstance(applied.document, Link) else ""


def _made(
    answers: Iterable[tuple[Record, Asked[Mapped | Skipped | None]]],
) -> Iterator[tuple[Record, Mapped]]:
    yield from ((record, each.answer) for record, each in answers if isinstance(each.answer, Mapped))


def _drafts_of(answers: Iterable[tuple[Record, Asked[Mapped | Skipped | None]]]) -> list[Draft]:
    return [draft for _, found in _made(answers) for draft in found.drafts]


def _misapplied(drafts: Sequence[Draft], named: Mapping[str, object]) -> Iterator[str]:
    """Return what is settled that it is not right to settle; ``named`` has the documents from before the samples."""
    paying = [each for each in drafts if isinstance(each, PAYING) and not getattr(each, "voided", False)]
    documents = documents_of(drafts)
    known = {each.key for each in drafts}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in paying:
        if settled(payment) > payment.total:
            yield f"{payment.key}: {settled(payment)} > {payment.total}"
        for one in payment.applied:
            document = outside(one, documents)
            if isinstance(document, Outside):
                # A link that leads nowhere has a rule of its own; what the samples do not tell, a person does.
                if not isinstance(one.document, Link) and document.name not in named:
                    yield f"{payment.key} → {document.name}: Trial.open?"
                continue
            sums[document.key] += one.amount
            if one.of.value != document.kind:
                yield f"{payment.key} → {document.key}: {one.of.value} ≠ {document.kind}"
            ours, theirs = party_of(payment, documents), party_of(document, documents)
            if ours != theirs and {ours, theirs} <= known:
                yield f"{payment.key} → {document.key}: {ours} ≠ {theirs}"
    yield from (f"{key}: {sums[key]} > {documents[key].total}" for key in sums if sums[key] > documents[key].total)


def documents_of(drafts: Iterable[Draft]) -> dict[str, OWED]:
    """Return the documents of customers and vendors that payments may settle or use up, by their keys."""
    return {each.key: each for each in drafts if isinstance(each, OWED)}


def outside(applied: Application, documents: Mapping[str, OWED]) -> OWED | Outside:
    """Return the document that part of a payment goes to, or its name where it is not among these."""
    ref = applied.document
    if isinstance(ref, Link):
        return documents.get(ref.key) or Outside(ref.key)
    return Outside(f"{applied.of.value} {ref.id if isinstance(ref, LedgerId) else getattr(ref, 'name', '?')}")


def settled(payment: PAYING) -> Decimal:
    """Return how much of a payment's own money goes to documents: what it pays, less the credits it uses up."""
    return sum((-one.amount if one.of in _CREDITS else one.amount for one in payment.applied), Decimal(0))


def owes(draft: OWED | PAYING) -> int:
    """Return whether a document lets a customer owe more (1) or less (-1); of vendors, who are owed, the reverse."""
    return 1 if isinstance(draft, Invoice | VendorCredit | BillPayment) else -1


def rest_of(payment: PAYING) -> Decimal:
    """Return what of a payment settles nothing, as it changes what is owed."""
    return owes(payment) * (payment.total - settled(payment))


def party_of(draft: OWED | PAYING, documents: Mapping[str, OWED]) -> str:
    """Return the customer or vendor of a document by key, role or id; that of another document is found among these."""
    ref = draft.vendor if isinstance(draft, Bill | VendorCredit | BillPayment) else draft.customer
    if isinstance(ref, CustomerOf):
        other = documents.get(ref.document.key)
        return f"customer of {ref.document.key}" if other is None or other is draft else party_of(other, documents)
    for name in ("key", "name", "id"):
        if isinstance(value := getattr(ref, name, None), str) and value:
            return value
    return str(ref)

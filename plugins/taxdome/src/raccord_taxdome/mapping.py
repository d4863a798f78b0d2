"""Records become customers, items, invoices, payments, credits, refunds and fees. Pure: record, terms, settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from raccord.plugin import JSON, MapContext, Mapped, Record, Skipped, Text, record_key
from raccord.plugin.drafts import (
    Address,
    Application,
    CreditMemo,
    Customer,
    Expense,
    Invoice,
    Item,
    LedgerId,
    Link,
    MoneyOf,
    Payment,
    Ref,
    RefundReceipt,
    Role,
    SalesLine,
    Settled,
    StatedTax,
    TaxMode,
)
from raccord_taxdome.contract import ACCOUNTS, CREDITS, FEES, INVOICES, PAYMENTS, PAYOUTS, RECURRING, REFUNDS, SERVICES
from raccord_taxdome.payouts import expense_of, map_payout
from raccord_taxdome.reading import currency, decimal, label, landing, maybe, parts, settings_of, text
from raccord_taxdome.records import landing_of
from raccord_taxdome.services import DEFAULT_ITEM, item_of_line
from raccord_taxdome.settings import OlderServices, Payments, Scope, TaxDomeSettings, TaxPolicy, Tracking

EXEMPT = Role("tax_exempt")
AUTOMATED = LedgerId("TAX")
"""How QuickBooks calls its own reckoning of sales tax in the United States; the amount stays the source's."""
_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")
_OFFLINE = frozenset({"cash", "check", "other"})
DELETED = Skipped(
    "taxdome.deleted", Text("Supprimé à la source.", "Deleted at the source."), report=True, takes_back=True
)
DRAFT = Skipped(
    "taxdome.draft",
    Text("Encore une ébauche : écrite dès qu’elle est émise.", "Still a draft: posted once it is issued."),
    takes_back=True,
)
VOIDED = Skipped("taxdome.voided", Text("Annulée à la source.", "Voided at the source."), takes_back=True)
UNSYNCED = Skipped(
    "taxdome.account_unsynced", Text("Ce compte n’est pas synchronisé.", "This account is not synced."), report=True
)
NOT_SELECTED = Skipped(
    "taxdome.account_not_selected",
    Text("Ce compte n’est pas parmi les comptes choisis.", "This account is not among the selected ones."),
    report=True,
)
LEFT_OUT = Skipped(
    "taxdome.payment_left_out", Text("Ce paiement est laissé de côté.", "This payment is left out."), report=True
)
UNTICKED = replace(LEFT_OUT, takes_back=True)
"""By its own box: what is posted of it is taken out, its refunds too (EX-06). The firm's default leaves that alone."""


def map_taxdome_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Return what ``record`` becomes; ``None`` for a stream that is not ours."""
    settings = settings_of(context)
    deleted = record.raw.get("deleted") is True
    if deleted and record.stream != PAYMENTS:
        return DELETED
    account = record.source_id if record.stream == ACCOUNTS else text(record, "account_id")
    if account and settings.leaves_out(account):
        return NOT_SELECTED if settings.not_selected(account) else UNSYNCED
    match record.stream:
        case stream if stream == ACCOUNTS:
            return Mapped([_customer(settings, record)])
        case stream if stream == SERVICES:
            return _service(settings, record)
        case stream if stream == RECURRING:
            return Skipped(
                "taxdome.recurring",
                Text("Chaque facture émise vient par elle-même.", "Each invoice that is issued comes by itself."),
            )
        case stream if stream == INVOICES:
            standing = {"draft": DRAFT, "voided": VOIDED}.get(text(record, "status"))
            return standing or Mapped([_invoice(context, settings, record)])
        case stream if stream == PAYMENTS:
            return _payment(context, settings, record, deleted=deleted)
        case stream if stream == FEES:
            return _fee(context, settings, record)
        case stream if stream == REFUNDS:
            return _refund(context, settings, record)
        case stream if stream == CREDITS:
            return Skipped(
                "taxdome.credit_balance",
                Text(
                    "Un crédit est écrit quand il sert, ou avec le paiement dont il vient.",
                    "A credit is posted when it is used, or with the payment that it came from.",
                ),
            )
        case stream if stream == PAYOUTS:
            return map_payout(context, settings, record)
        case _:
            return None


def _customer(settings: TaxDomeSettings, record: Record) -> Customer:
    """An account is a customer of exactly its name, from its first document on unless all are synced (TD-12, TD-31)."""
    person = next(iter(parts(record, "contacts")), {})
    said = {name: str(person.get(name) or "") for name in ("email", "phone", *_ADDRESS)}
    address = Address(
        lines=(said["line"],) if said["line"] else (),
        city=said["city"],
        region=said["region"],
        postal_code=said["postal_code"],
        country=said["country"],
    )
    return Customer(
        key=record.key(),
        name=text(record, "name"),
        company=text(record, "name") if text(record, "type") in ("company", "other") else "",
        email=said["email"],
        phone=said["phone"],
        address=address if any(said[name] for name in _ADDRESS) else None,
        type_=Role("customer_type"),
        when_used=settings.accounts is Scope.USED,
        keeps_name=True,
    )


_ADDRESS = ("line", "city", "region", "postal_code", "country")


def _service(settings: TaxDomeSettings, record: Record) -> Mapped | Skipped:
    """Only a service that QuickBooks does not have yet becomes an item (TD-38 to TD-40, K3)."""
    origin = text(record, "origin") or "taxdome_before"
    if origin == "quickbooks_copy":
        return Skipped(
            "taxdome.service_copied",
            Text("Copié de QuickBooks : l’article y est déjà.", "Copied from QuickBooks: the item is there already."),
        )
    if origin == "taxdome_before" and settings.older_services is OlderServices.DEFAULT_ITEM:
        return Skipped(
            "taxdome.service_older",
            Text(
                "Plus ancien que la connexion : ses lignes vont à l’article de vente par défaut.",
                "Older than the connection: its lines go to the default sales item.",
            ),
        )
    return Mapped(
        [
            Item(
                key=record.key(),
                name=text(record, "name"),
                income_account=Role("service_income"),
                description=text(record, "description"),
                unit_price=maybe(record.raw, "rate"),
                sku=text(record, "rate_type"),
            )
        ]
    )


def _invoice(context: MapContext, settings: TaxDomeSettings, record: Record) -> Invoice:
    taxes = tuple(
        StatedTax(percent=decimal(tax, "rate"), amount=decimal(tax, "amount")) for tax in parts(record, "taxes")
    )
    due, memo = text(record, "due"), [f"TaxDome {record.source_id}", text(record, "description")]
    left_out = sum((tax.amount for tax in taxes), _ZERO) if settings.tax_on(record.day) is TaxPolicy.LEFT_OUT else _ZERO
    if left_out:
        memo.append(f"{label(context, 'tax_left_out')} {left_out:f}")
        taxes = ()
    return Invoice(
        key=record.key(),
        day=record.day,
        currency=currency(record),
        customer=_client(record),
        lines=tuple(_line(context, settings, record, line) for line in parts(record, "lines")),
        location=_tracked(settings, record, "location"),
        total=decimal(record.raw, "total") - left_out,
        tax_mode=TaxMode.EXCLUSIVE if taxes else TaxMode.NONE,
        taxes=taxes if context.taxed else (),
        number=text(record, "number"),
        due=date.fromisoformat(due) if due else None,
        memo=" · ".join(part for part in memo if part),
    )


def _line(context: MapContext, settings: TaxDomeSettings, record: Record, line: Mapping[str, JSON]) -> SalesLine:
    """The amount is the source's; quantity and rate stand beside it only where they come to it to the cent."""
    amount = decimal(line, "amount")
    quantity, rate = maybe(line, "quantity"), maybe(line, "rate")
    whole = quantity is not None and rate is not None and (quantity * rate).quantize(_CENT) == amount
    described = [str(line.get(name) or "") for name in ("name", "description")]
    if not whole and quantity is not None and rate is not None:
        described.append(f"{quantity.normalize():f} × {rate.normalize():f}")
    return SalesLine(
        item=item_of_line(settings, line),
        amount=amount,
        description=" · ".join(part for part in described if part),
        tax_code=_tax_code(context, settings, record, line),
        class_=_tracked(settings, record, "class"),
        quantity=quantity if whole else None,
        unit_price=rate if whole else None,
    )


def _tracked(settings: TaxDomeSettings, record: Record, what: str) -> Role | None:
    """The class and location of an invoice follow onto that of QuickBooks (EX-11)."""
    name = text(record, "class_name" if what == "class" else what)
    return Role(what, of=name) if name and settings.tracking is Tracking.FOLLOW else None


def _tax_code(context: MapContext, settings: TaxDomeSettings, record: Record, line: Mapping[str, JSON]) -> Ref | None:
    """A taxable line waits until its tax is said, by the name that TaxDome gives it: tax is never guessed (K18).

    Only a company of the United States has automated tax; in another one that answer says nothing.
    """
    policy = settings.tax_on(record.day)
    if line.get("taxable") is not True or policy is TaxPolicy.LEFT_OUT:
        return EXEMPT if context.taxed else None
    if policy is TaxPolicy.AUTOMATED and not context.taxed:
        return AUTOMATED
    names = dict.fromkeys(str(tax.get("tax") or "") for tax in parts(record, "taxes"))
    named = str(line.get("tax") or "") or " + ".join(name for name in names if name)
    return Role("tax_named", of=named) if named else Role("tax_taxable")


def _payment(context: MapContext, settings: TaxDomeSettings, record: Record, *, deleted: bool) -> Mapped | Skipped:
    source, status = text(record, "source") or "other", text(record, "status") or "succeeded"
    if source == "client_credit":
        return Skipped(
            "taxdome.client_credit",
            Text(
                "Aucun argent nouveau : le paiement dont vient ce crédit nomme la facture.",
                "No new money: the payment that the credit came from names the invoice.",
            ),
        )
    if status == "in_progress":
        return Skipped(
            "taxdome.in_progress",
            Text("Pas encore définitif : écrit quand il le sera.", "Not final yet: posted once it is."),
        )
    gone = deleted or status == "failed"
    if not gone and not _goes(settings, record.source_id, record.raw):
        return _left_out(record.raw)
    if source == "promotional_credit":
        return DELETED if gone else Mapped(_promotional(context, record))
    drafts: list[Payment | Expense] = [_money(context, settings, record, source, gone=gone)]
    fee = maybe(record.raw, "fee") or _ZERO
    if fee and not gone and not record.raw.get("fee_apart"):
        drafts.append(expense_of(context, landing_of(settings, record), record, record.key("fee"), fee))
    return Mapped(drafts)


def _goes(settings: TaxDomeSettings, payment_id: str, payment: Mapping[str, JSON]) -> bool:
    """The payment's own box decides; without a word the firm's default does (K24), but for what a person said here."""
    if settings.takes_all_the_same(payment_id):
        return True
    box = payment.get("sync")
    if isinstance(box, bool):
        return box
    offline = (payment.get("source") or "other") in _OFFLINE and (payment.get("provider") or "none") == "none"
    return settings.payments is Payments.ALL or (settings.payments is Payments.ONLINE and not offline)


def _left_out(payment: Mapping[str, JSON]) -> Skipped:
    return UNTICKED if payment.get("sync") is False else LEFT_OUT


def _money(context: MapContext, settings: TaxDomeSettings, record: Record, source: str, *, gone: bool) -> Payment:
    """A payment deleted or failed at the source is emptied, so that its invoices are owed again (EX-06)."""
    total = _ZERO if gone else decimal(record.raw, "amount")
    applied = () if gone else _applied(settings, record)
    memo = [label(context, "payment"), source, text(record, "provider"), record.source_id, text(record, "description")]
    taxes = sum((_left_out_of(settings, record, each) for each in parts(record, "invoice_applications")), _ZERO)
    if taxes and not gone:
        memo.append(f"{label(context, 'tax_left_out')} {taxes:f}")
    return Payment(
        key=record.key(),
        day=record.day,
        currency=currency(record),
        customer=_client(record),
        deposit_to=landing(landing_of(settings, record)),
        total=total,
        applied=applied,
        reference=record.source_id[:21],
        memo=" · ".join(part for part in memo if part),
        voided=gone,
    )


def _applied(settings: TaxDomeSettings, record: Record) -> tuple[Application, ...]:
    """Where tax stays out of the books, its part of a payment stays unapplied (K18)."""
    found = []
    for each in parts(record, "invoice_applications"):
        amount = decimal(each, "amount") - _left_out_of(settings, record, each)
        document = Link(record_key(INVOICES, str(each.get("invoice_id") or "")))
        found.append(Application(document=document, amount=amount, of=Settled.INVOICE))
    return tuple(found)


def _left_out_of(settings: TaxDomeSettings, record: Record, settled: Mapping[str, JSON]) -> Decimal:
    """Return the tax that the invoice left out, by the invoice's own day where it is known."""
    days = record.raw.get("invoice_days")
    said = days.get(str(settled.get("invoice_id"))) if isinstance(days, Mapping) else None
    day = date.fromisoformat(str(said)) if said else record.day
    return (maybe(settled, "tax") or _ZERO) if settings.tax_on(day) is TaxPolicy.LEFT_OUT else _ZERO


def _promotional(context: MapContext, record: Record) -> list[CreditMemo | Payment]:
    """A promotional credit is a credit memo, applied to its invoices by a payment of nothing (TD-15)."""
    amount = decimal(record.raw, "amount")
    memo = f"{label(context, 'promotional_credit')} · {record.source_id}"
    credit = CreditMemo(
        key=record.key(),
        day=record.day,
        currency=currency(record),
        customer=_client(record),
        lines=(
            SalesLine(item=DEFAULT_ITEM, amount=amount, description=memo, tax_code=EXEMPT if context.taxed else None),
        ),
        total=amount,
        memo=memo,
    )
    invoices = [
        Application(
            document=Link(record_key(INVOICES, str(each.get("invoice_id") or ""))),
            amount=decimal(each, "amount"),
            of=Settled.INVOICE,
        )
        for each in parts(record, "invoice_applications")
    ]
    if not invoices:
        return [credit]
    used = sum((each.amount for each in invoices), _ZERO)
    applied = Payment(
        key=record.key("applied"),
        day=record.day,
        currency=currency(record),
        customer=_client(record),
        deposit_to=Role("undeposited"),
        total=_ZERO,
        applied=(*invoices, Application(document=Link(credit.key), amount=used, of=Settled.CREDIT_MEMO)),
        memo=memo,
    )
    return [credit, applied]


def _fee(context: MapContext, settings: TaxDomeSettings, record: Record) -> Mapped | Skipped:
    """A fee as an object of its own; that of a payment left out stays out with it."""
    if record.raw.get("in_payment"):
        return Skipped(
            "taxdome.fee_in_payment",
            Text("Son paiement dit déjà ces frais.", "Its payment says this fee already."),
        )
    payment = record.raw.get("payment")
    if isinstance(payment, Mapping) and not _goes(settings, text(record, "payment_id"), payment):
        return _left_out(payment)
    amount = decimal(record.raw, "amount")
    return Mapped([expense_of(context, landing_of(settings, record), record, record.key(), amount)])


def _refund(context: MapContext, settings: TaxDomeSettings, record: Record) -> Mapped | Skipped:
    """Money given back, after the payment it gives back; that of a payment left out stays out with it (EX-06)."""
    payment = record.raw.get("payment")
    if isinstance(payment, Mapping) and not _goes(settings, text(record, "payment_id"), payment):
        return _left_out(payment)
    return Mapped([_given_back(context, settings, record)])


def _given_back(context: MapContext, settings: TaxDomeSettings, record: Record) -> RefundReceipt:
    """The money leaves the account on which the payment's lies: a bank, once a person deposited it there (TD-42)."""
    amount, payment = decimal(record.raw, "amount"), Link(record_key(PAYMENTS, text(record, "payment_id")))
    memo = " · ".join(
        part
        for part in (
            label(context, "refund"),
            text(record, "payment_id"),
            record.source_id,
            text(record, "description"),
        )
        if part
    )
    return RefundReceipt(
        key=record.key(),
        day=record.day,
        currency=currency(record),
        paid_from=MoneyOf(payment, landing(landing_of(settings, record))),
        customer=_client(record),
        lines=(
            SalesLine(item=DEFAULT_ITEM, amount=amount, description=memo, tax_code=EXEMPT if context.taxed else None),
        ),
        total=amount,
        after=payment,
        memo=memo,
    )


def _client(record: Record) -> Link:
    return Link(record_key(ACCOUNTS, text(record, "account_id")))

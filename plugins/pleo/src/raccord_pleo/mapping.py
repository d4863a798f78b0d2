"""From an exported expense to its document and its receipts; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pydantic import ValidationError

from raccord.plugin import BadRecord, MapContext, Mapped, Record, Skipped, Text, record_key
from raccord.plugin.drafts import (
    Application,
    Attachment,
    Bill,
    BillPayment,
    Deposit,
    DirectLine,
    Draft,
    Expense,
    ExpenseLine,
    LedgerId,
    Link,
    PaymentType,
    Ref,
    Role,
    Settled,
    StatedTax,
    TaxMode,
    Transfer,
    Vendor,
)
from raccord_pleo import refusals
from raccord_pleo.records import (
    ACCOUNTS_PAYABLE,
    ENTRIES,
    ENTRY,
    ITEM,
    PAYS,
    RECEIPTS,
    SETTLES,
    VENDOR,
    word_of,
)
from raccord_pleo.wire import InvoiceInformation, Item, Line, TaxType

BANK, POCKET, FUNDING, PAYABLE = "pleo_bank", "pocket", "funding", "payable"
CATEGORY, TAX = "category", "tax"
CLASSES, PROJECTS = "raccord-classes", "raccord-projects"
"""Codes of the tag groups that mirror QuickBooks' classes and projects; a tag's code is the id there."""
BY_JOURNAL = frozenset({"owed", "returned"})
"""What is posted on the account that paid, without a debt to a vendor between. An item for which the company wants such
a debt fails, with the reason, rather than be kept otherwise than it chose.
"""
_MEMO_CHARS_MAX = 1000


def map_expense(context: MapContext, record: Record) -> Mapped | Skipped:
    """Map one exported expense; raises ``BadRecord`` for what Pleo has to send otherwise."""
    if ENTRY in record.raw:
        return Skipped("pleo.invoice_number", refusals.INVOICE_NUMBER)
    if VENDOR in record.raw:
        return Mapped([Vendor(key=record.key(), name=str(record.raw[VENDOR]))])
    item = _item(record)
    term = context.terms.get(word_of(item))
    if PAYS in record.raw:
        return _paid(context, record, item, "" if term is None else term.ledger)
    if term is None:
        return Skipped("pleo.type_unknown", refusals.type_unknown(item.type, item.sub_type or ""), report=True)
    if term.ledger == "left_out":
        return Skipped("pleo.type_left_out", refusals.type_left_out(term.label), report=True)
    by_payable = item.bookkeeping is not None and item.bookkeeping.method == ACCOUNTS_PAYABLE
    if term.ledger in BY_JOURNAL and by_payable:
        raise refusals.accounts_payable(term.label)
    total = item.amount.in_wallet_currency.money("amount")
    if not total:
        return Skipped("pleo.nothing", Text("Le montant est nul.", "The amount is zero."))
    if total.amount < 0:
        raise refusals.against_its_type(item.type, str(total))
    if total.currency != context.home_currency:
        raise refusals.currency_foreign(total.currency, context.home_currency)
    # By accounts payable a purchase is a bill; a record of its own has the payment.
    ledger = "billed" if term.ledger == "spent" and by_payable else term.ledger
    document = _document(record, item, ledger, total.amount, context.taxed)
    if isinstance(document, Transfer):
        return Mapped([document])
    return Mapped([document, *_receipts(record)])


def _paid(context: MapContext, record: Record, item: Item, ledger: str) -> Mapped | Skipped:
    """Map what was paid for a purchase by accounts payable; whatever is wrong with that its own record says."""
    total = item.amount.in_wallet_currency.money("amount")
    if ledger != "spent" or total.currency != context.home_currency:
        return Skipped("pleo.payment_alone", refusals.PAYMENT_ALONE)
    return Mapped([_bill_payment(record, item, total.amount, str(record.raw[PAYS]))])


def _bill_payment(record: Record, item: Item, total: Decimal, billed: str) -> BillPayment:
    settled = Application(document=Link(record_key(ENTRIES, billed)), amount=total, of=Settled.BILL)
    return BillPayment(
        key=record.key(), day=record.day, currency=item.amount.in_wallet_currency.currency, vendor=_vendor(item),
        paid_from=Role(BANK), payment_type=PaymentType.CHECK, total=total, applied=(settled,), memo=memo_of(item),
    )  # fmt: skip


def _document(record: Record, item: Item, ledger: str, total: Decimal, taxed: bool) -> Draft:
    memo = memo_of(item)
    key, day, currency = record.key(), record.day, item.amount.in_wallet_currency.currency
    match ledger:
        case "spent" | "owed":
            mode, lines, taxes = _lines(item, total, taxed)
            return Expense(
                key=key,
                day=day,
                currency=currency,
                paid_from=Role(POCKET if ledger == "owed" else BANK),
                payment_type=PaymentType.CASH,
                lines=lines,
                total=total,
                tax_mode=mode,
                taxes=taxes,
                payee=_payee(item),
                reference=_reference(item),
                memo=memo,
            )
        case "returned":
            mode, spent, taxes = _lines(item, total, taxed)
            direct = tuple(
                DirectLine(
                    account=line.account, amount=line.amount, description=line.description, class_=line.class_,
                    # A deposit's line names one: whose project it is counts more than who gave the money back.
                    entity=line.customer or _payee(item), tax_code=line.tax_code,
                )
                for line in spent
            )  # fmt: skip
            return Deposit(
                key=key, day=day, currency=currency, bank=Role(BANK), lines=direct, total=total, memo=memo,
                tax_mode=mode, taxes=taxes,
            )  # fmt: skip
        case "billed":
            mode, lines, taxes = _lines(item, total, taxed)
            invoice = item.additional_information.invoice_information or InvoiceInformation()
            return Bill(
                key=key, day=day, currency=currency, vendor=_vendor(item), lines=lines, total=total, memo=memo,
                tax_mode=mode, taxes=taxes, number=invoice.invoice_number or "", due=invoice.due,
            )  # fmt: skip
        case "settled":
            invoice_entry = str(record.raw.get(SETTLES) or "")
            if not invoice_entry:
                raise refusals.invoice_unnamed()
            return _bill_payment(record, item, total, invoice_entry)
        case "paid_back":
            owed = DirectLine(account=Role(PAYABLE), amount=total, description=memo[:200], entity=_vendor(item))
            return Deposit(key=key, day=day, currency=currency, bank=Role(BANK), lines=(owed,), total=total, memo=memo)
        case "loaded":
            return Transfer(
                key=key, day=day, currency=currency, source=Role(FUNDING), target=Role(BANK), total=total, memo=memo,
                arriving=True,
            )  # fmt: skip
        case "reimbursed" | "repaid":
            back = ledger == "repaid"
            source, target = (POCKET, BANK) if back else (BANK, POCKET)
            return Transfer(
                key=key, day=day, currency=currency, source=Role(source), target=Role(target), total=total, memo=memo,
                arriving=back,
            )  # fmt: skip
        case _:
            raise refusals.term_unknown(ledger)


def _lines(item: Item, total: Decimal, taxed: bool) -> tuple[TaxMode, tuple[ExpenseLine, ...], tuple[StatedTax, ...]]:
    """Return the parts of an expense, without tax where QuickBooks keeps it apart, and what Pleo says of each rate."""
    parts = _parts(item)
    amounts = [line.line_amount.in_wallet_currency.money("lineAmount").amount for line in parts]
    taxes = [_tax_of(line) for line in parts]
    if sum(amounts) != total and sum(amounts) + sum(taxes) == total:
        # Amounts without tax: the whole holds it.
        amounts = [amount + tax for amount, tax in zip(amounts, taxes, strict=True)]
    if sum(amounts) != total:
        raise refusals.does_not_add_up(str(sum(amounts)), str(total))
    apart = taxed and any(line.tax is not None for line in parts)
    if apart:
        amounts = [amount - tax for amount, tax in zip(amounts, taxes, strict=True)]
    lines = tuple(
        ExpenseLine(
            account=_category(line),
            amount=amount,
            description=(item.note or "")[:200],
            tax_code=Role(TAX, of=line.tax.code or _percent(line.tax.rate)) if apart and line.tax else None,
            class_=_tag(line, CLASSES, "Class"),
            customer=_tag(line, PROJECTS, "Customer"),
        )
        for line, amount in zip(parts, amounts, strict=True)
        if amount
    )
    if not apart:
        return TaxMode.NONE, lines, ()
    stated: dict[Decimal, Decimal] = {}
    for line, tax in zip(parts, taxes, strict=True):
        if line.tax is not None and line.tax.type != TaxType.REVERSE:
            percent = (line.tax.rate * 100).normalize()
            stated[percent] = stated.get(percent, Decimal(0)) + tax
    return TaxMode.EXCLUSIVE, lines, tuple(StatedTax(percent=each, amount=amount) for each, amount in stated.items())


def _tax_of(line: Line) -> Decimal:
    """Return the tax that was paid with a line; what is charged in reverse was not."""
    if line.tax is None or line.tax.type == TaxType.REVERSE:
        return Decimal(0)
    return line.tax.amount.in_wallet_currency.money("tax").amount


def _parts(item: Item) -> Sequence[Line]:
    if not item.accounting_entry_lines:
        raise refusals.no_lines()
    return item.accounting_entry_lines


def _category(line: Line) -> Ref:
    """Return the account of a line: by its id in QuickBooks, else as the company mapped Pleo's category."""
    if line.account is None:
        raise refusals.category_missing()
    if line.account.identifier:
        return LedgerId(line.account.identifier, "Account")
    return Role(CATEGORY, of=line.account.code or line.account.name)


def _tag(line: Line, group: str, kind: str) -> Ref | None:
    code = next((tag.code for tag in line.tags if tag.group_code == group and tag.code), None)
    return None if code is None else LedgerId(code, kind)


def _payee(item: Item) -> Ref | None:
    known = item.vendor.external_id if item.vendor is not None else None
    return LedgerId(known, "Vendor") if known else None


def _vendor(item: Item) -> Ref:
    """Return the vendor of a bill: by its id in QuickBooks, else the one that comes with it."""
    known = _payee(item)
    if known is not None:
        return known
    if item.vendor is None:
        raise refusals.vendor_missing()
    return Link(record_key(ENTRIES, f"{VENDOR} {item.vendor.id}"))


def _reference(item: Item) -> str:
    return (item.additional_information.reconciliation_id or "")[:21]


def memo_of(item: Item) -> str:
    """Return what people see: the supplier, the note, who spent it, and the supplier's own amount."""
    wallet, supplier = item.amount.in_wallet_currency, item.amount.in_supplier_currency
    foreign = ""
    if supplier.currency not in (wallet.currency, "UNDEFINED"):
        foreign = f"{supplier.money('inSupplierCurrency')}"
    name = (item.supplier.name if item.supplier is not None else None) or (item.vendor.name if item.vendor else "")
    who = item.user.name if item.user is not None else ""
    return " · ".join(part for part in (name, (item.note or "").strip(), who, foreign) if part)[:_MEMO_CHARS_MAX]


def _receipts(record: Record) -> list[Attachment]:
    receipts = record.raw.get(RECEIPTS)
    made = {}
    for each in receipts if isinstance(receipts, list | tuple) else ():
        if not isinstance(each, Mapping):
            continue
        if "missing" in each:
            raise refusals.receipt_missing(str(each["name"]), str(each["missing"]))
        sha = str(each["sha256"])
        key = record.key(f"receipt-{sha[:16]}")
        made[key] = Attachment(key=key, document=Link(record.key()), file=sha, name=str(each["name"]))
    return list(made.values())


def _item(record: Record) -> Item:
    try:
        return Item.model_validate(record.raw[ITEM])
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadRecord(
            where,
            Text(f"Pleo a envoyé un champ « {where} » illisible.", f"Pleo sent an unreadable field “{where}”."),
            "pleo.unreadable_field",
        ) from None


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"

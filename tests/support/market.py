"""A market's books as a connector: one stream for each kind of draft that the ledger knows, and no question to anybody.

Its rows are set by the tests: ``{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}``.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

from pydantic import BaseModel, Field

from raccord.plugin import (
    ConnectorInfo,
    FetchContext,
    MapContext,
    Mapped,
    Money,
    NewObject,
    Page,
    Record,
    RoleInfo,
    Skipped,
    StreamInfo,
    Text,
    hookimpl,
)
from raccord.plugin.drafts import (
    Accepts,
    Account,
    Application,
    Attachment,
    Bill,
    BillPayment,
    CreditMemo,
    Customer,
    Decision,
    Deposit,
    DirectLine,
    Draft,
    Expense,
    ExpenseLine,
    Invoice,
    Item,
    ItemFor,
    JournalEntry,
    JournalLine,
    Link,
    LinkedLine,
    Payment,
    PaymentType,
    RefundReceipt,
    Role,
    SalesLine,
    SalesReceipt,
    Settled,
    Side,
    TaxMode,
    Transfer,
    Vendor,
    VendorCredit,
)

ROWS: dict[str, list[dict[str, str]]] = {}
"""What each market says now, by its name."""

PAGE = 25


class MarketSettings(BaseModel):
    market: str = Field(title="Market", json_schema_extra={"fr": "Marché"})


def _t(fr: str, en: str) -> Text:
    return Text(fr, en)


def _stream(name: str, fr: str, en: str) -> StreamInfo:
    return StreamInfo(name, _t(fr, en))


INFO = ConnectorInfo(
    name="market",
    label=_t("Marché", "Market"),
    summary=_t("Les livres d'un marché.", "A market's books."),
    version="1.0",
    streams=(
        _stream("accounts", "Comptes", "Accounts"),
        _stream("people", "Clients", "Customers"),
        _stream("vendors", "Fournisseurs", "Vendors"),
        _stream("items", "Articles", "Items"),
        _stream("sales", "Ventes", "Sales"),
        _stream("refunds", "Remboursements", "Refunds"),
        _stream("expenses", "Dépenses", "Expenses"),
        _stream("journals", "Écritures", "Journal entries"),
        _stream("transfers", "Virements", "Transfers"),
        _stream("takings", "Recettes", "Takings"),
        _stream("payouts", "Versements", "Payouts"),
        _stream("invoices", "Factures", "Invoices"),
        _stream("credits", "Avoirs", "Credit memos"),
        _stream("receipts", "Encaissements", "Payments"),
        _stream("bills", "Achats", "Bills"),
        _stream("returns", "Retours", "Vendor credits"),
        _stream("settlements", "Règlements", "Bill payments"),
        _stream("scans", "Reçus", "Receipts' pictures"),
    ),
    settings=MarketSettings,
    identity_setting="market",
    roles=(
        RoleInfo("bank", _t("Banque", "Bank"), Accepts.BANK),
        RoleInfo("till", _t("Caisse", "Till"), Accepts.BANK),
        RoleInfo(
            "income",
            _t("Revenu", "Income"),
            Accepts.INCOME,
            default=NewObject(_t("Revenu Marché", "Market Income"), "Income"),
        ),
        RoleInfo(
            "fees",
            _t("Frais", "Fees"),
            Accepts.EXPENSE,
            default=NewObject(_t("Frais Marché", "Market Fees"), "Expense"),
        ),
        RoleInfo("tax", _t("Taxe", "Tax"), Accepts.TAX_CODE),
        RoleInfo("clearing", _t("Attente", "Clearing"), Accepts.CLEARING, subtype="UndepositedFunds"),
    ),
)


@hookimpl
def describe() -> ConnectorInfo:
    return INFO


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
    settings = context.settings
    assert isinstance(settings, MarketSettings)
    rows = [row for row in ROWS.get(settings.market, []) if row["stream"] == stream]
    start = int(cursor or 0)
    end = min(start + PAGE, len(rows))
    # The whole market is read again in each run: what is new in it may stand anywhere.
    more = end < len(rows)
    for row in rows[start:end]:
        if stream == "scans" and "lost" not in row:
            context.files.receive(f"{row['id']}.txt", BytesIO(row["text"].encode()), origin="market")
    return Page(tuple(_record(row) for row in rows[start:end]), str(end) if more else None, more)


def _record(row: dict[str, str]) -> Record:
    amount = row.get("amount")
    return Record(
        stream=row["stream"],
        source_id=row["id"],
        day=date.fromisoformat(row["day"]),
        raw={name: value for name, value in row.items() if name != "as_of"},
        amount=None if amount is None else Money.of(amount, "CAD"),
        as_of=datetime.fromisoformat(row["as_of"]) if "as_of" in row else None,
        begins_on=date.fromisoformat(row["begins_on"]) if "begins_on" in row else None,
    )


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    return Mapped((_draft(record),))


def _draft(record: Record) -> Draft:
    key, day = record.key(), record.day
    amount = Decimal(0) if record.amount is None else record.amount.amount
    name, memo = str(record.raw.get("name", record.source_id)), str(record.raw.get("memo", ""))
    match record.stream:
        case "accounts":
            return Account(key=key, name=name, type="Expense", description=memo)
        case "people":
            return Customer(key=key, name=name, phone=str(record.raw.get("phone", "")))
        case "vendors":
            return Vendor(key=key, name=name)
        case "items":
            return Item(key=key, name=name, income_account=Role("income"), description=memo)
        case "sales":
            return SalesReceipt(
                key=key, day=day, currency="CAD", deposit_to=Role("clearing"), lines=_sold(record, amount),
                total=amount, tax_mode=TaxMode.INCLUSIVE, reference=record.source_id, memo=memo,
                customer=Link(str(record.raw["to"])) if "to" in record.raw else None,
            )  # fmt: skip
        case "refunds":
            return RefundReceipt(
                key=key, day=day, currency="CAD", paid_from=Role("clearing"), lines=_sold(record, -amount),
                total=-amount, tax_mode=TaxMode.INCLUSIVE, memo=memo,
            )  # fmt: skip
        case "expenses":
            line = ExpenseLine(account=Role("fees"), amount=-amount, description=memo)
            return Expense(
                key=key, day=day, currency="CAD", paid_from=Role("bank"), payment_type=PaymentType.CASH, lines=(line,),
                total=-amount, payee=Link(str(record.raw["to"])) if "to" in record.raw else None, memo=memo,
            )  # fmt: skip
        case "journals":
            lines = (
                JournalLine(account=Role("fees"), side=Side.DEBIT, amount=-amount, description=memo),
                JournalLine(account=Role("bank"), side=Side.CREDIT, amount=-amount),
            )
            return JournalEntry(key=key, day=day, currency="CAD", lines=lines, money=Role("bank"), memo=memo)
        case "transfers":
            return Transfer(
                key=key, day=day, currency="CAD", source=Role("bank"), target=Role("till"), total=-amount, memo=memo
            )
        case "takings":
            # What a person has to say of it, where it is said so.
            earned = Decision("category", Accepts.CATEGORY) if "asked" in record.raw else Role("income")
            taken = DirectLine(account=earned, amount=amount, description=memo)
            return Deposit(key=key, day=day, currency="CAD", bank=Role("bank"), lines=(taken,), total=amount, memo=memo)
        case "scans":
            file = hashlib.sha256(str(record.raw["text"]).encode()).hexdigest()
            of, name = str(record.raw["of"]), str(record.raw.get("name", f"{record.source_id}.txt"))
            return Attachment(key=key, document=Link(of), file=file, name=name, note=str(record.raw.get("note", "")))
        case "payouts":
            return _payout(record, amount, memo)
        case _:
            return _owed(record, key, day, amount, memo)


def _owed(record: Record, key: str, day: date, amount: Decimal, memo: str) -> Draft:
    """What customers owe and vendors are owed, and what settles it."""
    party = Link(str(record.raw["to"]))
    match record.stream:
        case "invoices":
            return Invoice(
                key=key, day=day, currency="CAD", customer=party, lines=_sold(record, amount), total=amount,
                tax_mode=TaxMode.INCLUSIVE, memo=memo, number=str(record.raw.get("number", "")),
            )  # fmt: skip
        case "credits":
            return CreditMemo(
                key=key, day=day, currency="CAD", customer=party, lines=_sold(record, -amount), total=-amount,
                tax_mode=TaxMode.INCLUSIVE, memo=memo,
            )  # fmt: skip
        case "receipts":
            return Payment(
                key=key, day=day, currency="CAD", customer=party, deposit_to=Role("clearing"), total=amount,
                applied=_applied(record, {"invoices": Settled.INVOICE, "credits": Settled.CREDIT_MEMO}), memo=memo,
            )  # fmt: skip
        case "bills":
            line = ExpenseLine(account=Role("fees"), amount=-amount, description=memo)
            return Bill(key=key, day=day, currency="CAD", vendor=party, lines=(line,), total=-amount, memo=memo)
        case "returns":
            line = ExpenseLine(account=Role("fees"), amount=amount, description=memo)
            return VendorCredit(key=key, day=day, currency="CAD", vendor=party, lines=(line,), total=amount, memo=memo)
        case _:
            return BillPayment(
                key=key, day=day, currency="CAD", vendor=party, paid_from=Role("bank"),
                payment_type=PaymentType.CHECK, total=-amount,
                applied=_applied(record, {"bills": Settled.BILL, "returns": Settled.VENDOR_CREDIT}), memo=memo,
            )  # fmt: skip


def _applied(record: Record, kinds: dict[str, Settled]) -> tuple[Application, ...]:
    return tuple(
        Application(document=Link(key), amount=Decimal(value), of=kinds[key.split("/")[0]])
        for key, value in (each.split("=") for each in str(record.raw["of"]).split(","))
    )


def _sold(record: Record, amount: Decimal) -> tuple[SalesLine, ...]:
    item = Link(str(record.raw["of"])) if "of" in record.raw else ItemFor(Role("income"))
    return (SalesLine(item=item, amount=amount, tax_code=Role("tax"), description=str(record.raw.get("memo", ""))),)


def _payout(record: Record, amount: Decimal, memo: str) -> Deposit:
    """Sales and refunds paid out to the bank, less a fee."""
    linked = tuple(
        LinkedLine(document=Link(key), amount=Decimal(value))
        for key, value in (each.split("=") for each in str(record.raw["of"]).split(","))
    )
    fee = DirectLine(account=Role("fees"), amount=-Decimal(str(record.raw["fee"])), description="fee")
    return Deposit(
        key=record.key(), day=record.day, currency="CAD", bank=Role("bank"), lines=(*linked, fee), total=amount,
        memo=memo,
    )  # fmt: skip

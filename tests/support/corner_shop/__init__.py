"""A good connector, small and whole: the till's files of a corner shop and the payouts of its card processor."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from raccord.plugin import (
    JSON,
    BadRecord,
    ConnectorInfo,
    FetchContext,
    LedgerObject,
    ListInfo,
    MapContext,
    Mapped,
    Money,
    Outcome,
    Page,
    PushContext,
    PushResult,
    Record,
    Reject,
    ReportContext,
    RoleInfo,
    SignInContext,
    Skipped,
    SourceRefused,
    StreamInfo,
    TermTable,
    Text,
    hookimpl,
    record_key,
)
from raccord.plugin.drafts import (
    Accepts,
    Application,
    Customer,
    Decision,
    Deposit,
    DirectLine,
    Invoice,
    ItemFor,
    JournalEntry,
    JournalLine,
    Link,
    Payment,
    RefundReceipt,
    Role,
    SalesLine,
    SalesReceipt,
    Settled,
    Side,
    StatedTax,
    TaxMode,
)

TERMS = TermTable.from_toml("""
[[term]]
word = "sale"
ledger = "SalesReceipt"
fr = "Vente"
en = "Sale"
origin = "till, manual, page 3"
role = "income"

[[term]]
word = "refund"
ledger = "RefundReceipt"
fr = "Remboursement"
en = "Refund"
origin = "till, manual, page 3"
role = "income"

[[term]]
word = "account"
ledger = "Invoice"
fr = "Sur le compte"
en = "On account"
origin = "till, manual, page 4"
role = "income"

[[term]]
word = "voucher"
ledger = "SalesReceipt"
fr = "Bon d'achat"
en = "Voucher"
origin = "till, manual, page 4"
role = "income"
""")
ONE = Decimal(1)
BANK, INCOME, CLEARING, FEES = Role("bank"), Role("income"), Role("clearing"), Role("fees")


class Branch(StrEnum):
    MAIN = "main"
    MARKET = "market"


class ShopSettings(BaseModel):
    """What the shop's owner says once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop: str = Field(title="Shop number", json_schema_extra={"fr": "Numéro du magasin"})
    api_token: SecretStr = Field(title="Token of the processor", json_schema_extra={"fr": "Jeton du processeur"})
    branch: Branch = Field(
        Branch.MAIN,
        title="Branch",
        description="The market has a till of its own.",
        json_schema_extra={
            "fr": "Succursale",
            "fr_hint": "Le marché a sa propre caisse.",
            "options": {"main": ["Principale", "Main"], "market": ["Marché", "Market"]},
        },
    )


@hookimpl
def describe() -> ConnectorInfo:
    return ConnectorInfo(
        name="corner-shop",
        label=Text("Dépanneur", "Corner shop"),
        summary=Text(
            "Ventes de la caisse et versements du processeur.", "Sales of the till and payouts of the processor."
        ),
        version="1.0",
        streams=[
            StreamInfo("people", Text("Clients", "Customers")),
            StreamInfo("sales", Text("Ventes", "Sales")),
            StreamInfo("payouts", Text("Versements", "Payouts")),
        ],
        settings=ShopSettings,
        roles=[
            RoleInfo("bank", Text("Banque", "Bank"), Accepts.BANK),
            RoleInfo("income", Text("Revenus", "Income"), Accepts.INCOME),
            RoleInfo("clearing", Text("Fonds non déposés", "Undeposited funds"), Accepts.CLEARING),
            RoleInfo("fees", Text("Frais", "Fees"), Accepts.EXPENSE),
            RoleInfo("tax", Text("Taxes", "Taxes"), Accepts.TAX_CODE),
        ],
        lists=[ListInfo(name="goods", label=Text("Articles", "Goods"), kinds=("Item",))],
        terms=TERMS,
        hosts=["pay.example.com"],
        identity_setting="shop",
    )


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    if not isinstance(context.settings, ShopSettings):
        raise SourceRefused(Text("Réglages d'un autre connecteur.", "The settings of another connector."))
    if stream in ("people", "sales"):
        return _till_page(context, stream, int(cursor or "0"))
    return _payout_page(context, context.settings, cursor or "0") if stream == "payouts" else None


def _till_page(context: FetchContext, stream: str, number: int) -> Page:
    file = context.files.after(number)
    if file is None:
        return Page((), str(number), more=False)
    with file.open() as opened:
        text = opened.read().decode("utf-8", "replace")
    records: dict[str, Record] = {}
    rejects: list[Reject] = []
    for line, row in enumerate(csv.DictReader(io.StringIO(text), restval=""), start=2):
        try:
            record = _till_record(context, stream, row)
        except (KeyError, ValueError, TypeError):
            if stream == "sales":
                why = Text("Cette ligne de caisse est illisible.", "This row of the till cannot be read.")
                rejects.append(Reject(stream, f"{file.name}:{line}", "corner-shop.row", why, str(row)[:200]))
            continue
        records[record.source_id] = record
    more = context.files.after(file.number) is not None
    return Page(list(records.values()), str(file.number), more=more, rejects=rejects)


def _till_record(context: FetchContext, stream: str, row: Mapping[str, str]) -> Record:
    moment = datetime.fromisoformat(row["moment"])
    raw: dict[str, JSON] = {str(name): str(value) for name, value in row.items()}
    raw["day"] = str(context.days.day_of(moment))
    if stream == "people":
        return Record(stream, row["customer"], context.starts_on, {"name": f"Customer {row['customer']}"})
    amount = Money.of(row["amount"], "CAD")
    return Record(stream, row["id"], context.days.day_of(moment), raw, amount, as_of=moment)


def _payout_page(context: FetchContext, settings: ShopSettings, cursor: str) -> Page:
    answer = context.http.get(
        "https://pay.example.com/payouts",
        params={"after": cursor},
        headers={"Authorization": f"Bearer {settings.api_token.get_secret_value()}"},
    )
    answer, rejects = _readable(answer)
    said = json.loads(answer.content, parse_float=Decimal)
    records = [_payout(each) for each in said["data"]]
    return Page(records, str(said["last"]), rejects=rejects, more=bool(said["more"]))


def _readable(answer: Any) -> tuple[Any, list[Reject]]:
    """Return an answer without the payouts that cannot be read, and these as rejects."""
    try:
        said = json.loads(answer.content, parse_float=Decimal)
        rows = list(said["data"])
    except (ValueError, KeyError, TypeError):
        raise SourceRefused(Text("Réponse imprévue du processeur.", "An unexpected answer of the processor.")) from None
    readable: list[object] = []
    rejects: list[Reject] = []
    for row in rows:
        try:
            _payout(row)
        except (KeyError, ValueError, TypeError):
            why = Text("Ce versement est illisible.", "This payout cannot be read.")
            rejects.append(Reject("payouts", str(row)[:80], "corner-shop.payout", why))
        else:
            readable.append(row)
    return SimpleNamespace(content=json.dumps({**said, "data": readable}, default=str).encode()), rejects


def _payout(said: Mapping[str, object]) -> Record:
    raw: dict[str, JSON] = {name: str(value) for name, value in said.items()}
    amount = Money.of(str(said["net"]), str(said["currency"]))
    return Record("payouts", str(said["id"]), date.fromisoformat(str(said["day"])), raw, amount)


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    match record.stream:
        case "people":
            return Mapped([Customer(key=record.key(), name=str(record.raw["name"]))])
        case "sales":
            return _sale(context, record)
        case "payouts":
            return _payout_drafts(record)
        case _:
            return None


def _sale(context: MapContext, record: Record) -> Mapped | Skipped:
    kind, amount = str(record.raw["kind"]), record.amount
    if kind == "void":
        return Skipped("corner-shop.void", Text("Annulée à la caisse.", "Voided at the till."))
    if amount is not None and kind.startswith("paid:"):
        return Mapped([_paid(record, amount, kind.partition(":")[2])])
    if amount is None or context.terms.get(kind) is None:
        raise BadRecord("kind", Text(f"Genre inconnu : {kind}.", f"Unknown kind: {kind}."))
    worth = abs(amount.amount)
    code = Role("tax") if context.taxed else None
    line = SalesLine(
        item=ItemFor(INCOME),
        amount=worth,
        tax_code=code,
        description=str(record.raw["note"]),
        quantity=ONE,
        unit_price=worth,
    )
    taxes = (StatedTax(percent=Decimal("14.975"), amount=Decimal(str(record.raw["tax"]))),)
    customer = Link(record_key("people", str(record.raw["customer"])))
    # Whose voucher it is, and which account owes it, only a person knows.
    at = Decision(name="voucher", accepts=Accepts.CLEARING) if kind == "voucher" else CLEARING
    if kind == "account":
        return Mapped(
            [
                Invoice(
                    key=record.key(), day=record.day, currency=amount.currency, customer=customer, lines=(line,),
                    total=worth, tax_mode=TaxMode.INCLUSIVE, taxes=taxes,
                )
            ]
        )  # fmt: skip
    if kind == "refund":
        return Mapped(
            [
                RefundReceipt(
                    key=record.key(), day=record.day, currency=amount.currency, paid_from=CLEARING, lines=(line,),
                    total=worth, tax_mode=TaxMode.INCLUSIVE, taxes=taxes, customer=customer,
                )
            ]
        )  # fmt: skip
    return Mapped(
        [
            SalesReceipt(
                key=record.key(), day=record.day, currency=amount.currency, deposit_to=at, lines=(line,),
                total=worth, tax_mode=TaxMode.INCLUSIVE, taxes=taxes, customer=customer,
            )
        ]
    )  # fmt: skip


def _paid(record: Record, amount: Money, sale: str) -> Payment:
    """Return the payment of a sale on account."""
    worth, customer = amount.amount, record_key("people", str(record.raw["customer"]))
    settles = Application(document=Link(record_key("sales", sale)), amount=worth, of=Settled.INVOICE)
    return Payment(
        key=record.key(), day=record.day, currency=amount.currency, deposit_to=CLEARING, total=worth,
        customer=Link(customer), applied=(settles,),
    )  # fmt: skip


def _payout_drafts(record: Record) -> Mapped:
    amount = record.amount or Money.zero("CAD")
    gross, fee = Decimal(str(record.raw["gross"])), Decimal(str(record.raw["fee"]))
    if amount.amount < 0:
        lines = (
            JournalLine(account=CLEARING, side=Side.DEBIT, amount=-gross),
            JournalLine(account=FEES, side=Side.DEBIT, amount=fee),
            JournalLine(account=BANK, side=Side.CREDIT, amount=-amount.amount),
        )
        return Mapped(
            [JournalEntry(key=record.key(), day=record.day, currency=amount.currency, lines=lines, money=BANK)]
        )
    parts = (DirectLine(account=CLEARING, amount=gross), DirectLine(account=FEES, amount=-fee))
    return Mapped(
        [
            Deposit(
                key=record.key(), day=record.day, currency=amount.currency, bank=BANK, lines=parts,
                total=amount.amount,
            )
        ]
    )  # fmt: skip


@hookimpl
def push_records(context: PushContext, stream: str, documents: Sequence[LedgerObject]) -> PushResult | None:
    pushed: list[tuple[str, str]] = []
    for entry in documents:
        answer = context.http.put(f"https://pay.example.com/goods/{entry.id}", json={"name": entry.name})
        pushed.append((entry.id, str(json.loads(answer.content, parse_float=Decimal)["id"])))
    return PushResult(pushed)


@hookimpl
def report_outcome(context: ReportContext, outcomes: Sequence[Outcome]) -> bool | None:
    for outcome in outcomes:
        context.http.post("https://pay.example.com/outcomes", json={"id": outcome.source_id})
    return True


@hookimpl
def close_source(context: SignInContext) -> bool | None:
    context.http.delete("https://pay.example.com/access")
    return True

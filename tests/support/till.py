"""A shop's till as a connector: the smallest source that uses every part of the pipeline.

Its settings hold the rows themselves, so a test changes what the source says by changing them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, Field, SecretStr

from raccord.plugin import (
    JSON,
    BadRecord,
    ConnectorInfo,
    Days,
    FetchContext,
    LedgerObject,
    ListDeed,
    ListInfo,
    MapContext,
    Mapped,
    Mode,
    Money,
    NewObject,
    Page,
    PushContext,
    PushResult,
    Record,
    Reject,
    RoleInfo,
    SaidPart,
    Skipped,
    StreamInfo,
    Term,
    TermTable,
    Text,
    Webhooks,
    hookimpl,
)
from raccord.plugin.drafts import (
    Accepts,
    Customer,
    Decision,
    Deposit,
    DirectLine,
    Expense,
    ExpenseLine,
    ItemFor,
    LedgerId,
    Link,
    LinkedLine,
    PaymentType,
    RefundReceipt,
    Role,
    SalesLine,
    SalesReceipt,
    TaxMode,
)

ROWS: dict[str, list[dict[str, str]]] = {}
"""What each till says now, by its number: set by the tests."""

SHELF: dict[str, LedgerObject] = {}
"""What tills were told of the ledger's lists, by list and id; and how the tests let it end below."""
TOLD: list[list[str]] = []
ASIDE: set[str] = set()
"""Names of entries that tills have no place for."""
TROUBLE: dict[str, Exception | Text | None] = {}
"""By name of an entry, or of a list: what to raise, why to refuse, or nothing at all."""

PAGE = 20
UNPRICED = ("unpriced", "customer", "gone")
"""Kinds of rows that say no amount; the last is taken back by its till."""


class TillSettings(BaseModel):
    till: str = Field(title="Till", json_schema_extra={"fr": "Caisse"})
    code: SecretStr = Field(default=SecretStr(""), title="Code", json_schema_extra={"fr": "Code"})


def _t(fr: str, en: str) -> Text:
    return Text(fr, en)


def _filed(raw: Mapping[str, JSON]) -> Sequence[SaidPart]:
    """Tell what a row was filed under: ``[account]``, or ``category=amount`` of each part."""
    said = str(raw.get("filed", ""))
    if said.startswith("["):
        return [SaidPart(name=said[1:-1], transfer=True, keys=(said[1:-1].casefold(),))]
    parts = [each.partition("=") for each in filter(None, said.split(";"))]
    return [SaidPart(name=name, amount=Decimal(amount) if amount else None, memo=name[:3]) for name, _, amount in parts]


INFO = ConnectorInfo(
    said_parts=_filed,
    name="till",
    label=_t("Caisse", "Till"),
    summary=_t("La caisse d'un magasin.", "A shop's till."),
    version="1.0",
    streams=(
        StreamInfo("sales", _t("Ventes", "Sales")),
        StreamInfo("refunds", _t("Remboursements", "Refunds")),
        StreamInfo("bank", _t("Banque", "Bank")),
        StreamInfo("deposits", _t("Dépôts", "Deposits")),
    ),
    settings=TillSettings,
    identity_setting="till",
    webhooks=Webhooks.NOTICES,
    terms=TermTable(
        {"sale": Term("sale", "sale", _t("Vente", "Sale"), "till")},
        {"sale": _t("Sans mention", "Nothing said")},
        ("sale", "Counter", "Counter sale", "Comptoir", "CreditMemo"),
    ),
    lists=(
        ListInfo(
            name="articles",
            label=_t("Articles", "Articles"),
            kinds=("Item",),
            modes=frozenset({Mode.FIRST_TIME}),
            refusal=_t("Reliez plutôt chaque article.", "Link each article instead."),
        ),
        ListInfo(name="people", label=_t("Clients", "Customers"), kinds=("Customer", "Vendor")),
    ),
    roles=(
        RoleInfo("bank", _t("Banque", "Bank"), Accepts.BANK),
        RoleInfo(
            "income",
            _t("Revenu", "Income"),
            Accepts.INCOME,
            default=NewObject(_t("Revenu Caisse", "Till Income"), "Income"),
        ),
        RoleInfo(
            "fees", _t("Frais", "Fees"), Accepts.EXPENSE, default=NewObject(_t("Frais Caisse", "Till Fees"), "Expense")
        ),
        RoleInfo(
            "customer",
            _t("Client", "Customer"),
            Accepts.CUSTOMER,
            default=NewObject(_t("Client Caisse", "Till Customer")),
        ),
        RoleInfo("tax", _t("Taxe", "Tax"), Accepts.TAX_CODE, required=False),
        RoleInfo("clearing", _t("Attente", "Clearing"), Accepts.CLEARING, subtype="UndepositedFunds"),
    ),
)


@hookimpl
def push_records(context: PushContext, stream: str, documents: Sequence[LedgerObject]) -> PushResult | None:
    TOLD.append([stream, *(each.name for each in documents)])
    whole = TROUBLE.get(stream)
    if isinstance(whole, Exception):
        raise whole
    pushed, refused = [], []
    found = [each.id for each in documents if f"{stream}/{each.id}" in SHELF and each.name not in TROUBLE]
    for each in documents:
        if each.name not in TROUBLE:
            SHELF[f"{stream}/{each.id}"] = each
            pushed.append((each.id, "" if each.name in ASIDE else f"T-{each.id}"))
        elif isinstance(why := TROUBLE[each.name], Text):
            refused.append((each.id, why))
    return PushResult(pushed, refused, found)


@hookimpl
def tend_list(context: PushContext, stream: str, deed: ListDeed, source_ids: Sequence[str]) -> PushResult | None:
    TOLD.append([stream, deed, *source_ids])
    return PushResult([(each, each) for each in source_ids])


@hookimpl
def describe() -> ConnectorInfo:
    return INFO


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
    settings = context.settings
    assert isinstance(settings, TillSettings)
    rows = [row for row in ROWS.get(settings.till, []) if row["stream"] == stream]
    # The whole till is read again in each run: what is new in it may stand anywhere.
    start = int(cursor or 0)
    page = rows[start : start + PAGE]
    end = start + len(page)
    records = tuple(_record(row, context.days) for row in page if "bad" not in row)
    rejects = tuple(
        Reject(stream, f"till line {row['id']}", "till.bad_row", _t("Ligne illisible.", "Unreadable row."), row["bad"])
        for row in page
        if "bad" in row
    )
    return Page(records, str(end) if end < len(rows) else None, end < len(rows), rejects)


def _record(row: dict[str, str], days: Days) -> Record:
    """Return a row's record; ``at`` says when, with offset, where ``day`` does not say the till's day."""
    return Record(
        stream=row["stream"],
        source_id=row["id"],
        day=date.fromisoformat(row["day"]) if "day" in row else days.day_of(datetime.fromisoformat(row["at"])),
        raw=row,
        amount=None if row.get("kind") in UNPRICED else Money.of(row["amount"], row.get("currency", "CAD")),
    )


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    kind = str(record.raw.get("kind", record.stream))
    worth = record.amount or Money.of(str(record.raw.get("amount", "0")), "CAD")
    amount = worth.amount
    tax = Role("tax") if context.taxed else None
    mode = TaxMode.INCLUSIVE if context.taxed else TaxMode.NONE
    if kind == "code":
        # A sale that can be read only with the till's right code.
        settings = context.settings
        assert isinstance(settings, TillSettings)
        if settings.code.get_secret_value() != "open":
            raise BadRecord("code", _t("Mauvais code de caisse.", "Wrong till code."))
        kind = "sales"
    if "word" in record.raw and context.terms.get(str(record.raw["word"])) is None:
        raise BadRecord("word", _t("Mot inconnu.", "Unknown word."))
    match kind:
        case "sales":
            tracked = LedgerId(str(record.raw["class"])) if "class" in record.raw else None
            term = context.terms.get("sale")
            # The company's own word for a sale stands on its line.
            said = term.ledger if term is not None and term.origin == "company" else ""
            item = ItemFor(Role("income"))
            line = SalesLine(item=item, amount=amount, tax_code=tax, class_=tracked, description=said)
            return Mapped(
                (
                    SalesReceipt(
                        key=record.key(), day=record.day,
                        currency=str(record.raw.get("drafted", worth.currency)),
                        deposit_to=Role("clearing"), lines=(line,), total=amount, tax_mode=mode,
                        customer=Role("customer"), reference=record.source_id, memo=str(record.raw.get("memo", "")),
                    ),
                )
            )  # fmt: skip
        case "refunds":
            line = SalesLine(item=ItemFor(Role("income")), amount=-amount, tax_code=tax)
            return Mapped(
                (
                    RefundReceipt(
                        key=record.key(), day=record.day, currency=worth.currency, paid_from=Role("clearing"),
                        lines=(line,), total=-amount, tax_mode=mode, customer=Role("customer"),
                    ),
                )
            )  # fmt: skip
        case "bank" if amount > 0:
            came = DirectLine(account=Decision("category", Accepts.CATEGORY), amount=amount)
            return Mapped(
                (
                    Deposit(
                        key=record.key(), day=record.day, currency=worth.currency, bank=Role("bank"),
                        lines=(came,), total=amount, memo=str(record.raw.get("memo", "")),
                    ),
                )
            )  # fmt: skip
        case "bank":
            taxes = str(record.raw.get("taxes", ""))
            code = Role("tax") if taxes else None
            out = ExpenseLine(account=Decision("category", Accepts.CATEGORY), amount=-amount, tax_code=code)
            return Mapped(
                (
                    Expense(
                        key=record.key(), day=record.day, currency=worth.currency, paid_from=_place(record),
                        payment_type=PaymentType(str(record.raw.get("paid_by", "cash"))), lines=(out,), total=-amount,
                        tax_mode=TaxMode(taxes or "none"), memo=str(record.raw.get("memo", "")),
                    ),
                )
            )  # fmt: skip
        case "tipped":
            line = SalesLine(item=ItemFor(Role("income")), amount=amount - 1, tax_code=tax)
            tip = SalesLine(item=ItemFor(Role("income")), amount=Decimal(1), tax_code=tax)
            return Mapped(
                tuple(
                    SalesReceipt(
                        key=key, day=record.day, currency="CAD", deposit_to=Role("clearing"), lines=(each,),
                        total=each.amount, tax_mode=mode, customer=Role("customer"),
                    )
                    for key, each in ((record.key(), line), (record.key("tip"), tip))
                )
            )  # fmt: skip
        case "deposits":
            return Mapped((_deposit(record, amount),))
        case "customer":
            return Mapped((Customer(key=record.key(), name=str(record.raw["name"])),))
        case "training":
            return Skipped("till.training", _t("Vente d'essai.", "Training sale."))
        case "gone":
            return Skipped("till.gone", _t("Retirée.", "Taken back."))
        case "wrong":
            raise BadRecord("amount", _t("Montant impossible.", "Impossible amount."))
        case "uneven":
            line = SalesLine(item=ItemFor(Role("income")), amount=Decimal(1), tax_code=tax)
            return Mapped(
                (
                    SalesReceipt(
                        key=record.key(), day=record.day, currency="CAD", deposit_to=Role("clearing"), lines=(line,),
                        total=Decimal(1), tax_mode=mode,
                    ),
                )
            )  # fmt: skip
        case "unpriced" | "late":
            # A record that says no amount, or a document of the day after.
            line = SalesLine(item=ItemFor(Role("income")), amount=amount, tax_code=tax)
            later = record.day + timedelta(days=1 if kind == "late" else 0)
            return Mapped(
                (
                    SalesReceipt(
                        key=record.key(), day=later, currency="CAD", deposit_to=Role("clearing"), lines=(line,),
                        total=amount, tax_mode=mode,
                    ),
                )
            )  # fmt: skip
        case "paid out":
            out = ExpenseLine(account=Role("fees"), amount=-amount)
            return Mapped(
                (
                    Expense(
                        key=record.key(), day=record.day, currency="CAD", paid_from=Role("bank"),
                        payment_type=PaymentType.CASH, lines=(out,), total=-amount, payee=Role("customer"),
                    ),
                )
            )  # fmt: skip
        case "broken":
            raise RuntimeError("card 4111111111111111")
        case _:
            return None


def _place(record: Record) -> Role | LedgerId:
    """Return where a line's money was spent from: the bank, unless the row names an account (a card)."""
    return LedgerId(str(record.raw["on"]), "Account") if "on" in record.raw else Role("bank")


def _deposit(record: Record, amount: Decimal) -> Deposit:
    linked = tuple(
        LinkedLine(document=Link(key), amount=Decimal(value))
        for key, value in (each.split("=") for each in str(record.raw["of"]).split(","))
    )
    fee = Decimal(str(record.raw.get("fee", "0")))
    direct = (DirectLine(account=Role("fees"), amount=-fee, description="fee"),) if fee else ()
    return Deposit(
        key=record.key(), day=record.day, currency="CAD", bank=Role("bank"), lines=(*linked, *direct), total=amount
    )

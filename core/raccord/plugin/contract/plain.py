"""The plain contract: one object, a transaction, whose word in ``terms.toml`` says what it becomes; no code of mapping.

A connector of it answers ``describe`` and ``fetch_records`` alone; core maps its records (:func:`map_transaction`).
The words' ``ledger`` is one of :class:`PlainLedger`, their ``role`` the income or expense account. The manifest
declares the roles that these use: ``clearing`` and ``tax`` for sales, ``bank`` for money at the bank.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from raccord.plugin.contexts import FetchContext, MapContext
from raccord.plugin.contract.fetching import Intake, contract_page
from raccord.plugin.contract.fields import (
    Amount,
    ContractObject,
    Currency,
    Day,
    Label,
    Moment,
    wrong_value,
)
from raccord.plugin.contract.objects import Contract, ObjectInfo
from raccord.plugin.contract.problems import problem
from raccord.plugin.drafts import (
    Deposit,
    DirectLine,
    Draft,
    Expense,
    ExpenseLine,
    ItemFor,
    PaymentType,
    RefundReceipt,
    Role,
    SalesLine,
    SalesReceipt,
    TaxMode,
)
from raccord.plugin.errors import BadRecord
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.money import Money
from raccord.plugin.records import JSON, Page, Record
from raccord.plugin.texts import Text

TRANSACTIONS = "transactions"
"""The only stream of a plain connector."""
CLEARING, TAX, BANK = Role("clearing"), Role("tax"), Role("bank")
_MARK = "transactions/1"
_REFERENCE_CHARS_MAX = 21


class PlainLedger(StrEnum):
    """What a word may become; a negative amount is the opposite."""

    SALE = "SalesReceipt"
    """A sales receipt, or a refund receipt, that waits in ``clearing`` for its deposit."""
    BANK = "Deposit"
    """A deposit to ``bank``, or an expense paid from it."""
    LEFT_OUT = "left_out"
    """Nothing, with the word as the reason."""


class Transaction(ContractObject):
    """Money that came or went; ``amount`` is positive for money into the company's account."""

    date: Day | None = Field(None, description="Day of the transaction; without it, moment tells it.")
    moment: Moment | None = Field(None, description="Moment of the transaction, with its offset.")
    kind: Label = Field(min_length=1, description="The source's word for it; terms.toml says what it becomes.")
    amount: Amount
    currency: Currency | None = Field(None, description="Currency; without it, the company's own.")
    description: Label = ""
    reference: Label = ""

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if self.date is None and self.moment is None:
            raise wrong_value(Text("donnez « date » ou « moment »", "give “date” or “moment”"))
        return self


def plain_contract(name: str, label: Text, headings: dict[str, str] | None = None) -> Contract:
    """Return the contract of a connector; ``headings`` are other headings of its tables, with the column they are."""
    info = ObjectInfo(
        name="transaction",
        label=label,
        stream=TRANSACTIONS,
        model=Transaction,
        path=TRANSACTIONS,
        words=(name,),
        headings=headings or {},
    )
    return Contract(name, [info])


def plain_page(
    context: FetchContext, contract: Contract, intake: Intake, stream: str, cursor: str | None
) -> Page | None:
    """Return the page of transactions after ``cursor``; nothing for any other stream."""

    def make(_kind: str, value: ContractObject) -> Record:
        if not isinstance(value, Transaction):
            raise TypeError(type(value).__name__)
        raw: dict[str, JSON] = value.model_dump(
            mode="json", exclude={"updated_at", "schema_version"}, exclude_none=True
        )
        day = value.date if value.moment is None else context.days.day_of(value.moment)
        return Record(
            stream=TRANSACTIONS,
            source_id=value.id,
            day=day or context.starts_on,
            raw={"contract": _MARK, **raw},
            amount=None if value.deleted else Money(value.amount, value.currency or context.home_currency),
            as_of=value.updated_at,
        )

    return contract_page(context, contract, intake, stream, cursor, make)


def map_transaction(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Turn a transaction into what its word says; nothing for a record that is none."""
    if record.raw.get("contract") != _MARK:
        return None
    word = str(record.raw.get("kind", ""))
    term = context.terms.get(word)
    if term is None or term.ledger not in set(PlainLedger):
        known = ", ".join(sorted(each.word for each in context.terms))
        said = problem("word_unknown", word=word[:60], known=known[:300])
        raise BadRecord("kind", said.text, said.code)
    if record.amount is None:
        return Skipped("contract.deleted", Text("Supprimée à la source.", "Deleted at the source."))
    if term.ledger == PlainLedger.LEFT_OUT:
        why = Text(f"Laissée de côté : {term.label.fr}.", f"Left out on purpose: {term.label.en}.")
        return Skipped("contract.left_out", why)
    if not record.amount:
        return Skipped("contract.nothing", Text("Le montant est nul.", "The amount is zero."))
    account = Role(term.role)
    draft = _sale if term.ledger == PlainLedger.SALE else _at_the_bank
    return Mapped([draft(context, record, record.amount, account)])


def _sale(context: MapContext, record: Record, amount: Money, income: Role) -> Draft:
    total = abs(amount.amount)
    tax_mode = TaxMode.INCLUSIVE if context.taxed else TaxMode.NONE
    line = SalesLine(
        item=ItemFor(income), amount=total, description=_said(record), tax_code=TAX if context.taxed else None
    )
    if amount.amount < 0:
        return RefundReceipt(
            key=record.key(), day=record.day, currency=amount.currency, paid_from=CLEARING, lines=(line,), total=total,
            tax_mode=tax_mode, reference=_reference(record), memo=_said(record),
        )  # fmt: skip
    return SalesReceipt(
        key=record.key(), day=record.day, currency=amount.currency, deposit_to=CLEARING, lines=(line,), total=total,
        tax_mode=tax_mode, reference=_reference(record), memo=_said(record),
    )  # fmt: skip


def _at_the_bank(_context: MapContext, record: Record, amount: Money, account: Role) -> Draft:
    total: Decimal = abs(amount.amount)
    if amount.amount < 0:
        spent = ExpenseLine(account=account, amount=total, description=_said(record))
        return Expense(
            key=record.key(), day=record.day, currency=amount.currency, paid_from=BANK, payment_type=PaymentType.CASH,
            lines=(spent,), total=total, reference=_reference(record), memo=_said(record),
        )  # fmt: skip
    received = DirectLine(account=account, amount=total, description=_said(record))
    return Deposit(
        key=record.key(), day=record.day, currency=amount.currency, bank=BANK, lines=(received,), total=total,
        memo=_said(record),
    )  # fmt: skip


def _said(record: Record) -> str:
    return str(record.raw.get("description", ""))


def _reference(record: Record) -> str:
    return str(record.raw.get("reference", ""))[:_REFERENCE_CHARS_MAX]

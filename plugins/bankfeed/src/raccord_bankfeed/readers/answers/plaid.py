"""Answers of Plaid's ``/transactions/sync``: what was added, what changed and what is gone, of the chosen accounts.

Plaid counts money out of an account as positive. A pending transaction is taken back when it is booked, and the booked
one comes under an id of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from raccord.plugin import Text
from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import chosen_account
from raccord_bankfeed.readers.answers.bounded import AnswerReader
from raccord_bankfeed.readers.answers.json_rows import Row, amount, flat, iso_day, row_of, rows_of, text
from raccord_bankfeed.readers.contract import Balance, Correction, CorrectionAction, Event, Line, Unreadable
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.texts import excerpt

_TYPES = {
    "atm": "ATM", "bank charge": "SRVCHG", "bill payment": "PAYMENT", "cash": "CASH", "cheque": "CHECK",
    "direct debit": "DIRECTDEBIT", "interest": "INT", "purchase": "POS", "standing order": "REPEATPMT",
    "transfer": "XFER",
}  # fmt: skip
"""What Plaid's transaction codes are called by OFX, whose words the term table knows."""
_OWED = frozenset({"credit", "loan"})
"""Types of account whose balance Plaid tells as what is owed."""
_GONE = Text("La source ne donne plus cette opération.", "The source no longer tells this transaction.")


class PlaidReader(AnswerReader):
    """One page of changes."""

    def read(self, said: Row, answer: Row) -> Iterator[Event]:
        """Yield the changes in the order in which they are told, then a statement of each account with its balance."""
        told = {text(row_of(each), "account_id"): row_of(each) for each in rows_of(answer.get("accounts"))}
        tallies = _tallies(said, told)
        place = 0
        for kind in ("added", "modified", "removed"):
            for each in rows_of(answer.get(kind)):
                place += 1
                row = row_of(each)
                tally = tallies.get(text(row, "account_id"))
                if tally is None and text(row, "account_id"):
                    continue
                try:
                    line = _line(row, tally, place, gone=kind == "removed")
                except RowFault as problem:
                    if tally is not None:
                        tally.unreadable += 1
                    yield Unreadable(problem.fault.code, problem.fault.reason, place, 0, excerpt(str(each)))
                    continue
                yield line
        for id_, tally in tallies.items():
            if id_ in told:
                yield from _balance(told[id_], tally)
            yield tally.statement()


def _tallies(said: Row, told: Mapping[str, Row]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for number, each in enumerate(rows_of(said.get("accounts")), 1):
        chosen = row_of(each)
        id_ = text(chosen, "id")
        tally = tallies[id_] = Tally(chosen_account(id_, text(chosen, "key"), card=chosen.get("card") is True), number)
        tally.institution = text(said, "institution")[:80]
        tally.currency = _currency(row_of(told.get(id_, {}).get("balances")))
        tally.starts, tally.ends = (date.fromisoformat(text(said, name)) for name in ("first", "last"))
    return tallies


def _line(row: Row, tally: Tally | None, place: int, *, gone: bool) -> Line:
    id_ = text(row, "transaction_id")
    if not id_:
        raise RowFault(text_faults.id_missing("transaction_id"))
    if tally is None:
        raise RowFault(text_faults.id_missing("account_id"))
    tags, values = flat(row)
    if gone:
        tally.note(place, _GONE, id_)
        day = tally.ends or date.min
        correction = Correction(id_, CorrectionAction.GONE)
        return Line(
            tally.account, id_, day, Decimal(0), tally.currency, "", "", "", "", "", False, correction,
            tags, values, place, lasting=True,
        )  # fmt: skip
    name, original = text(row, "name"), text(row, "original_description")
    merchant = text(row, "merchant_name")
    line = Line(
        tally.account,
        id_,
        iso_day(row, "date"),
        -amount(row, "amount"),
        _currency(row),
        merchant or name or original,
        original or (name if merchant else ""),
        _TYPES.get(text(row, "transaction_code"), ""),
        text(row_of(row.get("payment_meta")), "reference_number"),
        text(row, "check_number"),
        row.get("pending") is True,
        None,
        tags,
        values,
        place,
        lasting=True,
    )
    tally.count(line)
    return line


def _currency(row: Row) -> str:
    """Return the currency; one that is no official one (a cryptocurrency) by its own name, so that it is told."""
    return text(row, "iso_currency_code").upper() or text(row, "unofficial_currency_code").upper()


def _balance(row: Row, tally: Tally) -> Iterator[Event]:
    told = row_of(row.get("balances"))
    owed = text(row, "type") in _OWED
    try:
        if text(told, "current"):
            current = amount(told, "current")
            tally.ledger = Balance(-current if owed else current, tally.ends)
        if text(told, "available") and not owed:
            tally.available = Balance(amount(told, "available"), tally.ends)
    except RowFault as problem:
        yield Unreadable(problem.fault.code, problem.fault.reason, tally.line, 0, excerpt(str(told)))

"""Answers of SimpleFIN as they were received: accounts with their balance and lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import chosen_account
from raccord_bankfeed.readers.answers.bounded import AnswerReader
from raccord_bankfeed.readers.answers.json_rows import Row, amount, day_of_seconds, flat, row_of, rows_of, text
from raccord_bankfeed.readers.contract import Balance, Event, Line, Unreadable
from raccord_bankfeed.readers.faults import Fault, RowFault, statement_currency
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.texts import excerpt


class SimpleFinReader(AnswerReader):
    """One answer to ``/accounts``."""

    def read(self, said: Row, answer: Row) -> Iterator[Event]:
        """Yield the chosen accounts' lines and balances, one account after the other."""
        chosen = {text(row_of(each), "id"): row_of(each) for each in rows_of(said.get("accounts"))}
        number = 0
        # A bank that has to be seen to may be told of in part.
        partial = bool(rows_of(answer.get("errors")) or rows_of(answer.get("errlist")))
        for each in rows_of(answer.get("accounts")):
            row = row_of(each)
            if text(row, "id") not in chosen:
                continue
            number += 1
            account = chosen_account(text(row, "id"), text(chosen[text(row, "id")], "key"), card=_card(chosen, row))
            tally = Tally(account, number)
            tally.partial = partial
            yield from _account(row, tally, said)


def _card(chosen: Mapping[str, Row], row: Row) -> bool:
    return chosen[text(row, "id")].get("card") is True


def _account(row: Row, tally: Tally, said: Row) -> Iterator[Event]:
    number = tally.line
    tally.institution = text(row_of(row.get("org")), "name")[:80]
    tally.starts, tally.ends = (date.fromisoformat(text(said, name)) for name in ("first", "last"))
    code = text(row, "currency").upper()
    if is_currency(code):
        tally.currency = code
    else:
        yield _unreadable(statement_currency(code), number, 0, code)
    try:
        day = day_of_seconds(row, "balance-date")
        tally.ledger = Balance(amount(row, "balance"), day)
        tally.available = Balance(amount(row, "available-balance"), day) if text(row, "available-balance") else None
    except RowFault as problem:
        yield _unreadable(problem.fault, number, 0, text(row, "balance"))
    for place, transaction in enumerate(rows_of(row.get("transactions")), 1):
        try:
            line = _line(row_of(transaction), tally, place)
        except RowFault as problem:
            tally.unreadable += 1
            yield _unreadable(problem.fault, number, place, str(transaction))
            continue
        tally.count(line)
        yield line
    yield tally.statement()


def _line(row: Row, tally: Tally, place: int) -> Line:
    posted, transacted = day_of_seconds(row, "posted"), day_of_seconds(row, "transacted_at")
    pending = row.get("pending") is True or posted is None
    day = posted or transacted
    if day is None:
        raise RowFault(text_faults.date_missing("posted"))
    moved: Decimal = amount(row, "amount")
    payee, described = text(row, "payee"), text(row, "description")
    tags, values = flat(row)
    return Line(
        tally.account,
        text(row, "id"),
        day,
        moved,
        tally.currency,
        payee or described,
        " ".join(filter(None, (described if payee else "", text(row, "memo")))),
        "",
        "",
        "",
        pending,
        None,
        tags,
        values,
        place,
        stable=True,
    )


def _unreadable(fault: Fault, line: int, place: int, shown: str) -> Unreadable:
    return Unreadable(fault.code, fault.reason, line, place, excerpt(shown))

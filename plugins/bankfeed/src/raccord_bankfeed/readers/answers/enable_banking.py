"""Answers of Enable Banking for one account and some days: all pages of its transactions, and its balances.

All pages are one file, so that equal lines without an id of their own are counted over all of them. ``entry_reference``
is the bank's: empty at some, the same for several lines at others; ``identity.py`` says what is made of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from raccord.plugin import Text
from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import chosen_account
from raccord_bankfeed.readers.answers.bounded import AnswerReader
from raccord_bankfeed.readers.answers.json_rows import Row, amount, flat, iso_day, row_of, rows_of, text
from raccord_bankfeed.readers.contract import Account, Balance, Event, Line, Unreadable
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.texts import excerpt

_BOOKED, _WAITING, _NEVER = "BOOK", frozenset({"PDNG", "HOLD"}), frozenset({"CNCL", "RJCT", "SCHD"})
_LEDGER, _AVAILABLE = ("CLBD", "ITBD"), ("CLAV", "ITAV", "XPCD")
"""Kinds of balance, the one that is believed first standing first."""
_DAYS = ("booking_date", "value_date", "transaction_date")
_NO_MOVE = Text(
    "L’opération est annulée, refusée ou seulement prévue : rien n’a bougé.",
    "The transaction is cancelled, rejected or only planned: nothing moved.",
)


class EnableBankingReader(AnswerReader):
    """The transactions of one account."""

    def read(self, said: Row, answer: Row) -> Iterator[Event]:
        """Yield the lines, then the statement with its balance."""
        chosen = row_of(next(iter(rows_of(said.get("accounts"))), None))
        plain = chosen_account(text(chosen, "tail"), text(chosen, "key"), card=chosen.get("card") is True)
        account = Account(plain.key, plain.kind, plain.masked, "", text(chosen, "number"))
        tally = Tally(account, 1, institution=text(said, "institution")[:80])
        tally.starts, tally.ends = (date.fromisoformat(text(said, name)) for name in ("first", "last"))
        code = text(chosen, "currency").upper()
        tally.currency = code if is_currency(code) else ""
        place = 0
        for page in rows_of(answer.get("pages")):
            for each in rows_of(row_of(page).get("transactions")):
                place += 1
                try:
                    line = _line(row_of(each), tally, place)
                except RowFault as problem:
                    tally.unreadable += 1
                    yield Unreadable(problem.fault.code, problem.fault.reason, place, 0, excerpt(str(each)))
                    continue
                if line is not None:
                    tally.count(line)
                    yield line
        yield from _balances(rows_of(row_of(answer.get("balances")).get("balances")), tally)
        yield tally.statement()


def _line(row: Row, tally: Tally, place: int) -> Line | None:
    status = text(row, "status")
    if status in _NEVER:
        tally.note(place, _NO_MOVE, text(row, "entry_reference") or status)
        return None
    if status != _BOOKED and status not in _WAITING:
        raise RowFault(text_faults.status_unknown("status", status))
    told = row_of(row.get("transaction_amount"))
    direction, moved = text(row, "credit_debit_indicator"), amount(told, "amount")
    if direction not in ("CRDT", "DBIT") or moved < 0:
        raise RowFault(text_faults.direction_unknown("credit_debit_indicator", f"{direction} {moved}"))
    currency = text(told, "currency").upper()
    out = direction == "DBIT"
    other = text(row_of(row.get("creditor" if out else "debtor")), "name")
    words = [" ".join(each.split()) for each in rows_of(row.get("remittance_information")) if isinstance(each, str)]
    memo = " ".join(dict.fromkeys(filter(None, (*words, text(row, "note")))))
    tags, values = flat(row)
    return Line(
        tally.account,
        text(row, "entry_reference"),
        iso_day(row, next((name for name in _DAYS if text(row, name)), _DAYS[0])),
        -moved if out else moved,
        currency if is_currency(currency) else tally.currency,
        other or memo[:100] or text(row_of(row.get("bank_transaction_code")), "description"),
        memo if other else memo[100:],
        "",
        text(row, "reference_number"),
        "",
        status in _WAITING,
        None,
        tags,
        values,
        place,
    )


def _balances(rows: Sequence[object], tally: Tally) -> Iterator[Event]:
    by_kind: dict[str, Row] = {}
    for each in rows:
        by_kind.setdefault(text(row_of(each), "balance_type"), row_of(each))
    for kinds, name in ((_LEDGER, "ledger"), (_AVAILABLE, "available")):
        row = next((by_kind[kind] for kind in kinds if kind in by_kind), None)
        if row is None:
            continue
        try:
            day = iso_day(row, "reference_date") if text(row, "reference_date") else tally.ends
            balance = Balance(amount(row_of(row.get("balance_amount")), "amount"), day)
        except RowFault as problem:
            yield Unreadable(problem.fault.code, problem.fault.reason, 1, 0, excerpt(str(row)))
            continue
        if name == "ledger":
            tally.ledger = balance
        else:
            tally.available = balance

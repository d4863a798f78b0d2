"""Answers of PayPal's transaction search: one account for each currency, each fee a line of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from raccord.plugin import Text
from raccord_bankfeed.paypal_ids import CONVERSION, fee_of
from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import chosen_account
from raccord_bankfeed.readers.answers.bounded import AnswerReader
from raccord_bankfeed.readers.answers.json_rows import Row, amount, flat, iso_day, row_of, rows_of, text
from raccord_bankfeed.readers.contract import Balance, Event, Line, Unreadable
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.texts import excerpt

_BOOKED, _PENDING, _DENIED = frozenset("SV"), "P", "D"
"""``V``: a payment that was taken back later, by a record of its own; it had moved the money."""
_HOLDS = ("T15", "T1105", "T21")
"""What is held back, and T1105, by which the holds of T15 are let go again, though it stands among the reversals."""
_TRANSFERS = ("T03", "T04")
_CONVERSIONS = "T02"
_HELD_BACK = Text(
    "Un montant retenu ou libéré par PayPal ne change pas le solde.",
    "An amount that PayPal holds or releases does not change the balance.",
)
_REFUSED = Text("Le paiement a été refusé : rien n’a bougé.", "The payment was denied: nothing moved.")


class PayPalReader(AnswerReader):
    """One page of a search."""

    def read(self, said: Row, answer: Row) -> Iterator[Event]:
        """Yield the lines of the chosen currencies, then a statement of each."""
        tallies: dict[str, Tally] = {}
        for each in rows_of(said.get("accounts")):
            code, key = text(row_of(each), "id"), text(row_of(each), "key")
            tally = tallies[code] = Tally(chosen_account(code, key, card=False), 1, code, "PayPal")
            tally.starts, tally.ends = (date.fromisoformat(text(said, name)) for name in ("first", "last"))
        for place, each in enumerate(rows_of(answer.get("transaction_details")), 1):
            row = row_of(each)
            try:
                yield from _lines(row, tallies, place)
            except RowFault as problem:
                code = text(row_of(row_of(row.get("transaction_info")).get("transaction_amount")), "currency_code")
                if code in tallies:
                    tallies[code].unreadable += 1
                yield Unreadable(problem.fault.code, problem.fault.reason, place, 0, excerpt(str(each)))
        for tally in tallies.values():
            yield tally.statement()


def _lines(row: Row, tallies: dict[str, Tally], place: int) -> Iterator[Event]:
    info = row_of(row.get("transaction_info"))
    moved = row_of(info.get("transaction_amount"))
    code, event = text(moved, "currency_code"), text(info, "transaction_event_code")
    status = text(info, "transaction_status")
    if not text(info, "transaction_id"):
        raise RowFault(text_faults.id_missing("transaction_id"))
    if code and code not in tallies:
        return
    gross, day = amount(moved, "value"), iso_day(info, "transaction_initiation_date")
    tally = tallies.get(code)
    if tally is None:
        raise RowFault(text_faults.amount_missing("currency_code"))
    if event.startswith(_HOLDS) or status == _DENIED:
        tally.note(place, _REFUSED if status == _DENIED else _HELD_BACK, text(info, "transaction_id"))
        return
    if status not in _BOOKED and status != _PENDING:
        raise RowFault(text_faults.status_unknown("transaction_status", status))
    type_ = "XFER" if event.startswith(_TRANSFERS) else CONVERSION if event.startswith(_CONVERSIONS) else ""
    line = _line(row, tally, place, day, status == _PENDING)._replace(amount=gross, type=type_)
    # Read before anything is told: a payment without its fee would be half of it.
    fee_row = row_of(info.get("fee_amount"))
    fee = amount(fee_row, "value") if fee_row else None
    tally.count(line)
    yield line
    if fee:
        name = line._replace(amount=fee, native=fee_of(line.native), type="FEE", offset=line.offset + 1)
        tally.count(name)
        yield name
    ending = row_of(info.get("ending_balance"))
    if text(ending, "value") and text(ending, "currency_code") == code:
        tally.ledger = Balance(amount(ending, "value"), day)


def _line(row: Row, tally: Tally, place: int, day: date, pending: bool) -> Line:
    info, payer = row_of(row.get("transaction_info")), row_of(row.get("payer_info"))
    named = row_of(payer.get("payer_name"))
    given = " ".join(filter(None, (text(named, "given_name"), text(named, "surname"))))
    memo = (text(info, "transaction_subject"), text(info, "transaction_note"), text(info, "invoice_id"))
    tags, values = flat(info)
    return Line(
        tally.account,
        f"{text(info, 'transaction_id')}.{text(info, 'transaction_event_code')}",
        day,
        amount(row_of(info.get("transaction_amount")), "value"),
        tally.currency,
        text(named, "alternate_full_name") or given or text(payer, "email_address"),
        " ".join(dict.fromkeys(filter(None, memo))),
        "",
        text(info, "invoice_id") or text(info, "transaction_id"),
        "",
        pending,
        None,
        tags,
        values,
        2 * place,
        stable=True,
    )

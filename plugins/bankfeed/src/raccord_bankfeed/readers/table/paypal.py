"""PayPal's list of activities: what moved, by how much, and which rows are shadows of others.

A payment and its fee are a line each, as PayPal's transaction search tells them (``../answers/paypal.py``): the payment
is what was paid, an invoice's amount, and ``crossing.py`` knows each by PayPal's id in both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from raccord_bankfeed.paypal_ids import CONVERSION, PAYPAL, fee_of
from raccord_bankfeed.readers import faults, text_faults
from raccord_bankfeed.readers.contract import Account, AccountKind, Line
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.table.abroad import AbroadReader
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.rows import Row
from raccord_bankfeed.readers.table.trades import TradeReader
from raccord_bankfeed.readers.table.transfers import TransferReader
from raccord_bankfeed.readers.table.wallet import WalletReader
from raccord_bankfeed.readers.table.words import PENDING, Part, plain

_COMPLETED = re.compile(
    r"(completed?|terminee?|effectuee?|abgeschlossen|completad[oa]|completat[oa]|voltooid|"
    r"concluid[oa]|(?:u|za)konczon[oae]|slutfor[dt]|fuldfort|fullfort|dokonceno|)"
)
_HOLD = re.compile(
    r"\b(hold|authori[sz]ation|autorisation|autorisierung|einbehaltung|blocage|retencion|autorizzazione|blokkering"
    r"|release|deblocage|freigabe|liberacion|sblocco|vrijgave|funds (?:not yet )?available)\b"
)
"""What is held back, and what is let go again: of "Reserve Hold" and "Reserve Release" only one says "hold"."""


_CONVERSION = re.compile(
    r"\b(currency conversion|conversions? de (?:devises?|monnaies?|divisas?|moedas?)|wahrungsumrechnung"
    r"|conversione (?:di |della )?valut[ae]|valutaomrekening|valutaconversie)\b"
)


@dataclass(slots=True)
class PayPalReader(RowReader):
    """Reads rows of PayPal: the balance moves by payment and fee; each currency is an account."""

    with_holds: bool = False
    """Whether a row that is held back or let go has its balance followed, too."""
    with_pending: bool = False
    """Likewise one that is pending: PayPal counts what a bank is about to pay for a purchase at once."""

    def line(self, row: Row) -> Line:
        """Return the payment of a row, without its fee; raises ``NoTransaction`` and ``RowFault``."""
        return self.lines(row)[0]

    def lines(self, row: Row) -> Sequence[Line]:
        """Return the payment of a row and, where it has any, its fee; raises ``NoTransaction`` and ``RowFault``."""
        if plain(self.cell(row, Part.IMPACT)) == "memo":
            raise NoTransaction(notes.NO_IMPACT)
        if _HOLD.search(self._kind(row)):
            raise NoTransaction(notes.HOLD)
        status = plain(self.cell(row, Part.STATUS))
        pending = PENDING.search(status) is not None
        if not pending and _COMPLETED.fullmatch(status) is None:
            raise NoTransaction(notes.NOT_MOVED)
        day = self.day(row)
        if day is None:
            raise RowFault(self.date_fault(row))
        columns = self.layout.columns
        gross, net = self.number(row, columns[Part.GROSS]), self.number(row, columns[Part.NET])
        fee = self.number(row, columns[Part.FEE]) or Decimal(0)
        if net is None or gross is None:
            raise RowFault(text_faults.amount_missing(self.title(Part.NET if net is None else Part.GROSS)))
        # The fee is negative; some exports write it positive.
        if net not in (gross + fee, gross - abs(fee)):
            raise RowFault(text_faults.fee_differs(str(gross), str(fee), str(net)))
        currency = self.cell(row, Part.CURRENCY).upper()
        if currency and not is_currency(currency):
            raise RowFault(faults.currency_unreadable(currency))
        name, memo = self.text(row)
        shown = self.cell(row, Part.TYPE)
        charged = f"({gross} {currency}, fee {abs(fee)})" if fee else ""
        paid = Line(
            self._currency_account(currency),
            self.cell(row, Part.ID),
            day,
            gross,
            currency,
            name or shown,
            " ".join(filter(None, (memo, shown if name else "", charged))),
            CONVERSION if _CONVERSION.search(self._kind(row)) else shown.upper(),
            self.cell(row, Part.REFERENCE),
            "",
            pending,
            None,
            self.layout.titles,
            (*row.cells[: len(self.layout.titles)], ""),
            row.start,
            net=net if fee else None,
        )
        if not fee:
            return (paid,)
        native = fee_of(paid.native) if paid.native else ""
        return paid, paid._replace(amount=net - gross, native=native, type="FEE", offset=row.start + 1, net=None)

    def balance(self, row: Row) -> tuple[Account, Decimal, Decimal | None] | None:
        """Return account, amount and the balance beside it, if there is one; nothing where the row is no line."""
        try:
            paid = self.lines(row)
            account, amount = paid[0].account, sum((each.amount for each in paid), Decimal(0))
            pending = paid[0].pending
        except NoTransaction as other:
            currency, pending = self.cell(row, Part.CURRENCY).upper(), False
            if other.reason is not notes.HOLD or not self.with_holds:
                return None
            account = self._currency_account(currency)
            amount = self._moved(row, Part.NET) or Decimal(0)
        except RowFault:
            return None
        return None if pending and not self.with_pending else (account, amount, self._moved(row, Part.BALANCE))

    def _moved(self, row: Row, part: Part) -> Decimal | None:
        try:
            return self.number(row, self.layout.columns[part])
        except RowFault:
            return None

    def _kind(self, row: Row) -> str:
        """Return PayPal's word for what a row is; statements have no column of types and write it as description."""
        if Part.TYPE in self.layout.columns:
            return plain(self.cell(row, Part.TYPE))
        return " ".join(plain(row.cells[number]) for number in self.layout.texts[:1] if number < len(row.cells))

    def _currency_account(self, currency: str) -> Account:
        known = self.accounts.get((currency,))
        if known is None:
            name = currency if currency.isascii() and currency.isalnum() and len(currency) == 3 else "other"
            known = Account(f"paypal-{name.lower()}", AccountKind.BANK, f"PayPal {name}", PAYPAL)
            self.accounts[(currency,)] = known
        return known


def reader_of(reader: RowReader) -> RowReader:
    """Return the reader for a layout's rows."""
    if reader.layout.wallet:
        return WalletReader(reader.layout, reader.written, reader.evidence, turned=reader.turned)
    if reader.layout.trades:
        return TradeReader(reader.layout, reader.written, reader.evidence)
    if reader.layout.transfers:
        return TransferReader(reader.layout, reader.written, reader.evidence)
    if reader.layout.abroad is not None:
        return AbroadReader(reader.layout, reader.written, reader.evidence, turned=reader.turned)
    if not reader.layout.is_paypal:
        return reader
    return PayPalReader(replace(reader.layout), reader.written, reader.evidence)

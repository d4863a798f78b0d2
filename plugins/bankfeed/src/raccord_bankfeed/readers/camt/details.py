"""A batch of payments that a bank books as one entry, as one line for each payment in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from raccord_bankfeed.readers import faults
from raccord_bankfeed.readers.camt.entry import DETAILS, DETAILS_MAX, Entry, make_line, read_money
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.readers.faults import RowFault

_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt")


def lines_of(entry: Entry, whole: Line) -> Sequence[Line]:
    """Return a line for each payment of an entry; the entry's own where they do not make its amount to the cent."""
    details = entry.details
    if not 1 < len(details) == entry.transactions <= DETAILS_MAX:
        return (whole,)
    lines = []
    try:
        for number, leaves in enumerate(details, 1):
            lines.append(_line(entry, whole, leaves, number))
    except RowFault:
        return (whole,)
    if sum((line.amount for line in lines), Decimal(0)) != whole.amount:
        return (whole,)
    return lines


def _line(entry: Entry, whole: Line, leaves: Mapping[str, str], number: int) -> Line:
    path = next((each for each in _AMOUNTS if each in leaves), "Amt")
    direction = leaves.get("CdtDbtInd") or entry.leaves.get("CdtDbtInd", "")
    amount = read_money(leaves.get(path, ""), direction, "TxDtls/")
    if leaves.get(f"{path}@Ccy", whole.currency).upper() != whole.currency:
        # Told in the payer's currency: what it is worth in the account's is not said.
        raise RowFault(faults.currency_unreadable(leaves[f"{path}@Ccy"]))
    kept = {name: text for name, text in entry.leaves.items() if not name.startswith(DETAILS)}
    own = Entry(entry.line, entry.offset, kept | {f"{DETAILS}{name}": text for name, text in leaves.items()}, 1)
    own.leaves["Amt"] = str(abs(amount))
    own.leaves["CdtDbtInd"] = "CRDT" if amount >= 0 else "DBIT"
    batch = own.leaves.pop("AcctSvcrRef", "")
    made = make_line(own, whole.account, whole.currency)
    # Equal payments of one batch are told apart by their place, which is the same in every file.
    native = made.native or (f"{batch}#{number}" if batch else "")
    return made._replace(native=native, day=whole.day, pending=whole.pending)

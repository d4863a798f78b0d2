"""Which of the ways to write a balance beside each line a table follows: after it, before it, or what a card owes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from operator import add, neg

from raccord_bankfeed.readers.contract import Account, AccountKind
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.paypal import PayPalReader
from raccord_bankfeed.readers.table.rows import Block
from raccord_bankfeed.readers.table.running import RunningBalance
from raccord_bankfeed.readers.table.words import Part

_ACCOUNTS_MAX = 1000
Blocks = Callable[[], Iterable[Block]]


class Beside(Enum):
    """What stands beside a line."""

    AFTER, BEFORE, OWED = range(3)


@dataclass(frozen=True, slots=True)
class Balances:
    """The balances of each account, nothing where a line has none, and by which reader's amounts they go."""

    running: dict[str, RunningBalance]
    reader: RowReader
    owed: bool = False
    """Whether they follow as what is owed alone: of a card, or of an account whose amounts are read the wrong way."""

    @property
    def breaks(self) -> int:
        """Return in how many places they break off."""
        return sum(each.breaks for each in self.running.values())


def followed_by(blocks: Blocks, reader: RowReader) -> Balances:
    """Return the balances, and the reader whose amounts they follow: one that takes fees off, or one that does not."""
    if (account := reader.followed()) is not None and reader.evidence.followed is not None:
        return Balances({account.key: reader.evidence.followed.running}, reader)
    found = _balances_of(blocks, reader)
    if not found.breaks:
        return found
    if reader.layout.apart is not None:
        # Several cards may be of one account, whose balances go through all of its rows.
        layout = replace(reader.layout, apart=None)
        as_one = followed_by(blocks, replace(reader, layout=layout, days={}, accounts={}))
        return as_one if as_one.breaks < found.breaks else found
    if isinstance(reader, PayPalReader):
        # What is held back is no line; some of PayPal's balances are without it all the same.
        # So is what is pending, and some of them count it.
        ways = (replace(reader, with_holds=True), replace(reader, with_pending=True))
        other = min((_balances_of(blocks, each) for each in ways), key=lambda each: each.breaks)
        return replace(other, reader=reader) if other.breaks < found.breaks else found
    if Part.FEE in reader.layout.columns:
        # The fee beside an amount is taken off its account apart, or is in the amount already.
        columns: dict[Part, int] = dict(reader.layout.columns)
        columns.pop(Part.FEE)
        without = replace(reader, layout=replace(reader.layout, columns=columns), days={}, accounts={})
        other = _balances_of(blocks, without)
        if other.running and not other.breaks:
            return other
    return found


def _balances_of(blocks: Blocks, reader: RowReader) -> Balances:
    """Return the balances after the lines, or in the other way that breaks off less."""
    found = Balances(running_beside(blocks(), reader, Beside.AFTER), reader)
    if not found.breaks:
        return found
    # Some banks write what the account held before the line; cards whose amounts are turned, what is owed.
    before = Balances(running_beside(blocks(), reader, Beside.BEFORE), reader)
    if before.breaks >= found.breaks:
        return found
    if not reader.flip and _are_owed(blocks(), reader, before.running):
        return Balances(running_beside(blocks(), reader, Beside.OWED), reader, owed=True)
    return before


def follow_as_written(blocks: Blocks, reader: RowReader) -> bool:
    """Tell whether the balances follow from the amounts as they are written."""
    written = replace(reader, layout=replace(reader.layout, flip=False), days={}, accounts={})
    found = running_beside(blocks(), written, Beside.AFTER)
    return bool(found) and not any(each.breaks for each in found.values())


def running_beside(blocks: Iterable[Block], reader: RowReader, beside: Beside) -> dict[str, RunningBalance]:
    """Return the balances of each account, nothing where a line has none."""
    running: dict[str, RunningBalance] = {}

    def balances_of(account: Account) -> RunningBalance:
        known = running.get(account.key)
        if known is None:
            known = RunningBalance()
            if len(running) < _ACCOUNTS_MAX:
                running[account.key] = known
        return known

    for block in blocks:
        if (several := reader.block_balances(block)) is not None:
            moved, balances = several
            if beside is Beside.OWED or (beside is Beside.BEFORE and (reader.flip or moved.account.turned)):
                after = list(map(neg, balances))
            else:
                after = balances if beside is Beside.AFTER else list(map(add, balances, moved.amounts))
            balances_of(moved.account).add_run(moved.amounts, after)
            continue
        for row in block:
            told = reader.balance(row)
            if told is None:
                continue
            account, amount, balance = told
            if balance is None:
                return {}
            if beside is Beside.OWED or (beside is Beside.BEFORE and (reader.flip or account.turned)):
                balance = -balance
            elif beside is Beside.BEFORE:
                balance += amount
            balances_of(account).add(amount, balance)
    return running


@dataclass(slots=True)
class _Seen:
    """The days of an account, and those on which the balance stands from which the others go on."""

    account: Account
    first: date = date.max
    last: date = date.min
    begins: date = date.max


def _are_owed(blocks: Iterable[Block], reader: RowReader, before: Mapping[str, RunningBalance]) -> bool:
    """Tell whether balances that follow as those before the lines are what is owed after them.

    One is the other backwards: the days tell, for what an account held before all lines stands on the first.
    """
    starts = {key: ends[0] for key, each in before.items() if (ends := each.ends()) is not None}
    seen: dict[str, _Seen] = {}
    for block in blocks:
        for row in block:
            told = reader.balance(row)
            if told is None or told[0].key not in starts or (day := reader.day(row)) is None:
                continue
            account, _, balance = told
            if account.turned:
                return False
            mine = seen.setdefault(account.key, _Seen(account))
            mine.first, mine.last = min(mine.first, day), max(mine.last, day)
            if balance == starts[account.key]:
                mine.begins = min(mine.begins, day)
    return bool(seen) and all(
        each.begins == each.last if each.first < each.last else each.account.kind is AccountKind.CARD
        for each in seen.values()
    )

"""BAI2: files of groups of accounts; amounts in minor units, directions by type code, control totals at every level."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import BinaryIO

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import Unnamed, account_of
from raccord_bankfeed.readers.bai2.record import (
    Record,
    continued,
    day_of,
    detail_of,
    fields_of,
    minor_units,
    pieces,
    scaled,
    signed,
    sum_of,
    summaries,
)
from raccord_bankfeed.readers.bai2.runs import (
    CHEQUE,
    OPENING,
    OUTGOING,
    READING,
    TAGS,
    amounts_of,
    are_alone,
    columns_added,
    incoming,
    lines_of,
)
from raccord_bankfeed.readers.bai2.sums import NEW, AccountSums, Group, contradiction, miscounted
from raccord_bankfeed.readers.contract import AccountKind, Balance, Line, Question, Unreadable
from raccord_bankfeed.readers.faults import Fault, RowFault
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.pushed import Queue, RunReader, texts_of
from raccord_bankfeed.readers.runs import FirstLook, Run
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.tally import Place, Tally
from raccord_bankfeed.readers.texts import excerpt, is_number
from raccord_bankfeed.readers.told import NOTHING_KNOWN, Known

DEFAULT_CURRENCY = "USD"
"""What the standard says where neither account nor group states one."""

_HEAD = re.compile(r"\s*01,[^,\n]*,[^,\n]*,[0-9]{6,8},")
NO_MONEY = "890"
"""The type of a record that tells something and moves no money."""
_ASKED_MAX = 1000
_INTERIM_SAME_DAY = "3"


def looks_like_bai2(head: str) -> bool:
    """Tell from a file's beginning: its first record is a file header."""
    return _HEAD.match(head) is not None


class _Groups:
    """Takes the records of a file in order; ``light`` keeps to the totals and tells no lines."""

    def __init__(self, queue: Queue, asked: dict[int, Question], *, light: bool) -> None:
        self._tell = queue.append
        self._tell_all = queue.extend
        self._asked = asked
        self._light = light
        self._unnamed = Unnamed(asked=light)
        self._number = 0
        self._group = Group()
        self._account: AccountSums | None = None
        self._file_control = Decimal(0)
        self._file_records = 0
        self._file_groups = 0
        self.complete = False
        self.told = False
        """Whether an account, or a problem, was told of."""

    def take(self, record: Record) -> None:
        """Take one record with all that continues it."""
        self._file_records += record.physical
        if record.code == "16":
            self._group.records += record.physical
            self._detail(record)
            return
        match record.code:
            case "01":
                self.complete = False
                self._file_control, self._file_records, self._file_groups = Decimal(0), record.physical, 0
            case "02":
                self.end()
                self._begin_group(record)
            case "03":
                self.end()
                self._begin_account(record)
            case "49":
                self._end_account(record)
            case "98":
                self.end()
                self._end_group(record)
            case "99":
                self.end()
                self._check("99", record, self._file_control, self._file_records, self._file_groups)
                self.complete = True
            case _:
                pass  # a continuation of what this reader does not read

    def _begin_group(self, record: Record) -> None:
        self._file_groups += 1
        fields = fields_of(record.text) + [""] * 8
        day = day_of(fields[3])
        self._group = Group(
            day,
            fields[3].strip(),
            fields[5].strip().upper(),
            fields[2].strip(),
            fields[6].strip() == _INTERIM_SAME_DAY,
            fields[1].strip(),
            records=record.physical,
        )
        if self._group.status not in NEW:
            self._report(text_faults.group_not_new(self._group.status), record)

    def _begin_account(self, record: Record) -> None:
        group = self._group
        self.told = True
        group.records += record.physical
        group.accounts += 1
        fields = fields_of(record.text) + [""] * 2
        currency = next(filter(is_currency, (fields[1].strip().upper(), group.currency)), DEFAULT_CURRENCY)
        named = self._unnamed.next(account_of(AccountKind.BANK, {"ACCTID": fields[0]}))
        tally = Tally(named, record.row, currency, group.originator[:80])
        tally.starts = tally.ends = tally.last_day = group.day
        account = self._account = AccountSums(tally, records=record.physical)
        if not self._light and self._number in self._asked:
            self._tell(self._asked[self._number])
        self._number += 1
        for summary in summaries(fields[2:]):
            if summary.items is not None:
                account.items.setdefault(summary.code, summary.items)
            if not summary.amount:
                continue
            units = minor_units(summary.amount)
            if units is None:
                account.odd = True
                self._report(text_faults.balance_unreadable(f"03 {summary.code}", summary.amount), record)
                continue
            account.control += units
            account.said.setdefault(summary.code, scaled(units, currency))
            if summary.code == "010":
                tally.opens_at = Place(record.row, f"03 … 010 {summary.amount}")
            elif summary.code == "015":
                tally.closes_at = Place(record.row, f"03 … 015 {summary.amount}")
        balance = account.said.get
        for name, code in (("opening", "010"), ("ledger", "015"), ("available", "045")):
            if (amount := balance(code)) is not None:
                setattr(tally, name, Balance(amount, group.day))

    def _detail(self, record: Record) -> None:
        account, group = self._account, self._group
        if account is None:
            self._report(text_faults.row_without_account(), record)
            return
        account.records += record.physical
        tally = account.tally
        detail = sum_of(record) if self._light else detail_of(record)
        units = minor_units(detail.amount)
        account.control += units or 0
        account.negative += units is not None and units < 0
        if group.status not in NEW:
            tally.left_out += 1
            return
        if detail.type == NO_MONEY and not units:
            tally.note(record.row, notes.NO_AMOUNT, f"16,{record.text}")
            return
        try:
            amount = scaled(signed(detail), tally.currency)
            if group.day is None:
                raise RowFault(  # noqa: TRY301 - the row's fault like any other
                    text_faults.date_impossible("02", group.day_text)
                    if group.day_text
                    else text_faults.date_missing("02")
                )
        except RowFault as problem:
            tally.unreadable += 1
            account.odd = account.odd or units is None
            self._report(problem.fault, record)
            return
        if amount >= 0:
            account.credits += amount
            account.came_in += 1
        else:
            account.debits -= amount
            account.went_out += 1
        if self._light:
            tally.lines += 1
            tally.total += amount
            return
        text = detail.text
        line = Line(
            tally.account,
            detail.bank,
            group.day,
            amount,
            tally.currency,
            "",
            text,
            detail.type,
            detail.customer,
            detail.customer if detail.type == CHEQUE and is_number(detail.customer, 40) else "",
            group.interim,
            None,
            TAGS,
            (
                record.text,
                detail.type,
                detail.amount,
                ",".join(detail.funds),
                detail.bank,
                detail.customer,
                detail.text,
                "",
            ),
            record.start,
        )
        tally.count(line)
        self._tell(line)

    def take_run(self, run: Run, start: int) -> bool:
        """Take records of one line each; false where nothing is told, or something else, than lines that are booked."""
        account, day = self._account, self._group.day
        if account is None or day is None or not (self._group.is_booked and are_alone(run.text)):
            return False
        columns, tally = run.columns(), account.tally
        types, units = columns[:2]
        self._counted(account, list(map(int, units)))
        amounts = amounts_of(types, units, tally.currency)
        tally.add_run((day,), amounts)
        if account.items:
            came_in = sum(kind < OUTGOING for kind in types)
            account.came_in += came_in
            account.went_out += len(types) - came_in
        starts = run.starts(start, f"\n{OPENING}")
        self._tell_all(lines_of(run, columns, amounts, tally, day, starts))
        return True

    def take_sums(self, text: str) -> bool:
        """Add up records of one line each; false, and nothing is added, where one needs a closer look."""
        account = self._account
        columns = columns_added(text) if account is not None and self._group.is_booked else None
        if account is None or columns is None:
            return False
        types, units = columns
        self._counted(account, units)
        account.add_run(units, incoming(types, units))
        return True

    def _counted(self, account: AccountSums, units: Sequence[int]) -> None:
        self._file_records += len(units)
        self._group.records += len(units)
        account.records += len(units)
        account.control += sum(units)

    def _end_account(self, record: Record) -> None:
        account, group = self._account, self._group
        group.records += record.physical
        if account is None:
            return
        account.records += record.physical
        self._check("49", record, account.control, account.records)
        for code, items, counted in miscounted(account):
            if code in account.said:  # without an amount it is asked about
                self._report(text_faults.item_count(code, items, counted), record)
        announced = minor_units(fields_of(record.text)[0])
        group.control += account.control if announced is None else announced
        if self._light:
            found = None if account.odd or account.tally.unreadable else contradiction(account, announced)
            if found is not None and len(self._asked) < _ASKED_MAX:
                self._asked[self._number - 1] = found
        self.end()

    def _end_group(self, record: Record) -> None:
        group = self._group
        group.records += record.physical
        self._check("98", record, group.control, group.records, group.accounts)
        self._file_control += group.control
        self._group = Group()

    def _check(self, code: str, record: Record, control: Decimal, records: int, parts: int = 0) -> None:
        """Report counts, and above the account a sum, that differ: banks get them wrong, nothing is lost.

        ``parts`` are the accounts of a group, the groups of a file.
        """
        fields = fields_of(record.text) + [""] * 3
        said, count = minor_units(fields[0]), fields[1 if code == "49" else 2].strip()
        if code != "49" and said is not None and said != control:
            self._report(text_faults.control_total(code, str(said), str(control)), record)
        if code != "49" and is_number(whole := fields[1].strip()) and int(whole) != parts:
            self._report(text_faults.control_parts(code, int(whole), parts), record)
        if is_number(count) and int(count) != records:
            self._report(text_faults.control_count(code, int(count), records), record)

    def lose(self, record: Record) -> None:
        """Tell that the file ends within a 16: its amount may be another, and by half a text it is another line."""
        if self._account is not None:
            self._account.tally.unreadable += 1
        self._report(text_faults.row_cut_off("99"), record)

    def end(self) -> None:
        """End the account that is open."""
        account, self._account = self._account, None
        if account is not None and not self._light:
            self._tell(account.tally.statement())

    def _report(self, fault: Fault, record: Record) -> None:
        self.told = True
        if not self._light:
            shown = f"{record.code},{record.text}"
            self._tell(Unreadable(fault.code, fault.reason, record.row, record.start, excerpt(shown)))


class _Records:
    """Puts lines together to records: what an 88, or a line without a code, says goes on the record before."""

    def __init__(self, groups: _Groups) -> None:
        self._groups = groups
        self._record: Record | None = None

    def line(self, text: str, row: int, start: int) -> None:
        for code, rest in pieces(text):
            if code == "88" and self._record is not None:
                continued(self._record, rest)
            elif code:
                self.flush()
                self._record = Record(code, rest, row, start)
            elif self._record is not None and len(self._record.text) < 50_000:
                self._record.text = f"{self._record.text.rstrip()} {rest.strip()}"

    def take_run(self, run: Run, start: int) -> bool:
        """Take records that are whole on their lines, after what stands before them."""
        self.flush()
        return self._groups.take_run(run, start)

    def take_sums(self, text: str) -> bool:
        """Add up records that are whole on their lines, after what stands before them."""
        self.flush()
        return self._groups.take_sums(text)

    def flush(self) -> None:
        record, self._record = self._record, None
        if record is not None:
            self._groups.take(record)

    def end(self, *, cut: bool = False) -> None:
        """End the file; ``cut``: its last line does not end as a line ends."""
        if cut and self._record is not None and self._record.code == "16":
            self._groups.lose(self._record)
            self._record = None
        self.flush()
        self._groups.end()


class Bai2Reader(RunReader):
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    opening = OPENING

    def __init__(self, known: Known = NOTHING_KNOWN) -> None:
        super().__init__()
        self._known = known
        self.layouts = [READING]
        self._groups = _Groups(self.queue, {}, light=False)
        self._records = _Records(self._groups)

    def prepare(self, stream: BinaryIO) -> None:
        """Choose the charset, and find the accounts that do not add up."""
        super().prepare(stream)
        asked = self._looked(stream, counted=False) and self._looked(stream, counted=True)
        kept = {number: each for number, each in asked.items() if not self._known.says(each.key, *each.answers)}
        self._groups = _Groups(self.queue, kept, light=False)
        self._records = _Records(self._groups)

    def _looked(self, stream: BinaryIO, *, counted: bool) -> dict[int, Question]:
        """Return by their numbers what to ask about accounts."""
        asked: dict[int, Question] = {}
        light = _Records(_Groups(self.queue, asked, light=True))
        look = FirstLook(OPENING, light.line, light.take_sums, counted=counted)
        look.through(texts_of(stream, self.charset))
        light.end()
        return asked

    def line(self, text: str) -> None:
        """Take one line."""
        self._records.line(text.lstrip("\ufeff") if self.row == 1 else text, self.row, self.start)

    def take_run(self, run: Run) -> bool:
        """Take details that are whole on their lines."""
        taken = self._records.take_run(run, self.start)
        if taken:
            self.passed(run)
        return taken

    def finish(self) -> None:
        """Take the end of the file, which its trailer has to announce."""
        self._records.end(cut=not self.whole)
        if not self._groups.complete:
            self.unreadable(text_faults.file_cut_off("99"), self.row, self.start, "")
        elif not self._groups.told:
            self.unreadable(text_faults.no_statement(), self.row, self.start, "")

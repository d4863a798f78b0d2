"""Walks a CAMT message as it streams in: statements, balances, control totals, entries; nothing else is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from xml.parsers import expat

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import Unnamed, account_of
from raccord_bankfeed.readers.camt.checks import problem_of
from raccord_bankfeed.readers.camt.details import lines_of
from raccord_bankfeed.readers.camt.entry import DETAILS_MAX, Entry, judge, make_line, read_day, read_money
from raccord_bankfeed.readers.camt.layouts import CLOSING, Layout, learn, lines_in
from raccord_bankfeed.readers.camt.runs import Judged, judged
from raccord_bankfeed.readers.camt.runs import lines_of as lines_of_run
from raccord_bankfeed.readers.contract import Account, AccountKind, Balance, Event, Line, Numbered, Question, Unreadable
from raccord_bankfeed.readers.faults import Fault, RowFault
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.runs import RowLayout, Run
from raccord_bankfeed.readers.tally import Place, Tally
from raccord_bankfeed.readers.texts import excerpt, one_line

NO_DETAILS: Mapping[str, str] = MappingProxyType({})
STATEMENTS = frozenset({"Stmt", "Rpt", "Ntfctn"})
_WATCHED = STATEMENTS | {"Ntry", "TxDtls", "Bal", "NtryDtls"}
_DEPTH_MAX = 100
_TEXT_CHARS_MAX = 20_000
_HEAD_LEAVES_MAX = 300
_ACCOUNT_IDS = ("IBAN", "Othr/Id", "PrtryAcct/Id", "BBAN", "UPIC")
_INSTITUTION = ("Nm", "NmAndAdr/Nm", "BICFI", "BIC", "Othr/Id")


class Refused(Exception):  # noqa: N818 - carries why the whole file is left
    """Raised for what no bank's message holds and a hostile one might: a document type, endless nesting."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason.en)
        self.fault = fault


_INTERIM, _INTERIM_LAST = "ITBD", "ITBD, LAST"
"""A page from the middle of a statement begins and ends with an interim balance."""


@dataclass(slots=True)
class Open:
    """The statement that is being walked through."""

    tally: Tally
    head: dict[str, str] = field(default_factory=dict)
    balances: dict[str, tuple[Balance, str]] = field(default_factory=dict)
    """By code (``OPBD``, ``CLBD`` …), with its currency."""
    places: dict[str, Place] = field(default_factory=dict)
    """Where these stand, by code."""
    named: bool = False
    entries: int = 0
    booked: int = 0
    credits: Decimal = Decimal(0)
    debits: Decimal = Decimal(0)
    pending_total: Decimal = Decimal(0)
    currencies: set[str] = field(default_factory=set)
    booked_whole: bool = False
    """Whether it is a statement, and no report or notice within the day."""

    def count_all(self, found: Judged) -> None:
        """Count entries that can be read."""
        self.entries += len(found.amounts)
        self.currencies.update(found.currencies)
        days, amounts = found.days, found.amounts
        if any(found.pending):
            pairs = list(zip(days, amounts, found.pending, strict=True))
            booked = [(day, amount) for day, amount, waits in pairs if not waits]
            waiting = [amount for _, amount, waits in pairs if waits]
            days, amounts = [day for day, _ in booked], [amount for _, amount in booked]
            self.pending_total += sum(waiting, Decimal(0))
            self.tally.pending += len(waiting)
        if amounts:
            self.tally.add_run(days, amounts)
        out = [amount for amount in amounts if amount < 0]
        self.debits -= sum(out, Decimal(0))
        if len(out) < len(amounts):
            self.credits += sum([amount for amount in amounts if amount >= 0], Decimal(0))

    def numbered(self) -> Numbered | None:
        """Return where it stands among the account's statements."""
        if not self.booked_whole:
            return None
        legal, electronic, page = (
            int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
            for text in (self.head.get(path, "") for path in ("LglSeqNb", "ElctrncSeqNb", "StmtPgntn/PgNb"))
        )
        return Numbered(legal, electronic, page or 1)


class Walk:
    """Handles what expat finds; ``light`` walks for the control totals alone and tells no lines."""

    def __init__(
        self,
        tell: Callable[[Event], None],
        questions: dict[int, Question],
        *,
        light: bool,
        details: Mapping[str, str] = NO_DETAILS,
    ) -> None:
        self._details = details
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.buffer_size = 16 * 1024
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.finished = False
        self._tell = tell
        self._questions = questions
        self._light = light
        self._unnamed = Unnamed(asked=light)
        self._stack: list[str] = []
        self._text = ""
        self._currency = ""
        self._open: Open | None = None
        self._base = self._start = 0
        self._entry: Entry | None = None
        self._balance: dict[str, str] | None = None
        self._balance_line = 0
        self._count = 0
        self._closed_at = self._closed_line = -1
        """Where the closing tag of the last entry stands."""
        self._layouts: list[Layout] = []
        self._read_all()

    def ended(self) -> bool:
        """Tell whether the message's last tag was read."""
        return self.finished

    def known_after(self, closed_at: int) -> list[RowLayout]:
        """Return how an entry may be laid out that follows the one that closed there; nothing where none did.

        A parser may put a tag off until it is given more.
        """
        # A layout keeps no payments apart.
        between = (
            not self._details and self._open is not None and self._entry is None and len(self._stack) == self._start
        )
        return [layout.rows for layout in self._layouts] if between and self._closed_at == closed_at else []

    def learn(self, row: str) -> None:
        """Look whether an entry tells a layout."""
        learn(self._layouts, row, light=self._light)

    def take_entries(self, run: Run) -> None:
        """Take entries of one layout that follow the last one, in place of the parser."""
        opened = self._open
        if opened is None:
            return
        layout = next(layout for layout in self._layouts if layout.rows is run.layout)
        self._text = self._currency = ""
        if not self._taken_together(opened, layout, run):
            for entry in layout.entries(run, self._closed_line, self._closed_at + len(CLOSING)):
                self._entry_ended(opened, entry)
        self._closed_line += lines_in(run.text)
        self._closed_at += len(run.text.encode())

    def _taken_together(self, opened: Open, layout: Layout, run: Run) -> bool:
        """Take entries column by column; false, and none is taken, where one needs a closer look."""
        columns = layout.columns(run)
        self._name(opened)
        found = judged(columns, opened.tally.currency or self._usual_currency(opened))
        if found is None or any("" in column for column in columns.values()):
            return False
        opened.count_all(found)
        if not self._light:
            offsets = layout.offsets(run, self._closed_at + len(CLOSING))
            for line in lines_of_run(columns, found, opened.tally.account, layout.transactions, offsets):
                self._tell(line)
        return True

    def _read_all(self) -> None:
        self.parser.StartElementHandler = self._started
        self.parser.EndElementHandler = self._ended
        self.parser.CharacterDataHandler = self._said

    def _doctype(self, *_: object) -> None:
        raise Refused(text_faults.document_type())

    def _said(self, data: str) -> None:
        if len(self._text) < _TEXT_CHARS_MAX:
            self._text += data

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        self._text = ""
        self._stack.append(name)
        if attributes:
            self._currency = attributes.get("Ccy", "")
        if name not in _WATCHED:
            if len(self._stack) > _DEPTH_MAX:
                raise Refused(text_faults.nested_too_deeply())
        elif self._open is None:
            if name in STATEMENTS:
                self._begin(name)
        elif name == "Ntry" and self._entry is None:
            self._entry = Entry(self.parser.CurrentLineNumber, max(self.parser.CurrentByteIndex, 0))
            self._base = len(self._stack)
            if self._details and not self._light:
                self._name(self._open)
                self._entry.apart = self._open.tally.account.key in self._details
        elif name == "Bal" and self._entry is None:
            self._balance, self._balance_line = {}, self.parser.CurrentLineNumber
            self._base = len(self._stack)
        elif name == "TxDtls" and self._entry is not None:
            self._entry.transactions += 1
            if self._entry.apart and len(self._entry.details) <= DETAILS_MAX:
                self._entry.details.append({})
        elif name == "NtryDtls" and self._light:
            self.parser.StartElementHandler = self.parser.CharacterDataHandler = None
            self.parser.EndElementHandler = self._skipped

    def _skipped(self, name: str) -> None:
        if name.endswith("NtryDtls"):
            self._read_all()
            self._ended(name)

    def _ended(self, _: str) -> None:
        name = self._stack.pop()
        text, self._text = self._text.strip(), ""
        if text and self._open is not None:
            self._leaf(name, text)
        if name in _WATCHED and self._open is not None:
            if name == "Ntry" and self._entry is not None and len(self._stack) < self._base:
                self._closed_at, self._closed_line = self.parser.CurrentByteIndex, self.parser.CurrentLineNumber
                self._entry_ended(self._open, self._entry)
            elif name == "Bal" and self._balance is not None:
                self._balance_ended(self._open, self._balance)
            elif name in STATEMENTS and len(self._stack) < self._start:
                self.close()
        if not self._stack:
            self.finished = True

    def _leaf(self, name: str, text: str) -> None:
        opened = self._open
        if opened is None:
            return
        base = self._start if self._entry is None and self._balance is None else self._base
        path = "/".join((*self._stack[base:], name))
        if self._entry is not None:
            self._entry.add(path, text)
            if name == "Amt" and self._currency:
                self._entry.add(f"{path}@Ccy", self._currency)
        elif self._balance is not None:
            self._balance.setdefault(path, text)
            if name == "Amt":
                self._balance.setdefault("Ccy", self._currency)
        elif len(opened.head) < _HEAD_LEAVES_MAX:
            opened.head.setdefault(path, text)
        self._currency = ""

    def _begin(self, name: str) -> None:
        self._start = len(self._stack)
        self._open = Open(Tally(Account("", AccountKind.BANK, ""), self.parser.CurrentLineNumber))
        self._open.booked_whole = name == "Stmt"
        if not self._light and self._count in self._questions:
            self._tell(self._questions[self._count])
        self._count += 1

    def _name(self, opened: Open) -> None:
        """Read whose account it is; the standard puts that before balances and entries."""
        if opened.named:
            return
        opened.named = True
        head, tally = opened.head, opened.tally
        ids = (head.get(f"Acct/Id/{path}", "") for path in _ACCOUNT_IDS)
        number = next(filter(None, ids), "")
        tally.account = self._unnamed.next(account_of(AccountKind.BANK, {"ACCTID": number}))
        currency = head.get("Acct/Ccy", "").upper()
        tally.currency = currency if is_currency(currency) else ""
        names = (head.get(f"Acct/Svcr/FinInstnId/{path}", "") for path in _INSTITUTION)
        tally.institution = one_line(next(filter(None, names), ""))[:80]
        tally.starts = read_day(head.get("FrToDt/FrDtTm", ""))
        tally.ends = read_day(head.get("FrToDt/ToDtTm", ""))

    def _balance_ended(self, opened: Open, leaves: dict[str, str]) -> None:
        self._balance = None
        code = leaves.get("Tp/CdOrPrtry/Cd") or leaves.get("Tp/CdOrPrtry/Prtry") or leaves.get("Tp/Cd") or ""
        day = read_day(leaves.get("Dt/Dt") or leaves.get("Dt/DtTm") or leaves.get("Dt") or "")
        try:
            amount = read_money(leaves.get("Amt", ""), leaves.get("CdtDbtInd", "CRDT"), "Bal/")
        except RowFault as problem:
            self._unreadable(problem.fault, self.parser.CurrentLineNumber, 0, leaves.get("Amt", ""))
            return
        if code.upper() == _INTERIM and code.upper() in opened.balances:
            code = _INTERIM_LAST
        if code.upper() not in opened.balances or code == _INTERIM_LAST:
            opened.balances[code.upper()] = Balance(amount, day), leaves.get("Ccy", "")
            sign = leaves.get("CdtDbtInd", "")
            opened.places[code.upper()] = Place(
                self._balance_line, f"<Bal> {code} {leaves.get('Amt', '')} {sign}".rstrip()
            )

    def _entry_ended(self, opened: Open, entry: Entry) -> None:
        self._entry = None
        self._name(opened)
        opened.entries += 1
        currency = opened.tally.currency or self._usual_currency(opened)
        line = None
        try:
            if self._light:
                day, amount, currency, pending = judge(entry.leaves, currency)
            else:
                line = make_line(entry, opened.tally.account, currency)
                day, amount, currency, pending = line.day, line.amount, line.currency, line.pending
        except RowFault as problem:
            opened.tally.unreadable += 1
            shown = " ".join(f"{path}={text}" for path, text in list(entry.leaves.items())[:12])
            self._unreadable(problem.fault, entry.line, entry.offset, shown)
            return
        lines: Sequence[Line] = () if line is None else (line,)
        if line is not None and entry.apart and self._details[line.account.key] <= day.isoformat():
            lines = lines_of(entry, line)
        if len(lines) > 1:
            for each in lines:
                opened.tally.count(each)
        else:
            opened.tally.add(day, amount, pending=pending)
        opened.currencies.add(currency)
        if pending:
            opened.pending_total += amount
        elif amount >= 0:
            opened.credits += amount
        else:
            opened.debits -= amount
        for each in lines:
            self._tell(each)

    def close(self) -> None:
        """End the statement that is open, at its end tag or where the file breaks off."""
        opened, self._open = self._open, None
        self._entry = self._balance = None
        if opened is None:
            return
        self._name(opened)
        tally, balances = opened.tally, opened.balances
        for code in ("OPBD", "PRCD", _INTERIM):
            if tally.opening is None and code in balances:
                tally.opening = balances[code][0]
        closing = balances.get("CLBD") or balances.get(_INTERIM_LAST) or balances.get(_INTERIM)
        if closing is not None:
            tally.ledger, _ = closing
        if "CLAV" in balances:
            tally.available = balances["CLAV"][0]
        if not tally.currency:
            only = len(opened.currencies) == 1
            tally.currency = next(iter(opened.currencies)) if only else self._usual_currency(opened)
        tally.opens_at = opened.places.get("OPBD") or opened.places.get("PRCD")
        tally.closes_at = opened.places.get("CLBD")
        if self._light:
            found = problem_of(opened.head, balances, opened)
            if found is not None:
                self._questions[self._count - 1] = found
        else:
            tally.numbered = opened.numbered()
            self._tell(tally.statement())

    @staticmethod
    def _usual_currency(opened: Open) -> str:
        """Return the account's currency, or that of its balances, for amounts that state none."""
        said = (currency for _, currency in opened.balances.values() if is_currency(currency))
        return opened.tally.currency or next(said, "")

    def _unreadable(self, fault: Fault, line: int, offset: int, text: str) -> None:
        if not self._light:
            self._tell(Unreadable(fault.code, fault.reason, line, offset, excerpt(text)))

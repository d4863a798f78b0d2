"""OFX 1 (SGML), OFX 2 (XML), QFX and QBO: statements of bank and card accounts, line by line.

Tags are believed, not headers: a file without a header, with an indented one, or with an SGML body under an XML prolog
reads the same. Aggregates that are never closed end where one of their own rank or above begins.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate, repeat, starmap
from operator import add
from typing import BinaryIO, cast

from raccord_bankfeed.readers import faults, text_faults
from raccord_bankfeed.readers.account import ACCOUNT_TAGS, Unnamed, account_of
from raccord_bankfeed.readers.amounts import Mark as DecimalMark
from raccord_bankfeed.readers.charset import is_mostly_utf_8, ordered_charset
from raccord_bankfeed.readers.contract import (
    Account,
    AccountKind,
    Balance,
    Event,
    Events,
    Statement,
    Unreadable,
)
from raccord_bankfeed.readers.faults import Fault, RowFault
from raccord_bankfeed.readers.guessed import SAMPLE_BYTES, corrected_charset
from raccord_bankfeed.readers.ofx.layouts import Layout, learn
from raccord_bankfeed.readers.ofx.line import Days, is_balance, is_currency, make_line
from raccord_bankfeed.readers.ofx.marks import Marks, marks_in
from raccord_bankfeed.readers.ofx.markup import CHUNK_BYTES, ROW_END, TOKEN_BYTES_MAX, Mark, Markup, Token
from raccord_bankfeed.readers.ofx.signs import Signs, signs_in
from raccord_bankfeed.readers.ofx.statement import OpenStatement
from raccord_bankfeed.readers.ofx.values import read_amount, read_day, read_fields
from raccord_bankfeed.readers.questions import together
from raccord_bankfeed.readers.recoded import Recoded, Recoding
from raccord_bankfeed.readers.runs import run_from
from raccord_bankfeed.readers.texts import excerpt, one_line
from raccord_bankfeed.readers.told import NOTHING_KNOWN, Known

_ROW_END = ROW_END.decode()
_HEAD_BYTES = 4096
_SIGNS = re.compile(
    rb"<(?:[A-Za-z0-9._\-]+:)?OFX[\s>]|<\?OFX\s|^[ \t]*+OFXHEADER[ \t]*+:", re.IGNORECASE | re.MULTILINE
)
_NAME = b"OFX"
"""What each of them holds, which is found in a fraction of the time."""
_DECLARED = re.compile(rb"""(?:^|\s)encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""", re.IGNORECASE)
_DECLARED_SGML = re.compile(
    rb"^[ \t]*+(ENCODING|CHARSET)[ \t]*+:[ \t]*+([A-Za-z0-9._-]{1,40})", re.IGNORECASE | re.MULTILINE
)
_SINGLE_BYTE = re.compile(r"(?:windows-|cp)?(125[0-8])|iso-?8859-?(1[013-6]|[2-9])")

_KINDS = {
    "STMTRS": AccountKind.BANK,
    "CCSTMTRS": AccountKind.CARD,
    "INVSTMTRS": AccountKind.INVESTMENT,
    "LOANSTMTRS": AccountKind.LOAN,
    "AMORTSTMTRS": AccountKind.LOAN,
}
_READ = frozenset({AccountKind.BANK, AccountKind.CARD})
_ACCOUNTS = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "LOANACCTFROM"})
_SMALL = frozenset({"STATUS", "FI", "LEDGERBAL", "AVAILBAL"})
_SMALL_LEAVES = frozenset({"CODE", "SEVERITY", "MESSAGE", "ORG", "BALAMT", "DTASOF"})
_LISTS = frozenset({"BANKTRANLIST", "BANKTRANLISTP", "INVTRANLIST", "LOANTRANLIST"})
_RANKS = {
    "OFX": 0,
    **dict.fromkeys(("SIGNONMSGSRSV1", "BANKMSGSRSV1", "CREDITCARDMSGSRSV1", "INVSTMTMSGSRSV1", "LOANMSGSRSV1"), 1),
    **dict.fromkeys(("SONRS", "STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS", "LOANSTMTTRNRS", "AMORTSTMTTRNRS"), 2),
    **dict.fromkeys((*_KINDS, "STATUS", "FI"), 3),
    **dict.fromkeys((*_ACCOUNTS, *_LISTS, "LEDGERBAL", "AVAILBAL"), 4),
}


def looks_like_ofx(head: bytes) -> bool:
    """Tell from a file's first bytes, whatever its name."""
    return _NAME in head.upper() and _SIGNS.search(head) is not None


class OfxReader:
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    def __init__(self, known: Known = NOTHING_KNOWN) -> None:
        self._known = known
        self._charset = ""
        self._recoding: Recoding | None = None
        """Of a file in UTF-16, which is read as UTF-8."""
        self._marks: Marks | None = None
        """Which mark stands before cents, where amounts leave it open, and what is asked of it."""
        self._mark: DecimalMark | None = None
        self._signs = Signs()
        """Which amounts have the other sign than they are written with, and what is asked of it."""
        self._offset = 0
        self._line = 1
        self._stack: list[str] = []
        self._leaves: dict[str, str] = {}
        self._open: OpenStatement | None = None
        self._unnamed = Unnamed()
        self._institution = ""
        self._complete = False
        self._finished = False
        self._told = False
        """Whether anything was said of the file."""
        self._waiting: deque[Event] = deque()
        self._days = Days()
        self._layouts: list[Layout] = []
        self._escaped = False
        """Whether a reference to a character may stand in the transactions that are being read."""

    def events(self, stream: BinaryIO) -> Events:
        """Yield lines, statements and what cannot be read, from where the last call stopped."""
        if not self._charset:
            stream.seek(0)
            wide = ordered_charset(stream.read(_HEAD_BYTES))
            self._recoding = Recoding(wide) if wide else None
            self._charset = "utf-8" if wide else charset_of(stream)
        if self._recoding is not None:
            stream = cast("BinaryIO", Recoded(stream, self._recoding))
        if self._marks is None:
            self._marks = marks_in(stream, self._known)
            self._mark = self._marks.mark
            self._signs = signs_in(stream, self._known, self._mark)
        markup = Markup(stream, self._charset, self._offset, self._line)
        try:
            yield from self._queued()
            if self._finished:
                return
            for token in markup.tokens():
                if token.mark is Mark.ROWS:
                    self._rows(token, markup)
                elif token.mark is Mark.ROW:
                    self._row(token, markup)
                else:
                    self._structure(token, markup)
                yield from self._queued()
            self._end(markup)
            yield from self._queued()
        finally:
            self._offset = markup.position
            self._line = markup.line_of(self._offset)

    def _queued(self) -> Iterator[Event]:
        """Return what waits to be told; what nobody takes goes on waiting."""
        self._told = self._told or bool(self._waiting)
        return starmap(self._waiting.popleft, repeat((), len(self._waiting)))

    def _rows(self, token: Token, markup: Markup) -> None:
        """Read transactions one after another; give back to ``markup`` from the first that is not laid out as known."""
        statement = self._open
        if statement is None or not statement.read or b"\0" in token.body:
            markup.back_to(token.offset)
            return
        text = token.body.decode(self._charset, "replace")
        self._escaped = "&" in text
        texts = text.split(_ROW_END)
        if token.body.isascii():
            sizes, blanks = map(len, texts), map(str.find, texts, repeat("<"))
        else:
            pieces = token.body.split(ROW_END)
            sizes, blanks = map(len, pieces), map(bytes.find, pieces, repeat(b"<"))
        starts = list(accumulate(map(len(ROW_END).__add__, sizes), initial=token.offset))
        offsets = list(map(add, starts, blanks))
        for layout in self._layouts:
            if rows := layout.caught(text, len(texts)):
                self._run(layout, rows, texts, offsets, statement, markup)
                return
        layouts = {layout.row: layout for layout in self._layouts}
        at = 0
        while at < len(texts):
            found = run_from(texts, at, list(layouts))
            if not found:
                markup.back_to(starts[at])
                return
            after = at + len(found)
            rows = [match.groups() for match in found]
            self._run(layouts[found[0].re], rows, texts[at:after], offsets[at:after], statement, markup)
            at = after

    def _run(
        self,
        layout: Layout,
        rows: Sequence[tuple[str, ...]],
        texts: Sequence[str],
        offsets: Sequence[int],
        statement: OpenStatement,
        markup: Markup,
    ) -> None:
        """Read transactions of one layout, one by one where one of them has no day or amount."""
        account, currency, pending = self._account(statement), statement.currency, self._stack[-1] == "BANKTRANLISTP"
        text = texts[0].partition(">")[2]
        try:
            read = layout.read(rows, account, currency, pending, offsets, self._days, escaped=self._escaped)
            if self._signs.turn:
                turned = self._signs.turned(read.lines)
                read = read._replace(lines=turned, amounts=[line.amount for line in turned])
        except RowFault as problem:
            if len(rows) == 1 and not is_balance(read_fields(text)):
                statement.unreadable += 1
                self._waiting.append(self._unreadable(problem.fault, offsets[0], markup, text))
                return
            read = None
        if read is not None and not any(map(is_balance, read.unnamed())):
            if read.booked:
                statement.count_booked(read.days, read.amounts)
            else:
                statement.count_all(read.lines)
            self._waiting.extend(read.lines)
        elif len(rows) == 1:
            statement.note(markup.line_of(offsets[0]), text)
        else:
            for row, whole, offset in zip(rows, texts, offsets, strict=True):
                self._run(layout, [row], [whole], [offset], statement, markup)

    def _row(self, token: Token, markup: Markup) -> None:
        text = token.body.decode(self._charset, "replace").replace("\0", "")
        statement = self._open
        markup.together = False
        if statement is None:
            self._waiting.append(self._unreadable(faults.row_without_statement(), token.offset, markup, text))
            return
        if not statement.read:
            statement.leave(token.name)
            return
        pending = token.name == "STMTTRNP" or self._stack[-1] == "BANKTRANLISTP"
        try:
            fields = read_fields(text)
            if is_balance(fields):
                statement.note(markup.line_of(token.offset), text)
                return
            made = make_line(
                fields, self._account(statement), statement.currency, pending, token.offset, self._days, self._mark
            )
            (line,) = self._signs.turned([made])
        except RowFault as problem:
            statement.unreadable += 1
            self._waiting.append(self._unreadable(problem.fault, token.offset, markup, text))
            return
        markup.together = learn(self._layouts, text, self._mark)
        statement.count_all([line])
        self._waiting.append(line)

    def _structure(self, token: Token, markup: Markup) -> None:
        match token.mark:
            case Mark.OPEN if token.name in _RANKS:
                self._close_from(_RANKS[token.name], token, markup)
                self._stack.append(token.name)
                self._leaves = {}
                if token.name in _KINDS:
                    self._open = OpenStatement(kind := _KINDS[token.name], kind in _READ, markup.line_of(token.offset))
                    self._ask()
                self._complete = self._complete and token.name != "OFX"
            case Mark.OPEN:
                self._leaf(token, markup)
            case Mark.CLOSE if token.name in self._stack:
                self._close_from(_RANKS[token.name], token, markup)
                self._complete = self._complete or token.name == "OFX"
            case Mark.CUT:
                self._lose_row(faults.row_cut_off(), token, markup)
            case Mark.LONG_ROW:
                self._lose_row(faults.row_too_long(TOKEN_BYTES_MAX), token, markup)
            case Mark.LONG_TEXT:
                self._waiting.append(self._unreadable(faults.text_too_long(TOKEN_BYTES_MAX), token.offset, markup, ""))
            case _:
                pass  # the end of a leaf, or of an aggregate that tells us nothing

    def _ask(self) -> None:
        asked = [self._signs.asked, None if self._marks is None else self._marks.asked]
        self._waiting.extend(together([each for each in asked if each is not None]))

    def _lose_row(self, fault: Fault, token: Token, markup: Markup) -> None:
        if self._open is not None:
            self._open.unreadable += 1
        text = token.body.decode(self._charset, "replace")
        self._waiting.append(self._unreadable(fault, token.offset, markup, text))

    def _leaf(self, token: Token, markup: Markup) -> None:
        name, text = token.name, token.text
        inside = self._stack[-1] if self._stack else ""
        statement = self._open
        if inside in _SMALL and name in _SMALL_LEAVES:
            self._leaves[name] = text
        elif statement is None:
            return
        elif inside in _ACCOUNTS and name in ACCOUNT_TAGS:
            statement.ids[name] = text
        elif name == "CURDEF" and inside in _KINDS:
            statement.currency = text.upper() if is_currency(text.upper()) else ""
            if text and not statement.currency:
                self._waiting.append(self._unreadable(faults.statement_currency(text), token.offset, markup, text))
        elif name in ("DTSTART", "DTEND") and inside in _LISTS:
            self._widen(statement, name, read_day(text))

    @staticmethod
    def _widen(statement: OpenStatement, name: str, day: date | None) -> None:
        """Keep the first start and the last end: some banks send a list for each transaction."""
        before = statement.days.get(name)
        if day is not None and (before is None or (day < before if name == "DTSTART" else day > before)):
            statement.days[name] = day

    def _close_from(self, rank: int, token: Token, markup: Markup) -> None:
        while self._stack and _RANKS[self._stack[-1]] >= rank:
            name = self._stack.pop()
            if name == "STATUS":
                self._judge_status(token, markup)
            elif name == "FI":
                self._institution = one_line(self._leaves.get("ORG", ""))[:80]
            elif name in ("LEDGERBAL", "AVAILBAL") and self._open is not None:
                self._open.balances[name] = self._balance(token, markup)
            elif name in _KINDS and self._open is not None:
                self._waiting.append(self._statement(self._open))
                self._open = None
            self._leaves = {}

    def _judge_status(self, token: Token, markup: Markup) -> None:
        if self._leaves.get("SEVERITY", "").upper() == "ERROR":
            fault = faults.bank_refused(self._leaves.get("CODE", ""), one_line(self._leaves.get("MESSAGE", "")))
            self._waiting.append(self._unreadable(fault, token.offset, markup, ""))

    def _balance(self, token: Token, markup: Markup) -> Balance | None:
        text = self._leaves.get("BALAMT", "")
        if not text:
            return None
        try:
            return Balance(read_amount(text, self._mark), read_day(self._leaves.get("DTASOF", "")))
        except RowFault:
            self._waiting.append(self._unreadable(faults.balance_unreadable(text), token.offset, markup, text))
            return None

    def _account(self, statement: OpenStatement) -> Account:
        if statement.account is None:
            account = account_of(statement.kind, statement.ids)
            statement.account = self._unnamed.next(account) if statement.read else account
        return statement.account

    def _statement(self, opened: OpenStatement) -> Statement:
        return Statement(
            account=self._account(opened),
            currency=opened.currency,
            institution=self._institution,
            starts=opened.days.get("DTSTART"),
            ends=opened.days.get("DTEND"),
            ledger=opened.balances.get("LEDGERBAL"),
            available=opened.balances.get("AVAILBAL"),
            lines=opened.lines,
            pending=opened.pending,
            unreadable=opened.unreadable,
            left_out=opened.left_out,
            total=opened.total,
            last_day=opened.last_day,
            line=opened.line,
            notes=tuple(opened.notes),
        )

    def _end(self, markup: Markup) -> None:
        last = Token(Mark.CLOSE, "", "", b"", markup.position)
        self._close_from(0, last, markup)
        if self._complete and not self._told:
            self._waiting.append(self._unreadable(text_faults.no_statement(), last.offset, markup, ""))
        if not self._complete:
            self._waiting.append(self._unreadable(faults.file_cut_off(), last.offset, markup, ""))
        self._finished = True

    def _unreadable(self, fault: Fault, offset: int, markup: Markup, text: str) -> Unreadable:
        return Unreadable(fault.code, fault.reason, markup.line_of(offset), offset, excerpt(text))


def charset_of(stream: BinaryIO) -> str:
    """Choose the charset of the whole file: UTF-8 where most of its bytes are, else what its header declares.

    Reads the file once, in pieces; OFX's ``USASCII`` with ``CHARSET:1252``, and silence, mean Windows-1252 unless its
    letters are far more likely those of another charset.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = head
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = stream.read(CHUNK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if is_mostly_utf_8(stream):
            return "utf-8"
        declared = declared_charset(head)
        if declared not in ("utf-8", "cp1252"):
            return declared
        # Programs write this of themselves whatever the bank's letters are.
        stream.seek(0)
        return corrected_charset(stream.read(SAMPLE_BYTES))
    return "utf-8"


def declared_charset(head: bytes) -> str:
    """Return the charset that a file's header declares, Windows-1252 where it declares none that is known."""
    declared = {name.upper(): value for name, value in reversed(_DECLARED_SGML.findall(head))}
    xml = _DECLARED.search(head)
    names = [declared.get(b"CHARSET", b""), declared.get(b"ENCODING", b""), xml[1] if xml else b""]
    for name in (value.decode("ascii").lower() for value in names):
        if name in ("utf-8", "utf8"):
            return "utf-8"
        if (known := _SINGLE_BYTE.fullmatch(name)) is not None:
            return f"cp{known[1]}" if known[1] else f"iso8859-{known[2]}"
    return "cp1252"

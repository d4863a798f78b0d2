"""CSV files of banks and of PayPal: delimiter, header and conventions are found in the file, or asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import BinaryIO

from raccord_bankfeed.paypal_ids import PAYPAL
from raccord_bankfeed.readers import questions, text_faults
from raccord_bankfeed.readers.account import UNNAMED
from raccord_bankfeed.readers.contract import Account, AccountKind, Balance, Line, Question
from raccord_bankfeed.readers.conventions import Place, Told, decide
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.pushed import LINE_CHARS_MAX, LineReader, lines_of, texts_of
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.table.against import (
    against_balances,
    against_reversal,
    against_written,
    contradicting,
)
from raccord_bankfeed.readers.table.balances import follow_as_written, followed_by
from raccord_bankfeed.readers.table.by_rows import (
    HEADER_WITHIN,
    joined_names,
    names_columns,
    names_known,
    titles_above,
    told_by_rows,
)
from raccord_bankfeed.readers.table.damaged import check_end
from raccord_bankfeed.readers.table.day_forms import days_beside, stated_days, with_day_form, with_year
from raccord_bankfeed.readers.table.evidence import weigh
from raccord_bankfeed.readers.table.infer import inferred_layout
from raccord_bankfeed.readers.table.layout import (
    Layout,
    is_header,
    is_header_again,
    layout_key,
    layout_of_header,
    saved_layout,
)
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.own_accounts import with_own_accounts
from raccord_bankfeed.readers.table.pairs import both_readings
from raccord_bankfeed.readers.table.paypal import reader_of
from raccord_bankfeed.readers.table.rows import (
    Block,
    Row,
    RowCutter,
    batches_of,
    blocks_of,
    delimiter_of,
    holds_table,
    is_transaction,
    rows_of,
    usual_rows,
)
from raccord_bankfeed.readers.table.running import RunningBalance
from raccord_bankfeed.readers.table.saved import Borrowed
from raccord_bankfeed.readers.table.sections import before, doubted_sections
from raccord_bankfeed.readers.table.taxed import doubts
from raccord_bankfeed.readers.table.trades import doubted_trades, trades_among, trades_unnamed
from raccord_bankfeed.readers.table.words import Part, plain
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.told import ACCEPT, NOTHING_KNOWN, REVERSED, Known

_SAMPLE_LINES = 400
_KEY_LINES = 50
"""So many lines make the key under which a question about the file is asked."""
_ACCOUNTS_MAX = 1000
_ALONE_MAX = 8
"""To look for rows of the usual kind among fewer costs more than it saves."""


def looks_like_table(head: str) -> bool:
    """Tell from a file's beginning: rows with a day and an amount, or a header that names them."""
    if head.lstrip()[:1] in ("<", "{", "%") or "\0" in head:
        return False
    lines = head.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return holds_table([line for line in lines[:_SAMPLE_LINES] if len(line) < 20_000], is_header)


class TableReader(LineReader):
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    def __init__(self, known: Known = NOTHING_KNOWN) -> None:
        super().__init__()
        self._known = known
        self._cells = RowCutter(",")
        self._rows: RowReader | None = None
        self._questions: list[Question] = []
        self._unclear: Question | None = None
        self._file_key = ""
        self._borrowed: Borrowed | None = None
        """What tells whether columns that were saved for another file are those of this one."""
        self._given = False
        """Whether a person said what its columns are."""
        self._trades: list[Row] = []
        self._stated: list[str] = []
        """What stands above the table, where its days have no year."""
        self._begun = False
        """Whether the header, where there is one, has passed."""
        self._tallies: dict[str, Tally] = {}
        self._running: dict[str, RunningBalance] = {}
        self._goes_on = False
        self._last: Line | None = None
        self._narrowest = 0
        """So many cells each transaction has, but a last one."""

    def prepare(self, stream: BinaryIO) -> None:
        """Find charset, delimiter, columns and conventions; look at every row before the first is used."""
        super().prepare(stream)
        delimiter, layout = self._sampled(stream)
        self._cells = RowCutter(delimiter)
        self._questions = [] if self._unclear is None else [self._unclear]
        if layout is None:
            return
        if self._trades:
            layout, asked = doubted_trades(layout, self._trades, self._known, self._file_key)
            self._questions += asked

        def all_blocks() -> Iterable[Block]:
            return blocks_of(texts_of(stream, self.charset), delimiter)

        if layout.yearless:
            stated = stated_days(self._stated)
            layout, asked = with_year(layout, all_blocks(), stated, self._known, self._file_key)
            self._questions += asked
        evidence = weigh(all_blocks(), layout)

        def blocks() -> Iterable[Block]:
            return before(all_blocks(), evidence.ends)

        first = partial(self._first_rows, stream, layout, delimiter)
        place = Place(self._file_key, layout.alike, evidence.first_line, first, layout.key)
        written = decide(self._known, place, evidence.days, evidence.marks, lambda: days_beside(blocks(), layout))
        self._questions += written.asked
        self._rows = reader_of(RowReader(layout, written, evidence, turned=self._is_turned))
        self._begun = False
        if layout.trades:
            self._questions = []  # nothing of it is used
            return
        self._questions += doubted_sections(evidence.account, self._file_key, self._known)
        self._doubt_saved(blocks, self._rows)
        if not self._questions:
            self._rows = self._doubt_reversal(blocks, self._rows)
        self._goes_on = evidence.rows > 1 and 10 * evidence.continuations >= 8 * evidence.rows
        if Part.BALANCE in layout.columns and self._questions:
            # What is read in a way that nobody chose yet says nothing of its balances.
            return
        if Part.BALANCE in layout.columns:
            self._rows = self._follow_balances(blocks, self._rows)
        if not self._running:
            self._rows, asked = doubts(blocks, self._rows, self._known, self._file_key)
            self._questions += asked

    def _is_turned(self, key: str) -> bool:
        return self._known.says(key, REVERSED) != ""

    def layout_of(self, stream: BinaryIO) -> str:
        """Return the key of a file's layout, from its beginning."""
        super().prepare(stream)
        _, layout = self._sampled(stream)
        return "csv" if layout is None else layout.key

    def _sampled(self, stream: BinaryIO) -> tuple[str, Layout | None]:
        sample = self._sample(stream, self.charset)
        if self.charset == "cp1252" and names_known(other := self._sample(stream, "cp1250")) > names_known(sample):
            # Names of columns that are words only in the charset of Czech, Polish and Hungarian banks.
            self.charset, sample = "cp1250", other
        delimiter = delimiter_of(sample, is_header) or ","
        layout = self._layout(list(rows_of(sample, delimiter)), delimiter, sample)
        return delimiter, layout

    def _first_rows(self, stream: BinaryIO, layout: Layout, delimiter: str) -> Iterable[Told]:
        at, money = layout.columns[Part.DATE], layout.money
        for row in rows_of(self._sample(stream, self.charset), delimiter):
            if is_transaction(row.cells) and len(row.cells) > max((at, *money)):
                yield Told(row.shown(), row.cells[at], [row.cells[number] for number in money])

    @staticmethod
    def _sample(stream: BinaryIO, charset: str) -> list[str]:
        return [line.lstrip("\ufeff") for line in islice(lines_of(stream, charset), _SAMPLE_LINES)]

    def _layout(self, rows: list[Row], delimiter: str, sample: list[str]) -> Layout | None:
        header = next(
            (row for row in rows[:HEADER_WITHIN] if is_header(row.cells) and not is_transaction(row.cells)), None
        )
        dated = [row for row in rows if is_transaction(row.cells)]
        self._narrowest = min((len(row.cells) for row in dated[:-1]), default=0)
        base: Layout | None = None
        above = header or self._names_above(rows, dated)
        if above is not None:
            below = self._names_above(rows, dated)
            names, last = above.cells, above.cells
            if below is not None and below.line == above.line + 1:
                names, last = joined_names(above.cells, below.cells), below.cells
            base = replace(layout_of_header(names, delimiter), header=tuple(map(plain, last)))
            formed, moving = with_day_form(base, [row for row in rows if row.line > above.line])
            # What stands above the names, a day and a number of an account too, is of no column.
            dated = moving or [row for row in dated if row.line > above.line] or dated
            base = formed if moving else told_by_rows(base, [row.cells for row in dated])
            self._trades = trades_among(tuple(map(plain, names)), dated)
            self._stated = (
                [cell for row in rows if row.line < above.line for cell in row.cells] if base.yearless else []
            )
        if header is None and (base is None or not base.is_whole):
            dated = usual_rows(dated)
            base = inferred_layout([row.cells for row in dated], delimiter, titled=titles_above(rows, dated))
            self._trades = trades_unnamed([row for row in rows[:HEADER_WITHIN] if row not in dated], dated)
        if base is None:
            width = max((len(row.cells) for row in dated), default=0)
            titles = tuple(f"column {number}" for number in range(1, width + 1))
            base = Layout(layout_key(delimiter, width, -1), {}, titles=titles)
        over = [row.cells for row in rows[:HEADER_WITHIN] if dated and row.line < dated[0].line]
        base = with_own_accounts(base, [row.cells for row in dated], over)
        self._file_key = f"{base.key}-{questions.digest(*sample[:_KEY_LINES])}"
        own, saved = (self._known.columns.get(key, "") for key in (self._file_key, base.key))
        given = saved_layout(base, own or saved) if own or saved else None
        borrowed = None if own or header is not None else Borrowed(base, dated)
        unlike = given is not None and borrowed is not None and borrowed.unlike(given)
        if given is not None and not unlike:
            self._given, self._borrowed = True, borrowed
            if base.is_whole:
                self._trades = []  # whoever told others than the file's own columns looked at what they hold
            return given
        if unlike or not (base.is_whole and base.certain):
            shown, layout = next(iter(dated), Row([], 1, 0)), "" if unlike else base.key
            asked = questions.columns(self._file_key, layout, shown.cells, shown.line, base.guessed())
            pair = base.open_pair
            self._unclear = asked if pair is None else replace(asked, reason=both_readings(shown.cells, pair))
        return base if base.is_whole else None

    @staticmethod
    def _names_above(rows: list[Row], dated: list[Row]) -> Row | None:
        """Return the row above the first transaction if it names columns, whatever it calls its days."""
        first = dated[0].line if dated else 0
        above = [row for row in rows[:HEADER_WITHIN] if row.line < first and "".join(row.cells).strip()]
        return above[-1] if above and names_columns(above[-1].cells) else None

    def _follow_balances(self, blocks: Callable[[], Iterable[Block]], reader: RowReader) -> RowReader:
        """Check that each account's balances follow from its amounts; return the reader whose amounts they follow."""
        found = followed_by(blocks, reader)
        self._running, reader = found.running, found.reader
        breaks = sum(each.breaks for each in found.running.values())
        if breaks:
            count = sum(each.rows for each in found.running.values())
            ends = [f"{key}{sorted(each.unmatched)[:6]}" for key, each in found.running.items()]
            key = f"statement-{questions.digest(reader.layout.key, str(count), *ends)}"
            if not self._known.says(key, "accept"):
                rows = against_balances(blocks(), reader)
                line = reader.evidence.first_line
                self._questions.append(questions.balances_broken(key, breaks, count, line, contradicting(rows)))
        return reader

    def _doubt_saved(self, blocks: Callable[[], Iterable[Block]], reader: RowReader) -> None:
        """Ask for a file's own columns where those that were saved for all laid out alike do not fit it."""
        if self._borrowed is None:
            return
        card = reader.layout.card or self._known.is_card(f"{UNNAMED}-{reader.layout.key}")
        if self._borrowed.misfit(blocks, reader, card=card):
            shown = self._borrowed.rows[0]
            cells, guessed = shown.cells, reader.layout.guessed()
            self._questions.append(questions.columns(self._file_key, "", cells, shown.line, guessed))

    def _doubt_reversal(self, blocks: Callable[[], Iterable[Block]], reader: RowReader) -> RowReader:
        """Ask where a person said that the amounts have the other sign, and the file's balances or words say not.

        Return the reader whose signs count. What a card owes tells nothing of them.
        """
        layout = reader.layout
        if not (self._given and layout.flip):
            return reader
        key, alike = (f"reversed-{questions.digest(each)}" for each in (self._file_key, layout.key))
        match self._known.says_of(key, alike, ACCEPT, REVERSED):
            case "":
                pass
            case said:
                as_written = replace(layout, flip=False)
                return reader if said == ACCEPT else replace(reader, layout=as_written, days={}, accounts={})
        card = layout.card or self._known.is_card(f"{UNNAMED}-{layout.key}")
        count, shown = against_reversal(blocks(), reader)
        about = "words"
        if not count and not card and Part.BALANCE in layout.columns and follow_as_written(blocks, reader):
            about, (count, shown) = "balance", against_written(blocks(), reader)
        if count:
            counted = (count, reader.evidence.rows)
            line = reader.evidence.first_line
            asked = questions.reversal_contradicted(key, alike, about, counted, line, contradicting(shown))
            self._questions.append(asked)
        return reader

    def take_text(self, text: str) -> None:
        """Take whole lines, in order: many rows at once, unless a line is too long."""
        if self.within_a_line or (len(text) > LINE_CHARS_MAX and max(map(len, text.split("\n"))) > LINE_CHARS_MAX):
            self.take(text.split("\n")[:-1])
            return
        if not self.row:
            text = text.lstrip("\ufeff")
        for some, count in batches_of(text):
            self._block(self._cells.cut(some, self.row + 1, self.start))
            self.row += count
            self.start += len(some)

    def line(self, text: str) -> None:
        """Take one line."""
        for row in self._cells.add(text.lstrip("\ufeff") if self.row == 1 else text, self.row, self.start):
            self._row(row)

    def finish(self) -> None:
        """Take the last row and end the statements."""
        for row in self._cells.end():
            self._row(row)
        self._let_go()
        if self._questions:
            self._ask()
        for key, tally in self._tallies.items():
            ends = self._running[key].ends() if key in self._running else None
            if ends is not None:
                opening, closing = ends
                tally.opening, tally.ledger = Balance(opening, tally.first_day), Balance(closing, tally.last_day)
            tally.starts, tally.ends = tally.first_day, tally.last_day
            self.queue.append(tally.statement())

    def _ask(self, account: Account | None = None) -> None:
        self.queue.extend(questions.together(self._questions, account))
        self._questions = []

    def _block(self, block: Block) -> None:
        """Take rows, at once those that are written the usual way and have as such ones around them."""
        if self._rows is not None and (ends := self._rows.evidence.ends) and block and block.lines[-1] >= ends:
            for row in block:
                self._row(row)
            return
        if self._taken(block):
            return
        size = len(block)
        if size > _ALONE_MAX and self._begun and self._rows is not None and self._rows.plain:
            self._block(block.part(0, size // 2))
            self._block(block.part(size // 2, size))
            return
        begun = self._begun
        for at, row in enumerate(block, 1):
            self._row(row)
            if self._begun and not begun:
                self._block(block.part(at, size))
                return

    def _taken(self, block: Block) -> bool:
        """Take rows at once; false, and none is taken, where one needs a closer look."""
        reader = self._rows
        if reader is None or not self._begun or self._goes_on or not block:
            return False
        if (found := reader.block_lines(block)) is None:
            return False
        moved, currency, lines = found
        if self._questions:
            self._ask(moved.account)
        tally = self._tally(moved.account, block.lines[0])
        tally.currency = tally.currency or currency
        tally.add_run(moved.days, moved.amounts)
        self.queue.extend(lines)
        return True

    def _row(self, row: Row) -> None:
        reader = self._rows
        if reader is None or not "".join(row.cells).strip():
            return
        if not reader.evidence.ends or row.line < reader.evidence.ends:
            self._look_closer(row, reader)
        elif row.line == reader.evidence.ends:
            self.unreadable(text_faults.second_table(), row.line, row.start, row.shown())

    def _look_closer(self, row: Row, reader: RowReader) -> None:
        header = reader.layout.header
        if header and is_header_again(row.cells, header, reader.layout.columns[Part.DATE]):
            self._begun = True
            return
        if not self._begun and (header or not reader.begins(row)):
            return
        self._begun = True
        if self._goes_on and self._last is not None and self._continues(row, reader):
            return
        try:
            lines = reader.lines(row)
            if self.within_a_line:
                check_end(row, reader.layout, self._narrowest)
        except NoTransaction as other:
            footer = other.reason in (notes.SUM, notes.NO_DATE)
            self._of(row, reader, footer=footer).note(row.line, other.reason, row.shown(), other.day)
            return
        except RowFault as problem:
            self._of(row, reader).unreadable += 1
            self.unreadable(problem.fault, row.line, row.start, row.shown())
            return
        for line in lines:
            self._told(line, row)

    def _told(self, line: Line, row: Row) -> None:
        if self._questions:
            self._ask(line.account)
        tally = self._tally(line.account, row.line)
        tally.currency = tally.currency or line.currency
        tally.count(line)
        self._let_go()
        if self._goes_on:
            self._last = line
        else:
            self.queue.append(line)

    def _of(self, row: Row, reader: RowReader, *, footer: bool = False) -> Tally:
        """Return the statement of a row; what stands in a footer where accounts do begins none."""
        account = None if reader.layout.is_paypal else reader.account(row)
        if footer and account is not None and account.key not in self._tallies and self._tallies:
            return next(reversed(self._tallies.values()))
        return self._tally(account, row.line)

    def _tally(self, account: Account | None, line: int) -> Tally:
        """Return the statement of an account; what belongs to none goes to the first."""
        if account is not None and (found := self._tallies.get(account.key)) is not None:
            return found
        if account is None:
            known = next(iter(self._tallies.values()), None)
            if known is not None:
                return known
            account = Account("paypal-other", AccountKind.BANK, "PayPal", PAYPAL)
        full = len(self._tallies) >= _ACCOUNTS_MAX and account.key not in self._tallies
        key = next(iter(self._tallies)) if full else account.key
        return self._tallies.setdefault(key, Tally(account, line))

    def _continues(self, row: Row, reader: RowReader) -> bool:
        """Add a row of nothing but text to the line before it."""
        texts = frozenset((*reader.layout.names, *reader.layout.texts))
        filled = [number for number, cell in enumerate(row.cells) if cell.strip()]
        if self._last is None or not set(filled) <= texts:
            return False
        more = " ".join(" ".join(row.cells[number].split()) for number in filled)
        self._last = self._last._replace(memo=f"{self._last.memo} {more}".strip()[:2000])
        return True

    def _let_go(self) -> None:
        if self._last is not None:
            self.queue.append(self._last)
            self._last = None

"""MT940 and MT942: messages of tagged fields, with or without the envelope of the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import BinaryIO

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import Unnamed
from raccord_bankfeed.readers.charset import CHUNK_BYTES, head_text
from raccord_bankfeed.readers.contract import Account, AccountKind, Balance, Event, Line, Question, Unreadable
from raccord_bankfeed.readers.faults import Fault, RowFault
from raccord_bankfeed.readers.mt940.account import account_named
from raccord_bankfeed.readers.mt940.head import line_end_of
from raccord_bankfeed.readers.mt940.layouts import OPENING, READING, layout_of
from raccord_bankfeed.readers.mt940.leading import OF_ALL
from raccord_bankfeed.readers.mt940.line import (
    GERMAN,
    read_amount,
    read_balance,
    read_entry,
    read_information,
    read_structured,
    sum_entry,
)
from raccord_bankfeed.readers.mt940.message import Message, contradiction, sum_up
from raccord_bankfeed.readers.mt940.runs import TAGS, lines_of, moves_added, moves_of
from raccord_bankfeed.readers.pushed import Queue, RunReader, texts_of
from raccord_bankfeed.readers.runs import LAYOUTS_MAX, FirstLook, Run, run_of
from raccord_bankfeed.readers.tally import Place, Tally
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.readers.told import NOTHING_KNOWN, REVERSED, Known

_FIELD = re.compile(r"\s{0,8}:(20|21|25P?|28C?|34F|13D?|60[FM]?|61|62[FM]?|64|65|86|90[CD]|NS):")
_MAY_BEGIN = frozenset(":\t ")
_LEADS = frozenset(":\t -{\ufeff")
_ENVELOPE = re.compile(r"(?:\{[0-9]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*\{4:(.*)")
_END = re.compile(r"-(?:\}.*|X{3})?\s*")
_SUM = re.compile(r"\s*([0-9]{1,5})([A-Z]{3})([0-9.,]+)\s*")
_FIELD_CHARS_MAX = 20_000
CLOSING = ":62F:"
_ASKED_MAX = 1000
_TEXTS_MAX = 8


class _Messages:
    """Takes the fields of a file in order; ``light`` keeps to the totals and tells no lines."""

    def __init__(
        self,
        queue: Queue,
        asked: dict[int, Question],
        currencies: dict[int, str],
        *,
        light: bool,
        ahead: frozenset[int] = frozenset(),
    ) -> None:
        self._queue = queue
        self._ahead = ahead
        """The numbers of messages whose texts stand before their lines."""
        self._asked = asked
        self._currencies = currencies
        """Of messages that name one after their lines alone, by number."""
        self._light = light
        self._unnamed = Unnamed(asked=light)
        self._number = 0
        self._message: Message | None = None
        self.told = False
        """Whether anything was told of."""
        self.unclosed = False
        """Whether the last message has an opening balance and no closing one."""

    def take(self, tag: str, text: str, row: int, start: int) -> None:
        """Take one field."""
        message = self._message
        if tag == "25" and message is not None and message.waiting is not None and GERMAN.match(text) is not None:
            tag = "86"  # no account has subfields
        if tag == "NS":
            if message is not None and message.waiting is not None:
                message.structured = text
            return
        if tag == "86" and message is not None:
            found = message.texts if message.ahead is None else message.ahead
            if message.ahead is None and message.waiting is None and not message.count:
                message.leading.texts.append((text, row))
            elif (message.waiting or message.ahead is not None) and len(found) < _TEXTS_MAX:
                found.append(text)
            return
        if message is not None:
            self._entry(message)
        if tag == "20" or message is None or (tag == "25" and message.tally.account.key):
            self.end()
            message = self._begin(row)
        match tag:
            case "20":
                message.reference = text.strip()
            case "25" | "25P":
                message.tally.account = account_named(text.partition("\n")[0])
            case "28" | "28C":
                message.number = text.strip()
            case "61":
                message.named = message.named or bool(message.tally.currency)
                message.waiting = (text, row, start)
                if message.ahead is not None:
                    message.texts, message.ahead = message.ahead, []
            case "34F" | "13" | "13D":
                message.interim = True
                message.tally.currency = message.tally.currency or text.strip()[:3]
            case "90C" | "90D":
                self._announced(message, tag[-1], text)
            case "60" | "60F" | "60M" | "62" | "62F" | "62M" | "64":
                self._balance(message, tag, text, row, start)
            case _:
                pass  # a related reference, a forward balance

    def _begin(self, row: int) -> Message:
        self._message = Message(Tally(Account("", AccountKind.BANK, ""), row))
        if not self._light and self._number in self._asked:
            self._tell(self._asked[self._number])
        self._message.tally.currency = "" if self._light else self._currencies.get(self._number, "")
        self._message.ahead = [] if self._number in self._ahead else None
        self._number += 1
        return self._message

    def _announced(self, message: Message, side: str, text: str) -> None:
        found = _SUM.fullmatch(text.partition("\n")[0])
        amount = None if found is None else read_amount(found[3])
        if found is not None and amount is not None:
            message.interim = True
            message.announced.append((side, int(found[1]), amount))

    def _balance(self, message: Message, tag: str, text: str, row: int, start: int) -> None:
        read = read_balance(text)
        tally = message.tally
        if read is None:
            self._unreadable(text_faults.balance_unreadable(f":{tag}:", text), row, start, text)
            return
        amount, day, currency = read
        tally.currency = tally.currency or currency
        if currency and tag != "64":
            message.currencies.add(currency)
        if tag.startswith("60"):
            tally.opening, tally.starts = Balance(amount, day), day
            tally.opens_at = Place(row, f":{tag}:{text.splitlines()[0]}")
        elif tag.startswith("62"):
            tally.ledger, tally.ends, message.closed = Balance(amount, day), day, True
            tally.closes_at = Place(row, f":{tag}:{text.splitlines()[0]}")
        else:
            tally.available = Balance(amount, day)

    def _entry(self, message: Message) -> None:
        """End the line that waits, if there is one."""
        if message.waiting is None:
            return
        (text, row, start), message.waiting = message.waiting, None
        texts, message.texts = message.texts, []
        structured, message.structured = message.structured, ""
        tally = message.tally
        message.count += 1
        if message.leading.texts:
            message.leading.take(text, "\n".join(texts))
        if not tally.account.key:
            tally.account = self._unnamed.next(account_named(""))
        try:
            if self._light:
                day, amount, expected = sum_entry(text)
                # No balance holds what is only expected.
                sum_up(message, day, Decimal(0) if expected and not message.interim else amount)
                return
            entry = read_entry(text)
        except RowFault as problem:
            tally.unreadable += 1
            self._unreadable(problem.fault, row, start, text)
            return
        information = "\n".join(texts)
        # ING writes each part of one text into a field of its own.
        apart = len(texts) > 1 and not all(text.startswith("/") for text in texts)
        read = map(read_information, texts if apart else ())
        told = next((each for each in read if each.fields), None) or (
            read_information(information) if information or not structured else read_structured(structured)
        )
        line = Line(
            tally.account,
            f"28C:{message.number}#{message.count}" if message.is_numbered else "",
            entry.day,
            entry.amount,
            tally.currency,
            told.name,
            told.memo or entry.details,
            entry.type,
            told.reference or entry.bank or entry.customer,
            entry.customer if entry.type[1:] == "CHK" and entry.customer.isdigit() else "",
            entry.expected or message.interim,
            None,
            (*TAGS, *told.fields),
            (text, information, *told.fields.values(), ""),
            start,
        )
        tally.count(line)
        self._tell(line)

    def take_sums(self, text: str) -> bool:
        """Add up lines with their texts; false, and nothing is added, where one needs a closer look."""
        message = self._booked()
        added = None if message is None else moves_added(text)
        if message is None or added is None:
            return False
        self._entry(message)
        message.named = message.named or bool(message.tally.currency)
        message.count += added.lines
        message.debits += added.outgoing
        if added.incoming is not None:
            message.credits += added.incoming
        message.tally.add_sum(added.days, added.lines, (added.incoming or 0) - added.outgoing)
        message.tally.last_day = added.last
        return True

    def _booked(self) -> Message | None:
        """Return the message that is open, if its lines are booked ones of an account."""
        message = self._message
        if message is None or message.interim or message.leading.texts or message.ahead is not None:
            return None
        return message if message.tally.account.key else None

    def take_run(self, run: Run, start: int) -> bool:
        """Take lines with their texts; false where a day is impossible, or nothing booked is told."""
        message, columns = self._booked(), run.columns()
        moves = None if message is None else moves_of(columns[1], columns[2])
        if message is None or moves is None:
            return False
        self._entry(message)
        tally, before = message.tally, message.count
        message.count += len(run)
        natives: Sequence[str] = ()
        if message.is_numbered:
            natives = [f"28C:{message.number}#{number}" for number in range(before + 1, message.count + 1)]
        starts = run.starts(start, f"\n{OPENING}")
        self.told = True
        self._queue.extend(lines_of(run, columns, moves, tally, natives, starts))
        tally.add_sum(moves.seen, len(run), sum(moves.amounts, Decimal(0)))
        return True

    def end(self, *, cut: bool = False) -> None:
        """End the message that is open; ``cut``: the file ends in the middle of a line of text."""
        message, self._message = self._message, None
        if message is None:
            return
        tally = message.tally
        if cut and tally.opening is not None and not message.closed and message.waiting is not None:
            # Its amount may be another one, and by half a text it would be another line than in the whole file.
            (text, row, start), message.waiting = message.waiting, None
            tally.unreadable += 1
            self._unreadable(text_faults.row_cut_off(CLOSING), row, start, text)
        self._entry(message)
        if not tally.account.key:
            if not (message.count or tally.opening):
                return
            tally.account = self._unnamed.next(account_named(""))
        if self._light:
            if message.count and not message.named and len(self._currencies) < _ASKED_MAX:
                self._currencies[self._number - 1] = tally.currency
            if (found := contradiction(message)) is not None and len(self._asked) < _ASKED_MAX:
                self._asked[self._number - 1] = found
            return
        for text, row in message.leading.texts:
            tally.note(row, OF_ALL, text)
        tally.numbered = message.numbered
        self._tell(tally.statement())
        self.unclosed = tally.opening is not None and not message.closed

    def dashed(self) -> None:
        """Take the mark that ends a message; some banks write it after the opening balance, too."""
        message = self._message
        if message is None or message.tally.opening is None or message.closed or message.count or message.waiting:
            self.end()
            self.unclosed = False

    def _tell(self, event: Event) -> None:
        self.told = True
        self._queue.append(event)

    def _unreadable(self, fault: Fault, row: int, start: int, text: str) -> None:
        if not self._light:
            self._tell(Unreadable(fault.code, fault.reason, row, start, excerpt(text)))


class _Fields:
    """Puts the lines of a file together to fields: what begins with no tag goes on the field before."""

    def __init__(self, messages: _Messages) -> None:
        self._messages = messages
        self._tag = ""
        self._parts: list[str] = []
        self._size = 0
        self._row = self._start = 0
        self._colon = False
        """Whether the line before holds nothing but a colon, with which a field may begin that is broken there."""

    def line(self, text: str, row: int, start: int) -> None:
        if self._colon:
            if _FIELD.match(f":{text}"):
                text, self._colon = f":{text}", False
            self._add_colon()
        if text[:1] == "{" and (opened := _ENVELOPE.match(text)) is not None:
            self.end()
            text = opened[1]
        if text[:1] in _MAY_BEGIN and (found := _FIELD.match(text)) is not None:
            if self._tag:
                self._messages.take(self._tag, "\n".join(self._parts).rstrip(), self._row, self._start)
            self._tag, self._row, self._start = found[1], row, start
            self._parts, self._size = [text[found.end() :]], 0
        elif text[:1] == "-" and _END.fullmatch(text):
            self._flush()
            self._messages.dashed()
        elif text == ":" and self._tag:
            self._colon = True
        elif self._tag and self._size < _FIELD_CHARS_MAX:
            self._parts.append(text)
            self._size += len(text)

    def take_run(self, run: Run, start: int) -> bool:
        """Take lines with their texts, after the field before them."""
        self._flush()
        return self._messages.take_run(run, start)

    def take_sums(self, text: str) -> bool:
        """Add up lines with their texts, after the field before them."""
        self._flush()
        return self._messages.take_sums(text)

    def _add_colon(self) -> None:
        if self._colon:
            self._parts.append(":")
            self._colon = False

    def _flush(self) -> None:
        self._add_colon()
        if self._tag:
            self._messages.take(self._tag, "\n".join(self._parts).rstrip(), self._row, self._start)
        self._tag, self._parts = "", []

    def end(self, *, cut: bool = False) -> None:
        self._flush()
        self._messages.end(cut=cut)


class Mt940Reader(RunReader):
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    opening = OPENING

    def __init__(self, known: Known = NOTHING_KNOWN) -> None:
        super().__init__()
        self._known = known
        self.layouts = [READING]
        self._messages = _Messages(self.queue, {}, {}, light=False)
        self._fields = _Fields(self._messages)

    def prepare(self, stream: BinaryIO) -> None:
        """Choose charset and line end, and find the messages that do not add up."""
        super().prepare(stream)
        stream.seek(0)
        self.line_end = line_end_of(head_text(stream.read(CHUNK_BYTES)))
        asked, currencies = self._looked(stream, counted=False)
        if asked:  # a question says where things stand
            asked, currencies = self._looked(stream, counted=True)
        said = {number: self._known.says_of(each.key, each.layout, *each.answers) for number, each in asked.items()}
        kept = {number: each for number, each in asked.items() if not said[number]}
        ahead = frozenset(number for number, word in said.items() if word == REVERSED)
        self._messages = _Messages(self.queue, kept, currencies, light=False, ahead=ahead)
        self._fields = _Fields(self._messages)

    def _looked(self, stream: BinaryIO, *, counted: bool) -> tuple[dict[int, Question], dict[int, str]]:
        """Return by their numbers what to ask about messages, and the currencies of those that name them late."""
        asked: dict[int, Question] = {}
        currencies: dict[int, str] = {}
        light = _Fields(_Messages(self.queue, asked, currencies, light=True))

        def line(text: str, row: int, start: int) -> None:
            # What begins otherwise goes on a text before it, and nothing of that is added up.
            if text[:1] in _LEADS:
                light.line(text, row, start)

        look = FirstLook(OPENING, line, light.take_sums, counted=counted)
        look.through(texts_of(stream, self.charset, self.line_end))
        light.end()
        return asked, currencies

    def line(self, text: str) -> None:
        """Take one line."""
        self._fields.line(text.lstrip("\ufeff") if self.row == 1 else text, self.row, self.start)

    def take_run(self, run: Run) -> bool:
        """Take lines with their texts."""
        run = self._learnt(run)
        taken = self._fields.take_run(run, self.start)
        if taken:
            self.passed(run)
        return taken

    def _learnt(self, run: Run) -> Run:
        """Return a run of any layout in that of the subfields with which it begins, if that is new and all have it."""
        if run.layout is not READING or len(self.layouts) >= LAYOUTS_MAX:
            return run
        *_, references, details, text = run.caught[0]
        layout = layout_of(text.rstrip(), parted="//" in references, detailed=details != "")
        if layout is None or layout.pattern in [each.pattern for each in self.layouts]:
            return run
        self.layouts.insert(0, layout)
        again = run_of(run.rows, [layout], self.between)
        return run if again is None or len(again) < len(run) else again

    def finish(self) -> None:
        """Take the end of the last message; tell where none of them names an account or holds a line."""
        self._fields.end(cut=not self.whole)
        if self._messages.unclosed:
            self.unreadable(text_faults.file_cut_off(CLOSING), self.row, self.start, "")
        if not self._messages.told:
            self.unreadable(text_faults.no_statement(), 1, 0, "")

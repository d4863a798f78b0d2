"""Yields one stream out of one file, from any place on: rows one by one, settlements by report period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from raccord.plugin import FetchContext, Record, Reject, SourceFile, record_key
from raccord_chase.archive import unpack
from raccord_chase.box import Box, Scan
from raccord_chase.cache import Cache
from raccord_chase.facts import Charge, Chargeback, Fact, Report, Transaction, stream_of
from raccord_chase.manifest import CHARGEBACKS, CHARGES, REPORTS, SALES, SETTLEMENTS
from raccord_chase.problems import Problem, problem
from raccord_chase.readers import contract_facts
from raccord_chase.readers.contract import Located, read_contract
from raccord_chase.readers.dfr import DfrScan, Period, Row, Section
from raccord_chase.readers.dfr_facts import read_chargeback, read_transaction
from raccord_chase.readers.layouts import Use
from raccord_chase.settings import ChargebackSource, ChaseSettings
from raccord_chase.settling import Named, charges_apart, settle

Place = tuple[int, int, int]
"""Where reading goes on in a file: (section, byte or ordinal, line); section -1 holds the file's own problems."""

START: Place = (-1, 0, 0)
_BEGIN: Place = (0, -1, 0)

Seen = dict[str, int]
"""The ids read so far, each with the hash of what it said; hashes of one process only."""

_SEEN: Cache[Seen] = Cache(4)
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing read and the place after it; ``seen`` is what the next page needs to know of this one."""

    item: Record | Reject
    place: Place
    seen: tuple[_Key, Seen] | None = None


class StreamReader:
    """Reads one stream out of the files of one connection."""

    def __init__(self, context: FetchContext, settings: ChaseSettings, stream: str) -> None:
        self.context = context
        self.settings = settings
        self.stream = stream
        self.box = Box(context, settings)
        self._read: Cache[Seen] = Cache(4)

    def steps(self, file: SourceFile, place: Place) -> Iterator[Step]:
        """Yield everything of this stream in ``file`` from ``place`` on."""
        scan = self.box.scan(file)
        if self.stream == SALES and place[0] < 0:
            yield from self._own_problems(file, scan, place[1])
        begin = _BEGIN if place[0] < 0 else place
        if self.stream == REPORTS:
            yield from self._reports(file, scan, begin)
            return
        if scan.contract is not None and not scan.problems:
            yield from self._contract(file, scan, begin)
        elif scan.dfr is not None and self._by_period:
            yield from self._periods(file, scan.dfr, begin)
        elif scan.dfr is not None:
            yield from self._rows(file, scan.dfr, begin)

    def keep(self, step: Step) -> None:
        """Remember what a page's last step had seen, so the next page need not read it again."""
        if step.seen is not None:
            key, seen = step.seen
            _SEEN.put((key, step.place), seen)

    @property
    def _by_period(self) -> bool:
        if self.stream == CHARGEBACKS:
            return self.settings.chargebacks_from is ChargebackSource.SUMMARY
        return self.stream in (CHARGES, SETTLEMENTS)

    def _own_problems(self, file: SourceFile, scan: Scan, start: int) -> Iterator[Step]:
        """Yield what is wrong with the whole file; an archive is unpacked here, its members are files of their own."""
        problems = list(scan.problems)
        if scan.archive:
            problems = unpack(file, self.context.files, self.settings.zip_password.get_secret_value())
        for index, each in enumerate(problems[start:], start=start + 1):
            yield Step(each.reject(self.stream, _where(file)), (-1, index, 0))

    def _rows(self, file: SourceFile, scan: DfrScan, place: Place) -> Iterator[Step]:
        """Yield the rows of sales, refunds or chargebacks; of rows under one id the first one stands."""
        use: Use = "chargeback" if self.stream == CHARGEBACKS else "transaction"
        wanted = self.box.layout.ids(use)
        for index, section in enumerate(scan.sections):
            if index < place[0] or not wanted & section.rows.keys():
                continue
            offset, line = (place[1], place[2]) if index == place[0] and place[1] >= 0 else (None, None)
            earlier = self._earlier(file, section)
            key: _Key = (use, index, self.box.expected.merchant_id, self.box.currency, self.box.layout.digest)
            key += (*(each.sha256 for each, _ in earlier), file.sha256)
            seen = _SEEN.take((key, place)) if offset is not None else None
            if seen is None:
                seen = self._reread(earlier, use)
                if offset is not None:
                    self._remember(seen, self.box.rows(file, section, use), offset)
            for row in self.box.rows(file, section, use, offset, line):
                fact = self._fact(row)
                if fact is not None and (item := self._item(file, fact, row.line, row.text, seen)) is not None:
                    yield Step(item, (index, row.stop, row.line + 1), (key, seen))
            self._read.put(_trace([*earlier, (file, section)]), seen)

    def _earlier(self, file: SourceFile, section: Section) -> list[tuple[SourceFile, Section]]:
        """Return the sections that spoke of the same period before this one: earlier files, earlier in this file."""
        if section.period is None:
            return []
        found = self.box.sections(section.period, file)
        return [
            (other, part)
            for other, part in found
            if other.number < file.number or (other.number == file.number and part.offset < section.offset)
        ]

    def _reread(self, earlier: list[tuple[SourceFile, Section]], use: Use) -> Seen:
        if not earlier:
            return {}
        # Many files of one period follow each other: what the last one knew is what the next one needs.
        known = self._read.take(_trace(earlier))
        if known is not None:
            return known
        seen: Seen = {}
        for file, section in earlier:
            self._remember(seen, self.box.rows(file, section, use), None)
        return seen

    def _remember(self, seen: Seen, rows: Iterator[Row], stop: int | None) -> None:
        for row in rows:
            if stop is not None and row.stop > stop:
                return
            fact = self._fact(row)
            if isinstance(fact, Transaction | Chargeback):
                seen.setdefault(fact.id, hash(fact.core()))

    def _fact(self, row: Row) -> Fact | Problem | None:
        if self.stream == CHARGEBACKS:
            return read_chargeback(row, self.box.expected)
        return read_transaction(row, self.box.expected)

    def _item(self, file: SourceFile, fact: Fact | Problem, line: int, text: str, seen: Seen) -> Record | Reject | None:
        """Return what a fact gives in this stream; unreadable rows are told by the first stream."""
        if isinstance(fact, Problem):
            return fact.reject(self.stream, _where(file)) if self.stream in (SALES, CHARGEBACKS) else None
        return self._first_stands(file, fact, line, text, seen)

    def _first_stands(self, file: SourceFile, fact: Fact, line: int, text: str, seen: Seen) -> Record | Reject | None:
        """Return the record of a new id, nothing for one that says the same again, a reject for one that does not."""
        said = hash(fact.core())
        before = seen.get(fact.id)
        if before is None:
            seen[fact.id] = said
        if stream_of(fact) != self.stream or before == said:
            return None
        if before is not None:
            return problem("id_conflict", line=line, raw=text, id=fact.id).reject(self.stream, _where(file))
        return fact.record()

    def _periods(self, file: SourceFile, scan: DfrScan, place: Place) -> Iterator[Step]:
        """Yield what becomes of the report periods for which ``file`` is the last word so far."""
        ordinal = 0
        for period in sorted(self._closed_by(file, scan), key=lambda each: (each.end, each.start, each.company)):
            for result in self._settled(period, file):
                ordinal += 1
                if ordinal <= place[1]:
                    continue
                if isinstance(result, Named):
                    # Named by the settlement, not by a file: whatever file is read again, it stays one problem.
                    item: Record | Reject = result.problem.reject(self.stream, record_key(self.stream, result.id))
                else:
                    item = result.record()
                yield Step(item, (0, ordinal, 0))

    def _closed_by(self, file: SourceFile, scan: DfrScan) -> set[Period]:
        periods = {section.period for section in scan.sections if section.period is not None}
        return {
            period
            for period in periods
            if all(other.number <= file.number for other, _ in self.box.sections(period, file))
        }

    def _settled(self, period: Period, file: SourceFile) -> Iterator[Named | Fact]:
        if self.stream == CHARGES:
            facts = self.box.period_facts(period, file, members=False)
            yield from charges_apart(facts, self.settings, self.box.currency, self.box.layout)
            return
        facts = self.box.period_facts(period, file, members=True)
        for result in settle(facts, self.settings, self.box.currency, self.box.layout):
            # The summary's own chargebacks come with its settlement, and its problems are told there.
            if isinstance(result, Chargeback) == (self.stream == CHARGEBACKS):
                yield result

    def _contract(self, file: SourceFile, scan: Scan, place: Place) -> Iterator[Step]:
        """Yield this stream's objects of a contract file; of objects under one id the first one stands."""
        if scan.contract is None:
            return
        expected = contract_facts.Expected(self.settings.merchant_id, self.box.currency, self.context.days)
        start = max(place[1], 0)
        key: _Key = (self.stream, file.sha256, expected.merchant_id, expected.currency, str(expected.days))
        seen = _SEEN.take((key, place)) if start else {}
        with file.open() as stream:
            if seen is None:
                seen = {}
                for located in read_contract(stream, scan.contract, file.sha256, expected):
                    if located.offset > start:
                        break
                    if self._is_mine(located.of) and not isinstance(located.item, Problem):
                        seen.setdefault(located.item.id, hash(located.item.core()))
            for located in read_contract(stream, scan.contract, file.sha256, expected, offset=start, line=place[2]):
                if self._is_mine(located.of):
                    item = self._contract_item(file, located, seen)
                    if item is not None:
                        yield Step(item, (0, located.offset, located.line), (key, seen))

    def _reports(self, file: SourceFile, scan: Scan, place: Place) -> Iterator[Step]:
        """Yield which days a file tells of: its report periods, or from the first object of a contract to the last."""
        found: set[Report] = set()
        if scan.dfr is not None:
            periods = (section.period for section in scan.dfr.sections)
            found = {Report(period.start, period.end) for period in periods if period is not None}
        elif scan.contract is not None and not scan.problems:
            expected = contract_facts.Expected(self.settings.merchant_id, self.box.currency, self.context.days)
            with file.open() as stream:
                items = (each.item for each in read_contract(stream, scan.contract, file.sha256, expected))
                days = {each.day for each in items if isinstance(each, Transaction | Chargeback | Charge)}
            found = {Report(min(days), max(days))} if days else set()
        for ordinal, each in enumerate(sorted(found, key=lambda report: (report.last, report.first)), start=1):
            if ordinal > place[1]:
                yield Step(each.record(), (0, ordinal, 0))

    def _is_mine(self, kind: str) -> bool:
        return contract_facts.OBJECTS.get(kind, SALES) == self.stream

    def _contract_item(self, file: SourceFile, located: Located, seen: Seen) -> Record | Reject | None:
        if isinstance(located.item, Problem):
            return located.item.reject(self.stream, _where(file))
        return self._first_stands(file, located.item, located.at, "", seen)


def _trace(sections: list[tuple[SourceFile, Section]]) -> _Key:
    return tuple((file.number, section.offset) for file, section in sections)


def _where(file: SourceFile) -> str:
    return f"{file.number}/{file.name}"

"""The files of a connection as the reports in them: what each one is, and which others speak of the same period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from raccord.plugin import FetchContext, SourceFile
from raccord_chase.cache import Cache
from raccord_chase.facts import Chargeback, Transaction
from raccord_chase.problems import Problem, problem
from raccord_chase.readers.contract import ContractScan, scan_contract
from raccord_chase.readers.dfr import DfrScan, Period, Row, Section, read_rows, same_number, scan_dfr
from raccord_chase.readers.dfr_facts import (
    Expected,
    GroupKey,
    read_charge_row,
    read_chargeback,
    read_deposit_row,
    read_transaction,
)
from raccord_chase.readers.layouts import Layout, Use, layout_for
from raccord_chase.readers.lines import first_text, unreadable
from raccord_chase.settings import ChaseSettings
from raccord_chase.settling import PeriodFacts

NEIGHBOURS_MAX = 400
"""How many files before and after a file are asked for parts of the same report period."""

_SCANS_KEPT = 4_000
_ZIP_MARK = b"PK\x03\x04"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a file is: a DFR file, a contract file, an archive, or nothing of use (``problems`` only)."""

    dfr: DfrScan | None = None
    contract: ContractScan | None = None
    archive: bool = False
    problems: tuple[Problem, ...] = ()


class Box:
    """The file box of one fetch, read through the connection's settings and layout."""

    def __init__(self, context: FetchContext, settings: ChaseSettings) -> None:
        self._files = context.files
        self.settings = settings
        self.layout: Layout = layout_for(settings)
        self.currency = settings.currency or context.home_currency
        self.expected = Expected(settings.merchant_id, self.currency, self.layout)
        self._known: dict[Period, list[tuple[SourceFile, Section]]] = {}
        self._first = 0
        self._last = -1

    def after(self, number: int) -> SourceFile | None:
        return self._files.after(number)

    def scan(self, file: SourceFile) -> Scan:
        """Return what ``file`` is; a file is passed over once as long as the process remembers it."""
        key = (file.sha256, self.layout.digest)
        found = _SCANS.get(key)
        if found is None:
            found = _scan(file, self.layout)
            _SCANS.put(key, found)
        return self._own(found)

    def sections(self, period: Period, near: SourceFile) -> list[tuple[SourceFile, Section]]:
        """Return the sections of a period in ``near`` and its neighbours, in order of arrival."""
        self._look_around(near.number)
        return self._known.get(period, [])

    def rows(
        self, file: SourceFile, section: Section, use: Use, offset: int | None = None, line: int | None = None
    ) -> Iterator[Row]:
        """Yield the rows of one use in a section of ``file``."""
        wanted = self.layout.ids(use)
        scan = self.scan(file).dfr
        if scan is None or not wanted & section.rows.keys():
            return
        with file.open() as stream:
            yield from read_rows(stream, scan, section, self.layout, wanted, offset=offset, line=line)

    def period_facts(self, period: Period, near: SourceFile, *, members: bool) -> PeriodFacts:
        """Gather what all files say of a period; receipts only if ``members`` is asked for.

        The same row in several files counts once. Summary rows have no id: of a row that stands several times in one
        file, as many count as the file with the most of them has.
        """
        facts = PeriodFacts(period)
        sections = self.sections(period, near)
        facts.deposits = self._merged(sections, "deposit", read_deposit_row)
        facts.charges = self._merged(sections, "charge", read_charge_row)
        groups = {row.group for row in facts.deposits}
        if any(row.group not in groups for row in facts.charges):
            facts.elsewhere = self._transfers()
        if members:
            self._gather_members(facts, sections)
        return facts

    def _gather_members(self, facts: PeriodFacts, sections: list[tuple[SourceFile, Section]]) -> None:
        transactions: dict[str, Transaction] = {}
        chargebacks: dict[str, Chargeback] = {}
        for file, section in sections:
            for row in self.rows(file, section, "transaction"):
                fact = read_transaction(row, self.expected)
                if isinstance(fact, Transaction) and transactions.setdefault(fact.id, fact).core() != fact.core():
                    facts.conflicts.append((fact.entity, fact.id))
            for row in self.rows(file, section, "chargeback"):
                event = read_chargeback(row, self.expected)
                if isinstance(event, Chargeback) and chargebacks.setdefault(event.id, event).core() != event.core():
                    facts.conflicts.append((event.entity, event.id))
        facts.transactions = list(transactions.values())
        facts.chargebacks = list(chargebacks.values())

    def _merged(
        self, sections: list[tuple[SourceFile, Section]], use: Use, read: Callable[[Row], _T | Problem]
    ) -> list[_T]:
        by_file: dict[int, Counter[_T]] = {}
        for file, section in sections:
            for row in self.rows(file, section, use):
                fact = read(row)
                if not isinstance(fact, Problem):
                    by_file.setdefault(file.number, Counter())[fact] += 1
        most: Counter[_T] = Counter()
        for counts in by_file.values():
            most |= counts
        return list(most.elements())

    def _transfers(self) -> frozenset[GroupKey]:
        found: set[GroupKey] = set()
        for sections in self._known.values():
            for file, section in sections:
                for row in self.rows(file, section, "deposit"):
                    fact = read_deposit_row(row)
                    if not isinstance(fact, Problem):
                        found.add(fact.group)
        return frozenset(found)

    def _own(self, scan: Scan) -> Scan:
        """Refuse a file of another merchant whole."""
        if scan.dfr is None:
            return scan
        for merchant in sorted(scan.dfr.merchants):
            if not same_number(merchant, self.settings.merchant_id):
                wrong = problem("other_merchant", found=merchant or "?", expected=self.settings.merchant_id)
                return Scan(problems=(wrong,))
        return scan

    def _look_around(self, number: int) -> None:
        if self._last < 0:
            self._first = self._last = max(0, number - NEIGHBOURS_MAX - 1)
        while self._last < number + NEIGHBOURS_MAX:
            file = self._files.after(self._last)
            if file is None or file.number > number + NEIGHBOURS_MAX:
                return
            self._last = file.number
            scan = self.scan(file).dfr
            for section in scan.sections if scan else ():
                if section.period is not None:
                    self._known.setdefault(section.period, []).append((file, section))


_SCANS: Cache[Scan] = Cache(_SCANS_KEPT)


def _scan(file: SourceFile, layout: Layout) -> Scan:
    with file.open() as stream:
        if wrong := unreadable(stream) if file.size else problem("empty_file"):
            # An archive is not text either, so it is told by its mark before it is refused.
            return (
                Scan(archive=True)
                if file.size and first_text(stream).startswith(_ZIP_MARK)
                else Scan(problems=(wrong,))
            )
        head = first_text(stream)
        if head.startswith(_ZIP_MARK):
            return Scan(archive=True)
        if head.startswith(layout.container.begin.encode()):
            dfr = scan_dfr(stream, layout)
            return Scan(dfr=dfr, problems=dfr.problems)
        contract = scan_contract(stream, file.size)
    if contract is not None:
        return Scan(contract=contract, problems=contract.problems)
    return Scan(problems=(problem("unknown_file"),))

"""Delimited File Reporting: a first pass finds the reports of a file, a second one reads the rows that are wanted."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import BinaryIO

from raccord_chase.masking import mask_number
from raccord_chase.problems import Problem, problem
from raccord_chase.readers.layouts import Layout
from raccord_chase.readers.lines import LINE_BYTES_MAX, Line, decode, read_lines

ROWS_MAX = 1_000_000
PROBLEMS_MAX = 1_000
SECTIONS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Period:
    """What a report is about: one company from day to day; reports of one period belong together."""

    company: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Section:
    """The rows after one report header; ``rows`` counts them by row id, ``offset`` and ``line`` are the first one's."""

    report: str
    period: Period | None
    offset: int
    stop: int
    line: int
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DfrScan:
    """What the first pass found; a file that must not be used has problems and no sections."""

    delimiter: str = "|"
    merchants: frozenset[str] = frozenset()
    sections: tuple[Section, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row by field names, card numbers masked; ``stop`` is the byte where the next line begins.

    A row too short to be read has its ``problem`` and no fields.
    """

    id: str
    line: int
    stop: int
    fields: Mapping[str, str]
    extra: tuple[str, ...]
    text: str
    problem: Problem | None = None


@dataclass(slots=True)
class _Open:
    """A section while its rows are counted."""

    report: str
    period: Period | None
    offset: int
    line: int
    stop: int
    rows: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Scanner:
    """The state of the first pass over one file."""

    layout: Layout
    delimiter: str = "|"
    begun: Mapping[str, str] | None = None
    merchants: set[str] = field(default_factory=set)
    sections: list[Section] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    current: _Open | None = None
    rows: int = 0
    rows_of_block: int = 0

    def take(self, line: Line) -> Problem | None:
        """Take the next line; a problem returned is the file's end."""
        if line.data is None:
            self.report(problem("line_too_long", line=line.number, limit=LINE_BYTES_MAX))
            return None
        text = decode(line.data)
        if text.startswith(self.layout.container.begin):
            return self._begin(text)
        if text.startswith(self.layout.container.end):
            return self._end(text)
        if text.startswith("H") and self.begun is not None:
            self._header(text, line)
        elif text.startswith("R"):
            return self._row(text, line)
        else:
            self.report(problem("unknown_line", line=line.number, raw=text))
        return None

    def report(self, found: Problem) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(found)

    def close(self) -> None:
        """Finish the section that is open, naming the rows of reports nobody knows."""
        if self.current is None:
            return
        open_, self.current = self.current, None
        for name, count in open_.rows.items():
            if name not in self.layout.reports:
                self.report(problem("unknown_report", line=open_.first[name], report=name, count=count))
        self.sections.append(Section(open_.report, open_.period, open_.offset, open_.stop, open_.line, open_.rows))

    def _begin(self, text: str) -> Problem | None:
        mark = self.layout.container.begin
        rest = text[len(mark) :]
        if rest[:1] in self.layout.container.delimiters:
            self.delimiter = rest[0]
        if self.begun is not None:
            return problem("cut_off")
        self.begun = _marks(rest, self.delimiter)
        self.rows_of_block = 0
        self.merchants.add(self.begun.get("PID", ""))
        return None

    def _end(self, text: str) -> Problem | None:
        self.close()
        said = _marks(text[len(self.layout.container.end) :], self.delimiter)
        begun, self.begun = self.begun, None
        if begun is None:
            return problem("cut_off")
        if not same_number(said.get("PID", ""), begun.get("PID", "")):
            return problem("trailer_differs", begin=begun.get("PID", ""), end=said.get("PID", ""))
        for name in self.layout.container.count_keys:
            count = said.get(name)
            if count is not None and count.strip() != str(self.rows_of_block):
                return problem("trailer_count", said=count, found=self.rows_of_block)
        return None

    def _header(self, text: str, line: Line) -> None:
        self.close()
        cells = split_row(text[1:], self.delimiter)
        cells += [""] * (4 - len(cells))
        report, company = cells[0].strip(), cells[1].strip()
        start, end = (
            parse_date(cells[2], self.layout.container.dates),
            parse_date(cells[3], self.layout.container.dates),
        )
        period = Period(company, start, end) if start and end and start <= end else None
        if period is None:
            self.report(problem("bad_header", line=line.number, raw=text, report=report))
        self.current = _Open(report, period, line.stop, line.number + 1, line.stop)

    def _row(self, text: str, line: Line) -> Problem | None:
        self.rows += 1
        self.rows_of_block += 1
        if self.rows > ROWS_MAX or len(self.sections) > SECTIONS_MAX:
            return problem("too_many_rows", limit=ROWS_MAX)
        if self.current is None:
            self.report(problem("row_outside_report", line=line.number, raw=text))
            return None
        name = text[1:].split(self.delimiter, 1)[0].strip()
        self.current.rows[name] = self.current.rows.get(name, 0) + 1
        self.current.first.setdefault(name, line.number)
        self.current.stop = line.stop
        return None


def scan_dfr(stream: BinaryIO, layout: Layout) -> DfrScan:
    """Pass over the whole file once; what is cut off or contradicts its own trailer gives no section at all."""
    scanner = _Scanner(layout)
    for line in read_lines(stream):
        if fatal := scanner.take(line):
            return DfrScan(problems=(fatal,))
    if scanner.begun is not None or not scanner.merchants:
        return DfrScan(problems=(problem("cut_off"),))
    scanner.close()
    return DfrScan(scanner.delimiter, frozenset(scanner.merchants), tuple(scanner.sections), tuple(scanner.problems))


def read_rows(
    stream: BinaryIO,
    scan: DfrScan,
    section: Section,
    layout: Layout,
    wanted: Set[str],
    *,
    offset: int | None = None,
    line: int | None = None,
) -> Iterator[Row]:
    """Yield the rows of ``section`` whose id is wanted, from byte ``offset`` on; too short ones are problems."""
    begin = section.offset if offset is None else offset
    for each in read_lines(stream, offset=begin, number=section.line if line is None else line):
        if each.start >= section.stop:
            return
        if each.data is None:
            continue
        text = decode(each.data)
        name = text[1:].split(scan.delimiter, 1)[0].strip()
        if not text.startswith("R") or name not in wanted:
            continue
        report = layout.reports[name]
        cells = [cell.strip() for cell in split_row(text, scan.delimiter)[1:]]
        if len(cells) < report.required:
            short = problem(
                "row_too_short", line=each.number, raw=text, report=name, found=len(cells), needed=report.required
            )
            yield Row(name, each.number, each.stop, {}, (), text, short)
            continue
        fields = dict(zip(report.fields, cells, strict=False))
        for masked in report.masked & fields.keys():
            fields[masked] = mask_number(fields[masked])
        yield Row(name, each.number, each.stop, fields, tuple(cells[len(report.fields) :]), text)


def split_row(text: str, delimiter: str) -> list[str]:
    """Split a row; text in double quotes may hold the delimiter."""
    # A stray carriage return inside a row would make the csv module give up on it.
    return next(csv.reader([text.replace("\r", " ")], delimiter=delimiter), [])


@lru_cache(maxsize=4096)
def parse_date(text: str, pattern: str) -> date | None:
    """Return the date, or nothing where the text is none or the day does not exist."""
    try:
        return datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 - a date of the merchant, without time
    except ValueError:
        return None


def same_number(one: str, other: str) -> bool:
    """Compare two merchant numbers; leading zeros do not count."""
    return one.strip().lstrip("0") == other.strip().lstrip("0")


def _marks(text: str, delimiter: str) -> dict[str, str]:
    pairs = (cell.partition("=") for cell in split_row(text, delimiter))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}

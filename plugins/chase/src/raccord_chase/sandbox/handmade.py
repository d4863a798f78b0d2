"""A connection fed by hand and rows written one by one, for tests and for trying a file out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import raccord_chase
from raccord.plugin import Language, Record, Reject
from raccord.plugin.drafts import Draft
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf, map_records, read_stream
from raccord_chase.manifest import REPORTS, STREAMS, TERMS
from raccord_chase.settings import ChaseSettings

MERCHANT = "123456"
DAY = "09/01/2026"


class Deliveries:
    """A connection that gets its files by upload, and everything read out of it."""

    def __init__(self, folder: Path, settings: Mapping[str, object] | None = None) -> None:
        chosen = {"merchant_id": MERCHANT, "input_kind": "upload", **(settings or {})}
        self.files = FileShelf(folder)
        self.context = FakeFetchContext(files=self.files, settings=ChaseSettings.model_validate(chosen))
        self.cursors: dict[str, str | None] = {}
        self.records: list[Record] = []
        self.reports: list[Record] = []
        """Which days the files tell of, apart from what happened on them."""
        self.rejects: list[Reject] = []

    def put(self, name: str, content: str | bytes) -> Deliveries:
        self.files.put(name, content)
        return self

    def put_all(self, folder: Path) -> Deliveries:
        for path in sorted(folder.iterdir()):
            self.put(path.name, path.read_bytes())
        return self

    def run(self) -> Deliveries:
        """Read every stream from where it stopped."""
        for stream in STREAMS:
            reading = read_stream(raccord_chase, self.context, stream.name, self.cursors.get(stream.name))
            self.cursors[stream.name] = reading.cursor
            (self.reports if stream.name == REPORTS else self.records).extend(reading.records)
            self.rejects += reading.rejects
        return self

    def of(self, stream: str) -> list[Record]:
        return [record for record in self.records if record.stream == stream]

    def codes(self) -> list[str]:
        return [reject.code for reject in self.rejects]

    def drafts(self, *, taxed: bool = False, language: Language = "en") -> list[Draft]:
        context = FakeMapContext(terms=TERMS, taxed=taxed, language=language)
        return map_records(raccord_chase, context, self.records)


def dfr(*lines: str, pid: str = MERCHANT, mark: str = "|") -> str:
    """Wrap lines in the begin and end marks."""
    marks = mark.join((f"PID={pid}", "FREQ=DAILY", "CO=1"))
    return "\n".join((f"*DFRBEG{mark}{marks}", *lines, f"*DFREND{mark}{marks}", ""))


def head(report: str, start: str = DAY, end: str = "") -> str:
    return f"H{report}|1|{start}|{end or start}|{end or start}|03:00:00"


def sale(
    record: int, amount: str, *, action: str = "D", day: str = DAY, currency: str = "CAD", method: str = "VI",
    order: str = "A1", card: str = "411111******1111", entity: str = "9", pid: str = MERCHANT, extra: str = "",
) -> str:  # fmt: skip
    return (
        f"RACT0010|{day}|{pid}|SHOP|77|{record}|TD|{entity}|{currency}|{order}||{card}||{amount}|{method}|{action}"
        f"|{day}|x|100||CA||5999{extra}"
    )


def total(
    category: str, amount: str, *, method: str = "", count: str = "", currency: str = "CAD", transfer: str = "500",
    settled: str = "S", entity: str = "9",
) -> str:  # fmt: skip
    return f"RFIN0010|TD|{entity}|{transfer}|***1234|{currency}|{method}|{category}|{settled}|{count}|{amount}"


def fee(category: str, text: str, amount: str, *, transfer: str = "500") -> str:
    return f"RFIN0011|{category}||TD|9|{transfer}|***1234|CAD|STD|||{text}||1||{amount}||{amount}"


def dispute(category: str, sequence: str, amount: str, *, status: str = "", day: str = DAY, report: str = "D") -> str:
    if report == "D":
        return (
            f"RPDE0017D|TD|9|{amount}|N|CAD|{category}|{status}|{sequence}|A1|411111******1111|4853|{day}|{day}|{day}"
            f"|{amount}|0|1|VI"
        )
    return f"RPDE0020|TD|9|||CAD|{category}|{status}|{sequence}|A1|411111******1111|4853|{day}|{day}|{day}|{amount}|1"


def settlement_file(*, net: str, totals: tuple[str, ...], rows: tuple[str, ...], more: tuple[str, ...] = ()) -> str:
    """Return a file of one settlement on 1 September 2026."""
    return dfr(head("FIN0010"), *totals, total("NET", net), head("ACT0010"), *rows, *more)

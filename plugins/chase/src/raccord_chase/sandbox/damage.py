"""Files with every fault that real deliveries have shown, each with what the connector must say of it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from raccord_chase.sandbox.dfr_files import financial, row
from raccord_chase.sandbox.story import CardEvent, Fee, Report

LONG_LINE_BYTES = 200 * 1024 * 1024
_BOMB_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file with a fault: the code it must be refused with, by which stream, and how many sales of it are good."""

    name: str
    code: str
    stream: str
    good_sales: int


def damaged_files(
    folder: Path, day: date, *, merchant_id: str = "123456", currency: str = "CAD", long_line: int = LONG_LINE_BYTES
) -> list[DamagedFile]:
    """Write one file a fault, each with two sales of 60.00 and 54.98, from ``day`` on; return what must be said."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[DamagedFile] = []

    def write(name: str, content: str | bytes, code: str, stream: str = "sales", good: int = 2) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        made.append(DamagedFile(name, f"chase.{code}", stream, good))

    def whole(number: int) -> str:
        return financial(_day_of_two_sales(day + timedelta(days=number), number), merchant_id, currency)

    write("01-empty.dfr", b"", "empty_file", good=0)
    write("02-utf-16.dfr", whole(2).encode("utf-16"), "encoding", good=0)
    write("03-binary.dfr", bytes(range(256)) * 20, "binary_file", good=0)
    write("04-cut-off.dfr", whole(4).partition("*DFREND")[0][:-30], "cut_off", good=0)
    write("05-other-trailer.dfr", _in_trailer(whole(5), f"PID={merchant_id}", "PID=999"), "trailer_differs", good=0)
    write("06-count.dfr", _in_trailer(whole(6), "FREQ=", "RECORDS=99|FREQ="), "trailer_count", good=0)
    write("07-other-merchant.dfr", whole(7).replace(f"PID={merchant_id}", "PID=999"), "other_merchant", good=0)
    write("08-unknown-report.dfr", _before_end(whole(8), "RACT0082|something|new"), "unknown_report")
    write("09-impossible-date.dfr", _with_row(whole(9), _odd_row(day, merchant_id, "02/30/2026", currency)), "bad_date")
    write("10-two-under-one-id.dfr", _second_differs(whole(10)), "id_conflict")
    write("11-short-row.dfr", _with_row(whole(11), "RACT0010|09/01/2026|123456"), "row_too_short")
    write(
        "12-other-currency.dfr",
        _with_row(whole(12), _odd_row(day, merchant_id, f"{day:%m/%d/%Y}", "USD")),
        "other_currency",
    )
    write(
        "13-control-total.dfr", whole(13).replace("|NET|S|1|110.97", "|NET|S|1|111.97"), "settlement_net", "settlements"
    )
    write("14-missing-sale.dfr", _without_second_sale(whole(14)), "settlement_sum", "settlements", good=1)
    write("15-long-line.dfr", b"", "line_too_long")
    with (folder / "15-long-line.dfr").open("wb") as stream:
        before, mark, after = whole(15).partition("*DFREND")
        stream.write(before.encode())
        for _ in range(long_line // 1_000_000 + 1):
            stream.write(b"RACT0010|" + b"x" * 999_991)
        stream.write(f"\r\n{mark}{after}".encode())
    write("16-bomb.zip", _zipped({"bomb.dfr": b"*DFRBEG|" + b"0" * _BOMB_BYTES}), "zip_bomb", good=0)
    write("17-nested.zip", _zipped({"inner.zip": _zipped({"a.dfr": whole(17).encode()})}), "zip_nested", good=0)
    write("18-broken.zip", _zipped({"a.dfr": whole(18).encode()})[:-40], "zip_broken", good=0)
    write("19-letter.txt", "Dear merchant,\r\nyour report is late.\r\n", "unknown_file", good=0)
    return made


def _day_of_two_sales(day: date, number: int) -> Report:
    moment = datetime.combine(day, time(10), ZoneInfo("America/Toronto"))
    sales = [
        CardEvent(
            False, moment, f"9{number:02}01", record, Decimal(amount), "VI", "411111******1111", f"D{number}-{record}"
        )
        for record, amount in ((1, "60.00"), (2, "54.98"))
    ]
    fees = (Fee("IA", "Interchange", Decimal("3.81")), Fee("PFEE", "Transaction fee", Decimal("0.20")))
    funded = day + timedelta(days=1)
    return Report(day, day, funded, funded, f"9{number:04}", sales, fees=fees)


def _in_trailer(text: str, old: str, new: str) -> str:
    before, mark, trailer = text.partition("*DFREND")
    return before + mark + trailer.replace(old, new)


def _before_end(text: str, line: str) -> str:
    return text.replace("*DFREND", f"{line}\r\n*DFREND")


def _with_row(text: str, line: str) -> str:
    """Put a row after the report's transactions."""
    return text.replace("HFIN0011", f"{line}\r\nHFIN0011")


def _odd_row(day: date, merchant_id: str, written: str, currency: str) -> str:
    fields = [
        written,
        merchant_id,
        "SHOP",
        "98765",
        "1",
        "TD",
        "1",
        currency,
        "ODD",
        "",
        "4111111111111111",
        "",
        "9.00",
    ]
    return row("ACT0010", [*fields, "VI", "D", f"{day:%m/%d/%Y}", "", "", "", "", "", "5999"])


def _second_differs(text: str) -> str:
    lines = text.split("\r\n")
    at = next(index for index, line in enumerate(lines) if line.startswith("RACT0010"))
    lines.insert(at + 1, lines[at].replace(" 60.00", " 61.00"))
    return "\r\n".join(lines)


def _without_second_sale(text: str) -> str:
    return "\r\n".join(line for line in text.split("\r\n") if not (line.startswith("RACT0010") and " 54.98" in line))


def _zipped(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()

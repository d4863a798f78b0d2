"""Writes a story as DFR files, the way public readers of the format expect them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from raccord_chase.sandbox.story import CardEvent, DisputeEvent, Fee, Report

COMPANY = "0000004711"
ENTITY = "0000098765"
_ZIPPED_EACH = 5
_STAMP = (2026, 1, 1, 0, 0, 0)
"""Archives bear no time of their own, so the same story gives the same bytes."""


def write(reports: Sequence[Report], folder: Path, merchant_id: str, currency: str, *, zipped: bool) -> list[Path]:
    """Write a financial file for each report, one of exceptions where disputes moved; every fifth delivery as ZIP."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for index, report in enumerate(reports):
        number, day = merchant_id.zfill(10), f"{report.delivered:%y%m%d}"
        named = {f"{number}.FIN.{day}.dfr": financial(report, merchant_id, currency)}
        if report.disputes:
            named[f"{number}.PDE.{day}.dfr"] = exceptions(report, merchant_id, currency)
        if zipped and index % _ZIPPED_EACH == _ZIPPED_EACH - 1:
            paths.append(folder / f"{number}.ALL.{day}.zip")
            with zipfile.ZipFile(paths[-1], "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in named.items():
                    archive.writestr(zipfile.ZipInfo(name, _STAMP), text, zipfile.ZIP_DEFLATED)
        else:
            for name, text in named.items():
                paths.append(folder / name)
                paths[-1].write_bytes(text.encode())
    return paths


def financial(report: Report, merchant_id: str, currency: str) -> str:
    """Return a financial file: the deposit summary, every transaction, every service charge."""
    return wrapped(
        merchant_id,
        header("FIN0010", report.start, report.end),
        *summary_rows(report, currency),
        header("ACT0010", report.start, report.end),
        *(transaction_row(event, merchant_id, currency) for event in report.events),
        header("FIN0011", report.start, report.end),
        *(charge_row(fee, report.transfer, currency) for fee in report.fees),
        *(charge_row(fee, report.charge_transfer, currency) for fee in report.charge),
    )


def exceptions(report: Report, merchant_id: str, currency: str) -> str:
    """Return a file of exceptions: the disputes of the period, received ones (which move nothing) included."""
    rows: list[str] = []
    for event in report.disputes:
        if event.category == "RTM":
            rows.append(dispute_row(event, currency, category="RECD"))
        rows.append(dispute_row(event, currency))
    return wrapped(merchant_id, header("PDE0017", report.start, report.end), *rows)


def wrapped(merchant_id: str, *lines: str) -> str:
    """Put the begin and end marks around the lines of a file."""
    marks = f"PID={merchant_id}|FREQ=DAILY|CO={COMPANY}"
    return "\r\n".join((f"*DFRBEG|{marks}", *lines, f"*DFREND|{marks}", ""))


def header(report: str, start: date, end: date) -> str:
    return f"H{report}|{COMPANY}|{start:%m/%d/%Y}|{end:%m/%d/%Y}|{end:%m/%d/%Y}|03:15:00"


def summary_rows(report: Report, currency: str) -> list[str]:
    rows: list[str] = []
    for refund, category in ((False, "SALE"), (True, "REF")):
        for method in sorted({event.method for event in report.events if event.refund is refund}):
            amounts = [e.amount for e in report.events if e.refund is refund and e.method == method]
            rows.append(
                summary_row(report.transfer, currency, method, category, len(amounts), sum(amounts, Decimal(0)))
            )
    for category in ("IA", "PFEE"):
        fees = [fee.amount for fee in report.fees if fee.category == category]
        if fees:
            rows.append(summary_row(report.transfer, currency, "", category, len(fees), sum(fees, Decimal(0))))
    if report.disputes:
        moved = sum((event.signed for event in report.disputes), Decimal(0))
        rows.append(summary_row(report.transfer, currency, "", "CB", len(report.disputes), moved))
    rows.append(summary_row(report.transfer, currency, "", "NET", 1, report.net))
    if report.charge:
        rows.append(summary_row(report.charge_transfer, currency, "", "PFEE", len(report.charge), report.charged))
        rows.append(summary_row(report.charge_transfer, currency, "", "NET", 1, -report.charged))
    return rows


def summary_row(
    transfer: str, currency: str, method: str, category: str, count: int, amount: Decimal, *, settled: str = "S"
) -> str:
    return row("FIN0010", ["TD", ENTITY, transfer, "*****1234", currency, method, category, settled, count, amount])


def transaction_row(event: CardEvent, merchant_id: str, currency: str) -> str:
    fields: list[object] = [f"{event.day:%m/%d/%Y}", merchant_id, "SHOP", event.submission, event.record, "TD", ENTITY]
    fields += [
        currency,
        event.order,
        "",
        event.card,
        "",
        f" {event.signed}",
        event.method,
        "R" if event.refund else "D",
    ]
    fields += [f"{event.day:%m/%d/%Y}", "tst123", "100", "", "CA", "", "5999", "N", "", "", "0.05", "1.55", "", "", ""]
    return row("ACT0010", fields)


def charge_row(fee: Fee, transfer: str, currency: str) -> str:
    fields: list[object] = [fee.category, "", "TD", ENTITY, transfer, "*****1234", currency, "STD", "", ""]
    fields += [fee.description, "", "1", "", f"{-fee.amount}", "", f"{-fee.amount}"]
    return row("FIN0011", fields)


def dispute_row(event: DisputeEvent, currency: str, *, category: str = "") -> str:
    sale, day = event.sale, f"{event.day:%m/%d/%Y}"
    fields: list[object] = ["TD", ENTITY, f"{event.amount}", "N", currency, category or event.category, ""]
    fields += [event.sequence, sale.order, sale.card, "4853", f"{sale.day:%m/%d/%Y}", day, day, f"{event.amount}"]
    fields += ["0.00", "1", sale.method, f"{sale.day:%m/%d/%Y}", "", "", "N", "N"]
    return row("PDE0017D", fields)


def row(report: str, fields: Iterable[object]) -> str:
    """Write a row; text that holds a comma stands in quotes."""
    cells = (str(field) for field in fields)
    return f"R{report}|" + "|".join(f'"{cell}"' if "," in cell else cell for cell in cells)

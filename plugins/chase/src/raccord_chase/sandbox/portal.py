"""Writes a story in the published contract: the same facts, for merchants without report files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path

from raccord_chase.sandbox.dfr_files import ENTITY
from raccord_chase.sandbox.story import CardEvent, DisputeEvent, Report

COLUMNS: tuple[str, ...] = (
    "object", "schema_version", "merchant_id", "id", "updated_at", "deleted", "day", "occurred_at", "currency",
    "amount", "method", "order", "card", "direction", "dispute", "reason", "net",
    "line_type", "line_ref", "line_amount", "line_description",
)  # fmt: skip

Value = str | bool | list[dict[str, str]]


def write(reports: Sequence[Report], folder: Path, merchant_id: str, currency: str) -> list[Path]:
    """Write one file a report, by turns a JSON document, JSON lines and CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for index, report in enumerate(reports):
        objects = list(_objects(report, merchant_id, currency))
        suffix, text = (("json", _document(objects)), ("jsonl", _lines(objects)), ("csv", _table(objects)))[index % 3]
        paths.append(folder / f"chase-{report.delivered:%Y%m%d}.{suffix}")
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def _objects(report: Report, merchant_id: str, currency: str) -> Iterator[dict[str, Value]]:
    always: dict[str, Value] = {
        "schema_version": "1",
        "merchant_id": merchant_id,
        "updated_at": f"{report.delivered}T03:15:00-05:00",
        "deleted": False,
        "currency": currency,
    }
    for event in report.events:
        yield {
            **always,
            "object": "refund" if event.refund else "sale",
            "id": _event_id(event, merchant_id),
            "occurred_at": event.moment.astimezone(UTC).isoformat(),
            "amount": str(event.amount),
            "method": event.method,
            "order": event.order,
            "card": event.card,
        }
    for dispute in report.disputes:
        yield {
            **always,
            "object": "chargeback",
            "id": _dispute_id(dispute),
            "dispute": dispute.sequence,
            "direction": "taken" if dispute.category == "RTM" else "returned",
            "day": str(dispute.day),
            "amount": str(dispute.amount),
            "order": dispute.sale.order,
            "card": dispute.sale.card,
            "reason": "4853",
        }
    period = f"{report.start:%Y%m%d}-{report.end:%Y%m%d}"
    members = [_line("refund" if e.refund else "sale", _event_id(e, merchant_id), str(e.signed)) for e in report.events]
    members += [_line("chargeback", _dispute_id(e), str(e.signed)) for e in report.disputes]
    fees = [_line("fee", fee.category, str(-fee.amount), fee.description) for fee in report.fees]
    yield {
        **always,
        "object": "settlement",
        "id": f"{ENTITY}-{currency}-{report.transfer}-{period}",
        "day": str(report.funded),
        "net": str(report.net),
        "lines": members + fees,
    }
    if report.charge:
        yield {
            **always,
            "object": "charge",
            "id": f"{ENTITY}-{currency}-{report.charge_transfer}-{period}",
            "day": str(report.funded),
            "net": str(-report.charged),
            "lines": [_line("fee", fee.category, str(-fee.amount), fee.description) for fee in report.charge],
        }


def _event_id(event: CardEvent, merchant_id: str) -> str:
    return f"{merchant_id}-{event.submission}-{event.record}"


def _dispute_id(event: DisputeEvent) -> str:
    return f"{event.sequence}-{event.category}-{event.day:%Y%m%d}"


def _line(type_: str, ref: str, amount: str, description: str = "") -> dict[str, str]:
    return {"type": type_, "ref": ref, "amount": amount, "description": description}


def _document(objects: Sequence[Mapping[str, Value]]) -> str:
    return json.dumps({"data": objects, "next_cursor": None}, ensure_ascii=False, indent=1)


def _lines(objects: Sequence[Mapping[str, Value]]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)


def _table(objects: Sequence[Mapping[str, Value]]) -> str:
    """Write CSV: an object with lines takes one row a line."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore", lineterminator="\r\n")
    table.writeheader()
    for each in objects:
        plain = {name: "false" if value is False else value for name, value in each.items()}
        lines = each.get("lines")
        rows = lines if isinstance(lines, list) and lines else [{}]
        for row in rows:
            table.writerow({**plain, **{f"line_{name}": value for name, value in row.items()}})
    return text.getvalue()

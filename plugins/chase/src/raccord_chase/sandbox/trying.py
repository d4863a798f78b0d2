"""The twin's part in `raccord check`: a week of a shop, as report files and in the published contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from raccord.plugin.testing import Again, Telling, Trial
from raccord.plugin.texts import Text
from raccord_chase.sandbox.merchant import Merchant

START = date(2026, 8, 27)
DAYS = 8
"""Over the end of a month, so that there is a charge apart."""
MARKER = "extra-field-7"
_DAYS_ALONE = Text(
    "Les rapports de Chase donnent des jours, pas des moments.", "Chase's reports give days, not moments."
)
Files = list[tuple[str, bytes]]


def trials() -> list[Trial]:
    """Return both ways in which the merchant's files come."""
    merchant = Merchant(start=START, days=DAYS)
    reports = _written(lambda folder: merchant.write_files(folder, zipped=False))
    zipped = _written(lambda folder: merchant.write_files(folder, zipped=True))
    contract = _written(merchant.portal_files)
    totals = {stream: {merchant.currency: amount} for stream, amount in _totals(merchant).items()}
    return [
        _trial("reports", reports, again_as=zipped, extended=_with_field(reports, b"RACT0010"), totals=totals,
               exempt={"day.zone": _DAYS_ALONE}),
        _trial("contract", contract, again_as=[(f"b-{name}", content + b"\n") for name, content in contract],
               extended=[(name, content.replace(b'"schema_version"', b'"fresh": "extra-field-7", "schema_version"'))
                         for name, content in contract],
               totals=totals, moments=_moments(merchant)),
    ]  # fmt: skip


def _trial(
    name: str,
    files: Files,
    *,
    again_as: Files,
    extended: Files,
    totals: Mapping[str, Mapping[str, Decimal]],
    moments: Mapping[tuple[str, str], datetime] | None = None,
    exempt: Mapping[str, Text] | None = None,
) -> Trial:
    return Trial(
        name=name,
        values={"merchant_id": "123456", "input_kind": "upload", "zip_password": "canary-password"},
        told=Telling(files=files),
        again={
            Again.REORDERED: Telling(files=files[::-1]),
            Again.OVERLAPPING: Telling(files=[*files[:4], *again_as[2:]]),
            Again.REISSUED: Telling(files=again_as),
        },
        extended=Telling(files=extended),
        marker=MARKER,
        totals=totals,
        moments=moments or {},
        starts_on=START,
        exempt=exempt or {},
    )


def _written(write: Callable[[Path], Sequence[Path]]) -> Files:
    with TemporaryDirectory() as folder:
        return [(path.name, path.read_bytes()) for path in write(Path(folder) / "files")]


def _with_field(files: Files, row: bytes) -> Files:
    """Return report files whose rows of a kind have one field more at their end."""
    return [
        (
            name,
            b"\r\n".join(
                line + b"|" + MARKER.encode() if line.startswith(row) else line for line in content.split(b"\r\n")
            ),
        )
        for name, content in files
    ]


def _totals(merchant: Merchant) -> dict[str, Decimal]:
    events = [event for report in merchant.reports for event in report.events]
    disputes = [event for report in merchant.reports for event in report.disputes]
    amounts = {
        "sales": [event.signed for event in events if not event.refund],
        "refunds": [event.signed for event in events if event.refund],
        "chargebacks": [event.signed for event in disputes],
        "charges": [amount for _, amount in merchant.charges()],
        "settlements": [amount for _, amount in merchant.settlements()],
    }
    return {stream: sum(each, Decimal(0)) for stream, each in amounts.items()}


def _moments(merchant: Merchant) -> dict[tuple[str, str], datetime]:
    return {
        (
            "refunds" if event.refund else "sales",
            f"{merchant.merchant_id}-{event.submission}-{event.record}",
        ): event.moment
        for report in merchant.reports
        for event in report.events
    }

"""The twin's part in `raccord check`: seventeen days of a shop, as report files and in the published contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from raccord.plugin.testing import Again, Expected, Telling, Trial
from raccord.plugin.texts import Text
from raccord_chase.sandbox.merchant import Merchant
from raccord_chase.sandbox.printed import COUNTS, PRINTED

START = date(2026, 8, 24)
DAYS = 17
"""Over the end of a month, with a charge apart, and to a refund larger than the sales around it: money goes back."""
SALES_PER_DAY = 3
MARKER = "extra-field-7"
_DAYS_ALONE = Text(
    "Les rapports de Chase donnent des jours, pas des moments.", "Chase's reports give days, not moments."
)
_CHECKED_BEFORE = Text(
    "Chaque ligne est vérifiée à la lecture : ce qui ne sert pas est un rejet, jamais un enregistrement.",
    "Each line is checked as it is read: what cannot be used is a reject, never a record.",
)
Files = list[tuple[str, bytes]]
_ACCOUNT = "0000098765-CAD"
_BANKED = [
    Expected("chargebacks", "5001-RTM-20260830", "2026-08-30", "-225.50"),
    Expected("charges", f"{_ACCOUNT}-77008-20260901-20260901", "2026-09-02", "-39.95"),
    Expected("settlements", f"{_ACCOUNT}-77001-20260824-20260824", "2026-08-25", "242.58"),
    Expected("settlements", f"{_ACCOUNT}-77002-20260825-20260825", "2026-08-26", "302.66"),
    Expected("settlements", f"{_ACCOUNT}-77003-20260826-20260826", "2026-08-27", "457.64"),
    Expected("settlements", f"{_ACCOUNT}-77004-20260827-20260827", "2026-08-28", "472.07"),
    Expected("settlements", f"{_ACCOUNT}-77005-20260828-20260830", "2026-08-31", "1189.42"),
    Expected("settlements", f"{_ACCOUNT}-77006-20260831-20260831", "2026-09-01", "565.60"),
    Expected("settlements", f"{_ACCOUNT}-77007-20260901-20260901", "2026-09-02", "191.46"),
    Expected("settlements", f"{_ACCOUNT}-77009-20260902-20260902", "2026-09-03", "1387.26"),
    Expected("settlements", f"{_ACCOUNT}-77010-20260903-20260903", "2026-09-04", "255.23"),
    Expected("settlements", f"{_ACCOUNT}-77011-20260904-20260906", "2026-09-07", "751.38"),
    Expected("settlements", f"{_ACCOUNT}-77012-20260907-20260907", "2026-09-08", "151.39"),
    Expected("settlements", f"{_ACCOUNT}-77013-20260908-20260908", "2026-09-09", "543.40"),
    Expected("settlements", f"{_ACCOUNT}-77014-20260909-20260909", "2026-09-10", "-740.66"),
]
"""As the bank's statement shows them."""
EFFECTS = {
    "sales": {"clearing": "7519.34", "income_sales": "-7519.34"},
    "refunds": {"clearing": "-1369.92", "income_refunds": "1369.92"},
    "chargebacks": {"clearing": "-225.50", "income_chargebacks": "225.50"},
    "charges": {"deposit_bank": "-39.95", "fees": "39.95"},
    "settlements": {
        "deposit_bank": "5769.43", "fees": "154.49", "=sales": "-7519.34", "=refunds": "1369.92",
        "=chargebacks": "225.50", "clearing": "740.66", "=settlements": "-740.66",
    },
}  # fmt: skip
"""What was sold less what went back, less Chase's fees, reached the bank; what it took back passes through clearing."""


def trials() -> list[Trial]:
    """Return both ways in which the merchant's files come."""
    merchant = Merchant(start=START, days=DAYS, sales_per_day=SALES_PER_DAY)
    reports = _written(lambda folder: merchant.write_files(folder, zipped=False))
    zipped = _written(lambda folder: merchant.write_files(folder, zipped=True))
    contract = _written(merchant.portal_files)
    totals = {stream: {merchant.currency: amount} for stream, amount in _totals(merchant).items()}
    expected = [*_sold(merchant), *_BANKED]
    return [
        _trial("reports", reports, again_as=zipped, extended=_with_field(reports, b"RACT0010"), totals=totals,
               expected=expected, exempt={"day.zone": _DAYS_ALONE}),
        _trial("contract", contract, again_as=[(f"b-{name}", content + b"\n") for name, content in contract],
               extended=[(name, content.replace(b'"schema_version"', b'"fresh": "extra-field-7", "schema_version"'))
                         for name, content in contract],
               totals=totals, expected=expected, moments=_moments(merchant)),
    ]  # fmt: skip


def _trial(
    name: str,
    files: Files,
    *,
    again_as: Files,
    extended: Files,
    totals: Mapping[str, Mapping[str, Decimal]],
    expected: Sequence[Expected],
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
        expected=expected,
        effects=EFFECTS,
        counts=COUNTS,
        printed=PRINTED,
        moments=moments or {},
        starts_on=START,
        exempt={**(exempt or {}), "trial.bad": _CHECKED_BEFORE},
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


def _sold(merchant: Merchant) -> list[Expected]:
    """Return what the merchant's till says of its sales and refunds."""
    return [
        Expected(
            "refunds" if event.refund else "sales",
            f"{merchant.merchant_id}-{event.submission}-{event.record}",
            str(event.day),
            str(event.signed),
        )
        for report in merchant.reports
        for event in report.events
    ]


def _moments(merchant: Merchant) -> dict[tuple[str, str], datetime]:
    return {
        (
            "refunds" if event.refund else "sales",
            f"{merchant.merchant_id}-{event.submission}-{event.record}",
        ): event.moment
        for report in merchant.reports
        for event in report.events
    }

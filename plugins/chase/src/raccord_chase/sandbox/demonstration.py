"""The twin's part in Raccord's demonstration: ninety days of a small shop, read from a folder."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from raccord.plugin.demo import DemoSource
from raccord.plugin.texts import Text
from raccord_chase.sandbox.merchant import Merchant

BEFORE_KEPT = date(2026, 8, 17)
"""Where the story of a folder begins that does not say it: it was made before stories followed the day."""
DAYS = 90
MERCHANT_ID = "123456"
KEPT = ".first-day"
"""The file that keeps the story's first day; readers of a folder leave hidden files alone."""


def demo(folder: Path, today: date) -> DemoSource:
    """Write the files of the demonstration's merchant below ``folder`` once, up to ``today``; later calls find them.

    A demonstration that is started again long after has data missing, as a shop whose files no longer come.
    """
    if not folder.is_dir():
        _write(folder, Merchant.until(today, days=DAYS, merchant_id=MERCHANT_ID))
    kept = folder / KEPT
    start = date.fromisoformat(kept.read_text("ascii")) if kept.exists() else BEFORE_KEPT
    merchant = Merchant(start=start, days=DAYS, merchant_id=MERCHANT_ID)
    return DemoSource(
        label=Text("Chase (démonstration)", "Chase (demonstration)"),
        values={"merchant_id": MERCHANT_ID, "input_kind": "folder", "folder": str(folder)},
        starts_on=start,
        last_day=max(day for day, _ in merchant.settlements()),
        prefer={"deposit_bank": "chèques", "tax": "tvq"},
        unpaid=merchant.unpaid_balance,
    )


def _write(folder: Path, merchant: Merchant) -> None:
    draft = folder.with_name(f"{folder.name}.part")
    draft.mkdir(parents=True, exist_ok=True)
    for left in draft.iterdir():
        # Of a start that was killed, perhaps on another day.
        left.unlink()
    for path in merchant.write_files(draft):
        # As if delivered a while ago: a file that has just been written may still be growing.
        os.utime(path, (0, 0))
    (draft / KEPT).write_text(merchant.start.isoformat(), "ascii")
    draft.rename(folder)

"""The twin's part in Raccord's demonstration: ninety days of a small shop, read from a folder."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

from raccord.plugin.demo import DemoSource
from raccord.plugin.texts import Text
from raccord_chase.sandbox.merchant import Merchant

START = date(2026, 8, 17)
DAYS = 90
MERCHANT_ID = "123456"


def demo(folder: Path, today: date) -> DemoSource:
    """Write the files of the demonstration's merchant below ``folder`` once; later calls find them."""
    merchant = Merchant(start=START, days=DAYS, merchant_id=MERCHANT_ID)
    if not folder.is_dir():
        draft = folder.with_name(f"{folder.name}.part")
        draft.mkdir(parents=True, exist_ok=True)
        for path in merchant.write_files(draft):
            # As if delivered a while ago: a file that has just been written may still be growing.
            os.utime(path, (0, 0))
        draft.rename(folder)
    return DemoSource(
        label=Text("Chase (démonstration)", "Chase (demonstration)"),
        values={"merchant_id": MERCHANT_ID, "input_kind": "folder", "folder": str(folder)},
        starts_on=START,
        last_day=max(day for day, _ in merchant.settlements()) + timedelta(days=1),
        prefer={"deposit_bank": "chèques", "tax": "tvq"},
        unpaid=merchant.unpaid_balance,
    )

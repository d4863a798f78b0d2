"""The connector's part in Raccord's demonstration: six weeks of the practice, as tables in a folder."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

from raccord.plugin import Text
from raccord.plugin.contract.writing import write_table
from raccord.plugin.demo import DemoSource
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox.story import seeded

FIRST_DAY = date(2026, 3, 2)
WEEKS = 6


def demo(folder: Path, today: date) -> DemoSource:
    """Write the practice's tables to ``folder`` once; later calls find them there."""
    folder.mkdir(parents=True, exist_ok=True)
    practice = seeded(FIRST_DAY, WEEKS)
    for info in CONTRACT.objects:
        values = practice.all(info.name)
        target = folder / f"{info.path}.csv"
        if not values or target.exists():
            continue
        draft = target.with_suffix(".part")
        draft.write_text(write_table(CONTRACT, info.name, values), encoding="utf-8-sig", newline="")
        # As if it had lain there for a while: a file that has just been written may still be growing.
        os.utime(draft, (0, 0))
        draft.rename(target)
    return DemoSource(
        label=Text("TaxDome (un cabinet de fiscalité)", "TaxDome (a tax practice)"),
        values={
            "firm": "cabinet-laurier",
            "accounts": "used",
            "landing": "clearing",
            "input_kind": "folder",
            "folder": str(folder),
        },
        starts_on=FIRST_DAY,
        last_day=FIRST_DAY + timedelta(weeks=WEEKS),
        prefer={"tax_taxable": "tvq", "tax_exempt": "exon", "default_item": "ventes", "payout_bank": "chèques"},
    )

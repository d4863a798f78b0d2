"""The connector's part in Raccord's demonstration: six weeks of the firm, as tables in a folder."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

from raccord.plugin import Text
from raccord.plugin.demo import DemoSource
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox.exports import write_table
from raccord_plannit.sandbox.story import seeded

FIRST_DAY = date(2026, 3, 2)
WEEKS = 6


def demo(folder: Path, today: date) -> DemoSource:
    """Write the firm's tables to ``folder`` once; later calls find them there."""
    folder.mkdir(parents=True, exist_ok=True)
    firm = seeded(FIRST_DAY, WEEKS)
    for info in CONTRACT.objects:
        values = firm.all(info.name)
        target = folder / f"{info.path}.csv"
        if not values or target.exists():
            continue
        draft = target.with_suffix(".part")
        draft.write_text(write_table(info.name, values), encoding="utf-8-sig", newline="")
        # As if it had lain there for a while: a file that has just been written may still be growing.
        os.utime(draft, (0, 0))
        draft.rename(target)
    return DemoSource(
        label=Text("Plannit (une entreprise de services)", "Plannit (a field-service firm)"),
        values={"account": "ventilation-boreale", "input_kind": "folder", "folder": str(folder)},
        starts_on=FIRST_DAY,
        last_day=FIRST_DAY + timedelta(weeks=WEEKS),
        prefer={"tax_taxable": "tvq", "tax_exempt": "exon", "default_item": "ventes", "deposit_bank": "chèques"},
    )

"""The connector's part in Raccord's demonstration (a real bank file, read from a folder) and in its conformance."""

from __future__ import annotations

import os
from datetime import date
from importlib.resources import files
from pathlib import Path

from raccord.plugin.demo import DemoSource
from raccord.plugin.texts import Text
from raccord_bankfeed.trying import trials

__all__ = ["demo", "trials"]

SAMPLE = ("samples", "qfx", "bank_medium_cad.qfx")


def demo(folder: Path, today: date) -> DemoSource:
    """Copy a Canadian bank's file to ``folder`` once; later calls find it there."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / SAMPLE[-1]
    if not target.exists():
        draft = target.with_suffix(".part")
        draft.write_bytes(files("raccord_bankfeed").joinpath(*SAMPLE).read_bytes())
        # As if it had lain there for a while: a file that has just been written may still be growing.
        os.utime(draft, (0, 0))
        draft.rename(target)
    return DemoSource(
        label=Text("Banque (un vrai fichier)", "Bank (a real file)"),
        values={"input_kind": "folder", "folder": str(folder)},
        starts_on=date(2009, 4, 1),
        last_day=date(2009, 4, 30),
        prefer={"ledger_account": "épargne"},
    )

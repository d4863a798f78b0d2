"""The twin's company in a file, so that a server that is started again serves what people filed and exported before."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from raccord_pleo.sandbox.company import Export, Filed, TwinCompany
from raccord_pleo.sandbox.paging import written

_MOMENTS = ("created", "touched")


def keep(company: TwinCompany, path: Path) -> None:
    """Write the company to a file; what is there stays whole until the new one is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_bytes(
        written(
            {
                "expenses": {str(entry): _filed(each) for entry, each in company.expenses.items()},
                "exports": {str(job): _export(each) for job, each in company.exports.items()},
                "lists": company.lists,
                "categories": company.categories,
            }
        )
    )
    draft.rename(path)


def take_up(company: TwinCompany, path: Path) -> None:
    """Give a company what its file holds; leave it as it is where there is none."""
    if not path.exists():
        return
    said = json.loads(path.read_bytes(), parse_float=Decimal)
    company.expenses = {UUID(entry): _as_filed(each) for entry, each in said["expenses"].items()}
    company.exports = {UUID(job): _as_export(each) for job, each in said["exports"].items()}
    company.lists, company.categories = said["lists"], said["categories"]


def _filed(filed: Filed) -> dict[str, object]:
    receipts = [base64.b64encode(each).decode("ascii") for each in filed.receipts]
    return {**asdict(filed), "receipts": receipts}


def _as_filed(said: Mapping[str, Any]) -> Filed:
    receipts = tuple(base64.b64decode(each) for each in said["receipts"])
    return Filed(**{**said, "receipts": receipts, "tags": tuple(said["tags"]), "lines": tuple(said["lines"])})


def _export(export: Export) -> dict[str, object]:
    return {
        **{each.name: getattr(export, each.name) for each in fields(export)},
        "id": str(export.id),
        **{name: getattr(export, name).isoformat() for name in _MOMENTS},
        "entries": [str(each) for each in export.entries],
        "moments": {name: moment.isoformat() for name, moment in export.moments.items()},
        "results": {str(entry): result for entry, result in export.results.items()},
    }


def _as_export(said: Mapping[str, Any]) -> Export:
    return Export(
        **{
            **said,
            "id": UUID(said["id"]),
            **{name: datetime.fromisoformat(said[name]) for name in _MOMENTS},
            "entries": [UUID(each) for each in said["entries"]],
            "moments": {name: datetime.fromisoformat(moment) for name, moment in said["moments"].items()},
            "results": {UUID(entry): result for entry, result in said["results"].items()},
        }
    )

"""Payouts that come before their payments: looked at again in each reading, until all that they name is here."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from raccord.plugin import FetchContext, Page, Record
from raccord.plugin.contract import contract_page
from raccord_taxdome.contract import CONTRACT, PAYOUTS, Payout
from raccord_taxdome.records import maker
from raccord_taxdome.settings import TaxDomeSettings

WAITING_MAX = 200
_UNSAID = "1970-01-01T00:00:00Z"
"""When a kept payout changed last is not kept; it is read again, not told again."""


def payouts_page(context: FetchContext, settings: TaxDomeSettings, cursor: str | None) -> Page | None:
    """Return the page of payouts after ``cursor``; the last one brings those that waited and wait no more."""
    at, waiting = _read(cursor)
    make = maker(context, settings)
    page = contract_page(context, CONTRACT, settings.intake(), PAYOUTS, at, make)
    if page is None:
        return None
    records = list(page.records)
    told = {each.source_id for each in records}
    waiting = [each for each in waiting if each not in told]
    if not page.more:
        come = [record for each in waiting if (record := _again(context, settings, each)) is not None]
        records += come
        waiting = [each for each in waiting if each not in {record.source_id for record in come}]
    waiting += [each.source_id for each in page.records if each.raw.get("waits")]
    return Page(records, json.dumps({"at": page.cursor, "waiting": waiting[-WAITING_MAX:]}), page.more, page.rejects)


def _read(cursor: str | None) -> tuple[str | None, list[str]]:
    said: Any = {} if cursor is None else json.loads(cursor, parse_float=str)
    if "waiting" not in said:
        # A cursor from before payouts could wait.
        return cursor, []
    return said["at"], [str(each) for each in said["waiting"]]


def _again(context: FetchContext, settings: TaxDomeSettings, payout_id: str) -> Record | None:
    """Return a payout whose payments are all here by now."""
    kept = context.kept(PAYOUTS, payout_id)
    if kept is None:
        return None
    record = maker(context, settings)("payout", Payout.model_validate({**kept, "updated_at": _UNSAID}))
    return None if record.raw.get("waits") else replace(record, as_of=None)

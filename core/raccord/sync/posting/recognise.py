"""Refusals that are none: what stands in a document's way may be that very document, and what is gone may be there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from raccord.quickbooks import BATCH_MAX, Cause, Fault, QuickBooks, quoted
from raccord.quickbooks.codec import differing
from raccord.store.models import Action
from raccord.sync.books.readback import LISTS, Sought, read_back
from raccord.sync.chunks import chunks

if TYPE_CHECKING:
    from raccord.sync.books.sending import Job, Result

IN_THE_WAY = frozenset({Cause.DUPLICATE_NUMBER, Cause.DUPLICATE_NAME, Cause.STALE})


def recognise(client: QuickBooks, results: Sequence[Result]) -> list[Result]:
    """Return the results with documents in the place of refusals that our own documents caused.

    A number, a name or a newer state may come from a life of ours that we forgot; a newer state only counts if it says
    what was sent. What was to be taken out may be gone since an earlier sending, or by somebody else's hand, which
    comes to the same. And "not found" as the answer to an update may speak of the document or of something it refers
    to: asking for the document tells which.
    """
    taken = [result.job.sought for result in results if _stands_in_its_way(result)]
    gone = [result.job for result in results if _has(result.faults, {Cause.GONE}) and _updates(result.job)]
    found = read_back(client, taken) if taken else {}
    there = _still_there(client, gone)
    return [_judged(result, found, there) for result in results]


def _stands_in_its_way(result: Result) -> bool:
    if result.job.sought.removed:
        return result.document is None and result.refused
    return _has(result.faults, IN_THE_WAY)


def _judged(result: Result, found: Mapping[str, Mapping[str, Any]], alive: set[tuple[str, str]]) -> Result:
    sought: Sought = result.job.sought
    if sought.removed:
        return replace(result, document=found[sought.code]) if sought.code in found else result
    if _stands_in_its_way(result) and sought.code in found:
        there = found[sought.code]
        # A newer state that bears our mark may be one that a forgotten life of ours wrote of another revision.
        if _has(result.faults, {Cause.STALE}) and differing(json.loads(sought.body, parse_float=Decimal), there):
            return result
        # Identical text is ours; a name that differs in case or accents may be somebody else, and is proposed (K19).
        if _has(result.faults, {Cause.DUPLICATE_NAME}) and name_in(there) != name_in(
            json.loads(sought.body, parse_float=Decimal)
        ):
            return result
        return replace(result, document=there)
    if _has(result.faults, {Cause.GONE}) and (result.job.kind, sought.document_id) in alive:
        # The same fault in answer to a create means what the document refers to.
        return replace(result, faults=tuple(replace(fault, operation="create") for fault in result.faults))
    return result


def name_in(entry: Mapping[str, Any]) -> str:
    """Return the name of an entry of a list."""
    return str(entry.get("DisplayName") or entry.get("Name") or "")


def _still_there(client: QuickBooks, jobs: Sequence[Job]) -> set[tuple[str, str]]:
    there: set[tuple[str, str]] = set()
    for kind in dict.fromkeys(job.kind for job in jobs):
        active = " AND Active IN (true, false)" if kind in LISTS else ""
        for some in chunks([job.sought.document_id for job in jobs if job.kind == kind], BATCH_MAX):
            where = f"Id IN ({', '.join(map(quoted, some))}){active}"
            there.update((kind, str(row["Id"])) for row in client.query_all(kind, where))
    return there


def _updates(job: Job) -> bool:
    return job.action == Action.UPDATE


def _has(faults: Sequence[Fault], causes: frozenset[Cause] | set[Cause]) -> bool:
    return any(fault.cause in causes for fault in faults)

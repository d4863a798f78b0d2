"""What stands in a document's way, once QuickBooks refused it: read there, for the question that a person gets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from raccord.quickbooks import BATCH_MAX, Cause, Fault, QuickBooks, quoted
from raccord.quickbooks.codec import differing, summary_of
from raccord.sync.books.company import PEOPLE, find_by_name
from raccord.sync.books.names import proposals
from raccord.sync.books.readback import DOCUMENTS, LISTS
from raccord.sync.chunks import chunks

if TYPE_CHECKING:
    from raccord.sync.books.sending import Result

_HOLDER = re.compile(r"assigned to TxnType=(\w+) with TxnId=(\d+)")


def tell_what_stands(client: QuickBooks, results: Sequence[Result]) -> list[Result]:
    """Return the results, those that were refused with what stands in their way.

    One request for all documents of a kind, up to three for each name that is taken.
    """
    own = _documents(client, [result for result in results if _cause(result) in (Cause.STALE, Cause.DEPOSITED)])
    told = []
    for result in results:
        cause, job = _cause(result), result.job
        document = own.get((job.kind, job.sought.document_id))
        if cause is Cause.STALE and document is not None:
            result = replace(result, standing=_newer(result, document))
        elif cause is Cause.DEPOSITED and document is not None:
            result = replace(result, standing=_deposited(job.kind, document))
        elif cause is Cause.DUPLICATE_NAME:
            result = replace(result, standing=_namesake(client, job.kind, job.body))
        elif cause is Cause.DUPLICATE_NUMBER:
            result = replace(result, standing=_same_number(client, job.kind, job.body, result.faults[0]))
        told.append(result)
    return told


def is_voided(document: Mapping[str, Any]) -> bool:
    """Tell whether a document was voided; QuickBooks says so only in its note."""
    return str(document.get("PrivateNote", "")).startswith("Voided")


def said_of(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a question says of a document that is there."""
    summary = summary_of(kind, document)
    total = document.get("TotalAmt")
    return {
        "document": f"{kind} {summary.number or summary.id}",
        "kind": kind,
        "id": summary.id,
        "number": summary.number,
        "day": str(document.get("TxnDate", "")),
        "amount": None if total is None else format(Decimal(total), "f"),
    }


def _newer(result: Result, document: Mapping[str, Any]) -> dict[str, Any]:
    job = result.job
    if job.kind in LISTS:
        return {"kind": job.kind, "id": str(document["Id"]), "sync_token": str(document["SyncToken"])}
    body = json.loads(job.body, parse_float=Decimal)
    return {
        **said_of(job.kind, document),
        "sync_token": str(document["SyncToken"]),
        "voided": is_voided(document),
        "fields": list(differing(body, document))[:20],
    }


def _deposited(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    links = [each for each in document.get("LinkedTxn", []) if each.get("TxnType") == "Deposit"]
    return {**said_of(kind, document), "deposit": ", ".join(str(each["TxnId"]) for each in links)}


def _namesake(client: QuickBooks, kind: str, body: str) -> dict[str, Any]:
    """Return who bears the name, with names that would be free; only an entry of the same list can be linked."""
    sent = json.loads(body, parse_float=Decimal)
    name = str(sent.get("DisplayName") or sent.get("Name"))
    for other in (kind, *PEOPLE) if kind in PEOPLE else (kind,):
        for row in find_by_name(client, other, name):
            return {
                "name": name,
                "kind": other,
                "id": str(row["Id"]),
                "holder": str(row.get("DisplayName") or row.get("Name")),
                "active": bool(row.get("Active", True)),
                "linkable": other == kind and bool(row.get("Active", True)),
                "proposals": proposals(name, kind),
            }
    return {"name": name, "linkable": False, "proposals": proposals(name, kind)}


def _same_number(client: QuickBooks, kind: str, body: str, fault: Fault) -> dict[str, Any]:
    """Return the document that bears the number: the one the refusal names, else the one of our kind."""
    number = str(json.loads(body, parse_float=Decimal).get("DocNumber", ""))
    named = _HOLDER.search(fault.detail)
    if named is not None and named[1] in DOCUMENTS:
        rows, there = list(client.query_all(named[1], f"Id = {quoted(named[2])}")), named[1]
    else:
        rows, there = list(client.query_all(kind, f"DocNumber = {quoted(number)}")), kind
    if not rows:
        return {}
    return {**said_of(there, rows[0]), "linkable": there == kind}


def _documents(client: QuickBooks, results: Sequence[Result]) -> dict[tuple[str, str], Mapping[str, Any]]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    wanted: dict[str, list[str]] = {}
    for result in results:
        if result.job.sought.document_id:
            wanted.setdefault(result.job.kind, []).append(result.job.sought.document_id)
    for kind, ids in wanted.items():
        active = " AND Active IN (true, false)" if kind in LISTS else ""
        for some in chunks(ids, BATCH_MAX):
            where = f"Id IN ({', '.join(map(quoted, some))}){active}"
            found.update({(kind, str(row["Id"])): row for row in client.query_all(kind, where)})
    return found


def _cause(result: Result) -> Cause | None:
    return result.faults[0].cause if result.refused and result.document is None else None

"""A Plannit connection whose catalogue, contacts and imports are as many as wanted, made in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from harness import NOW
from sqlalchemy import insert
from sqlalchemy.orm import Session

from raccord.store.columns import new_id
from raccord.store.database import Database
from raccord.store.models import Company, Connection, ConnectorSwitch, LedgerEntry, PushedEntry, SourceRecord
from raccord.sync.bodies import digest

BULK = 5_000


def fill(database: Database, entries: int) -> str:
    """Add a company and its Plannit, with so many items and contacts on both sides, and as many contacts imported
    beside those of the same name; return the connection.
    """
    company_id, connection_id = new_id(), new_id()
    with Session(database.engine) as session, session.begin():
        _add(session, Company, iter([
            {"id": company_id, "realm": f"{4620816365000000 + entries}", "environment": "sandbox",
             "name": "Atelier Boréal inc.", "country": "CA", "home_currency": "CAD", "taxed": True, "created_at": NOW}
        ]))  # fmt: skip
        _add(session, Connection, iter([
            {"id": connection_id, "company_id": company_id, "connector": "plannit", "label": "Plannit",
             "source_identity": f"boreale-{entries}", "mode": "already_running", "starts_on": date(2026, 3, 1),
             "set_up_at": NOW, "created_by": "Odile",
             "settings": {"account": f"boreale-{entries}", "input_kind": "upload"}}
        ]))  # fmt: skip
        _add(session, ConnectorSwitch, (
            {"connector": "plannit", "company_id": each, "enabled": True, "changed_by": "Odile", "changed_at": NOW}
            for each in ("", company_id) if each or not session.get(ConnectorSwitch, ("plannit", ""))
        ))  # fmt: skip
        _add(session, LedgerEntry, (
            {"company_id": company_id, "kind": kind, "object_id": str(number), "name": _name(number),
             "name_key": _name(number).casefold(), "active": True, "type": "Service" if kind == "Item" else "",
             "seen_at": NOW}
            for kind in ("Item", "Customer") for number in range(1, entries + 1)
        ))  # fmt: skip
        _add(session, SourceRecord, (
            _record(connection_id, stream, number)
            for stream in ("items", "contacts") for number in range(1, entries + 1)
        ))  # fmt: skip
        _add(session, PushedEntry, (
            {"connection_id": connection_id, "list_name": "contacts", "kind": "Customer", "object_id": str(number),
             "name": _name(number), "source_id": f"imported-{number}", "told_hash": "x", "told_at": NOW}
            for number in range(1, entries + 1)
        ))  # fmt: skip
    return connection_id


def _name(number: int) -> str:
    return f"Entrée & fils {number:05}"


def _record(connection_id: str, stream: str, number: int) -> dict[str, Any]:
    raw = json.dumps({
        "id": str(number), "name" if stream == "items" else "display_name": f"Entree et fils {number:05} inc.",
        "sale_price": "12.50", "unit": "h", "emails": [f"n{number}@example.ca"], "phones": ["514 555-0100"],
    })  # fmt: skip
    return {
        "connection_id": connection_id, "stream": stream, "source_id": str(number), "revision": 1,
        "content_hash": digest(raw), "day": date(2026, 3, 1), "raw": raw, "state": "mapped", "reason": "",
        "run_id": "", "fetched_at": NOW,
    }  # fmt: skip


def _add(session: Session, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, BULK)):
        session.execute(insert(model), batch)

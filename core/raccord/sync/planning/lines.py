"""The lines of a plan that no draft makes: entries that other lines need first; and what lines say they send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Attachment, Draft
from raccord.quickbooks.codec import encode, entity_of, rank_of
from raccord.store.models import Action, LineState, LinkRow, PlanLine
from raccord.sync.bodies import digest
from raccord.sync.books.company import Facts
from raccord.sync.resolving.reactivate import lines_for
from raccord.sync.resolving.resolve import Resolver


def lines_first(
    session: Session, plan_id: str, resolver: Resolver, facts: Facts, made: Mapping[str, LinkRow]
) -> list[dict[str, Any]]:
    """Return lines for the list entries that this slice's drafts want made, or made active again, and that no earlier
    slice planned.

    One that was ``made`` before and is not to be used any more is not made again under its old request id.
    """
    known = set(
        session.scalars(
            select(PlanLine.key).where(PlanLine.plan_id == plan_id, PlanLine.key.in_(list(resolver.wanted)))
        )
    )
    lines = [
        bare_line(plan_id, each["key"], each["revision"], each["kind"], 0) | each
        for each in lines_for(session, plan_id, resolver)
    ]
    for key, wanted in resolver.wanted.items():
        if key in known:
            continue
        encoded = encode(wanted.draft, _ref, facts.encoding, marker="", number="")
        revision = made[key].revision + 1 if key in made else 1
        lines.append(
            line_fields(plan_id, key, revision, wanted.draft)
            | {
                "action": Action.CREATE,
                "payload": encoded.payload,
                "payload_hash": digest(encoded.payload),
                "needs": list(encoded.needs),
                "reason": "plan.default" if wanted.role else "plan.default_item",
                "params": {"role": wanted.role, "of": wanted.of},
            }
        )
    return lines


def _ref(ref: Any) -> str:
    return f"{{link:{ref.key}}}" if ref.ref == "link" else str(ref.id)


def line_fields(plan_id: str, key: str, revision: int, draft: Draft) -> dict[str, Any]:
    return bare_line(plan_id, key, revision, entity_of(draft), rank_of(draft))


def bare_line(plan_id: str, key: str, revision: int, kind: str, rank: int) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "rank": rank,
        "draft_id": None,
        "key": key,
        "revision": revision,
        "kind": kind,
        "day": None,
        "record_day": None,
        "document_id": "",
        "payload": "",
        "payload_hash": "",
        "needs": [],
        "reason": "",
        "params": {},
        "effect": {},
        "amount": None,
        "currency": "",
        "money_account": "",
        "state": LineState.PENDING,
        "mapped_by": "",
        "mapped_under": 0,
        "answered_by": [],
    }


def sent(payload: str, draft: Draft) -> dict[str, Any]:
    """Return what a line says of what it sends; a file goes by the hash of its bytes."""
    file = {"params": {"file": draft.file}} if isinstance(draft, Attachment) else {}
    return {"payload": payload, "payload_hash": digest(payload), **file}

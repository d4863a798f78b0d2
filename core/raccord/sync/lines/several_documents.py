"""Lines that are several documents of the books together: what is asked, what was said, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Connection, DraftRow, Match, PlanLine
from raccord.sync.lines.in_parts import Several
from raccord.sync.lines.pairing import Found, Line
from raccord.sync.lines.shared_documents import Place
from raccord.sync.resolving.conflicts import DECISION, decision_of, without_decision
from raccord.sync.resolving.newcomers import CASE

SEVERAL = "several"
"""The case of a question whose line may be several documents, and under this name it says which."""


def asked_of(several: Several) -> dict[str, Any]:
    """Return what a question says of the documents that a line may be."""
    return {CASE: SEVERAL, "linkable": False, **_said(several.found)}


def decided(lines: Iterable[tuple[Line, DraftRow]], found: Iterable[Found]) -> dict[int, tuple[Found, ...]]:
    """Return by line the documents that a person said it is, while each is there and no other line's, and they come to
    the line's amount; what was said of others is forgotten.
    """
    free = {each.place: each for each in found if not each.covered}
    taken: dict[int, tuple[Found, ...]] = {}
    for line, row in sorted(lines, key=lambda each: each[0].id):
        said, places = decision_of(row), _places(row)
        if not places or said is None or said.kind is not ResolutionKind.SKIP:
            continue
        there = tuple(free[place] for place in places if place in free)
        if len(there) < len(places) or sum((each.amount for each in there), Decimal(0)) != line.amount:
            row.decisions = without_decision(row)
            continue
        taken[line.id] = there
        for place in places:
            del free[place]
    return taken


def match(
    session: Session, connection: Connection, line: PlanLine, row: DraftRow, found: Sequence[Found], now: datetime
) -> None:
    """Keep that a line is several documents, each whole."""
    line.params = {**line.params, **_said(found)}
    for each in found:
        session.add(
            Match(
                company_id=connection.company_id, connection_id=connection.id, draft_id=row.id, kind=each.kind,
                document_id=each.id, money_account=each.account, amount=each.amount, currency=line.currency,
                day=each.day, matched_at=now,
            )
        )  # fmt: skip
    session.flush()


def _said(found: Sequence[Found]) -> dict[str, Any]:
    return {
        SEVERAL: [{"kind": each.kind, "id": each.id, "account": each.account} for each in found],
        "together": ", ".join(
            f"{each.kind} {each.number or each.id} ({each.bears}: {format(each.amount, 'f')})" for each in found
        ),
    }


def _places(row: DraftRow) -> list[Place]:
    said = row.decisions.get(DECISION)
    params = said.get("params") if isinstance(said, Mapping) else None
    documents = params.get(SEVERAL) if isinstance(params, Mapping) else None
    return [(str(each["kind"]), str(each["id"]), str(each["account"])) for each in documents or ()]

"""Payees that answers and rules of bank lines name: people are too many to be read whole, these are kept."""

from __future__ import annotations

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from raccord.store.models import BankRule, Connection, DraftRow, LearnedHistory
from raccord.sync.books.company import PEOPLE
from raccord.sync.lines.bank_rules import BODY
from raccord.sync.lines.treatments import TREATMENT

LEARNED_MAX = 500
"""Payees of earlier answers at most, those of the newest first."""
ANSWERS_MAX = 5_000
"""Answers that they are looked for in."""


def named_payees(session: Session, company_id: str) -> list[tuple[str, str]]:
    """Return (kind, id) of the payees of a company's rules, and of the answers that suggestions are learned from."""
    bodies = session.scalars(
        select(BankRule.body).where(BankRule.company_id == company_id, BankRule.removed_at.is_(None))
    )
    outcomes = [BODY.validate_python(body).outcome for body in bodies]
    found = {(each.party_kind, each.party_id) for each in outcomes if each.party_id}
    if session.get(LearnedHistory, company_id) is not None:
        found.update(_answered(session, company_id))
    return sorted((kind, id_) for kind, id_ in found if kind in PEOPLE)


def _answered(session: Session, company_id: str) -> list[tuple[str, str]]:
    said = DraftRow.decisions[TREATMENT]
    rows = session.execute(
        select(said["party_kind"].as_string(), said["party_id"].as_string())
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(Connection.company_id == company_id, cast(DraftRow.decisions, String).contains('"party_id"'))
        .order_by(DraftRow.id.desc())
        .limit(ANSWERS_MAX)
    )
    named = dict.fromkeys((kind, id_) for kind, id_ in rows if kind and id_)
    return list(named)[:LEARNED_MAX]

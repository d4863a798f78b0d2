"""Holds: a draft waits for a person, with the question it waits on; one open hold a draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.store.made_once import made_once
from raccord.store.models import Choice, Company, DraftRow, Hold
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.resolving.resolve import CHOICE_MISSING, DECISION_MISSING

LINE_KINDS = ("Deposit", "Purchase")
"""What a bank line is before anybody says what it was for."""
MONTH_ASKED = "period.month_asked"
CERTIFIED_ASKED = "period.certified_asked"
MONTHS_ASKED = (MONTH_ASKED, CERTIFIED_ASKED)
"""What is asked once for all documents of a month."""


def open_hold(
    session: Session, connection_id: str, draft: DraftRow, code: str, params: Mapping[str, object], now: datetime
) -> None:
    """Ask, or bring the question that is already asked up to date."""
    found = session.scalars(select(Hold).where(Hold.draft_id == draft.id, Hold.closed_at.is_(None))).one_or_none()
    if found is None:
        found = Hold(connection_id=connection_id, draft_id=draft.id, opened_at=now, closed_by="")
        session.add(found)
    elif found.code == code and found.params == params and found.line == is_line(draft.kind, code, params):
        return
    found.code, found.params = code, dict(params)
    found.line, found.asked = is_line(draft.kind, code, params), asked_once(code, params)


def is_line(kind: str, code: str, params: Mapping[str, object]) -> bool:
    """Tell whether a question about a draft of a kind asks for the category of a bank line."""
    return code == DECISION_MISSING and kind in LINE_KINDS and params.get("accepts") == str(Accepts.CATEGORY)


def asked_once(code: str, params: Mapping[str, object]) -> str | None:
    """Return what a question asks once for many drafts: a role, or what to do with a month; else nothing."""
    if code == CHOICE_MISSING:
        return f"{params.get('role')}|{params.get('of') or ''}|{params.get('accepts')}"
    return str(params.get("month")) if code in MONTHS_ASKED else None


def become(session: Session, draft: DraftRow, kind: str) -> None:
    """Make a draft one of another kind, by which its open question may come to be about a bank line, or cease to be."""
    if draft.kind != kind:
        draft.kind = kind
        for found in session.scalars(select(Hold).where(Hold.draft_id == draft.id, Hold.closed_at.is_(None))):
            found.line = is_line(kind, found.code, found.params)


def asked(session: Session, draft_ids: Iterable[int]) -> dict[int, str]:
    """Return those of the drafts that wait with an open question, with its code."""
    found: dict[int, str] = {}
    for some in chunks(sorted(set(draft_ids)), CHUNK):
        rows = session.execute(*_open_of(some))
        found.update({row.draft_id: row.code for row in rows})
    return found


@made_once
def _open_of(draft_ids: Sequence[int]) -> Select[int, str]:
    return select(Hold.draft_id, Hold.code).where(Hold.draft_id.in_(draft_ids), Hold.closed_at.is_(None))


@made_once
def _question_of(draft_id: int) -> Select[Hold]:
    return select(Hold).where(Hold.draft_id == draft_id, Hold.closed_at.is_(None))


def close_hold(
    session: Session, draft: DraftRow, now: datetime, by: str = "raccord", answer: Mapping[str, object] | None = None
) -> None:
    """Close a draft's question, if one is open."""
    for found in session.scalars(*_question_of(draft.id)):
        found.closed_at, found.closed_by = now, by
        found.answer = None if answer is None else dict(answer)


def reopen(hold: Hold, draft: DraftRow) -> None:
    """Ask again what was answered."""
    hold.closed_at, hold.closed_by, hold.answer = None, "", None
    hold.line = is_line(draft.kind, hold.code, hold.params)


def close_chosen(session: Session, choice: Choice, by: str, now: datetime) -> None:
    """Close the questions that a choice answers; their drafts stay held until a run plans them with it."""
    role, of = Hold.params["role"].as_string(), func.coalesce(Hold.params["of"].as_string(), "")
    asked = (
        select(Hold.id)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(
            Hold.connection_id == choice.connection_id, Hold.closed_at.is_(None), Hold.code == CHOICE_MISSING,
            role == choice.role, of == choice.of, or_(DraftRow.day.is_(None), DraftRow.day >= choice.valid_from),
        )
    )  # fmt: skip
    session.execute(
        update(Hold)
        .where(Hold.id.in_(asked))
        .values(closed_at=now, closed_by=by, answer={choice.role: choice.ledger_id})
        .execution_options(synchronize_session=False)
    )


def alone_in(session: Session, company_id: str) -> None:
    """Let one transaction after the other answer a company's questions; rows that refer to the company do not wait."""
    session.get_one(Company, company_id, with_for_update={"key_share": True})

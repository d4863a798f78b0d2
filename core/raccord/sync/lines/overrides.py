"""What people say against suggestions counts at once, for all that is open of the account, before any run.

Learning a long history anew takes seconds, which the next run has and a page has not. So with the first answer against
a suggestion all others of its account are put off, or all there are where an account turns, and come back with the next
answer that agrees with theirs, as :mod:`raccord.suggesting.doubts` says; the next run suggests from what was learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, DraftRow, Hold
from raccord.suggesting.doubts import Payees, Said, holds_again, payees_behind, turns
from raccord.sync.bodies import load_draft
from raccord.sync.lines.line_answers import DOUBTED, LEARNED
from raccord.sync.lines.suggestions import answer_of
from raccord.sync.lines.treatments import treatable
from raccord.sync.resolving.resolve import DECISION_MISSING

LOOKED_AT = 200
"""The newest answered questions of one account, among which those of a payee are looked for."""
TURN_IN = 20
"""The newest of them, by which an account turns."""
OPEN_MAX = 5_000
"""Open questions with a suggestion that are looked through."""


def weigh_answer(session: Session, company_id: str, hold: Hold, row: DraftRow) -> int:
    """Put off, or bring back, what is suggested of an account for other lines; return for how many.

    ``hold`` is the question that was just answered, and ``row`` its line with the answer.
    """
    account, payees = _rests_on(hold.params)
    against = _against(row, account)
    if not account or against is None:
        return 0
    from_, to = (LEARNED, DOUBTED) if against else (DOUBTED, LEARNED)
    there = _open(session, company_id, account, from_)
    if not against and not there:
        return 0
    said = _said(session, company_id, account, {row.id: Said(payees, not against)}, TURN_IN if against else LOOKED_AT)
    if against and turns(said):
        there = _open(session, company_id, "", from_)
    changed = 0
    for each in there:
        if against or holds_again(_rests_on(each.params)[1], said):
            rest = {name: value for name, value in each.params.items() if name != from_}
            each.params = {**rest, to: each.params[from_]}
            changed += 1
    return changed


def _open(session: Session, company_id: str, account: str, name: str) -> Sequence[Hold]:
    """Return the open questions that an account, or any where it is empty, stands beside under a name."""
    there = _of(company_id, account, name).with_only_columns(Hold).where(Hold.closed_at.is_(None))
    return session.scalars(there.order_by(Hold.id).limit(OPEN_MAX)).all()


def _said(session: Session, company_id: str, account: str, newest: Mapping[int, Said], most: int) -> list[Said]:
    """Return the newest answers to lines that an account was suggested for, after those by their lines given first."""
    answered = _of(company_id, account, LEARNED, DOUBTED).where(Hold.closed_at.is_not(None), Hold.answer.is_not(None))
    found = dict(newest)
    for hold, row in session.execute(answered.order_by(Hold.closed_at.desc(), Hold.id.desc()).limit(most)):
        against = _against(row, account)
        if against is not None:
            found.setdefault(row.id, Said(_rests_on(hold.params)[1], not against))
    return list(found.values())


def _of(company_id: str, account: str, *names: str) -> Select[Hold, DraftRow]:
    """Return the questions that an account, or where it is empty any, was suggested for under one of these names, with
    their lines.
    """
    told = func.coalesce(*(Hold.params[name]["account"].as_string() for name in names), "")
    return (
        select(Hold, DraftRow)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(
            Connection.company_id == company_id,
            Hold.code == DECISION_MISSING,
            told == account if account else told != "",
        )
    )


def _rests_on(params: Mapping[str, Any]) -> tuple[str, Payees]:
    """Return the account that a question suggests, or did, and the payees of the lines behind it, if any."""
    told = params.get(LEARNED) or params.get(DOUBTED)
    if not isinstance(told, Mapping):
        return "", frozenset()
    return str(told["account"]), payees_behind(each["text"] for each in told["examples"])


def _against(row: DraftRow, account: str) -> bool | None:
    """Tell whether a line was said to be something else than an account; nothing where nothing was said of it."""
    draft = treatable(load_draft(row.body))
    answer = None if draft is None else answer_of(row, draft)
    return None if answer is None else answer[0].account != account

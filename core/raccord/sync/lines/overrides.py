"""What people say against suggestions counts at once: a payee overridden twice in a row is not suggested as before.

Learning a long history anew takes seconds, which the next run has and a page has not. So the suggestions that rest on
the same payee and name the same account are withdrawn with the second override, and the next run suggests from what was
learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, DraftRow, Hold
from raccord.suggesting.nearest import LETTERS_MIN
from raccord.suggesting.words import payee_of, words_in
from raccord.sync.bodies import load_draft
from raccord.sync.lines.line_answers import LEARNED
from raccord.sync.lines.suggestions import answer_of
from raccord.sync.lines.treatments import treatable
from raccord.sync.resolving.resolve import DECISION_MISSING

IN_A_ROW = 2
"""The newest answers of a payee that say something else than was suggested; then no more is suggested of it."""
LOOKED_AT = 200
"""The newest answered questions that one account was suggested for, among which those of the payee are looked for."""
OPEN_MAX = 5_000
"""Open questions with a suggestion of that account that are looked through."""


def withdraw_overridden(session: Session, company_id: str, hold: Hold, row: DraftRow) -> int:
    """Withdraw what an answer, and the one before it of that payee, say is wrong; return from how many questions."""
    account, payees = _rests_on(hold.params)
    if not account or not _overridden(row, account) or not _in_a_row(session, company_id, account, payees):
        return 0
    withdrawn = 0
    there = _suggested(company_id, account).where(Hold.closed_at.is_(None)).order_by(Hold.id).limit(OPEN_MAX)
    for asked, _ in session.execute(there):
        if _alike(payees, _rests_on(asked.params)[1]):
            asked.params = {name: said for name, said in asked.params.items() if name != LEARNED}
            withdrawn += 1
    return withdrawn


def _in_a_row(session: Session, company_id: str, account: str, payees: frozenset[str]) -> bool:
    """Tell whether the newest answers of a payee, for which an account was suggested, all say something else."""
    answered = _suggested(company_id, account).where(Hold.closed_at.is_not(None), Hold.answer.is_not(None))
    seen: set[int] = set()
    for hold, row in session.execute(answered.order_by(Hold.closed_at.desc(), Hold.id.desc()).limit(LOOKED_AT)):
        if row.id in seen or not _alike(payees, _rests_on(hold.params)[1]):
            continue
        if not _overridden(row, account):
            return False
        seen.add(row.id)
        if len(seen) == IN_A_ROW:
            return True
    return False


def _suggested(company_id: str, account: str) -> Select[Hold, DraftRow]:
    """Return the questions for which an account was suggested, with their lines."""
    return (
        select(Hold, DraftRow)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(
            Connection.company_id == company_id,
            Hold.code == DECISION_MISSING,
            Hold.params[LEARNED]["account"].as_string() == account,
        )
    )


def _rests_on(params: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    """Return the account that a question suggests, and the payees of the lines behind it; nothing where it does not."""
    told = params.get(LEARNED)
    if not isinstance(told, Mapping):
        return "", frozenset()
    return str(told["account"]), frozenset(payee_of(words_in(each["text"])) for each in told["examples"])


def _alike(ones: frozenset[str], others: frozenset[str]) -> bool:
    """Tell whether a payee is among both, be it with a city behind its name or cut off."""
    return any(
        one == other or (min(len(one), len(other)) >= LETTERS_MIN and (one.startswith(other) or other.startswith(one)))
        for one in ones
        for other in others
    )


def _overridden(row: DraftRow, account: str) -> bool:
    """Tell whether a line was said to be something else than an account."""
    draft = treatable(load_draft(row.body))
    answer = None if draft is None else answer_of(row, draft)
    return answer is not None and answer[0].account != account

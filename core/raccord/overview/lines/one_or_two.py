"""Of lines that were called a transfer and something else: both, side by side, for the person who is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.lines.rule_sentences import answer_said
from raccord.overview.lines.rule_views import answer_of, names_of
from raccord.plugin.drafts import Deposit, Expense
from raccord.plugin.texts import Text
from raccord.store.models import Connection, DraftRow, Hold, LedgerEntry
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.line_answers import CALLED, money_account_of
from raccord.sync.lines.paying import PAYS, asked_in
from raccord.sync.lines.treatments import Part, Treated, Treatment, arrives, load_treatment, treatable
from raccord.sync.lines.two_sides import question_of
from raccord.sync.lines.undeposited import DEPOSIT


@dataclass(frozen=True, slots=True)
class OneOrTwo:
    """The other line of a question whether two lines are one movement, and what each of them was called."""

    called: Text
    """What the line itself was called."""
    other_called: Text
    connection_id: str
    connection: str
    key: str
    record_id: int | None
    day: date | None
    text: str
    amount: Decimal
    """Negative if spent."""
    currency: str
    account: str
    """The name of the account that the other line moved."""
    posted: bool
    """Whether the other line's document is in the books and no transfer: it is undone before the two can be one."""


def one_or_two(session: Session, hold_ids: Sequence[str]) -> dict[str, OneOrTwo]:
    """Return by open question the other line, where it is asked whether the two are one movement."""
    found = {}
    for some in chunks(list(hold_ids), CHUNK):
        rows = session.execute(
            select(Hold.id, DraftRow)
            .join(DraftRow, DraftRow.id == Hold.draft_id)
            .where(Hold.id.in_(some), Hold.closed_at.is_(None))
        )
        for hold_id, row in rows:
            if CALLED in row.decisions and (told := _told(session, row)) is not None:
                found[hold_id] = told
    return found


def _told(session: Session, row: DraftRow) -> OneOrTwo | None:
    question = question_of(session, row)
    other = None if question is None else question.other
    line = None if other is None else treatable(load_draft(other.body))
    if question is None or other is None or line is None:
        return None
    connection = session.get_one(Connection, other.connection_id)
    account = money_account_of(session, other)
    entry = session.get(LedgerEntry, (connection.company_id, "Account", account))
    own = treatable(load_draft(row.body))
    return OneOrTwo(
        called=_called(session, connection.company_id, question.said, own or line),
        other_called=_called(session, connection.company_id, question.other_said, line),
        connection_id=connection.id,
        connection=connection.label,
        key=other.key,
        record_id=other.record_id,
        day=other.day,
        text=line.memo or other.key,
        amount=line.total if arrives(line) else -line.total,
        currency=line.currency,
        account=entry.name if entry is not None else connection.label,
        posted=question.posted and other.kind != "Transfer",
    )


def _called(session: Session, company_id: str, said: Mapping[str, Any], line: Deposit | Expense) -> Text:
    """Return what a line was called, in words."""
    if PAYS in said:
        numbers = ", ".join(str(each["number"] or each["id"]) for each in said[PAYS]["documents"])
        if said[PAYS]["kind"] == DEPOSIT:
            return Text(f"dépôt de {numbers}", f"deposit of {numbers}")
        return Text(f"règle {numbers}", f"pays {numbers}")
    treatment = load_treatment(said)
    asked = asked_in(line)
    account = None if asked is None else said.get(asked.name)
    if treatment is None and isinstance(account, str):
        treatment = Treatment(kind=Treated.CATEGORY, parts=(Part(account=account),))
    if treatment is None:
        return Text("écrite dans QuickBooks", "posted in QuickBooks")
    return answer_said(answer_of(treatment, names_of(session, company_id, [treatment])))

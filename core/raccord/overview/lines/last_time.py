"""What a person said the last time of a bank line with the same text: offered first, never chosen by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.overview.lines.bank_lines import BankLine
from raccord.overview.questions import Candidate
from raccord.store.models import Connection, DraftRow, Hold
from raccord.sync.bodies import load_draft
from raccord.sync.lines.titles import text_of
from raccord.sync.lines.treatments import BY_PERSON, Treated, arrives, load_treatment, treatable
from raccord.sync.party_names import words_of

LOOKED_AT = 200
"""Answers among which the last one is looked for."""


@dataclass(frozen=True, slots=True)
class LastTime:
    """The category of the last line with the same text, and the day of that line."""

    account: Candidate
    day: date
    tax_code: str = ""


def last_time(session: Session, line: BankLine, accounts: Sequence[Candidate]) -> LastTime | None:
    """Return what a person last said of a line of the company with the same words and direction, if it still fits."""
    found = last_said(session, line.company_id, line.text, received=line.arrives)
    account = None if found is None else next((each for each in accounts if each.id == found[0]), None)
    return None if account is None or found is None else LastTime(account, found[1], found[2])


def last_said(session: Session, company_id: str, text: str, *, received: bool) -> tuple[str, date, str] | None:
    """Return the ledger id of the category a person last said of a line of a company with the same words and
    direction, that line's day, and the id of the tax code that was said with it.
    """
    wanted = known_words(text)
    if not wanted:
        return None
    # Of the drafts only those are read of which the answers are the last.
    last = answered(company_id).with_only_columns(Hold.draft_id, Hold.closed_at, Hold.id).limit(LOOKED_AT).subquery()
    rows = session.scalars(
        select(DraftRow).join(last, last.c.draft_id == DraftRow.id).order_by(last.c.closed_at.desc(), last.c.id.desc())
    )
    for row in rows:
        # What was taken back stands among the decisions no more.
        said = load_treatment(row.decisions)
        if said is None or said.kind is not Treated.CATEGORY or said.origin != BY_PERSON or row.day is None:
            continue
        draft = treatable(load_draft(row.body))
        if draft is None or arrives(draft) is not received or known_words(text_of(draft)) != wanted:
            continue
        return said.parts[0].account, row.day, said.parts[0].tax_code
    return None


def answered(company_id: str) -> Select[str]:
    """Ask for what people answered of a company's records, the newest first."""
    mine = Hold.connection_id.in_(select(Connection.id).where(Connection.company_id == company_id))
    said = select(Hold.id).where(mine, Hold.closed_at.is_not(None), Hold.closed_by != "raccord")
    return said.order_by(Hold.closed_at.desc(), Hold.id.desc())


def known_words(text: str) -> list[str]:
    """Return the words by which a payee is known again: without the numbers that are another each time."""
    return [each for each in words_of(text) if not any(letter.isdigit() for letter in each)]

"""Documents that hold lines' movements, edited in QuickBooks: they may not be these lines any more, so it is asked.

An amount that is another one, also because the document left the account, is asked about; so is a day on which the
document would not have been taken for the line. Until somebody answers, the line posts nothing and no other line is
taken for the document. Edited back, the document is the line's again and the question goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import StillDraft, money_effect
from raccord.quickbooks import Changes
from raccord.quickbooks.codec import is_voided, money_of, summary_of
from raccord.store.models import DraftRow, DraftState, Hold, LinkRow, LinkState, Match
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.pairing import DAYS_APART
from raccord.sync.mapping.matched_otherwise import LINE, asked_of_match
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS, EDITED, MATCHED_EDITED
from raccord.sync.resolving.conflicts import without_decision
from raccord.sync.resolving.holds import close_hold, open_hold
from raccord.sync.resolving.newcomers import CASE

Place = tuple[str, str, str]
"""Kind and id of a document, and the account on which it is the line."""
SEVERAL_EDITED = "documents"
"""The case of a question about several documents of a line."""
_OF_EACH = ("kind", "id", "document", "account", "was", "was_day", "amount", "day")


@dataclass(frozen=True, slots=True)
class _Moved:
    """By how much a document moves a line's account, and when."""

    amount: Decimal
    day: date


def ask_about_edited(session: Session, company_id: str, changes: Changes, now: datetime) -> int:
    """Ask about the lines that were said to be documents which say something else now; return how many."""
    edited = {
        (kind, str(row["Id"])): row for kind, rows in changes.changed.items() for row in rows if not is_voided(row)
    }
    asked = 0
    for some in chunks(sorted({id_ for _, id_ in edited}), CHUNK):
        matches = select(Match).where(Match.company_id == company_id, Match.document_id.in_(some))
        for match in session.scalars(matches.order_by(Match.id)).all():
            document = edited.get((match.kind, match.document_id))
            if document is not None:
                asked += _one(session, match, document, now)
    return asked


def _one(session: Session, match: Match, document: Mapping[str, Any], now: datetime) -> bool:
    """Bring a match to what its document says now; tell whether its line is asked about."""
    draft = session.get_one(DraftRow, match.draft_id)
    known = asked_of_match(draft)
    if not known and draft.state != DraftState.SKIPPED:
        return False
    before = _Moved(match.amount if match.whole is None else match.whole, match.day)
    after = _Moved(money_of(match.kind, document, match.money_account), date.fromisoformat(str(document["TxnDate"])))
    if after == before:
        return False
    asked_before, told_otherwise = _asked(session, draft) if known else ({}, False)
    asked = {**asked_before}
    place = (match.kind, match.document_id, match.money_account)
    said = asked.pop(place, None)
    was = _Moved(Decimal(said["was"]), date.fromisoformat(said["was_day"])) if said else before
    match.day = after.day
    if match.whole is None:
        match.amount = after.amount
    else:
        match.whole = after.amount
    whole = _come_to_line(session, draft)
    settled = after.amount == was.amount or (whole and match.whole is None)
    if whole and match.whole is None:
        # Of several, what others said of their amounts is over too; what they say of their days is not.
        asked = {at: each for at, each in asked.items() if not _may_bear(session, match.company_id, at, each, draft)}
    here = {
        "kind": match.kind,
        "id": match.document_id,
        "document": f"{match.kind} {summary_of(match.kind, document).number or match.document_id}",
        "account": match.money_account,
        "was": format(was.amount, "f"),
        "was_day": was.day.isoformat(),
        "amount": format(after.amount, "f"),
        "day": after.day.isoformat(),
    }
    if after != was and not (settled and _may_bear(session, match.company_id, place, here, draft)):
        asked = {**asked, place: here}
    elif not known or (asked == asked_before and not told_otherwise) or not (asked or whole):
        return False
    if not asked:
        close_hold(session, draft, now)
        draft.state, draft.reason, draft.decisions = DraftState.SKIPPED, ALREADY_EXISTS, without_decision(draft)
        return False
    # What was answered was said of the documents as they were then.
    draft.state, draft.reason, draft.decisions = DraftState.HELD, MATCHED_EDITED, without_decision(draft)
    open_hold(session, match.connection_id, draft, MATCHED_EDITED, _told([*asked.values()]), now)
    return True


def _asked(session: Session, draft: DraftRow) -> tuple[dict[Place, Mapping[str, Any]], bool]:
    """Return what the open question about a line says of each of its documents that were edited, and whether it is
    about what its source says instead.
    """
    params = session.scalars(select(Hold.params).where(Hold.draft_id == draft.id, Hold.closed_at.is_(None))).first()
    if not params or params.get(CASE) == LINE:
        return {}, bool(params)
    said = params.get(EDITED) or [params]
    return {(str(each["kind"]), str(each["id"]), str(each["account"])): each for each in said}, False


def _told(edited: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the question says of the documents that were edited; of one, what it says of that."""
    if len(edited) == 1:
        return {**edited[0]}
    return {
        **edited[-1],
        CASE: SEVERAL_EDITED,
        EDITED: [{name: each[name] for name in _OF_EACH} for each in edited],
        "together": ", ".join(
            f"{each['document']} ({each['was_day']}: {each['was']} → {each['day']}: {each['amount']})"
            for each in edited
        ),
    }


def _may_bear(session: Session, company_id: str, at: Place, said: Mapping[str, Any], draft: DraftRow) -> bool:
    """Tell whether a document would still be taken for a line on the day that it bears now.

    One of ours may bear another day than its movement's, and is looked after as ours.
    """
    kind, document_id, _ = at
    ours = select(LinkRow.id).where(
        LinkRow.company_id == company_id,
        LinkRow.kind == kind,
        LinkRow.document_id == document_id,
        LinkRow.state == LinkState.LIVE,
    )
    day = date.fromisoformat(str(said["day"]))
    near = draft.day is None or abs((day - draft.day).days) <= DAYS_APART
    return near or session.scalars(ours).first() is not None


def _come_to_line(session: Session, draft: DraftRow) -> bool:
    """Tell whether the documents that a line is, or its parts of them, come to its amount."""
    amounts = session.scalars(select(Match.amount).where(Match.draft_id == draft.id))
    body = load_draft(draft.body)
    return isinstance(body, StillDraft) or sum(amounts, Decimal(0)) == money_effect(body)[1]

"""Committing what QuickBooks answered: the posting, the link, the plan line and the draft, together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.quickbooks import Cause, Fault
from raccord.quickbooks.codec import differing, marked_revision, money_of, summary_of
from raccord.store.made_once import made_once
from raccord.store.models import (
    REMOVALS,
    Action,
    Choice,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    PlanLine,
    Posting,
    PostingState,
    Run,
)
from raccord.sync.books.acquaint import RECOGNISED, forget
from raccord.sync.books.company import store_entry
from raccord.sync.books.readback import CLOCKS_APART, LISTS
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.posting.periods import hold_closed
from raccord.sync.posting.removals import Removal, record_removal
from raccord.sync.problems import COMPUTED_OTHERWISE, close_settled, open_problem, troubled
from raccord.sync.resolving.conflict_rules import (
    AMOUNT_DIFFERS,
    DELETED,
    DEPOSITED,
    DUPLICATE_NAME,
    DUPLICATE_NUMBER,
    FEATURE_MISSING,
    INACTIVE,
    STALE,
    VOIDED,
)
from raccord.sync.resolving.conflicts import ANY_AMOUNT, without_decision
from raccord.sync.resolving.holds import open_hold
from raccord.sync.resolving.reactivate import AGAIN
from raccord.sync.resolving.standing import said_of

BEGINNING = date(1, 1, 1)
UNTOUCHED = "0"
"""The SyncToken of a document that nothing has changed since it was made."""

HOLDING: Mapping[Cause, str] = {
    Cause.DUPLICATE_NAME: DUPLICATE_NAME,
    Cause.DUPLICATE_NUMBER: DUPLICATE_NUMBER,
    Cause.STALE: STALE,
    Cause.INACTIVE_REFERENCE: INACTIVE,
    Cause.DEPOSITED: DEPOSITED,
    Cause.FEATURE_MISSING: FEATURE_MISSING,
}
"""Refusals that are a question for a person."""
FAILURES = frozenset({INACTIVE, DEPOSITED, FEATURE_MISSING})
"""Those of them that stand among the problems too: one cause mended in QuickBooks may release many documents."""


@made_once
def links_under(company_id: str, connection_ids: Sequence[str], keys: Sequence[str]) -> Select[LinkRow]:
    """Find the links of some drafts of connections, by their keys."""
    return select(LinkRow).where(
        LinkRow.company_id == company_id, LinkRow.connection_id.in_(connection_ids), LinkRow.key.in_(keys)
    )


@made_once
def _posted(ids: Sequence[int]) -> Select[Posting, PlanLine, DraftRow]:
    return (
        select(Posting, PlanLine, DraftRow)
        .join(PlanLine, PlanLine.id == Posting.plan_line_id)
        .outerjoin(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(Posting.id.in_(ids))
    )


@dataclass(slots=True)
class Outcomes:
    """Stores answers in one transaction; everything they touch is read once, not once an answer."""

    session: Session
    run: Run
    company_id: str
    now: datetime
    postings: dict[int, Posting] = field(default_factory=dict)
    lines: dict[int, PlanLine] = field(default_factory=dict)
    drafts: dict[int, DraftRow] = field(default_factory=dict)
    links: dict[str, LinkRow] = field(default_factory=dict)
    marked: set[str] = field(default_factory=set)
    """Subjects with an open problem."""

    def load(self, posting_ids: Sequence[int]) -> None:
        """Read the postings with their lines, drafts, links and open problems."""
        for some in chunks(posting_ids, CHUNK):
            rows = self.session.execute(*_posted(some)).all()
            for posting, line, draft in rows:
                self.postings[posting.id], self.lines[posting.id] = posting, line
                if draft is not None:
                    self.drafts[posting.id] = draft
            keys = [posting.key for posting, _, _ in rows]
            connections = {posting.connection_id for posting, _, _ in rows}
            found = self.session.scalars(*links_under(self.company_id, list(connections), keys))
            self.links.update({link.key: link for link in found})
        for connection_id in {posting.connection_id for posting in self.postings.values()}:
            subjects = (posting.key for posting in self.postings.values())
            self.marked |= troubled(self.session, connection_id, subjects)

    def record(
        self,
        posting_id: int,
        outcome: Mapping[str, Any] | tuple[Fault, ...],
        tid: str,
        standing: Mapping[str, Any] | None = None,
    ) -> None:
        """Store one answer; a second answer for the same posting changes nothing.

        ``standing`` says what stands in the way of a document that was refused.
        """
        posting, line, draft = self.postings[posting_id], self.lines[posting_id], self.drafts.get(posting_id)
        if posting.state != PostingState.INTENT:
            return
        posting.finished_at, posting.tid = self.now, tid
        if posting.operation in REMOVALS:
            removal = Removal(posting, line, draft, self.links[posting.key])
            record_removal(self.session, self.run, removal, outcome, self.now)
            return
        if not isinstance(outcome, Mapping):
            _refuse(self.session, self.run, posting, line, draft, outcome[0], standing or {}, self.now)
            if outcome[0].cause is Cause.GONE and posting.operation == Action.UPDATE and posting.key in self.links:
                self.links[posting.key].state = LinkState.DELETED
            return
        if draft is not None and _has_another_amount(posting, line, outcome):
            _ask_about_amount(self.session, posting, line, draft, outcome, self.now)
            return
        posting.state, posting.document_id = PostingState.DONE, str(outcome["Id"])
        line.state = LineState.DONE
        link = self.links.get(posting.key)
        if link is None:
            link = LinkRow(
                company_id=self.company_id, connection_id=posting.connection_id, key=posting.key, origin="created"
            )
            self.session.add(link)
            self.links[posting.key] = link
        _link(self.session, self.run, link, posting, line, outcome, self.now)
        if _is_recognised(posting):
            self._count_recognised(posting.marker)
        if _is_recognised(posting) or _is_replayed(posting, outcome):
            apart = differing(json.loads(posting.body, parse_float=Decimal), outcome)
            _take_revision(posting, draft, link, outcome)
            if apart:
                self._recognise_other(posting, draft, link, outcome, apart)
                return
        if draft is not None and draft.revision == max(line.revision, link.revision):
            draft.state, draft.reason = DraftState.POSTED, ""
            draft.decisions = without_decision(draft)
            if draft.key in self.marked:
                close_settled(self.session, draft, self.now)
        _check_amount(self.session, self.run, posting, line, outcome, self.now)

    def _count_recognised(self, code: str) -> None:
        forget(self.session, self.company_id, [code])
        count = int(self.run.progress.get(RECOGNISED, 0)) + 1
        self.run.progress = {**self.run.progress, RECOGNISED: count}

    def _recognise_other(
        self,
        posting: Posting,
        draft: DraftRow | None,
        link: LinkRow,
        document: Mapping[str, Any],
        apart: tuple[str, ...],
    ) -> None:
        """Link a document of ours that says something else than its draft says now.

        Nobody touched it since it was made: then the record changed, and the next plan updates it. Otherwise a person
        may have changed it, and decides.
        """
        link.amount = None if link.amount is None else money_of(posting.kind, document, link.money_account)
        if "TxnDate" in document:
            link.day = date.fromisoformat(str(document["TxnDate"]))
        if draft is None:
            return
        if link.sync_token == UNTOUCHED:
            draft.revision += 1
            draft.state, draft.reason = DraftState.WAITING, ""
            return
        meant, held = self.lines[posting.id].amount, link.amount
        code = STALE if meant == held else AMOUNT_DIFFERS
        draft.state, draft.reason = DraftState.HELD, code
        params = {
            **said_of(posting.kind, document),
            "document": posting.document_id,
            "element": ", ".join(apart[:20]),
            "sync_token": link.sync_token,
            **({"linked": True, "wanted": _said(meant), "got": _said(held)} if code == AMOUNT_DIFFERS else {}),
        }
        open_hold(self.session, posting.connection_id, draft, code, params, self.now)

    def wait(self, posting_id: int, span: timedelta) -> None:
        """Note that an answer is missing, and for how long its write may still be executed."""
        posting = self.postings[posting_id]
        if posting.state == PostingState.INTENT:
            posting.quiet_at = self.now + span


def _is_recognised(posting: Posting) -> bool:
    """Tell whether a document of our own is linked; what a person chose to link is sent no body for."""
    return posting.operation == Action.LINK and posting.body != ""


def _is_replayed(posting: Posting, document: Mapping[str, Any]) -> bool:
    """Tell whether QuickBooks repeats an answer of long ago: a life that a restored backup has forgotten asked for it
    under the same request id, perhaps with another body.
    """
    written = document.get("MetaData", {}).get("LastUpdatedTime")
    if written is None or posting.kind in LISTS:
        return False
    return datetime.fromisoformat(str(written)) + CLOCKS_APART < posting.created_at


def _take_revision(posting: Posting, draft: DraftRow | None, link: LinkRow, document: Mapping[str, Any]) -> None:
    """Count on from the revision that the document bears, so that no request id of the forgotten life is used again."""
    _, borne = marked_revision(document) or ("", 0)
    if borne > posting.revision:
        link.revision = borne
        if draft is not None:
            draft.revision += borne - posting.revision


def _has_another_amount(posting: Posting, line: PlanLine, document: Mapping[str, Any]) -> bool:
    """Tell whether a document chosen to be linked moves other money than the record says, and nobody said it may."""
    chosen = posting.operation == Action.LINK and not _is_recognised(posting)
    if not chosen or line.amount is None or line.params.get(ANY_AMOUNT):
        return False
    return money_of(posting.kind, document, line.money_account) != line.amount


def _ask_about_amount(
    session: Session, posting: Posting, line: PlanLine, draft: DraftRow, document: Mapping[str, Any], now: datetime
) -> None:
    """Link nothing, and ask whether the document is the record's although its amount is another."""
    got = money_of(posting.kind, document, line.money_account)
    params = {**said_of(posting.kind, document), "wanted": _said(line.amount), "got": _said(got)}
    posting.state, posting.fault_code = PostingState.REFUSED, AMOUNT_DIFFERS
    line.state, line.reason, line.params = LineState.REFUSED, AMOUNT_DIFFERS, params
    draft.state, draft.reason, draft.decisions = DraftState.HELD, AMOUNT_DIFFERS, without_decision(draft)
    open_hold(session, posting.connection_id, draft, AMOUNT_DIFFERS, params, now)


def _said(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount, "f")


def _refuse(
    session: Session,
    run: Run,
    posting: Posting,
    line: PlanLine,
    draft: DraftRow | None,
    fault: Fault,
    standing: Mapping[str, Any],
    now: datetime,
) -> None:
    posting.state, posting.fault_code, posting.fault_detail = PostingState.REFUSED, fault.code, fault.detail[:500]
    line.state, line.reason = LineState.REFUSED, str(fault.cause)
    told = {"code": fault.code, "detail": fault.detail[:500], "element": fault.element}
    params = {"day": str(line.day or ""), **standing, **told}
    line.params = {**line.params, **params}
    held = VOIDED if standing.get("voided") else HOLDING.get(fault.cause)
    if draft is not None and fault.cause is Cause.GONE:
        held = DELETED if posting.operation == Action.UPDATE else held
        if _is_recognised(posting):
            held = DELETED
            forget(session, posting.company_id, [posting.marker])
        elif posting.operation == Action.LINK:
            # What it was to be linked to is not there: the question is asked again.
            held = draft.reason or held
    if draft is not None and fault.cause is Cause.PERIOD_CLOSED:
        hold_closed(session, run, posting.connection_id, draft, params, now)
        return
    if draft is not None and held is not None:
        # What was decided before did not help: it is asked again.
        draft.state, draft.reason, draft.decisions = DraftState.HELD, held, without_decision(draft)
        open_hold(session, posting.connection_id, draft, held, params, now)
        if held not in FAILURES:
            return
    elif draft is not None:
        draft.state, draft.reason = DraftState.FAILED, str(fault.cause)
    open_problem(
        session,
        connection_id=posting.connection_id,
        run_id=run.id,
        stream=line.key.split("/", 1)[0],
        code=str(fault.cause),
        subject=line.key,
        params=params,
        now=now,
    )


def _link(
    session: Session,
    run: Run,
    link: LinkRow,
    posting: Posting,
    line: PlanLine,
    document: Mapping[str, Any],
    now: datetime,
) -> None:
    if posting.operation == Action.LINK and not _is_recognised(posting):
        link.origin = "linked"
    elif posting.key.startswith(AGAIN):
        link.origin = "reactivated"
    summary = summary_of(posting.kind, document)
    link.kind, link.document_id, link.document_number = posting.kind, summary.id, summary.number
    link.sync_token, link.revision = str(document.get("SyncToken", "0")), posting.revision
    link.marker, link.payload_hash, link.state = posting.marker, posting.body_hash, LinkState.LIVE
    link.stream = line.key.split("/", 1)[0] if line.draft_id is not None else ""
    link.day, link.amount, link.currency, link.money_account = line.day, line.amount, line.currency, line.money_account
    if line.params.get(ANY_AMOUNT):
        link.amount = money_of(posting.kind, document, line.money_account)
    link.record_day, link.linked_at = line.record_day, now
    if posting.kind in LISTS:
        store_entry(session, link.company_id, posting.kind, document, now)
    if line.draft_id is None and line.params.get("role"):
        _choose(session, run, posting, line, document, now)


def _choose(
    session: Session, run: Run, posting: Posting, line: PlanLine, document: Mapping[str, Any], now: datetime
) -> None:
    """Keep a created default as the company's choice, from the beginning, so that it is asked for once."""
    role, of = str(line.params["role"]), str(line.params.get("of", ""))
    known = session.scalars(
        select(Choice).where(Choice.connection_id == posting.connection_id, Choice.role == role, Choice.of == of)
    ).first()
    if known is None:
        session.add(
            Choice(
                connection_id=posting.connection_id,
                role=role,
                of=of,
                valid_from=BEGINNING,
                ledger_kind=posting.kind,
                ledger_id=str(document["Id"]),
                ledger_name=str(
                    document.get("FullyQualifiedName") or document.get("DisplayName") or document.get("Name", "")
                ),
                origin="default",
                chosen_by=run.started_by,
                chosen_at=now,
            )
        )


def _check_amount(
    session: Session, run: Run, posting: Posting, line: PlanLine, document: Mapping[str, Any], now: datetime
) -> None:
    """Compare what QuickBooks computed with what we meant; a cent apart is a problem, not a rounding."""
    if line.amount is None or line.params.get(ANY_AMOUNT):
        return
    got: Decimal = money_of(posting.kind, document, line.money_account)
    if got != line.amount:
        open_problem(
            session,
            connection_id=posting.connection_id,
            run_id=run.id,
            stream=line.key.split("/", 1)[0],
            code=COMPUTED_OTHERWISE,
            subject=line.key,
            params={"wanted": format(line.amount, "f"), "got": format(got, "f"), "document": posting.document_id},
            now=now,
        )

"""Everything that happened to a record, in the order of time: read, asked, decided, planned, posted, undone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from raccord.overview.audit import entries_about
from raccord.plugin.texts import Text
from raccord.quickbooks import deep_link
from raccord.quickbooks.codec import named_accounts
from raccord.store.models import (
    REMOVALS,
    Action,
    Company,
    Drift,
    Hold,
    LedgerEntry,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    PlanState,
    Posting,
    PostingState,
    Problem,
    ProblemState,
    SourceRecord,
)
from raccord.sync.environments import environment_of
from raccord.sync.posting.removals import UNDONE

EACH_MAX = 100
"""Rows of each table that a history reads, the newest."""


class Deed(StrEnum):
    """What happened."""

    READ = "read"
    DRIFTED = "drifted"
    DECIDED = "decided"
    """An entry of the audit chain; its action is the ``code``."""
    CLOSED = "closed"
    MENDED = "mended"
    PLANNED = "planned"
    TO_UNDO = "to_undo"
    """A plan would take it out of the books again."""
    LEFT_OUT = "left_out"
    BLOCKED = "blocked"
    APPROVED = "approved"
    POSTED = "posted"
    CHANGED = "changed"
    LINKED = "linked"
    UNDONE = "undone"
    REFUSED = "refused"
    FAILED = "failed"
    ASKED = "asked"


_BEFORE = (Deed.READ, Deed.DRIFTED, Deed.ASKED, Deed.DECIDED, Deed.CLOSED, Deed.MENDED)
_AFTER = (Deed.FAILED,)
_ORDER = {
    **dict.fromkeys(Deed, len(_BEFORE)),  # plans and what became of them stay in the order of their lines
    **{deed: place for place, deed in enumerate(_BEFORE)},
    **{deed: len(_BEFORE) + 1 + place for place, deed in enumerate(_AFTER)},
}
"""In which order things of one moment follow each other."""
_SENT = {Action.CREATE: Deed.POSTED, Action.UPDATE: Deed.CHANGED, **dict.fromkeys(REMOVALS, Deed.UNDONE)}
_KEPT_OUT = {Action.SKIP: Deed.LEFT_OUT, Action.BLOCKED: Deed.BLOCKED}

SAID: Mapping[Deed, Text] = {
    Deed.READ: Text("Lu à la source", "Read from the source"),
    Deed.DRIFTED: Text("Changé dans QuickBooks", "Changed in QuickBooks"),
    Deed.DECIDED: Text("Décidé", "Decided"),
    Deed.CLOSED: Text("Question close", "Question closed"),
    Deed.MENDED: Text("Problème réglé de lui-même", "Problem gone by itself"),
    Deed.PLANNED: Text("Dans un plan", "Planned"),
    Deed.TO_UNDO: Text("Dans un plan qui défait", "In a plan that undoes"),
    Deed.LEFT_OUT: Text("Écarté", "Left out"),
    Deed.BLOCKED: Text("Bloqué", "Blocked"),
    Deed.APPROVED: Text("Plan approuvé", "Plan approved"),
    Deed.POSTED: Text("Transmis", "Posted"),
    Deed.CHANGED: Text("Mis à jour dans QuickBooks", "Updated in QuickBooks"),
    Deed.LINKED: Text("Lié à un document qui y était", "Linked to a document that was there"),
    Deed.UNDONE: Text("Défait", "Undone"),
    Deed.REFUSED: Text("Refusé par QuickBooks", "Refused by QuickBooks"),
    Deed.FAILED: Text("Problème", "Problem"),
    Deed.ASKED: Text("Question posée", "Question asked"),
}
"""The word of each deed, for pages and the command line alike."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened; ``at`` bears its time zone.

    ``by`` is a person, a plugin with its version, or ``standing`` where a connection approves its plans by itself;
    empty where only the run did it. ``code`` says why (a question's, a problem's, a reason's), or names the action of
    an audit entry; ``params`` are the values of its sentence. ``number`` and ``url`` are those that the document had
    then; ``there`` tells whether it is in QuickBooks still.
    """

    at: datetime
    what: Deed
    by: str = ""
    run_id: str = ""
    plan_id: str = ""
    key: str = ""
    kind: str = ""
    document_id: str = ""
    number: str = ""
    url: str = ""
    there: bool = False
    revision: int = 0
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    accounts: Sequence[str] = ()
    """Names of the accounts that it was said to be for, or was posted to; of a transfer, from where to where."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of what a history is told: drafts of one connection by key and id, and the record with all its revisions."""

    connection_id: str
    company: Company
    keys: Sequence[str]
    draft_ids: Sequence[int]
    revisions: Sequence[int] = ()
    """Ids of the record's rows, one a revision."""
    subjects: Sequence[str] = ()
    """Other subjects that stand for it in problems and in the audit chain."""


def history_of(session: Session, told: Told, holds: Sequence[Hold], problems: Sequence[Problem]) -> list[Happening]:
    """Return what happened, the first thing first; ``holds`` and ``problems`` are its own, open and closed."""
    links = session.scalars(
        select(LinkRow).where(LinkRow.connection_id == told.connection_id, LinkRow.key.in_(told.keys))
    ).all()
    decided = [
        Happening(
            each.at,
            Deed.DECIDED,
            each.actor,
            key=each.subject,
            code=each.action,
            params=each.body,
            accounts=_said_to_be(each.body),
        )
        for each in entries_about(session, told.connection_id, [*told.keys, *told.subjects])
    ]
    moments = {(each.at, each.by) for each in decided}
    found = [
        *_read(session, told.revisions),
        *decided,
        *(each for hold in holds for each in _asked(hold, moments)),
        *(each for problem in problems for each in _failed(problem)),
        *_planned(session, told, links),
        *_drifted(session, links),
    ]
    return _named(session, told.company.id, sorted(found, key=lambda each: (each.at, _ORDER[each.what])))


def undo_that_waits(session: Session, told: Told) -> str:
    """Return the plan that would take one of a record's documents out and waits for approval; empty where none does."""
    waiting = (
        select(Plan.id)
        .join(PlanLine, PlanLine.plan_id == Plan.id)
        .where(
            Plan.connection_id == told.connection_id,
            Plan.state == PlanState.WAITING,
            PlanLine.key.in_(told.keys),
            PlanLine.action.in_(REMOVALS),
        )
        .order_by(Plan.created_at.desc())
    )
    return session.scalars(waiting.limit(1)).first() or ""


def _said_to_be(body: Mapping[str, Any]) -> Sequence[str]:
    """Return what an entry of the audit chain says that something is for: names, or ids of accounts."""
    if "ledger" in body:
        return (str(body["ledger"]),)
    return str(body.get("accounts", "")).split()


def _named(session: Session, company_id: str, found: Sequence[Happening]) -> list[Happening]:
    """Put the names of accounts in the place of their ids."""
    wanted = {account for each in found for account in each.accounts}
    if not wanted:
        return list(found)
    rows = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.name).where(
            LedgerEntry.company_id == company_id, LedgerEntry.kind == "Account", LedgerEntry.object_id.in_(wanted)
        )
    )
    names = dict(rows.all())
    return [replace(each, accounts=tuple(names.get(account, account) for account in each.accounts)) for each in found]


def _read(session: Session, revisions: Sequence[int]) -> Iterator[Happening]:
    rows = session.execute(
        select(SourceRecord.fetched_at, SourceRecord.run_id, SourceRecord.revision, SourceRecord.reason)
        .where(SourceRecord.id.in_(revisions))
        .order_by(SourceRecord.id)
    )
    for at, run_id, revision, reason in rows:
        yield Happening(at, Deed.READ, run_id=run_id, revision=revision, code=reason)


def _asked(hold: Hold, decided: set[tuple[datetime, str]]) -> Iterator[Happening]:
    if hold.code != UNDONE:  # that it was undone is told by its posting
        yield Happening(hold.opened_at, Deed.ASKED, code=hold.code, params=hold.params)
    # What a person answered is in the audit chain, with more words.
    if hold.closed_at is not None and (hold.closed_at, hold.closed_by) not in decided:
        yield Happening(hold.closed_at, Deed.CLOSED, hold.closed_by, code=hold.code, params=hold.params)


def _failed(problem: Problem) -> Iterator[Happening]:
    yield Happening(
        problem.opened_at, Deed.FAILED, run_id=problem.run_id, key=problem.subject, code=problem.code,
        params=problem.params,
    )  # fmt: skip
    if problem.closed_at is not None and problem.state == ProblemState.GONE:
        yield Happening(
            problem.closed_at, Deed.MENDED, key=problem.subject, code=problem.code, params=problem.params
        )  # fmt: skip


def _planned(session: Session, told: Told, links: Sequence[LinkRow]) -> Iterator[Happening]:
    """Yield what plans did with the drafts and what became of it: a plan that says the same again is passed over."""
    of_drafts = select(PlanLine.id).where(PlanLine.draft_id.in_(told.draft_ids))
    of_keys = select(Posting.plan_line_id).where(
        Posting.connection_id == told.connection_id, Posting.key.in_(told.keys)
    )
    rows = session.execute(
        select(PlanLine, Plan, Posting)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .outerjoin(Posting, Posting.plan_line_id == PlanLine.id)
        .where(PlanLine.id.in_(union(of_drafts, of_keys)), PlanLine.action != Action.HOLD)
        .order_by(PlanLine.id.desc(), Posting.id.desc())
        .limit(EACH_MAX)
    ).all()
    live = {(link.kind, link.document_id): link for link in links if link.state == LinkState.LIVE}
    said: dict[str, tuple[object, ...]] = {}
    numbers: dict[tuple[str, str], str] = {(each.kind, each.document_id): each.document_number for each in links}
    seen: set[int] = set()
    for line, plan, posting in reversed(rows):
        says = (line.action, line.revision, line.reason)
        if line.id not in seen and (said.get(line.key) != says or posting is not None):
            yield from _plan(line, plan)
        seen.add(line.id)
        said[line.key] = says
        done = _carried_out(line, plan, posting)
        if done is None:
            continue
        place = (done.kind, done.document_id)
        if done.number:
            numbers[place] = done.number
        url = deep_link(environment_of(told.company.environment), done.kind, done.document_id, realm=told.company.realm)
        yield replace(done, number=numbers.get(place, ""), url=url or "", there=place in live)


def _plan(line: PlanLine, plan: Plan) -> Iterator[Happening]:
    action = Action(line.action)
    kept_out = _KEPT_OUT.get(action)
    planned = Deed.TO_UNDO if action in REMOVALS else Deed.PLANNED
    yield Happening(
        plan.created_at, kept_out or planned, line.mapped_by, plan.run_id, plan.id, line.key, line.kind,
        revision=line.revision, code=line.reason, params=line.params,
    )  # fmt: skip
    if plan.approved_at is not None and kept_out is None:
        yield Happening(plan.approved_at, Deed.APPROVED, plan.approved_by, plan.run_id, plan.id, line.key, line.kind)


def _carried_out(line: PlanLine, plan: Plan, posting: Posting | None) -> Happening | None:
    """Return what was written for a line, or refused; nothing while that is not known."""
    if posting is None or posting.finished_at is None:
        return None
    told = Happening(
        posting.finished_at, _SENT.get(Action(posting.operation), Deed.LINKED), plan.approved_by, plan.run_id, plan.id,
        line.key, posting.kind, posting.document_id or line.document_id, revision=posting.revision,
    )  # fmt: skip
    match PostingState(posting.state):
        case PostingState.DONE:
            sent = {} if told.what is Deed.UNDONE else _sent(posting.body)
            accounts = tuple(named_accounts(posting.kind, sent))
            return replace(told, number=str(sent.get("DocNumber") or ""), accounts=accounts)
        case PostingState.REFUSED:
            return replace(
                told, what=Deed.REFUSED, code=line.reason or posting.fault_code,
                params={**line.params, "detail": posting.fault_detail},
            )  # fmt: skip
        case PostingState.INTENT | PostingState.LOST:
            return None


def _sent(body: str) -> Mapping[str, Any]:
    said = json.loads(body, parse_float=Decimal) if body else {}
    return said if isinstance(said, dict) else {}


def _drifted(session: Session, links: Sequence[LinkRow]) -> Iterator[Happening]:
    by_id = {link.id: link for link in links}
    rows = session.scalars(
        select(Drift).where(Drift.link_id.in_(by_id)).order_by(Drift.found_at.desc()).limit(EACH_MAX)
    )
    for each in rows:
        link = by_id[each.link_id]
        yield Happening(
            each.found_at, Deed.DRIFTED, key=link.key, kind=link.kind, document_id=link.document_id,
            number=link.document_number, code=each.change,
            params={"fields": [str(one["field"]) for one in each.fields]},
        )  # fmt: skip

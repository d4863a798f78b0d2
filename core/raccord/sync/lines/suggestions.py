"""Suggestions for bank lines that wait for a category, from what the company's people answered before.

They stand beside the question, with the lines behind them, and decide nothing. Only where the owner said so, and from
the confidence that the company's own history supports, is one accepted by itself; the next plan then holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, cast, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts, Deposit, Expense, Role
from raccord.quickbooks.codec import entity_of
from raccord.store import events
from raccord.store.made_once import made_once
from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LearnedHistory,
    LedgerEntry,
    LinkRow,
    LinkState,
    PlanLine,
)
from raccord.suggesting.calibration import SCALE, Calibration, Step, support
from raccord.suggesting.history import BY_PERSON, BY_RULE, CORRECTED, Answer, Example, Line
from raccord.suggesting.learner import HISTORY_MAX, Learned, Suggestion, learn
from raccord.sync.bodies import load_draft
from raccord.sync.books.company import TYPES
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.execution import Execution
from raccord.sync.lines.deposit_offers import may_be_deposit
from raccord.sync.lines.line_answers import ACCEPTED_ONCE, CALLED, DOUBTED, LEARNED, answered
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.paying import MATCHES, asked_in
from raccord.sync.lines.transfers import is_side, propose_transfers
from raccord.sync.lines.treatment_fit import BooksFit
from raccord.sync.lines.treatments import (
    BY_SUGGESTION,
    TREATMENT,
    Part,
    Treated,
    Treatment,
    UnfitTreatment,
    arrives,
    as_treated,
    dump_treatment,
    load_treatment,
    treatable,
)
from raccord.sync.lines.two_sides import CalledOtherwise
from raccord.sync.resolving.holds import alone_in, close_hold
from raccord.sync.resolving.resolve import DECISION_MISSING

JUDGED_ANEW = timedelta(days=7)
"""How long the calibration of a history counts that has not grown by much."""
GROWN_BY = 20
"""So many new answers, or one for twenty known ones, are much."""
SUGGESTED = "suggested"
"""Under this name a run's progress says that it has suggested."""
SUGGESTED_KINDS = (Treated.CATEGORY, Treated.PERSONAL)
_ANSWERED = (DraftState.WAITING, DraftState.READY, DraftState.PLANNED, DraftState.POSTED, DraftState.FAILED)


def suggest(execution: Execution, company_id: str, plan_id: str, now: datetime) -> None:
    """Propose transfers and suggest for what else a plan leaves open, after what it may pay and what rules say."""
    suggestions = Suggestions(company_id, plan_id, now)
    with execution.database.read() as session:
        suggestions.read(session)
    with execution.begin() as (session, run):
        if suggestions.asked:
            propose_transfers(session, company_id)
        suggestions.write(session)
        run.progress = {**run.progress, SUGGESTED: True}


@dataclass(slots=True)
class Suggestions:
    """What a company's history says of the open questions of one plan."""

    company_id: str
    plan_id: str
    now: datetime
    asked: bool = False
    judged: Learned | None = None
    """Where the history was judged anew, and has to be kept."""
    told: dict[str, Suggestion] = field(default_factory=dict)
    """Suggestions by question."""

    def read(self, session: Session) -> None:
        """Learn the history, if the plan has questions, and ask it about them: what takes long, and writes nothing."""
        asked = _asked(session, self.plan_id)
        self.asked = bool(asked)
        if not asked:
            return
        kept = session.get(LearnedHistory, self.company_id)
        usable = usable_accounts(session, self.company_id)
        examples = [each for each in history(session, self.company_id) if each.answer.account in {"", *usable}]
        known = None if kept is None else _still_counts(kept, len(examples), self.now)
        learned = learn(examples, usable, known)
        self.judged = learned if known is None else None
        for hold, row in asked:
            draft = treatable(load_draft(row.body))
            line = None if draft is None else line_of(row, draft)
            told = None if line is None else learned.suggest(line)
            if told is not None:
                self.told[hold.id] = told

    def write(self, session: Session) -> int:
        """Put the suggestions beside the questions, or accept what the owner lets be accepted; return how many."""
        kept = session.get(LearnedHistory, self.company_id)
        if self.judged is not None:
            kept = self._keep(session, kept, self.judged)
        from_ = None if kept is None else accepts_from(kept)
        documents = _documents(session, self.told.values())
        said = 0
        if from_ is not None and self.told:
            alone_in(session, self.company_id)
        otherwise = CalledOtherwise(session, self.company_id, self.now, BY_SUGGESTION).read_once()
        for hold, row in _asked(session, self.plan_id) if self.told else ():
            told, draft = self.told.get(hold.id), treatable(load_draft(row.body))
            if told is None or draft is None or _may_pay(hold.params) or is_side(hold.params):
                continue
            hold.params = {**hold.params, LEARNED: _said(session, self.company_id, told, documents)}
            said += 1
            by_itself = {ACCEPTED_ONCE, CALLED}.isdisjoint(row.decisions)
            if from_ is not None and told.confidence >= from_ and by_itself:
                self._accept(session, hold, row, draft, told)
                otherwise.ask(row)
        return said

    def _keep(self, session: Session, kept: LearnedHistory | None, learned: Learned) -> LearnedHistory:
        if kept is None:
            kept = LearnedHistory(company_id=self.company_id, accepts_by="")
            session.add(kept)
        kept.examples, kept.learned_at = learned.examples, self.now
        kept.steps = [[step.score, step.count, step.right, step.confidence] for step in learned.calibration.steps]
        kept.shown_from, kept.scale = learned.calibration.shown_from, SCALE
        return kept

    def _accept(self, session: Session, hold: Hold, row: DraftRow, draft: Deposit | Expense, told: Suggestion) -> None:
        """Answer a question as suggested; the next plan holds what the line becomes."""
        try:
            said = dump_treatment(treatment_of(session, self.company_id, told, draft), draft)
        except UnfitTreatment:
            # It stays a question with its suggestion.
            return
        accepted = {TREATMENT: said, LEARNED: told.confidence, ACCEPTED_ONCE: True}
        row.decisions = answered(row.decisions, draft, accepted)
        row.kind = entity_of(as_treated(row.decisions, draft))
        row.state, row.reason = DraftState.WAITING, ""
        close_hold(session, row, self.now, BY_SUGGESTION, {TREATMENT: said, LEARNED: told.confidence})
        events.append(
            session,
            actor=BY_SUGGESTION,
            action="hold.treated",
            subject=row.key,
            company_id=self.company_id,
            connection_id=row.connection_id,
            now=self.now,
            body={"accounts": told.answer.account, "confidence": told.confidence, "origin": BY_SUGGESTION,
                  "examples": " ".join(each.line.id for each in told.examples)},
        )  # fmt: skip


def history(session: Session, company_id: str) -> list[Example]:
    """Return what people, and rules of theirs, answered of a company's bank lines, the newest at most.

    What was accepted by itself is not learned from: it would only confirm itself.
    """
    rows = session.scalars(
        select(DraftRow)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(
            Connection.company_id == company_id,
            DraftRow.state.in_(_ANSWERED),
            DraftRow.day.is_not(None),
            cast(DraftRow.decisions, String) != "{}",
        )
        .order_by(DraftRow.day.desc(), DraftRow.id.desc())
        .limit(HISTORY_MAX)
    ).all()
    against = _suggested(session, [row.id for row in rows])
    found = []
    for row in rows:
        draft = treatable(load_draft(row.body))
        answer = None if draft is None else answer_of(row, draft)
        if draft is None or answer is None or LEARNED in row.decisions:
            continue
        weight = BY_RULE if answer[1] else BY_PERSON
        if against.get(row.id, answer[0].account) != answer[0].account:
            weight = CORRECTED
        if (line := line_of(row, draft)) is not None:
            found.append(Example(line, answer[0], weight))
    return found


def usable_accounts(session: Session, company_id: str) -> frozenset[str]:
    """Return the active accounts that may be a line's category."""
    return frozenset(
        session.scalars(
            select(LedgerEntry.object_id).where(
                LedgerEntry.company_id == company_id,
                LedgerEntry.kind == "Account",
                LedgerEntry.active.is_(True),
                LedgerEntry.type.in_(TYPES[Accepts.CATEGORY]),
            )
        )
    )


def calibration_of(kept: LearnedHistory) -> Calibration:
    """Return the calibration as it was kept; one of another scale says nothing."""
    if kept.scale != SCALE:
        return Calibration()
    return Calibration(tuple(Step(*map(int, step)) for step in kept.steps), kept.shown_from)


def accepts_from(kept: LearnedHistory) -> int | None:
    """Return from which confidence on suggestions are accepted now: what the owner said, while the past supports it."""
    if kept.accepts_from is None or not support(calibration_of(kept), kept.accepts_from).enough:
        return None
    return kept.accepts_from


def line_of(row: DraftRow, draft: Deposit | Expense) -> Line | None:
    """Return a draft as a line to learn from or to suggest for."""
    place = draft.bank if isinstance(draft, Deposit) else draft.paid_from
    account = f"{row.connection_id}/{place.of or place.name}" if isinstance(place, Role) else row.connection_id
    amount = draft.total if arrives(draft) else -draft.total
    return None if row.day is None else Line(f"{row.connection_id} {row.key}", row.day, draft.memo, amount, account)


def treatment_of(session: Session, company_id: str, told: Suggestion, draft: Deposit | Expense) -> Treatment:
    """Return what a suggestion says a line is, without what is inactive by now or a deposit cannot hold."""
    answer = told.answer
    party = answer.party_id if _active(session, company_id, answer.party_kind, answer.party_id) else ""
    bears = not isinstance(draft, Deposit) or BooksFit(session, company_id).taxed_back(answer.account)
    taxed = bears and _active(session, company_id, "TaxCode", answer.tax_code)
    part = Part(
        account=answer.account,
        tax_code=answer.tax_code if taxed else "",
        class_id=answer.class_id if _active(session, company_id, "Class", answer.class_id) else "",
    )
    return Treatment(
        kind=Treated(answer.kind),
        parts=(part,),
        party_kind=answer.party_kind if party else "",
        party_id=party,
        location_id=answer.location_id if _active(session, company_id, "Department", answer.location_id) else "",
        origin=BY_SUGGESTION,
        why=f"{told.confidence}/1000: " + ", ".join(each.line.id.partition(" ")[2] for each in told.examples),
    )


def _active(session: Session, company_id: str, kind: str, object_id: str) -> bool:
    entry = session.get(LedgerEntry, (company_id, kind, object_id)) if object_id else None
    return entry is not None and entry.active


def _asked(session: Session, plan_id: str) -> Sequence[tuple[Hold, DraftRow]]:
    """Return the questions for a category that a plan leaves open, in the order of its lines."""
    return [(hold, row) for hold, row in session.execute(*_questions(plan_id))]


@made_once
def _questions(plan_id: str) -> Select[Hold, DraftRow]:
    return (
        select(Hold, DraftRow)
        .join(PlanLine, PlanLine.draft_id == Hold.draft_id)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(PlanLine.plan_id == plan_id, Hold.closed_at.is_(None), Hold.code == DECISION_MISSING)
        .order_by(PlanLine.id)
    )


def _may_pay(params: Mapping[str, Any]) -> bool:
    """Tell whether a line probably pays something that is open: matching goes before categories."""
    matches = params.get(MATCHES) or [{}]
    return matches[0].get("sure") in (Sure.CERTAIN, Sure.LIKELY) or may_be_deposit(params)


def _still_counts(kept: LearnedHistory, examples: int, now: datetime) -> Calibration | None:
    """Return the kept calibration while the history is nearly what it was."""
    grown = abs(examples - kept.examples) >= max(GROWN_BY, kept.examples // 20)
    if kept.learned_at is None or kept.scale != SCALE or grown or now - kept.learned_at >= JUDGED_ANEW:
        return None
    return calibration_of(kept)


def answer_of(row: DraftRow, draft: Deposit | Expense) -> tuple[Answer, bool] | None:
    """Return what a draft was said to be, and whether a rule said so; nothing where it was not said."""
    said = load_treatment(row.decisions)
    if said is not None:
        by_rule = said.origin.startswith("rule:")
        if said.kind not in SUGGESTED_KINDS or len(said.parts) != 1:
            return Answer(""), by_rule
        part = said.parts[0]
        return (
            Answer(
                part.account, str(said.kind), said.party_kind, said.party_id, part.tax_code, part.class_id,
                said.location_id,
            ),
            by_rule,
        )  # fmt: skip
    asked = asked_in(draft)
    account = row.decisions.get(asked.name) if asked is not None and asked.accepts is Accepts.CATEGORY else None
    return (Answer(account), False) if isinstance(account, str) else None


def _suggested(session: Session, draft_ids: Sequence[int]) -> dict[int, str]:
    """Return by draft the account that was suggested when it was answered, or was put off by then."""
    found: dict[int, str] = {}
    for some in chunks(sorted(draft_ids), CHUNK):
        for draft_id, params in session.execute(
            select(Hold.draft_id, Hold.params)
            .where(Hold.draft_id.in_(some), Hold.code == DECISION_MISSING, Hold.closed_at.is_not(None))
            .order_by(Hold.closed_at, Hold.id)
        ):
            if isinstance(told := params.get(LEARNED) or params.get(DOUBTED), Mapping):
                found[draft_id] = str(told["account"])
    return found


Documents = Mapping[str, tuple[str, str, str]]
"""Kind, id and number of what lines became, by the line's id."""


def _documents(session: Session, told: Iterable[Suggestion]) -> Documents:
    """Return what the lines behind suggestions became in the books."""
    lines: dict[str, set[str]] = {}
    for suggestion in told:
        for each in suggestion.examples:
            connection_id, _, key = each.line.id.partition(" ")
            lines.setdefault(connection_id, set()).add(key)
    found: dict[str, tuple[str, str, str]] = {}
    for connection_id, keys in sorted(lines.items()):
        for some in chunks(sorted(keys), CHUNK):
            rows = session.execute(
                select(LinkRow.key, LinkRow.kind, LinkRow.document_id, LinkRow.document_number).where(
                    LinkRow.connection_id == connection_id, LinkRow.key.in_(some), LinkRow.state == LinkState.LIVE
                )
            )
            found |= {f"{connection_id} {key}": (kind, id_, number) for key, kind, id_, number in rows}
    return found


def _said(session: Session, company_id: str, told: Suggestion, documents: Documents) -> dict[str, Any]:
    """Return what a question says of a suggestion."""
    answer = told.answer
    entry = session.get(LedgerEntry, (company_id, "Account", answer.account))
    party = session.get(LedgerEntry, (company_id, answer.party_kind, answer.party_id)) if answer.party_id else None
    said = {
        "kind": answer.kind,
        "account": answer.account,
        "name": entry.name if entry is not None else "",
        "party_kind": answer.party_kind,
        "party_id": answer.party_id,
        "party": party.name if party is not None else "",
        "tax_code": answer.tax_code,
        "class_id": answer.class_id,
        "location_id": answer.location_id,
        "confidence": told.confidence,
        "examples": [_example(each, documents) for each in told.examples],
    }
    return {name: value for name, value in said.items() if value}


def _example(example: Example, documents: Documents) -> dict[str, Any]:
    connection_id, _, key = example.line.id.partition(" ")
    kind, document, number = documents.get(example.line.id, ("", "", ""))
    return {
        "connection_id": connection_id,
        "key": key,
        "day": example.line.day.isoformat(),
        "text": example.line.text[:120],
        "amount": format(example.line.amount, "f"),
        "kind": kind,
        "document": document,
        "number": number,
    }

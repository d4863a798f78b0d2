"""What people decide about single drafts and whole plans: answers, skips, choices, approvals."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.card_kinds import fill_with_kinds
from raccord.onboarding.deciding.conflict_texts import (
    linked_already,
    not_allowed,
    not_an_account,
    one_or_two,
    parts_changed,
)
from raccord.onboarding.deciding.open_days import open_day
from raccord.onboarding.deciding.seen_questions import refused_as_seen
from raccord.onboarding.gates.gates import require_stage
from raccord.onboarding.sources.account_types import held_as
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo, RoleInfo, Stage
from raccord.plugin.ledger import TARGETED, Resolution, ResolutionKind
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import (
    Choice,
    Connection,
    ConnectionState,
    DraftRow,
    DraftState,
    Hold,
    LedgerEntry,
    LineState,
    Plan,
    PlanLine,
    PlanState,
    Run,
    RunState,
)
from raccord.sync.bodies import load_draft
from raccord.sync.books.company import fits, kind_of
from raccord.sync.books.readback import LISTS
from raccord.sync.days import today_of
from raccord.sync.lines.line_answers import answered, ask_other_side
from raccord.sync.lines.overrides import weigh_answer
from raccord.sync.lines.shared_documents import WITH, siblings
from raccord.sync.lines.two_sides import CalledOtherwise, question_of
from raccord.sync.mapping.upgrades import MAPPED_WITH, accept_version
from raccord.sync.phases import is_undo
from raccord.sync.planning.plans import blocked_alone
from raccord.sync.planning.since_approval import changed_here, names_of, told
from raccord.sync.resolving.conflict_rules import DUPLICATE_NUMBER, KINDS, RULES, By, allowed_for
from raccord.sync.resolving.conflicts import DECISION, decision_of, linked_to
from raccord.sync.resolving.holds import alone_in, close_chosen, close_hold
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.safekeeping import require_target
from raccord.sync.workshop import Workshop

BEGINNING = date(1, 1, 1)
BY_PERSON = "person: "
"""How the reason begins of a draft that a person left out."""


class DecisionError(RaccordError):
    """Raised when a decision cannot be taken as asked; says why and what to do."""


def choose(
    workshop: Workshop, actor: Actor, connection_id: str, role: str, ledger_id: str, of: str = "",
    valid_from: date | None = None, *, type_said: str = "",
) -> Choice:  # fmt: skip
    """Fill a role from a day on (K9); without a day from the beginning, if nothing was chosen yet.

    ``type_said`` is what an account at a bank is (BF-14); unsaid, what the account of the books is by its own type.
    """

    def fill(session: Session) -> Choice:
        return choose_in(session, workshop, actor, connection_id, role, ledger_id, of, valid_from, type_said)

    return fill_with_kinds(workshop, actor, connection_id, [(role, of, ledger_id)], fill)


def choose_in(
    session: Session, workshop: Workshop, actor: Actor, connection_id: str, role: str, ledger_id: str, of: str,
    valid_from: date | None, type_said: str = "",
) -> Choice:  # fmt: skip
    """Fill a role within a transaction, which may fill others too."""
    now = workshop.clock.now()
    connection = session.get_one(Connection, connection_id)
    info = _info(workshop, connection)
    require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    if connection.approved_at is None:
        require_stage(session, connection, info, Stage.MAPPING if of else Stage.ACCOUNTS)
    entry = fitting(session, connection, role_of(info, role), ledger_id)
    kept_as = held_as(role_of(info, role), entry, type_said)
    start = counts_from(workshop, session, connection, role, of, valid_from)
    choice = session.scalars(
        select(Choice).where(
            Choice.connection_id == connection.id, Choice.role == role, Choice.of == of, Choice.valid_from == start
        )
    ).one_or_none()
    if choice is None:
        choice = Choice(connection_id=connection.id, role=role, of=of, valid_from=start)
        session.add(choice)
    choice.ledger_kind, choice.ledger_id, choice.ledger_name = entry.kind, entry.object_id, entry.name
    choice.origin, choice.chosen_by, choice.chosen_at = "person", actor.name, now
    choice.held_as = kept_as
    close_chosen(session, choice, actor.name, now)
    connection.revision += 1
    events.append(
        session, actor=actor.name, action="choice.made", subject=role, company_id=connection.company_id,
        connection_id=connection.id, now=now, body={"of": of, "ledger": entry.name, "valid_from": start.isoformat()},
    )  # fmt: skip
    return choice


def counts_from(
    workshop: Workshop, session: Session, connection: Connection, role: str, of: str, valid_from: date | None
) -> date:
    """Return the day a choice for a role would count from: the given one, or for a first choice the beginning."""
    same = (Choice.connection_id == connection.id, Choice.role == role, Choice.of == of)
    chosen = session.scalar(select(func.count()).select_from(Choice).where(*same))
    return valid_from or (
        open_day(session, connection, today_of(connection, workshop.clock.now())) if chosen else BEGINNING
    )


def approve_plan(workshop: Workshop, actor: Actor, plan_id: str, plan_hash: str, *, of: str = "") -> Run:
    """Approve exactly the plan that was seen, told by its hash; its run is queued again. The first is the owner's.
    ``of`` is the connection it was shown for, where that decided who ``actor`` is: another's plan is none of theirs."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        plan = session.get(Plan, plan_id, with_for_update=True)
        if plan is None or of not in ("", plan.connection_id):
            raise _not_current()
        connection = session.get_one(Connection, plan.connection_id, with_for_update=True)
        run = session.get_one(Run, plan.run_id, with_for_update=True)
        undo = is_undo(run)
        owners = not undo and (connection.approved_at is None or connection.review_next)
        info = _info(workshop, connection)
        require(actor, Power.LINK if owners else Power.WORK, info)
        if not undo and connection.approved_at is None:
            require_stage(session, connection, info, Stage.PLAN)
            require_documents(session, plan_id)
        if plan.state != PlanState.WAITING or run.state != RunState.APPROVAL or plan.hash != plan_hash:
            raise _not_current()
        ready = connection.state in (ConnectionState.CONNECTED, ConnectionState.REAUTHORISE)
        if not undo and (not ready or connection.paused_at is not None):
            raise DecisionError(
                "plan.not_connected",
                Text(
                    f"La connexion « {connection.label} » est dans l'état {connection.state} : rien ne s'écrit.",
                    f"The connection “{connection.label}” is {connection.state}: nothing is written.",
                ),
                Text("Reprenez-la ou reliez-la d'abord.", "Resume or connect it first."),
            )
        if not undo:
            require_target(session, workshop.settings, connection.company_id)
        if _other_open_run(session, run):
            raise DecisionError(
                "plan.run_open",
                Text(
                    "Une autre synchro de cette connexion est en cours.",
                    "Another run of this connection is going on.",
                ),
                Text("Attendez sa fin : elle refait le plan.", "Wait for its end: it makes the plan again."),
            )
        changes = changed_here(session, plan, run, connection)
        if changes:
            raise _not_current(told(changes, names_of(session, plan.id, changes)))
        plan.state, plan.approved_at, plan.approved_by = PlanState.APPROVED, now, actor.name
        if not undo:
            connection.approved_at, connection.review_next = connection.approved_at or now, False
            # Whoever approves what a new version of the connector makes accepts how it maps.
            if MAPPED_WITH in run.progress:
                version, terms = run.progress[MAPPED_WITH]
                accept_version(session, connection, version, terms, actor.name, now)
        run.state, run.stop_after, run.epoch = RunState.QUEUED, "", run.epoch + 1
        events.append(
            session,
            actor=actor.name,
            action="plan.approved",
            subject=plan.id,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"hash": plan.hash},
        )
        return run


def require_documents(session: Session, plan_id: str) -> None:
    """Refuse the approval of a first plan whose documents are all blocked: the connection would go on by itself with
    nothing that anybody has seen.
    """
    if count := blocked_alone(session, plan_id):
        raise DecisionError(
            "plan.nothing_to_approve",
            Text(
                f"Il n'y a rien à approuver : aucun document ne peut être écrit (bloqués : {count}).",
                f"There is nothing to approve: no document can be written (blocked: {count}).",
            ),
            Text(
                "Réglez ce qui les bloque (les problèmes de la connexion), puis refaites le plan.",
                "Mend what blocks them (the connection's problems), then make the plan again.",
            ),
        )


def answer_hold(workshop: Workshop, actor: Actor, hold_id: str, ledger_id: str) -> DraftRow:
    """Answer a question about one draft with a ledger object; the draft is planned by the next run."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        hold, draft, connection = held(workshop, session, actor, hold_id)
        if hold.code != DECISION_MISSING:
            raise DecisionError(*not_an_account())
        name, accepts = str(hold.params["decision"]), Accepts(str(hold.params["accepts"]))
        entry = session.get(LedgerEntry, (connection.company_id, kind_of(accepts), ledger_id))
        if entry is None or not entry.active or not fits(accepts, entry):
            raise _does_not_fit(ledger_id)
        draft.decisions = answered(draft.decisions, load_draft(draft.body), {name: ledger_id})
        draft.revision += 0 if draft.state == DraftState.HELD else 1
        draft.state, draft.reason = DraftState.WAITING, ""
        close_hold(session, draft, now, actor.name, {name: ledger_id})
        weigh_answer(session, connection.company_id, hold, draft)
        note(session, actor, "hold.answered", draft, connection, now, ledger=entry.name)
        CalledOtherwise(session, connection.company_id, now, actor.name).ask(draft)
        return draft


def answer_conflict(
    workshop: Workshop, actor: Actor, hold_id: str, kind: ResolutionKind, target: str = "", *, seen: str = ""
) -> DraftRow:
    """Decide a conflict about one draft with one of the answers it allows; the next run acts on it.

    ``target`` is the document or entry to link to or to take instead, or the name to use; ``seen`` tells the question
    that was read, and its answer (:func:`question_seen`): another one is not answered, nor another answer replaced.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        hold, draft, connection = held(workshop, session, actor, hold_id)
        allowed = allowed_for(hold.code, hold.params)
        if kind is ResolutionKind.LINK:
            # Where the question names the document, it need not be named again.
            target = target or str(hold.params.get("id", ""))
        target = target.strip()
        given = Resolution(kind, target)
        if (why := refused_as_seen(seen, hold.code, hold.params, decision_of(draft), given)) is not None:
            raise DecisionError(*why)
        if kind not in allowed or (kind in TARGETED and not target):
            raise DecisionError(*not_allowed(allowed))
        if RULES[KINDS[hold.code]].answers[kind] is By.MANAGER:
            granted = connection.manage_granted_at is not None
            require(actor, Power.MANAGE, _info(workshop, connection), manage_granted=granted)
        if kind is ResolutionKind.LINK:
            linkable(session, connection, draft, target)
        if kind is ResolutionKind.REPLACE:
            _replaces(session, connection, str(hold.params["kind"]), str(hold.params["id"]), target)
        decided = {"kind": str(kind), "target": target, "params": hold.params}
        draft.decisions = {**draft.decisions, DECISION: decided}
        note(session, actor, "conflict.decided", draft, connection, now, kind=str(kind), target=target)
        if kind is ResolutionKind.SKIP:
            others = siblings(session, hold)
            if gone := {*hold.params.get(WITH, ())} - {row.key for _, row in others}:
                raise DecisionError(*parts_changed(min(gone)))
            for other, row in others:
                if (before := decision_of(row)) is not None and before.kind is not kind:
                    raise DecisionError(*parts_changed(row.key))
                row.decisions = {**row.decisions, DECISION: {**decided, "params": other.params}}
                note(session, actor, "conflict.decided", row, connection, now, kind=str(kind), target=target)
        return draft


def skip_draft(workshop: Workshop, actor: Actor, hold_id: str, why: str) -> DraftRow:
    """Leave a held draft out for good, with the person's reason."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        _, draft, connection = held(workshop, session, actor, hold_id)
        draft.state, draft.reason = DraftState.SKIPPED, left_out_by_person(why)
        ask_other_side(session, draft)
        close_hold(session, draft, now, actor.name, {"skip": why})
        note(session, actor, "draft.skipped", draft, connection, now, why=why[:200])
        return draft


def left_out_by_person(why: str) -> str:
    """Return the reason of a draft that a person leaves out; raises ``DecisionError`` without one."""
    if not why.strip():
        raise DecisionError(
            "hold.reason_missing",
            Text("Il faut une raison pour écarter une opération.", "Leaving a line out needs a reason."),
            Text("Écrivez-la en quelques mots.", "Write it in a few words."),
        )
    return f"{BY_PERSON}{why.strip()[:200]}"


def linkable(session: Session, connection: Connection, draft: DraftRow, target: str) -> None:
    """Refuse a document that is another draft's already, or was promised to one; an entry may serve several drafts."""
    if draft.kind in LISTS:
        return
    other = linked_to(session, connection.company_id, draft, target)
    other = other or _promised_to(session, connection, draft, target)
    if other is not None:
        raise DecisionError(*linked_already(target, other))


def _replaces(session: Session, connection: Connection, kind: str, inactive: str, target: str) -> None:
    """Refuse an entry that is not active, or of another type than the inactive one."""
    entry = session.get(LedgerEntry, (connection.company_id, kind, target))
    before = session.get(LedgerEntry, (connection.company_id, kind, inactive))
    if entry is None or not entry.active or (before is not None and entry.type != before.type):
        raise _does_not_fit(target)


def _not_current(changes: Text | None = None) -> DecisionError:
    said = changes or Text("les données ou les choix ont changé depuis", "data or choices changed since")
    return DecisionError(
        "plan.not_current",
        Text(
            f"Ce plan n'est plus celui qui attend : {said.fr}.",
            f"This plan is no longer the one that waits: {said.en}.",
        ),
        Text("Refaites le plan et relisez-le.", "Make the plan again and read it."),
    )


def _other_open_run(session: Session, run: Run) -> bool:
    open_states = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)
    others = select(Run.id).where(Run.connection_id == run.connection_id, Run.id != run.id, Run.state.in_(open_states))
    return session.scalars(others).first() is not None


def _promised_to(session: Session, connection: Connection, draft: DraftRow, target: str) -> str | None:
    """Return the key of another draft of the company that a person promised the same document, which no run linked yet.

    Either its question is still open, or it failed, and only the next run acts on what was said of it.
    """
    asked = and_(Hold.closed_at.is_(None), Hold.code.in_(KINDS))
    said = and_(DraftRow.state == DraftState.WAITING, DraftRow.reason == DUPLICATE_NUMBER)
    waiting = session.scalars(
        select(DraftRow)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .outerjoin(Hold, and_(Hold.draft_id == DraftRow.id, asked))
        .where(
            Connection.company_id == connection.company_id,
            DraftRow.kind == draft.kind,
            DraftRow.id != draft.id,
            or_(Hold.id.is_not(None), said),
        )
    )
    promised = (each.key for each in waiting if (of := decision_of(each)) is not None and of.target == target)
    return next(promised, None)


def on_its_way(session: Session, draft: DraftRow) -> bool:
    """Tell whether a line of an approved plan is being sent for the draft."""
    sending = select(PlanLine.id).where(PlanLine.draft_id == draft.id, PlanLine.state == LineState.SENDING)
    return session.scalars(sending).first() is not None


def held(
    workshop: Workshop, session: Session, actor: Actor, hold_id: str, *, lock: bool = True, two_sides: bool = False
) -> tuple[Hold, DraftRow, Connection]:
    """Return a question that is open; nobody else answers any of its company's before the transaction ends.

    Of a line of which it is asked whether it and another one are one movement, that is answered first.
    """
    require(actor, Power.WORK)
    hold = session.get(Hold, hold_id)
    if hold is not None and lock:
        alone_in(session, session.get_one(Connection, hold.connection_id).company_id)
        session.refresh(hold)
    if hold is None or hold.closed_at is not None:
        raise DecisionError(
            "hold.closed",
            Text("Cette question n'est plus ouverte.", "This question is no longer open."),
            Text("« raccord holds » montre celles qui le sont.", "“raccord holds” shows those that are."),
        )
    row = session.get_one(DraftRow, hold.draft_id)
    if not two_sides and (asked := question_of(session, row)) is not None:
        raise DecisionError(*one_or_two(asked.other.key))
    return hold, row, session.get_one(Connection, hold.connection_id)


def fitting(session: Session, connection: Connection, role: RoleInfo, ledger_id: str) -> LedgerEntry:
    """Return the ledger object for a role; refuses what does not exist, is inactive or does not fit."""
    entry = session.get(LedgerEntry, (connection.company_id, kind_of(role.accepts), ledger_id))
    if entry is None or not entry.active or not fits(role.accepts, entry):
        raise _does_not_fit(ledger_id)
    return entry


def _does_not_fit(ledger_id: str) -> DecisionError:
    return DecisionError(
        "choice.does_not_fit",
        Text(
            f"L'objet {ledger_id} n'existe pas, est inactif ou ne convient pas ici.",
            f"The object {ledger_id} does not exist, is inactive or does not fit here.",
        ),
        Text("Choisissez-en un de la liste proposée.", "Choose one of the list that is offered."),
    )


def role_of(info: ConnectorInfo, name: str) -> RoleInfo:
    """Return a connector's role by its name."""
    for role in info.roles:
        if role.name == name:
            return role
    known = ", ".join(role.name for role in info.roles)
    raise DecisionError(
        "choice.unknown_role",
        Text(f"Rôle inconnu : {name}.", f"Unknown role: {name}."),
        Text(f"Rôles de ce connecteur : {known}.", f"Roles of this connector: {known}."),
    )


def _info(workshop: Workshop, connection: Connection) -> ConnectorInfo:
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None:
        raise DecisionError(
            "connector.not_installed",
            Text(
                f"Le connecteur « {connection.connector} » n'est pas installé.",
                f"The connector “{connection.connector}” is not installed.",
            ),
            Text("« raccord plugins » montre ceux qui sont là.", "“raccord plugins” shows those that are there."),
        )
    return admitted.info


def note(
    session: Session, actor: Actor, action: str, draft: DraftRow, connection: Connection, now: datetime, **body: str
) -> None:
    events.append(
        session,
        actor=actor.name,
        action=action,
        subject=draft.key,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body=body,
    )

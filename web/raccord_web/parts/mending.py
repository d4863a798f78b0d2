"""The forms that mend a cause where it stands: an account for each role of its documents, or the closed period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor
from raccord.onboarding.closing.closings import set_closed_policy
from raccord.onboarding.deciding.decisions import DecisionError, fitting, role_of
from raccord.onboarding.deciding.failures import close_cause
from raccord.onboarding.deciding.seen_choices import choice_standing, choose_seen
from raccord.overview.listing import MOST
from raccord.overview.problems import ProblemGroup
from raccord.overview.questions import Candidate, candidates, count_candidates
from raccord.plugin.drafts import Accepts
from raccord.plugin.texts import Text
from raccord.quickbooks.causes import Cause
from raccord.store.models import Connection, DraftRow, Problem, ProblemState
from raccord.sync.posting.periods import ClosedPolicy
from raccord.sync.workshop import Workshop
from raccord_web.parts.mapped import RoleView, placed_by, roles_of

BY_ROLE = frozenset({Cause.INACTIVE_REFERENCE, Cause.MISSING_TAX_CODE, Cause.WRONG_ACCOUNT_TYPE})
"""Causes that another account, item or tax code mends, from the first of their documents on."""
MENDABLE = BY_ROLE | {Cause.PERIOD_CLOSED}
"""Every cause that has a form."""
GROUPS_MAX = 10
"""On one page so many causes have their form; the others lead to the page that has it."""
LEDGER, HELD = "ledger_", "held_"


@dataclass(frozen=True, slots=True)
class Mending:
    """What may be answered: the policy of closed periods as it is, or the roles with what would fit each."""

    company_id: str
    policy: str = ""
    roles: Sequence[RoleView] = ()
    fitting: Mapping[Accepts, Sequence[Candidate]] | None = None
    every: Mapping[Accepts, int] = field(default_factory=dict)
    """How many would fit in all, of those of which not all are among ``fitting``."""


class UnknownPolicyError(DecisionError):
    """Raised for a policy of closed periods that there is not."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was sent and refused: of which cause, why, and what it held, to stand in it again."""

    connection_id: str
    code: str
    error: DecisionError
    typed: Mapping[str, str]


def mendings_of(
    workshop: Workshop, session: Session, groups: Sequence[ProblemGroup], like: str = ""
) -> dict[tuple[str, str], Mending]:
    """Return the forms of causes, by connection and code; ``like`` narrows down what would fit, as words do it."""
    found: dict[tuple[str, str], Mending] = {}
    wanted = [each for each in groups if each.code in MENDABLE][:GROUPS_MAX]
    ids = {each.connection_id for each in wanted}
    rows = session.scalars(select(Connection).where(Connection.id.in_(ids))) if ids else ()
    connections = {each.id: each for each in rows}
    for group in wanted:
        connection = connections[group.connection_id]
        if group.code == Cause.PERIOD_CLOSED:
            made = Mending(connection.company_id, policy=connection.closed_policy)
        else:
            made = _by_role(workshop, session, connection, group, like)
        if made.policy or made.roles:
            found[group.connection_id, group.code] = made
    return found


def mend(workshop: Workshop, actor: Actor, connection_id: str, code: str, fields: Mapping[str, str]) -> None:
    """Keep what was answered and have every document that failed for the cause tried again.

    A role counts from the first of these documents on, so that each of them follows the answer. Raises
    ``DecisionError``, with nothing kept, for an unknown policy, an unknown role or what does not fit a role.
    """
    if code == Cause.PERIOD_CLOSED:
        set_closed_policy(workshop, actor, connection_id, _policy(fields.get("policy", "")))
    elif code in BY_ROLE:
        wanted = _wanted(fields)
        _require_fitting(workshop, connection_id, wanted, fields)
        first = _first_day(workshop, connection_id, code)
        for role, of, ledger in wanted:
            seen = fields.get(_held(role, of))
            choose_seen(workshop, actor, connection_id, role, ledger, of, first, seen=seen, of_failed=True)
    close_cause(workshop, actor, code, ProblemState.READY, connection_id)


def _policy(said: str) -> ClosedPolicy:
    if said not in set(ClosedPolicy):
        raise UnknownPolicyError(
            "closing.unknown_policy",
            Text("Cette réponse pour une période close n'existe pas.", "There is no such answer for a closed period."),
            Text("Choisissez une des réponses proposées.", "Choose one of the answers that are offered."),
        )
    return ClosedPolicy(said)


def _wanted(fields: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return what was changed: role, what of the source it is for, and the ledger object."""
    wanted: list[tuple[str, str, str]] = []
    for name, ledger in fields.items():
        place = name.removeprefix(LEDGER)
        if name.startswith(LEDGER) and ledger and ledger != fields.get(HELD + place, ""):
            role, _, of = place.partition("/")
            wanted.append((role, of, ledger))
    return wanted


def _require_fitting(
    workshop: Workshop, connection_id: str, wanted: Sequence[tuple[str, str, str]], fields: Mapping[str, str]
) -> None:
    """Refuse all answers where one does not fit, or was made on another choice than stands: they are kept one by one,
    and half of a form is nobody's answer.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        if admitted is None:
            # Without its connector nothing can be chosen, which the choice itself says.
            return
        for name, of, ledger in wanted:
            role = role_of(admitted.info, name)
            fitting(session, connection, role, ledger)
            seen = fields.get(_held(name, of))
            if seen is not None:
                choice_standing(session, connection_id, role, of).require(seen)


def _held(role: str, of: str) -> str:
    """Return the name of the field that says what filled a role when its form was shown."""
    return f"{HELD}{role}/{of}" if of else f"{HELD}{role}"


def _by_role(
    workshop: Workshop, session: Session, connection: Connection, group: ProblemGroup, like: str
) -> Mending:  # fmt: skip
    admitted = workshop.scopes.catalog.get(connection.connector)
    keys = [each.subject for each in group.examples]
    of_examples = select(DraftRow).where(DraftRow.connection_id == connection.id, DraftRow.key.in_(keys))
    drafts = session.scalars(of_examples.order_by(DraftRow.id)).all()
    if admitted is None or not drafts:
        return Mending(connection.company_id)
    views = roles_of(session, connection, admitted.info)
    roles: list[RoleView] = []
    for draft in drafts:
        roles += [each for each in placed_by(views, draft.body, draft.day or date.min) if each not in roles]
    held = {_now(each) for each in roles}
    found_for = candidates(session, connection.company_id, {each.info.accepts for each in roles}, like, held)
    # What there is no other of here cannot be changed here.
    open_ = [each for each in roles if like or {found.id for found in found_for[each.info.accepts]} - {_now(each)}]
    every = {
        each.info.accepts: count_candidates(session, connection.company_id, each.info.accepts)
        for each in open_
        if like or len(found_for[each.info.accepts]) >= MOST
    }
    return Mending(connection.company_id, roles=open_, fitting=found_for, every=every)


def _now(view: RoleView) -> str:
    return "" if view.now is None else view.now.ledger_id


def _first_day(workshop: Workshop, connection_id: str, code: str) -> date | None:
    """Return the day of the first document that failed for a cause."""
    with workshop.database.read() as session:
        return session.scalar(
            select(func.min(DraftRow.day))
            .join(Problem, (Problem.connection_id == DraftRow.connection_id) & (Problem.subject == DraftRow.key))
            .where(Problem.connection_id == connection_id, Problem.code == code, Problem.state == ProblemState.OPEN)
        )

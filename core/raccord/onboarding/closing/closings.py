"""What people decide about closed periods: a connection's policy, and the answer for one closed month."""

from __future__ import annotations

from datetime import date

from sqlalchemy import update
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import ClosedMonth, Connection, DraftRow, DraftState
from raccord.sync.posting.periods import LEFT_OUT, ClosedPolicy, MonthAnswer
from raccord.sync.proving.certified import REASON_MAX, REASON_MIN, newest_certificate
from raccord.sync.workshop import Workshop


class ClosingError(RaccordError):
    """Raised when a month cannot be answered for as asked; says why and what to do."""


def set_closed_policy(workshop: Workshop, actor: Actor, connection_id: str, policy: ClosedPolicy) -> Connection:
    """Say what is done with documents of a closed period from the next plan on; what is posted stays as it is."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        admitted = workshop.scopes.catalog.get(connection.connector)
        granted = connection.manage_granted_at is not None
        require(actor, Power.MANAGE, None if admitted is None else admitted.info, manage_granted=granted)
        before, connection.closed_policy = connection.closed_policy, policy
        connection.revision += 1
        events.append(
            session,
            actor=actor.name,
            action="connection.closed_policy",
            subject=connection.label,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"before": before, "after": str(policy)},
        )
        return connection


def answer_closed_month(
    workshop: Workshop, actor: Actor, connection_id: str, month: date, answer: MonthAnswer, reason: str = ""
) -> ClosedMonth:
    """Answer for all documents of one closed month, those still to come included; the next plan acts on it.

    Writing into a certified month needs a reason of ``REASON_MIN`` to ``REASON_MAX`` characters; it counts until the
    month is certified again. Raises :class:`ClosingError`.
    """
    now = workshop.clock.now()
    first = month.replace(day=1)
    with workshop.database.begin() as session:
        require(actor, Power.WORK)
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        said = reason.strip() if answer is MonthAnswer.WRITE else ""
        if answer is MonthAnswer.WRITE:
            _check_certified(session, connection, first, said)
        found = session.get(ClosedMonth, (connection.id, first))
        before = "" if found is None else found.answer
        if found is None:
            found = ClosedMonth(connection_id=connection.id, month=first)
            session.add(found)
        found.answer, found.reason = answer, said
        found.answered_by, found.answered_at = actor.name, now
        if before == MonthAnswer.LEAVE_OUT:
            _take_up(session, connection.id, first)
        connection.revision += 1
        events.append(
            session,
            actor=actor.name,
            action="connection.closed_month",
            subject=f"{first:%Y-%m}",
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"before": before, "after": str(answer)} | ({"reason": said} if said else {}),
        )
        return found


def _check_certified(session: Session, connection: Connection, first: date, reason: str) -> None:
    """Refuse to let anything be written into a month that is not certified, or without a reason that says something."""
    if newest_certificate(session, connection.company_id, first) is None:
        raise ClosingError(
            "closing.not_certified",
            Text(f"Le mois {first:%Y-%m} n'est pas certifié.", f"The month {first:%Y-%m} is not certified."),
            Text("Rien à permettre : ses documents s'écrivent.", "Nothing to allow: its documents are written."),
        )
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        raise ClosingError(
            "closing.reason_missing",
            Text(
                f"Écrire dans un mois certifié ({first:%Y-%m}) demande un motif, en quelques mots.",
                f"Writing into a certified month ({first:%Y-%m}) needs a reason, in a few words.",
            ),
            Text(
                f"Écrivez-le, de {REASON_MIN} à {REASON_MAX} caractères.",
                f"Write it, {REASON_MIN} to {REASON_MAX} characters.",
            ),
        )


def _take_up(session: Session, connection_id: str, first: date) -> None:
    """Let what the month's former answer left out be planned again."""
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    session.execute(
        update(DraftRow)
        .where(
            DraftRow.connection_id == connection_id,
            DraftRow.state == DraftState.SKIPPED,
            DraftRow.reason == LEFT_OUT,
            DraftRow.day >= first,
            DraftRow.day < after,
        )
        .values(state=DraftState.WAITING, reason="")
    )

"""Whether suggestions are accepted without being asked: the owner's to say, and only as far as the past supports."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.treating import take_back
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, DraftRow, DraftState, LearnedHistory
from raccord.suggesting.calibration import JUDGED_MIN, Calibration, Support, supported
from raccord.sync.lines.line_answers import LEARNED
from raccord.sync.lines.suggestions import calibration_of
from raccord.sync.workshop import Workshop

_UNDER_WAY = (DraftState.WAITING, DraftState.READY, DraftState.PLANNED)


def accept_from(workshop: Workshop, actor: Actor, company_id: str, confidence: int) -> Support:
    """Let suggestions be accepted by themselves from a confidence (of 1 000) on; the next runs do it.

    Raises :class:`DecisionError`, with the figures, where the company's own history does not support it.
    """
    require(actor, Power.LINK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        kept = session.get(LearnedHistory, company_id)
        calibration = Calibration() if kept is None else calibration_of(kept)
        support = Support(confidence, *calibration.above(confidence))
        if kept is None or not 0 < confidence <= 1000 or not support.enough:
            raise _not_supported(support, supported(calibration))
        kept.accepts_from, kept.accepts_by, kept.accepts_since = confidence, actor.name, now
        body = {"from": confidence, "judged": support.judged, "right": support.right}
        events.append(
            session, actor=actor.name, action="suggestions.accept", subject="suggestions", company_id=company_id,
            now=now, body=body,
        )  # fmt: skip
        return support


def ask_always(workshop: Workshop, actor: Actor, company_id: str) -> list[str]:
    """Have no suggestion accepted by itself any more; those accepted and not posted yet are questions again.

    Returns their keys.
    """
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        kept = session.get(LearnedHistory, company_id)
        if kept is None or kept.accepts_from is None:
            return []
        kept.accepts_from, kept.accepts_by, kept.accepts_since = None, actor.name, now
        places = _under_way(session, company_id)
        events.append(
            session, actor=actor.name, action="suggestions.ask", subject="suggestions", company_id=company_id, now=now,
            body={"lines": len(places)},
        )  # fmt: skip
    asked_again = []
    for connection_id, key in places:
        try:
            asked_again.append(take_back(workshop, actor, connection_id, key).key)
        except DecisionError as error:
            if not error.code.endswith(".posted_already"):
                raise
    return asked_again


def _under_way(session: Session, company_id: str) -> list[tuple[str, str]]:
    """Return the lines that were accepted by themselves and are not in the books."""
    rows = session.execute(
        select(DraftRow.connection_id, DraftRow.key, DraftRow.decisions)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(Connection.company_id == company_id, DraftRow.state.in_(_UNDER_WAY))
        .order_by(DraftRow.id)
    )
    return [(row.connection_id, row.key) for row in rows if LEARNED in row.decisions]


def _not_supported(asked: Support, best: Support | None) -> DecisionError:
    fix = Text(
        "Répondez encore aux questions : chaque réponse est apprise.", "Answer more questions: each answer is learned."
    )
    if best is not None:
        fix = Text(
            f"L'historique le permet à partir de {percent(best.confidence)} %.",
            f"The history supports it from {percent(best.confidence)} %.",
        )
    return DecisionError(
        "suggestions.not_supported",
        Text(
            f"À partir de {percent(asked.confidence)} %, {asked.right} suggestions sur {asked.judged} de l'historique "
            f"étaient justes ; il en faut {JUDGED_MIN} ou plus, dont 99,8 % avec une marge pour le hasard.",
            f"From {percent(asked.confidence)} %, {asked.right} of {asked.judged} suggestions of the history were "
            f"right; it takes {JUDGED_MIN} or more, of which 99.8 % with room for chance.",
        ),
        fix,
    )


def percent(of_thousand: int) -> str:
    """Return a share of 1 000 in percent, with one digit after the point."""
    return f"{of_thousand // 10}.{of_thousand % 10}"

"""Up to which day the statements of bank and card accounts are reconciled: QuickBooks does not say, so people do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.drafts import Accepts
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, LedgerEntry, Repost, RepostState, Statement
from raccord.sync.books.company import TYPES
from raccord.sync.workshop import Workshop

RECONCILED = TYPES[Accepts.BANK_OR_CARD]


class StatementError(RaccordError):
    """Raised when a statement cannot be declared as asked; says why and what to do."""


def declare(workshop: Workshop, actor: Actor, company_id: str, account_id: str, through: date) -> Statement:
    """Say up to which day an account's statements are reconciled; an earlier day than before takes some of it back."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        entry = session.get(LedgerEntry, (company_id, "Account", account_id))
        if entry is None or entry.type not in RECONCILED:
            raise StatementError(
                "statement.account",
                Text(
                    f"{account_id} n'est pas un compte de banque ou de carte.",
                    f"{account_id} is no bank or card account.",
                ),
                Text("Donnez-en un que « raccord statements » montre.", "Give one that “raccord statements” shows."),
            )
        if through > now.date():
            raise StatementError(
                "statement.day",
                Text(f"Le {through} n'est pas encore passé.", f"{through} has not passed yet."),
                Text("Donnez le dernier jour du relevé.", "Give the last day of the statement."),
            )
        _no_repost_waits(session, company_id)
        row = session.get(Statement, (company_id, account_id))
        before = None if row is None else row.through
        if row is None:
            row = Statement(company_id=company_id, account_id=account_id)
            session.add(row)
        row.account_name, row.through, row.declared_by, row.declared_at = entry.name, through, actor.name, now
        body = {
            "account": account_id,
            "through": through.isoformat(),
            "before": "" if before is None else before.isoformat(),
        }
        events.append(
            session, actor=actor.name, action="statement.declared", subject=entry.name, company_id=company_id, now=now,
            body=body,
        )  # fmt: skip
        return row


def _no_repost_waits(session: Session, company_id: str) -> None:
    """Refuse while documents wait to be rewritten that were chosen before the declaration."""
    waits = (
        select(Connection.label)
        .join(Repost, Repost.connection_id == Connection.id)
        .where(Connection.company_id == company_id, Repost.state == RepostState.OPEN)
    )
    label = session.scalars(waits.limit(1)).first()
    if label is not None:
        raise StatementError(
            "statement.repost_waits",
            Text(
                f"Une réécriture de « {label} » attend, qui ne connaît pas ce relevé.",
                f"A repost of “{label}” waits that does not know of this statement.",
            ),
            Text(
                "Approuvez son plan ou abandonnez-la (raccord connect repost --cancel), puis déclarez le relevé.",
                "Approve its plan or cancel it (raccord connect repost --cancel), then declare the statement.",
            ),
        )


def withdraw(workshop: Workshop, actor: Actor, company_id: str, account_id: str) -> None:
    """Take back what was said of an account's statements."""
    require(actor, Power.WORK)
    with workshop.database.begin() as session:
        row = session.get(Statement, (company_id, account_id))
        if row is None:
            raise StatementError(
                "statement.none",
                Text("Aucun relevé n'est déclaré pour ce compte.", "No statement is declared for this account."),
                Text("« raccord statements » montre ceux qui le sont.", "“raccord statements” shows those that are."),
            )
        session.delete(row)
        events.append(
            session, actor=actor.name, action="statement.withdrawn", subject=row.account_name, company_id=company_id,
            now=workshop.clock.now(), body={"account": account_id, "through": row.through.isoformat()},
        )  # fmt: skip


def declared(session: Session, company_id: str) -> Sequence[tuple[LedgerEntry, Statement | None]]:
    """Return a company's bank and card accounts, with what was declared of each."""
    rows = session.execute(
        select(LedgerEntry, Statement)
        .outerjoin(
            Statement,
            (Statement.company_id == LedgerEntry.company_id) & (Statement.account_id == LedgerEntry.object_id),
        )
        .where(
            LedgerEntry.company_id == company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.type.in_(sorted(RECONCILED)),
            LedgerEntry.active.is_(True),
        )
        .order_by(LedgerEntry.name_key)
    )
    return [(row[0], row[1]) for row in rows]

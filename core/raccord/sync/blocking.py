"""A company that QuickBooks refuses as a whole: its subscription ended, rights are missing, or readings are used up.

Nothing is lost while it is blocked: records come in, drafts wait, and one document at most is sent to see whether
QuickBooks takes it again. The first answer that shows so ends the block, and every connection runs at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from raccord.quickbooks import Cause, Fault, RefusedError, RetryClass
from raccord.store import events
from raccord.store.models import Company, CompanyState, Connection, Schedule


class Block(StrEnum):
    """What a company is blocked by."""

    SUBSCRIPTION = "subscription"
    RIGHTS = "rights"
    QUOTA = "quota"


OF_CAUSE = MappingProxyType(
    {Cause.SUBSCRIPTION: Block.SUBSCRIPTION, Cause.ACCESS_DENIED: Block.RIGHTS, Cause.QUOTA: Block.QUOTA}
)
FIRST_TRY, LAST_TRY = timedelta(hours=1), timedelta(days=1)
"""After how long a blocked connection runs again by itself: each time twice as long, up to the last."""
CORE = "raccord"


def is_whole(fault: Fault) -> bool:
    """Tell whether what a document was refused for would refuse every other one too."""
    return fault.cause is Cause.SUBSCRIPTION


def block_of(error: RefusedError, *, posting: bool) -> Block | None:
    """Return what a refusal blocks its company by, or nothing where only what was asked for was refused.

    Of one document the right may be missing (to journal entries, for one) while others are taken.
    """
    if posting and error.retry is not RetryClass.REAUTHORISE and not is_whole(error.fault):
        return None
    return OF_CAUSE.get(error.cause)


def block(session: Session, connection: Connection, kind: Block, said: str, now: datetime) -> None:
    """Note that QuickBooks refuses a company, and when the connection that met it tries again by itself."""
    company = session.get_one(Company, connection.company_id)
    if company.state not in (CompanyState.CONNECTED, CompanyState.BLOCKED):
        return
    if company.state != CompanyState.BLOCKED or company.blocked_by != kind:
        company.state, company.blocked_by, company.blocked_at, company.blocked_tries = (
            CompanyState.BLOCKED,
            kind,
            now,
            0,
        )
        body = {"kind": str(kind), "said": said[:200]}
        events.append(
            session, actor=CORE, action="company.blocked", subject=company.realm, company_id=company.id, now=now,
            body=body,
        )  # fmt: skip
    company.blocked_said = said[:500]
    again = now + min(FIRST_TRY * 2 ** min(company.blocked_tries, 10), LAST_TRY)
    company.blocked_tries += 1
    schedule = session.get(Schedule, connection.id)
    if schedule is not None and schedule.enabled and (schedule.next_at is None or schedule.next_at > again):
        schedule.next_at = again


def unblock(session: Session, company: Company, now: datetime) -> None:
    """Note that QuickBooks takes a company's work again, and let its connections run at once."""
    if company.state != CompanyState.BLOCKED:
        return
    kind = company.blocked_by
    clear(company)
    company.state = CompanyState.CONNECTED
    events.append(
        session, actor=CORE, action="company.unblocked", subject=company.realm, company_id=company.id, now=now,
        body={"kind": kind},
    )  # fmt: skip
    session.execute(
        update(Schedule)
        .where(
            Schedule.connection_id.in_(select(Connection.id).where(Connection.company_id == company.id)),
            Schedule.enabled.is_(True),
            Schedule.next_at > now,
        )
        .values(next_at=now)
        .execution_options(synchronize_session="fetch")
    )


def clear(company: Company) -> None:
    """Forget what a company was blocked by."""
    company.blocked_by, company.blocked_said, company.blocked_at, company.blocked_tries = "", "", None, 0

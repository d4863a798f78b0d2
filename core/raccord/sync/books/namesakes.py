"""Customers of exactly the same name that the source keeps apart: the second is no twin of the first (K19)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from raccord.quickbooks import Cause
from raccord.store.database import Database
from raccord.store.models import LinkRow, LinkState
from raccord.sync.chunks import CHUNK, chunks

if TYPE_CHECKING:
    from raccord.sync.books.sending import Result

KEPT_APART = frozenset({"Customer"})


def told_apart(
    database: Database, company_id: str, connection_id: str, refused: Sequence[Result], recognised: Sequence[Result]
) -> list[Result]:
    """Return the results as recognised, but for names whose bearer is another record's of the same connection.

    Two clients of one name would else share a customer, by themselves and for ever; the refusal stands, and a person
    links them or gives the second another name.
    """
    by_name = {
        after.job.posting_id: str(after.document["Id"])
        for before, after in zip(refused, recognised, strict=True)
        if after.job.kind in KEPT_APART
        and before.document is None
        and after.document is not None
        and any(fault.cause is Cause.DUPLICATE_NAME for fault in before.faults)
    }
    holders: dict[str, set[str]] = {}
    if by_name:
        with database.read() as session:
            for some in chunks(sorted(set(by_name.values())), CHUNK):
                wanted = select(LinkRow.document_id, LinkRow.key).where(
                    LinkRow.company_id == company_id,
                    LinkRow.connection_id == connection_id,
                    LinkRow.kind.in_(KEPT_APART),
                    LinkRow.state == LinkState.LIVE,
                    LinkRow.document_id.in_(some),
                )
                for document_id, key in session.execute(wanted):
                    holders.setdefault(document_id, set()).add(key)
    return [
        before if holders.get(by_name.get(after.job.posting_id, ""), set()) - {after.job.key} else after
        for before, after in zip(refused, recognised, strict=True)
    ]

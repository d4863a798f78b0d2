"""Updates that QuickBooks refuses because a document moved on by itself: a bill that changes touches its payments.

What such a document says is still what we wrote, but for what our own later writing took a payment off; so the update
goes again with the token that it has now. Where a person changed it, the refusal stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.quickbooks import BATCH_MAX, Cause, QuickBooks, quoted
from raccord.quickbooks.codec import readdressed
from raccord.store.database import Database
from raccord.store.models import Action, LinkRow, Posting
from raccord.sync.bodies import digest
from raccord.sync.books.drift import Seen, bodies_of, change_of
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.posting.taken_off import Lessened, lessened, our_doing

if TYPE_CHECKING:
    from raccord.sync.books.sending import Result

SETTLING = frozenset({"Invoice", "CreditMemo", "Payment", "Bill", "VendorCredit", "BillPayment"})
"""Documents that settle one another: a change of one gives others a new token. Any other is touched by people."""


def touched(
    database: Database, client: QuickBooks, connection_id: str, results: Sequence[Result], attempts_max: int
) -> dict[int, str]:
    """Return the token that each refused update may go again with, by posting."""
    stale = [
        result
        for result in results
        if result.document is None
        and result.job.action == Action.UPDATE
        and result.job.kind in SETTLING
        and result.job.attempts < attempts_max
        and any(fault.cause is Cause.STALE for fault in result.faults)
    ]
    if not stale:
        return {}
    asked = [
        (kind, f"Id IN ({', '.join(map(quoted, some))})")
        for kind in dict.fromkeys(result.job.kind for result in stale)
        for some in chunks([result.job.sought.document_id for result in stale if result.job.kind == kind], BATCH_MAX)
    ]
    documents = {
        (kind, str(row["Id"])): row
        for (kind, _), rows in zip(asked, client.query_each(asked), strict=True)
        for row in rows
    }
    with database.read() as session:
        links: dict[str, LinkRow] = {}
        for some in chunks([result.job.key for result in stale], CHUNK):
            wanted = select(LinkRow).where(LinkRow.connection_id == connection_id, LinkRow.key.in_(some))
            links.update({link.key: link for link in session.scalars(wanted)})
        written = bodies_of(session, list(links.values()))
    tokens: dict[int, str] = {}
    less: list[Lessened] = []
    for result in stale:
        link = links.get(result.job.key)
        document = documents.get((result.job.kind, result.job.sought.document_id))
        if link is None or document is None or str(document["SyncToken"]) == link.sync_token:
            continue
        body = written.get(link.id, {})
        change, _ = change_of(link, Seen(link.kind, link.document_id, document), body)
        if change is None:
            tokens[result.job.posting_id] = str(document["SyncToken"])
        elif found := lessened(result.job.posting_id, link, body, document):
            less.append(found)
    return tokens | our_doing(database, client, less) if less else tokens


def go_again(session: Session, posting_id: int, token: str) -> None:
    """Let an update that was refused leave once more; nothing of it was executed, so nothing is waited for."""
    posting = session.get_one(Posting, posting_id)
    posting.body = readdressed(posting.body, token)
    posting.body_hash = digest(posting.body)
    # Another body is another request: under the old name QuickBooks would repeat its refusal.
    posting.request_id = f"{posting.request_id.split('+', 1)[0]}+{token}"
    posting.attempts += 1
    posting.quiet_at = posting.created_at

"""The audit chain tells of every proof: each cell that says something new, with a digest of all it says.

What a nightly proof finds as it was needs no entry. The digest leaves out when it was proven last and by which run, for
that alone changes from night to night.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.canonical import canonical
from raccord.store.models import Connection, Event, Proof

STORED = "proof.stored"
"""The action of such an entry. Its body holds under ``proofs`` a list of stream, currency, day and digest."""
GONE = ""
"""The digest of a cell that is no more."""

Cell = tuple[str, str, str]
"""Stream, currency and day as text."""


def proof_digest(row: Mapping[str, Any]) -> str:
    """Return the fingerprint of all that a proof says of its day, by column."""
    said = {
        "connection": row["connection_id"],
        "stream": row["stream"],
        "currency": row["currency"],
        "day": row["day"].isoformat(),
        "source": _plain(row["source_total"]),
        "left_out": _plain(row["left_out_total"]),
        "moved": _plain(row["moved_total"]),
        "posted": _plain(row["posted_total"]),
        "quickbooks": _plain(row["quickbooks_total"]),
        "moves": row["moves"],
        "equal": row["equal"],
        "differences": row["differences"],
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class UntoldProof:
    """A proof that does not stand as the chain tells: altered, removed, or inserted."""

    what: str
    connection: str
    """The connection's label."""
    stream: str
    currency: str
    day: date
    seq: int
    """The entry that told of it last; 0 for none."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """What the comparison of all proofs with the chain came to."""

    untold: tuple[UntoldProof, ...]
    told: int
    older: int
    """Proofs from before the chain told of proofs."""


def verify_proofs(session: Session, most: int = 20) -> Proofs:
    """Compare every proof with what the chain told of it last; names at most ``most`` that differ."""
    told: dict[tuple[str, str, str, str], tuple[str, int]] = {}
    since: datetime | None = None
    chain = select(Event).where(Event.action == STORED).order_by(Event.seq).execution_options(yield_per=500)
    with session.scalars(chain) as entries:
        for entry in entries:
            proofs = entry.body.get("proofs")
            if proofs is not None:
                since = since or entry.at
                for stream, currency, day, fingerprint in proofs:
                    told[entry.connection_id, stream, currency, day] = (fingerprint, entry.seq)
            session.expunge(entry)
    labels = {row.id: row.label for row in session.execute(select(Connection.id, Connection.label))}
    untold: list[UntoldProof] = []
    equal = older = 0

    def name(what: str, place: tuple[str, str, str, str], seq: int) -> None:
        connection, stream, currency, day = place
        label = labels.get(connection, connection)
        untold.append(UntoldProof(what, label, stream, currency, date.fromisoformat(day), seq))

    columns = Proof.__table__.columns
    with session.execute(select(*columns).order_by(Proof.id).execution_options(yield_per=500)) as rows:
        for row in rows.mappings():
            place = (row["connection_id"], row["stream"], row["currency"], row["day"].isoformat())
            fingerprint, seq = told.pop(place, (None, 0))
            if fingerprint is None and (since is None or row["proven_at"] < since):
                older += 1
            elif fingerprint == proof_digest(dict(row)):
                equal += 1
            else:
                name("inserted" if fingerprint in (None, GONE) else "altered", place, seq)
    for place, (fingerprint, seq) in told.items():
        if fingerprint != GONE:
            name("removed", place, seq)
    return Proofs(tuple(untold[:most]), equal, older)


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f") if amount else "0"

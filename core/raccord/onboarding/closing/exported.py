"""What of a connection nobody has taken away yet: asked for before it is disconnected, with what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.closing.export import TABLES
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Event


class NotExportedError(RaccordError):
    """Raised when what is kept about a connection was not exported, or not all of it, and nobody confirmed that."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What no finished export of the company holds: how many records, documents and choices of a connection."""

    records: int
    documents: int
    choices: int
    exported_at: datetime | None
    """When the last export ended that was taken whole; nothing where none was."""
    broken_off: bool
    """Whether an export was begun after it that did not end."""

    def counts(self) -> dict[str, int]:
        """Return how many rows are missing of each table."""
        return {"records": self.records, "documents": self.documents, "choices": self.choices}


def missing_of(session: Session, company_id: str, connection_ids: Sequence[str]) -> Missing | None:
    """Return what the last finished export of a company lacks of its connections, or nothing when it has all."""
    last, begun = _last(session, company_id, events.EXPORT_FINISHED), _last(session, company_id, events.EXPORTED)
    held = {} if last is None else last.body["held"]
    lacking: dict[str, int] = {}
    for name, _, key, belongs in TABLES:
        rows = session.execute(select(belongs, func.count(key)).where(belongs.in_(connection_ids)).group_by(belongs))
        lacking[name] = sum(max(count - int(held.get(name, {}).get(which, 0)), 0) for which, count in rows)
    if not any(lacking.values()):
        return None
    broken_off = begun is not None and (last is None or begun.seq > int(last.body["entry"]))
    return Missing(
        lacking["records"], lacking["documents"], lacking["mapping"], None if last is None else last.at, broken_off
    )


def require_exported(missing: Missing | None, *, confirmed: bool) -> None:
    """Raise ``NotExportedError`` that says what no export holds, unless somebody confirmed to go without it."""
    if missing is None or confirmed:
        return
    fr = f"opérations : {missing.records}, documents : {missing.documents}, choix : {missing.choices}"
    en = f"records: {missing.records}, documents: {missing.documents}, choices: {missing.choices}"
    if missing.exported_at is None:
        why = Text(
            "Le dernier export n'est pas allé à son terme" if missing.broken_off else "Rien n'a encore été exporté",
            "The last export did not end" if missing.broken_off else "Nothing has been exported yet",
        )
    else:
        day = f"{missing.exported_at:%Y-%m-%d}"
        again_fr = ", et le suivant n'est pas allé à son terme" if missing.broken_off else ""
        again_en = ", and the next one did not end" if missing.broken_off else ""
        why = Text(
            f"L'export du {day} n'a pas tout{again_fr}", f"The export of {day} does not hold everything{again_en}"
        )
    raise NotExportedError(
        "connection.not_exported",
        Text(f"{why.fr}. Il manque : {fr}.", f"{why.en}. Missing are: {en}."),
        Text(
            "Exportez d'abord (« raccord export »), ou confirmez que vous déconnectez sans export complet "
            "(--without-export).",
            "Export first (“raccord export”), or confirm that you disconnect without a complete export "
            "(--without-export).",
        ),
    )


def _last(session: Session, company_id: str, action: str) -> Event | None:
    return session.scalars(
        select(Event).where(Event.company_id == company_id, Event.action == action).order_by(Event.seq.desc()).limit(1)
    ).first()

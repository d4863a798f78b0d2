"""Settings that count from a day on: what counted before stays with what is posted."""

from __future__ import annotations

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection, LinkRow, LinkState


def with_before(session: Session, info: ConnectorInfo, connection: Connection, settings: BaseModel) -> BaseModel:
    """Return settings that say what counted up to the last day of which something is posted; who says it otherwise
    reads the next plan first.
    """
    of = select(func.max(LinkRow.day)).where(LinkRow.connection_id == connection.id, LinkRow.state == LinkState.LIVE)
    last, typed, kept = session.scalar(of), settings.model_dump(mode="json"), connection.settings
    for name, before in info.dated.items():
        if str(typed.get(before, "")) != str(kept.get(before, "")):
            connection.review_next = True
        elif last is not None and name in kept and typed[name] != kept[name]:
            lines = [*str(typed.get(before, "")).splitlines(), f"{last.isoformat()} = {kept[name]}"]
            settings = settings.model_copy(update={before: "\n".join(line for line in lines if line.strip())})
    return settings

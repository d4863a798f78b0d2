"""What a person decides of one record against what would become of it: it is brought over all the same, or kept out.

What a connector declares goes by its settings, so that the next word of the source about the record counts as this one;
what a person had left out, what nothing called for yet and what lies outside of the days in scope core itself brings
back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import BY_PERSON, DecisionError
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import ByHand, ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, DraftRow, DraftState, RecordState, SourceRecord
from raccord.sync.fetching.keep import LEFT_OUT
from raccord.sync.mapping.remap import map_again, map_unposted
from raccord.sync.mapping.unused import UNUSED, WANTED
from raccord.sync.workshop import Workshop

AGAIN = "again"
SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that may be decided of a record, what follows, and the power that it takes."""

    name: str
    label: Text
    consequence: Text
    power: Power


_ALL_THE_SAME = Text("Synchroniser quand même", "Sync all the same")
_AGAIN = Way(
    AGAIN,
    _ALL_THE_SAME,
    Text(
        "Il part avec la prochaine synchronisation, s'il n'est pas déjà dans QuickBooks.",
        "It goes with the next run, unless it is in QuickBooks already.",
    ),
    Power.WORK,
)
_SCOPE = Way(
    SCOPE,
    _ALL_THE_SAME,
    Text(
        "Il est hors des jours de cette connexion. Le prochain plan le montre et attend votre approbation.",
        "It is outside of this connection's days. The next plan shows it and waits for your approval.",
    ),
    Power.LINK,
)


def ways_of(session: Session, info: ConnectorInfo, connection: Connection, record: SourceRecord) -> list[Way]:
    """Return what a person may decide of a record as it stands."""
    ways = [
        Way(each.name, each.label, each.consequence, Power.MANAGE)
        for each in info.by_hand
        if each.stream == record.stream and _open_to(each, connection.settings, record)
    ]
    if record.state == RecordState.SKIPPED and record.reason in LEFT_OUT:
        ways.append(_SCOPE)
    if _left(session, record):
        ways.append(_AGAIN)
    return ways


def decide(workshop: Workshop, actor: Actor, record_id: int, name: str) -> Way:
    """Do what was decided of a record; the next run acts on it."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        require(actor, Power.WORK)
        record = session.get_one(SourceRecord, record_id)
        connection = session.get_one(Connection, record.connection_id, with_for_update=True)
        info = info_of(workshop, connection.connector)
        way = next((each for each in ways_of(session, info, connection, record) if each.name == name), None)
        if way is None:
            raise DecisionError(
                "record.no_way",
                Text(
                    "Cela ne se décide pas de cette opération, telle qu'elle est maintenant.",
                    "This is not to be decided of this record as it stands now.",
                ),
                Text(
                    "Rouvrez sa page : elle dit ce qui est possible.", "Open its page again: it says what is possible."
                ),
            )
        require(actor, way.power, info, manage_granted=connection.manage_granted_at is not None)
        listed = next((each for each in info.by_hand if each.name == name), None)
        if listed is not None:
            connection.settings = with_id(connection.settings, listed, record.source_id)
            connection.revision += 1
            map_again(session, connection.id)
            map_unposted(session, connection.id)
        elif name == SCOPE:
            record.state, record.reason = RecordState.NEW, ""
            connection.review_next = True
        else:
            for draft in _left(session, record):
                if draft.reason == UNUSED:
                    draft.decisions = {**draft.decisions, WANTED: True}
                draft.state, draft.reason = DraftState.WAITING, ""
        events.append(
            session,
            actor=actor.name,
            action="record.by_hand",
            subject=f"{record.stream}/{record.source_id}",
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"way": name},
        )
        return way


def with_id(settings: Mapping[str, Any], listed: ByHand, source_id: str) -> dict[str, Any]:
    """Return settings whose list has a record's id, or has it no more."""
    kept = [each for each in _ids(settings, listed) if each != source_id]
    return {**settings, listed.setting: "\n".join(kept if listed.takes else [*kept, source_id])}


def _open_to(listed: ByHand, settings: Mapping[str, Any], record: SourceRecord) -> bool:
    """Tell whether a record may be written into a list, or taken out of it."""
    if listed.takes or record.source_id in _ids(settings, listed):
        return listed.takes and record.source_id in _ids(settings, listed)
    return record.reason == listed.code if record.state == RecordState.SKIPPED else not listed.code


def _ids(settings: Mapping[str, Any], listed: ByHand) -> list[str]:
    return [line.strip() for line in str(settings.get(listed.setting, "")).splitlines() if line.strip()]


def _left(session: Session, record: SourceRecord) -> Sequence[DraftRow]:
    """Return the drafts of a record that a person left out, or that nothing called for yet."""
    drafts = session.scalars(
        select(DraftRow).where(DraftRow.record_id == record.id, DraftRow.state == DraftState.SKIPPED)
    )
    return [each for each in drafts if each.reason == UNUSED or each.reason.startswith(BY_PERSON)]

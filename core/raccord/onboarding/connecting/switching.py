"""Connecting a source account to another company: said before, confirmed by a typed word, and never the end of a link.

What the account posted in the first company stays linked there, so that coming back creates nothing (TD-48 to TD-52).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.connections import NewConnection, begin_again, create, end
from raccord.onboarding.sources.source_accounts import earlier, info_of, refused, taken_already
from raccord.plugin.info import Mode
from raccord.plugin.texts import Language, Text
from raccord.store import events
from raccord.store.files import StoredFileBox
from raccord.store.models import (
    Company,
    CompanyState,
    Connection,
    LinkRow,
    LinkState,
    RecordState,
    Schedule,
    SourceRecord,
)
from raccord.store.vault import join_secrets
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.life import Step, require_step
from raccord.sync.workshop import Workshop, settings_handle

WORDS: Mapping[Language, str] = MappingProxyType({"fr": "ACCEPTER", "en": "ACCEPT"})
"""The word to type, in the language of the screen (K14)."""
COUNTED = 10_000
"""How many records are counted that may be posted anew; of more it is said that there are more."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What switching a connection to another company means, to be shown before it is confirmed."""

    connection: str
    before: str
    after: str
    returns: bool
    """Whether the account was connected to that company before, so that nothing it posted there comes twice."""
    documents: int = 0
    """How many documents it has in the first company."""
    records: int = 0
    """How many of its records are in scope, each of which may be posted anew; at most ``COUNTED``."""
    refusal: RaccordError | None = None
    """Why that company cannot be chosen, whatever is typed."""

    @property
    def text(self) -> Text:
        """The notice, with both names."""
        some = self.documents > 1
        wrote_fr = f" Elle a {self.documents} document{'s' if some else ''} dans « {self.before} »."
        wrote_en = f" It has {self.documents} document{'s' if some else ''} in “{self.before}”."
        leaves_fr = f"« {self.connection} » quitte « {self.before} » pour « {self.after} ». C'est irréversible :"
        leaves_en = f"“{self.connection}” leaves “{self.before}” for “{self.after}”. This cannot be undone:"
        over = self.records >= COUNTED
        many = self.records > 1
        anew_fr = (
            f"{COUNTED} opérations ou plus ont été lues"
            if over
            else f"jusqu'à {self.records} opération{'s' if many else ''}"
        )
        anew_en = (
            f"{COUNTED} records or more were read" if over else f"up to {self.records} record{'s' if many else ''}"
        )
        again_fr = "le plan propose d'y écrire de nouveau tout ce qui est dans la période reprise"
        again_en = "the plan proposes to post there again all that is in scope"
        again_fr += f" ({anew_fr})." if self.records else "."
        again_en += f" ({anew_en})." if self.records else "."
        known_fr = " Ce qui y a déjà été écrit est reconnu et ne revient pas." if self.returns else ""
        known_en = " What was posted there before is known and does not come twice." if self.returns else ""
        return Text(
            f"{leaves_fr} {again_fr}{wrote_fr if self.documents else ''}{known_fr} Ce qui est dans « {self.before} » y"
            " reste.",
            f"{leaves_en} {again_en}{wrote_en if self.documents else ''}{known_en} What is in “{self.before}” stays"
            " there.",
        )


def is_confirmed(typed: str, language: Language) -> bool:
    """Tell whether the word was typed: capitals exactly, blanks around it are ignored (K14)."""
    return typed.strip() == WORDS[language]


def describe_switch(workshop: Workshop, connection_id: str, company_id: str) -> Switch:
    """Return what to show before a switch."""
    with workshop.database.read() as session:
        connection, target = session.get_one(Connection, connection_id), session.get_one(Company, company_id)
        return _described(workshop, session, connection, target)


def switch_company(
    workshop: Workshop, actor: Actor, connection_id: str, company_id: str, typed: str, language: Language
) -> Connection:
    """Connect a source account to another company, and return its connection there; its first plan waits.

    The connection to the first company ends and keeps its links, records and choices; switching back takes it up again.
    The files that the source delivered come along.
    """
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        target = session.get_one(Company, company_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.LINK, info)
        require_step(connection, Step.SWITCH)
        _require_target(workshop, session, connection, target, typed, language)
        workshop.scopes.get(session, target.id, connection.connector, 0)
        secrets = workshop.vault.within(session).get_mapping(settings_handle(connection.id), missing_ok=True)
        settings = join_secrets(info.settings, connection.settings, secrets)
        before = session.get_one(Company, connection.company_id)
        end(workshop, session, connection, Step.SWITCH)
        session.flush()
        there = earlier(session, target.id, info, connection.source_identity, connection.label)
        if there is not None:
            begin_again(workshop, session, there, info, settings)
        else:
            schedule = session.get_one(Schedule, connection.id)
            new = NewConnection(
                company_id=target.id,
                connector=connection.connector,
                values={},
                passed=frozenset(gate.name for gate in info.gates if not gate.said),
                label=connection.label,
                mode=Mode(connection.mode),
                starts_on=connection.starts_on,
                time_zone=connection.time_zone,
                cut_off=connection.cut_off,
                cron=schedule.cron,
            )
            there, taken = create(workshop, session, actor, new, info, settings)
            if taken is not None:
                raise taken
        for each in (connection, there):
            events.append(
                session,
                actor=actor.name,
                action="connection.switched",
                subject=each.label,
                company_id=each.company_id,
                connection_id=each.id,
                now=workshop.clock.now(),
                body={"from": before.name, "to": target.name, "typed": typed.strip()},
            )
    bring_files(workshop, connection.id, there.id)
    return there


def bring_files(workshop: Workshop, source: str, target: str) -> int:
    """Hand the files of one connection to another; return how many were new there. May be repeated."""
    boxes = [
        StoredFileBox(workshop.vault, workshop.settings.data_dir, each, workshop.clock) for each in (source, target)
    ]
    number = new = 0
    while (file := boxes[0].after(number)) is not None:
        number = file.number
        with file.open() as content:
            new += boxes[1].receive(file.name, content, origin="switch")
    return new


def _require_target(
    workshop: Workshop, session: Session, connection: Connection, target: Company, typed: str, language: Language
) -> None:
    if target.id == connection.company_id:
        raise refused(
            "connection.same_company",
            Text(f"Elle est déjà reliée à « {target.name} ».", f"It is connected to “{target.name}” already."),
            Text("Choisissez une autre société.", "Choose another company."),
        )
    if target.state != CompanyState.CONNECTED:
        raise refused(
            "company.not_connected",
            Text(f"La société « {target.name} » n'est pas reliée.", f"The company “{target.name}” is not connected."),
            Text("Reliez-la d'abord : raccord connect quickbooks.", "Connect it first: raccord connect quickbooks."),
        )
    meaning = _described(workshop, session, connection, target)
    if meaning.refusal is not None:
        raise meaning.refusal
    if not is_confirmed(typed, language):
        said = meaning.text
        fr, en = WORDS["fr"], WORDS["en"]
        raise refused(
            "connection.word_missing",
            Text(said.fr, said.en),
            Text(f"Pour confirmer, tapez {fr}.", f"To confirm, type {en}."),
        )


def _described(workshop: Workshop, session: Session, connection: Connection, target: Company) -> Switch:
    info = info_of(workshop, connection.connector)
    before = session.get_one(Company, connection.company_id)
    there = earlier(session, target.id, info, connection.source_identity, connection.label)
    names = [before.name, target.name]
    if before.name == target.name:
        names = [f"{each.name} ({each.realm})" for each in (before, target)]
    # Customers and suppliers bear no day.
    own = (LinkRow.connection_id == connection.id, LinkRow.state == LinkState.LIVE, LinkRow.day.is_not(None))
    return Switch(
        connection.label,
        names[0],
        names[1],
        returns=there is not None,
        documents=session.scalars(select(func.count()).where(*own)).one(),
        records=_in_scope(session, connection, (there or connection).starts_on),
        refusal=taken_already(session, info, target, connection.source_identity, but=connection.id, moves=True),
    )


def _in_scope(session: Session, connection: Connection, starts_on: date) -> int:
    """Return how many records that were read lie on the first day or after, ``COUNTED`` at most."""
    own = (
        SourceRecord.connection_id == connection.id,
        SourceRecord.day >= starts_on,
        SourceRecord.state != RecordState.SUPERSEDED,
        SourceRecord.reason.not_in(UNSAID),
    )
    few = select(literal(1)).where(*own).limit(COUNTED).subquery()
    return session.scalars(select(func.count()).select_from(few)).one()

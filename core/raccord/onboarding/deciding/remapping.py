"""Changing what a role or a word means from a day on: seen before it is saved, and brought to the past by a repost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.card_kinds import fill_with_kinds
from raccord.onboarding.deciding.decisions import choose_in, counts_from, fitting, role_of
from raccord.onboarding.deciding.open_days import look_again, require_open_role, require_open_word
from raccord.onboarding.deciding.seen_choices import choice_standing, term_standing
from raccord.onboarding.gates.gates import require_stage
from raccord.onboarding.sources.day_rules import last_posted_day
from raccord.plugin.info import ConnectorInfo, Stage
from raccord.plugin.terms import SAME_AS
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane, quoted
from raccord.store import events
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    ConnectionState,
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    Plan,
    PlanState,
    TermOverride,
)
from raccord.sync.books.company import read_facts
from raccord.sync.chunks import chunks
from raccord.sync.mapping.remap import map_unposted
from raccord.sync.planning.reposts import begin_repost, cancel_repost, open_repost
from raccord.sync.planning.survey import Survey, Surveyor, check_books
from raccord.sync.resolving.terms import DatedTerm, DatedTerms, meaning_named, meanings, term_named
from raccord.sync.workshop import Bench, Workshop

WORD_MAX = 200
REPOST_MAX = 5_000
"""Documents of one repost: more than a person reads; a longer range goes in parts."""


class RemappingError(RaccordError):
    """Raised when a mapping or a repost is not possible as asked; says why and what to do."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """A role filled by a ledger object from ``first`` on."""

    role: str
    ledger_id: str
    first: date
    of: str = ""


Change = RoleChange | DatedTerm
WAITING = (DraftState.WAITING, DraftState.PLANNED, DraftState.HELD, DraftState.FAILED, DraftState.READY)
"""States of drafts that have no document yet, and may get one."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a choice would do from ``first`` on: to what is posted, and to how many drafts that are not."""

    first: date
    posted: Survey
    waiting: int


def survey(workshop: Workshop, connection_id: str, first: date, last: date, *changes: Change) -> Survey:
    """Compare what is posted for these days with what the mapping makes of them, ``changes`` laid over it.

    Reads QuickBooks, writes nothing.
    """
    look_again(workshop, connection_id, (each.first for each in changes))
    with workshop.database.read() as session:
        bench = _bench(workshop, session, connection_id)
    client = bench.client().in_lane(Lane.INTERACTIVE)
    facts = read_facts(client)
    with workshop.database.read() as session:
        also = [each for each in changes if isinstance(each, DatedTerm)]
        _check(bench.scope.info, also)
        _require_open(session, bench, changes)
        terms = DatedTerms.read(session, connection_id, bench.scope.info.terms, also)
        choices = [_choice(session, bench, each) for each in changes if isinstance(each, RoleChange)]
        found = Surveyor(session, bench, facts, terms, choices).look(first, last)
    wanted: dict[str, list[str]] = {}
    for each in found.rewrites:
        wanted.setdefault(each.kind, []).append(each.document_id)
    documents: dict[tuple[str, str], Mapping[str, Any]] = {}
    for kind, ids in wanted.items():
        for some in chunks(ids, 100):
            for row in client.query_all(kind, f"Id IN ({', '.join(map(quoted, some))})"):
                documents[kind, str(row["Id"])] = row
    check_books(found, documents)
    return found


def effect_of_choice(
    workshop: Workshop, connection_id: str, role: str, ledger_id: str, of: str = "", first: date | None = None
) -> Effect:
    """Return what filling a role would change, to be seen before it is saved; writes nothing."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        start = counts_from(workshop, session, connection, role, of, first)
    return effect_of_changes(workshop, connection_id, [RoleChange(role, ledger_id, start, of)])


def effect_of_changes(workshop: Workshop, connection_id: str, changes: Sequence[Change]) -> Effect:
    """Return what changes would do together, to be seen before they are saved; writes nothing.

    QuickBooks is read only where something is posted that they may concern.
    """
    start = min(each.first for each in changes)
    look_again(workshop, connection_id, [start])
    with workshop.database.read() as session:
        bench = _bench(workshop, session, connection_id)
        _check(bench.scope.info, changes)
        _require_open(session, bench, changes)
        mine = (LinkRow.connection_id == connection_id, LinkRow.state == LinkState.LIVE, LinkRow.amount.is_not(None))
        posted = exists().where(*mine, func.coalesce(LinkRow.record_day, LinkRow.day) >= start)
        waits = (DraftRow.connection_id == connection_id, DraftRow.state.in_(WAITING), DraftRow.day >= start)
        waiting = session.scalar(select(func.count()).select_from(DraftRow).where(*waits)) or 0
        known = bool(session.scalar(select(posted)))
    return Effect(start, survey(workshop, connection_id, start, date.max, *changes) if known else Survey(), waiting)


def save_changes(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    changes: Sequence[Change],
    seen: Mapping[Change, str | None] | None = None,
) -> None:
    """Keep changes of the mapping, all of them or none.

    ``seen`` tells on what they were made: refused where something else stands (``None`` is known to be something else).
    """
    chosen = [(each.role, each.of, each.ledger_id) for each in changes if isinstance(each, RoleChange)]
    look_again(workshop, connection_id, (each.first for each in changes))

    def keep(session: Session) -> None:
        if seen:
            session.get_one(Connection, connection_id, with_for_update=True)
            _manageable(workshop, session, actor, connection_id)
            require_seen(workshop, session, connection_id, seen)
        _require_open(session, _bench(workshop, session, connection_id), changes)
        for each in changes:
            if isinstance(each, RoleChange):
                choose_in(session, workshop, actor, connection_id, each.role, each.ledger_id, each.of, each.first)
            else:
                set_term_in(session, workshop, actor, connection_id, each)

    fill_with_kinds(workshop, actor, connection_id, chosen, keep)


def require_seen(workshop: Workshop, session: Session, connection_id: str, seen: Mapping[Change, str | None]) -> None:
    """Refuse changes that were made on something else than what stands, saying what that is and who chose it."""
    connection, info = session.get_one(Connection, connection_id), _bench(workshop, session, connection_id).scope.info
    for each, was in seen.items():
        stands = (
            choice_standing(session, connection.id, role_of(info, each.role), each.of)
            if isinstance(each, RoleChange)
            else term_standing(session, connection.id, info.terms, each.word)
        )
        stands.require(was)


def set_term(workshop: Workshop, actor: Actor, connection_id: str, word: str, ledger: str, first: date) -> TermOverride:
    """Let a word of the source mean something else from a day on, by the date of its record (K9, CH-55).

    A word that the connector does not know takes the meaning of one that it knows, which ``ledger`` names.
    What is posted stays as it is until a repost; records of those days that have no document yet are mapped again. A
    way of posting changes only from a day on that has no documents: before it all is posted in the old way, from it on
    in the new one.
    """
    wanted = DatedTerm(word, ledger, first)
    look_again(workshop, connection_id, [first])
    with workshop.database.begin() as session:
        _manageable(workshop, session, actor, connection_id)
        _require_open(session, _bench(workshop, session, connection_id), [wanted])
        return set_term_in(session, workshop, actor, connection_id, wanted)


def set_term_in(
    session: Session, workshop: Workshop, actor: Actor, connection_id: str, wanted: DatedTerm
) -> TermOverride:
    """Give a word its meaning within a transaction, which may change others too."""
    now, word, first = workshop.clock.now(), wanted.word, wanted.first
    connection, info = _manageable(workshop, session, actor, connection_id)
    term, ledger = info.terms.get(word), _meaning(info, wanted)
    if term is not None and term.one_of:
        _check_way(session, connection.id, first)
    found = session.get(TermOverride, (connection.id, word, first))
    if found is None:
        found = TermOverride(connection_id=connection.id, word=word, valid_from=first)
        session.add(found)
    found.ledger, found.changed_by, found.changed_at = ledger, actor.name, now
    # What failed for want of the word goes on with it.
    map_unposted(session, connection.id, first, failed=True)
    connection.revision += 1
    _note(session, actor, connection, "term.set", word, now, ledger=ledger, valid_from=first.isoformat())
    return found


def repost(workshop: Workshop, actor: Actor, connection_id: str, first: date, last: date) -> Survey:
    """Have the posted documents of some days say what the mapping says now, by a plan that waits for approval.

    What is hand-edited, in a deposit or in a closed period stays, with the reason.
    """
    with workshop.database.read() as session:
        connection, _ = _manageable(workshop, session, actor, connection_id)
        _ready(session, connection, first, last)
    found = survey(workshop, connection_id, first, last)
    if len(found.rewrites) > REPOST_MAX:
        raise RemappingError(
            "repost.too_many",
            Text(
                f"{len(found.rewrites)} documents changeraient, plus que {REPOST_MAX}.",
                f"{len(found.rewrites)} documents would change, more than {REPOST_MAX}.",
            ),
            Text("Choisissez une période plus courte.", "Choose fewer days."),
        )
    if not found.rewrites:
        return found
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection, _ = _manageable(workshop, session, actor, connection_id)
        _ready(session, connection, first, last)
        begin_repost(session, connection, found, first, last, actor.name, now)
        _note(
            session, actor, connection, "repost.asked", connection.label, now,
            first=first.isoformat(), last=last.isoformat(), documents=len(found.rewrites), kept=len(found.kept),
        )  # fmt: skip
    return found


def cancel(workshop: Workshop, actor: Actor, connection_id: str) -> int:
    """Take back the repost whose plan waits; its documents stay as they are. Return how many there were."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection, _ = _manageable(workshop, session, actor, connection_id)
        found = open_repost(session, connection.id)
        if found is None:
            raise RemappingError(
                "repost.none",
                Text("Aucune réécriture n'attend.", "No repost waits."),
                Text("« raccord connect repost » en demande une.", "“raccord connect repost” asks for one."),
            )
        approved = select(Plan.id).where(Plan.connection_id == connection.id, Plan.state == PlanState.APPROVED)
        if session.scalars(approved.limit(1)).first() is not None:
            raise RemappingError(
                "repost.approved",
                Text("Un plan approuvé est en cours d'envoi.", "An approved plan is being posted."),
                Text("Attendez la fin de la synchro.", "Wait for the end of the run."),
            )
        back = cancel_repost(session, connection, found, actor.name, now)
        _note(session, actor, connection, "repost.cancelled", connection.label, now, documents=back)
        return back


def _bench(workshop: Workshop, session: Session, connection_id: str) -> Bench:
    connection = session.get_one(Connection, connection_id)
    return workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)


def _choice(session: Session, bench: Bench, change: RoleChange) -> Choice:
    """Return the choice as it would be saved, belonging to no session."""
    if bench.connection.approved_at is None:
        stage = Stage.MAPPING if change.of else Stage.ACCOUNTS
        require_stage(session, bench.connection, bench.scope.info, stage)
    entry = fitting(session, bench.connection, role_of(bench.scope.info, change.role), change.ledger_id)
    return Choice(
        connection_id=bench.connection.id,
        role=change.role,
        of=change.of,
        valid_from=change.first,
        ledger_kind=entry.kind,
        ledger_id=entry.object_id,
        ledger_name=entry.name,
    )


def _ready(session: Session, connection: Connection, first: date, last: date) -> None:
    if first > last:
        raise RemappingError(
            "repost.days",
            Text("Le premier jour vient après le dernier.", "The first day comes after the last one."),
            Text("Donnez-les dans l'ordre.", "Give them in order."),
        )
    if connection.state != ConnectionState.CONNECTED or connection.approved_at is None:
        raise RemappingError(
            "repost.not_running",
            Text(
                f"La connexion « {connection.label} » n'est pas en marche.",
                f"The connection “{connection.label}” is not running.",
            ),
            Text("Reprenez-la ou approuvez d'abord son premier plan.", "Resume it, or approve its first plan first."),
        )
    if open_repost(session, connection.id) is not None:
        raise RemappingError(
            "repost.open",
            Text("Une réécriture attend déjà.", "A repost waits already."),
            Text(
                "Approuvez son plan, ou abandonnez-la : raccord connect repost --cancel.",
                "Approve its plan, or cancel it: raccord connect repost --cancel.",
            ),
        )


def _require_open(session: Session, bench: Bench, changes: Sequence[Change]) -> None:
    """Refuse changes that would count from a day on that lies in a closed or certified month."""
    connection = bench.connection
    for each in changes:
        if isinstance(each, RoleChange):
            require_open_role(session, connection, each.role, each.of, each.first)
        else:
            require_open_word(session, connection, bench.scope.info, each.word, each.first)


def _check(info: ConnectorInfo, changes: Sequence[Change]) -> None:
    """Refuse changes of words to what these cannot become."""
    for each in changes:
        if isinstance(each, DatedTerm):
            _meaning(info, each)


def _meaning(info: ConnectorInfo, wanted: DatedTerm) -> str:
    """Return a meaning as it is kept; refuses a word that no record can have, and what a word cannot become."""
    word, ledger = wanted.word, info.terms.meaning(wanted.word, wanted.ledger)
    allowed = meanings(info, word)
    if info.terms.get(word) is None and (ledger not in allowed or not word.strip() or len(word) > WORD_MAX):
        known = ", ".join(each.removeprefix(SAME_AS) for each in allowed) or "–"
        raise RemappingError(
            "term.unknown",
            Text(f"Mot inconnu : {word[:60]}.", f"Unknown word: {word[:60]}."),
            Text(
                f"Donnez le mot de ce connecteur dont il prend le sens : {known}.",
                f"Give the word of this connector whose meaning it takes: {known}.",
            ),
        )
    if ledger not in allowed:
        called, named = term_named(info.terms, word), [(each, meaning_named(info.terms, each)) for each in allowed]
        raise RemappingError(
            "term.no_such_way",
            Text(
                f"« {called.fr} » ({word}) ne peut pas devenir « {ledger[:60]} ».",
                f"“{called.en}” ({word}) cannot become “{ledger[:60]}”.",
            ),
            Text(
                f"Choisissez parmi : {', '.join(f'{said.fr} ({each})' for each, said in named)}.",
                f"Choose one of: {', '.join(f'{said.en} ({each})' for each, said in named)}.",
            ),
        )
    return ledger


def _check_way(session: Session, connection_id: str, first: date) -> None:
    """Refuse a way of posting from a day on that has documents."""
    posted = last_posted_day(session, connection_id)
    if posted is not None and first <= posted:
        after = posted + timedelta(days=1)
        raise RemappingError(
            "term.way_past",
            Text(
                f"Le {first} a déjà des documents ou en précède : ses mouvements seraient écrits des deux façons.",
                f"{first} has documents or comes before some: its movements would be posted in both ways.",
            ),
            Text(f"Choisissez un jour à partir du {after}.", f"Choose a day from {after} on."),
        )


def _manageable(
    workshop: Workshop, session: Session, actor: Actor, connection_id: str
) -> tuple[Connection, ConnectorInfo]:
    connection = session.get_one(Connection, connection_id)
    info = _bench(workshop, session, connection_id).scope.info
    require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    return connection, info


def _note(
    session: Session, actor: Actor, connection: Connection, action: str, subject: str, now: datetime, **body: object
) -> None:
    events.append(
        session,
        actor=actor.name,
        action=action,
        subject=subject,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body=body,
    )

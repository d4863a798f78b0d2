"""Setting up a connection step by step: a draft that one can leave and come back to, until its first approval."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.card_kinds import fill_with_kinds
from raccord.onboarding.connecting.connections import (
    NewConnection,
    connect_again,
    create,
    read_settings,
    update_settings,
)
from raccord.onboarding.connecting.seen_settings import require_as_begun, settings_changed
from raccord.onboarding.deciding.decisions import BEGINNING, choose_in, role_of
from raccord.onboarding.deciding.seen_choices import Place, require_told, sent_as_told
from raccord.onboarding.gates.gates import note_passed, require_early, require_stage
from raccord.onboarding.gates.passed_steps import SCOPE, noted
from raccord.onboarding.sources.day_rules import read_hour, read_zone, say_days
from raccord.onboarding.sources.institutions import History, limit_of, require_history
from raccord.onboarding.sources.required_roles import asked_in_set_up
from raccord.onboarding.sources.source_accounts import company_joined, earlier, info_of, refused, usual_labels
from raccord.onboarding.sources.switches import switch_for_company
from raccord.plugin.days import Days
from raccord.plugin.info import ConnectorInfo, Mode, RoleInfo, Stage
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Choice, Company, Connection, ConnectionState, Gap, RecordState, SourceRecord
from raccord.store.sensitive import split_secrets
from raccord.sync.days import today_of
from raccord.sync.fetching.keep import BEFORE_START
from raccord.sync.mapping.leaving import leave_days_out
from raccord.sync.planning.plans import set_aside
from raccord.sync.workshop import Workshop

UNFINISHED = (ConnectionState.DRAFT, ConnectionState.CONNECTED)


def begin(workshop: Workshop, actor: Actor, new: NewConnection) -> Connection:
    """Keep a new connection as a draft, or return to the one begun for the same source account (no double).

    One begun with other settings is changed only where ``new.seen`` tells that these were read. The connector is
    enabled for the company if the installation allows it. One source account goes to one company: what ``connect``
    refuses is refused here, and nothing is kept of it.
    """
    info = info_of(workshop, new.connector)
    require(actor, Power.LINK)
    settings = read_settings(info, new.values)
    require_early(info, new.mode, new.passed, new.values, new.starts_on)
    switch_for_company(workshop, actor, new.connector, new.company_id, on=True)
    identity = str(getattr(settings, info.identity_setting, "")) if info.identity_setting else ""
    with workshop.database.begin() as session:
        # One at a time for a company, so that a form sent twice makes one draft.
        session.execute(select(Company.id).where(Company.id == new.company_id).with_for_update())
        begun = _begun(session, new, info, identity)
        before = None if begun else earlier(session, new.company_id, info, identity, new.label)
        made = None
        if begun is None and before is None:
            joined = company_joined(session, info, session.get_one(Company, new.company_id))
            if joined is not None:
                raise joined
            made, taken = create(workshop, session, actor, replace(new, draft=True), info, settings)
            if taken is not None:
                raise taken
    if begun is not None:
        draft_id, seen = begun.id, "" if new.again else new.seen

        def before_settings(session: Session) -> None:
            again = session.get_one(Connection, draft_id)
            if not seen:
                plain = split_secrets(settings)[0]
                require_as_begun(again.settings, {name: plain[name] for name in new.values if name in plain})
            say_days(session, actor, again, new.time_zone, new.cut_off, workshop.clock.now())

        return update_settings(workshop, actor, draft_id, new.values, before_settings, seen)
    if before is not None:
        return connect_again(workshop, actor, before.id, new)
    if made is None:
        raise AssertionError("nothing was begun, and nothing made")
    return made


def remove(workshop: Workshop, actor: Actor, connection_id: str) -> None:
    """Take an account away that was created without a connection (CH-24); nothing was ever read or written for it."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id)
        require(actor, Power.LINK, info_of(workshop, connection.connector))
        if connection.state != ConnectionState.UNCONNECTED:
            raise refused(
                "connection.not_unconnected",
                Text(
                    "Seul un compte créé sans connexion se retire.",
                    "Only an account created without a connection is removed.",
                ),
                Text("Déconnectez celui-ci ; son historique reste.", "Disconnect this one; its history stays."),
            )
        session.execute(delete(Choice).where(Choice.connection_id == connection.id))
        session.delete(connection)
        events.append(
            session, actor=actor.name, action="connection.removed", subject=connection.label,
            company_id=connection.company_id, connection_id=connection.id, now=now,
        )  # fmt: skip


def unfinished(session: Session, within: frozenset[str] | None) -> list[Connection]:
    """Return the connections whose set-up was begun and whose first plan nobody approved yet."""
    wanted = select(Connection).where(Connection.state.in_(UNFINISHED), Connection.approved_at.is_(None))
    if within is not None:
        wanted = wanted.where(Connection.company_id.in_(sorted(within)))
    return list(session.scalars(wanted.order_by(Connection.set_up_at.desc()).limit(50)))


def set_scope(
    workshop: Workshop, actor: Actor, connection_id: str, first: date, time_zone: str, cut_off: str
) -> Connection:
    """Say from which day on data is brought over, and when the source's days end; only before the first approval."""
    with workshop.database.begin() as session:
        return set_scope_in(session, workshop, actor, connection_id, first, time_zone, cut_off)


def history_of(workshop: Workshop, session: Session, connection: Connection) -> History | None:
    """Return how far back a connection's source gives anything as its settings are, where it has a limit (K11)."""
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None or admitted.info.history_days is None:
        return None
    company = session.get_one(Company, connection.company_id)
    settings = workshop.bench_of(session, company, connection).view.settings
    return limit_of(admitted, settings, today_of(connection, workshop.clock.now()))


def set_scope_in(
    session: Session, workshop: Workshop, actor: Actor, connection_id: str, first: date, time_zone: str = "",
    cut_off: str = "", *, seen: date | None = None,
) -> Connection:  # fmt: skip
    """Say so within a transaction, which may change settings too; refused where the first day is not as it was
    ``seen``, if that is told. A time zone or cut-off hour that is not said stays.
    """
    now = workshop.clock.now()
    connection = _open(workshop, session, actor, connection_id)
    zone, hour = read_zone(time_zone or connection.time_zone), read_hour(cut_off or connection.cut_off)
    if seen not in (None, connection.starts_on):
        raise settings_changed(["starts_on"])
    company = session.get_one(Company, connection.company_id)
    settings = workshop.bench_of(session, company, connection).view.settings
    today = Days.of(zone, hour).day_of(now)
    require_history(workshop.scopes.catalog.get(connection.connector), settings, first, today)
    say_days(session, actor, connection, zone.key, f"{hour:%H:%M}", now)
    connection.starts_on = first
    connection.revision += 1
    note_passed(connection, actor, [noted(SCOPE)], now)
    for gap in session.scalars(select(Gap).where(Gap.connection_id == connection.id, Gap.reason == "before_start")):
        gap.last_day = first - timedelta(days=1)
    # What was read already and stayed out for its day only comes in with an earlier one.
    session.execute(
        update(SourceRecord)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.state == RecordState.SKIPPED,
            SourceRecord.reason == BEFORE_START,
            SourceRecord.day >= first,
        )
        .values(state=RecordState.NEW, reason="")
    )
    # And what was read of days that a later one leaves out stays out again.
    leave_days_out(session, connection.id, None, first - timedelta(days=1), BEFORE_START, now)
    events.append(
        session, actor=actor.name, action="connection.scope", subject=connection.label,
        company_id=connection.company_id, connection_id=connection.id, now=now,
        body={"first": first.isoformat(), "time_zone": zone.key, "cut_off": connection.cut_off},
    )  # fmt: skip
    return connection


def set_mode(workshop: Workshop, actor: Actor, connection_id: str, mode: Mode) -> Connection:
    """Say otherwise whether these books know the source already; only before the first approval (PL-02)."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = _open(workshop, session, actor, connection_id)
        info = info_of(workshop, connection.connector)
        if mode not in info.modes:
            raise refused(
                "connection.mode",
                Text(
                    f"« {info.label.fr} » ne se met pas en place ainsi.", f"“{info.label.en}” is not set up that way."
                ),
                Text("Gardez l'autre façon.", "Keep the other way."),
            )
        if connection.mode == mode:
            return connection
        before, connection.mode = connection.mode, mode
        connection.revision += 1
        # A plan that waits was made as if the answer were another.
        set_aside(session, connection.id, now)
        events.append(
            session, actor=actor.name, action="connection.mode", subject=connection.label,
            company_id=connection.company_id, connection_id=connection.id, now=now,
            body={"before": before, "after": str(mode)},
        )  # fmt: skip
        return connection


@dataclass(frozen=True, slots=True)
class AccountSaid:
    """What a person says of one account at a bank: its type, and the id of its account in the books."""

    role: str
    key: str
    held_as: str
    ledger_id: str


def fill_roles(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    wanted: Mapping[str, str],
    accounts: Sequence[AccountSaid] = (),
    *,
    whole: bool = True,
    told: str | None = None,
    adding: Collection[Place] = (),
) -> None:
    """Fill each role with a ledger object, and say what each account at a bank is, from the beginning: all or nothing.

    An empty one goes back to what core would take. Where all is said (``whole``) a role that nothing else fills is
    neither emptied nor passed over. ``told`` is what the form was told of the choices (``told_choices``): what it sends
    as it was told stays as it stands, and what it changes is refused where something else stands by now; so is what is
    filled afterwards with an account to add (``adding``).
    """
    wanted = {role: id_ for role, id_ in wanted.items() if not sent_as_told(told, (role, ""), ("", id_))}
    accounts = [
        each for each in accounts if not sent_as_told(told, (each.role, each.key), (each.held_as, each.ledger_id))
    ]

    def fill(session: Session) -> None:
        connection = _open(workshop, session, actor, connection_id, lock=True)
        info = info_of(workshop, connection.connector)
        require_stage(session, connection, info, Stage.ACCOUNTS)
        empty = roles_left_empty(session, connection, info, wanted) if whole else []
        if empty:
            raise _roles_empty(empty)
        if told is not None:
            for role, of in [*((name, "") for name in wanted), *((each.role, each.key) for each in accounts), *adding]:
                require_told(session, connection.id, told, role_of(info, role), of)
        first = Choice.connection_id == connection.id, Choice.of == "", Choice.valid_from == BEGINNING
        held = {each.role: each for each in session.scalars(select(Choice).where(*first))}
        for role, ledger in wanted.items():
            if not ledger and role in held:
                session.delete(held[role])
                connection.revision += 1
            elif ledger and (role not in held or held[role].ledger_id != ledger):
                choose_in(session, workshop, actor, connection_id, role, ledger, "", BEGINNING)
        for each in accounts:
            choose_in(
                session, workshop, actor, connection_id, each.role, each.ledger_id, each.key, BEGINNING, each.held_as
            )

    chosen = [*((role, "", id_) for role, id_ in wanted.items() if id_)]
    chosen += [(each.role, each.key, each.ledger_id) for each in accounts]
    fill_with_kinds(workshop, actor, connection_id, chosen, fill)


def _roles_empty(empty: Sequence[RoleInfo]) -> RaccordError:
    return refused(
        "connection.roles_empty",
        Text(
            f"Personne n'a choisi : {', '.join(each.label.fr for each in empty)}.",
            f"Nobody has chosen: {', '.join(each.label.en for each in empty)}.",
        ),
        Text("Choisissez un compte pour chacun.", "Choose an account for each."),
    )


def roles_left_empty(
    session: Session, connection: Connection, info: ConnectorInfo, wanted: Mapping[str, str]
) -> list[RoleInfo]:
    """Return the roles that a person has to choose for and that what is said leaves empty."""
    taxed = session.get_one(Company, connection.company_id).taxed
    mine = (Choice.connection_id == connection.id, Choice.of == "")
    chosen = set(session.scalars(select(Choice.role).where(*mine)))
    return [
        role
        for role in info.roles
        if asked_in_set_up(role, taxed=taxed) and not wanted.get(role.name, "x" if role.name in chosen else "")
    ]


def _begun(session: Session, new: NewConnection, info: ConnectorInfo, identity: str) -> Connection | None:
    same = Connection.source_identity == identity
    if not identity:
        same = same & Connection.label.in_(usual_labels(info, new.label))
    return session.scalars(
        select(Connection).where(
            Connection.company_id == new.company_id,
            Connection.connector == new.connector,
            Connection.state == ConnectionState.DRAFT,
            same,
        )
    ).first()


def _open(
    workshop: Workshop, session: Session, actor: Actor, connection_id: str, *, lock: bool = False
) -> Connection:  # fmt: skip
    connection = session.get_one(Connection, connection_id, with_for_update=lock)
    require(actor, Power.LINK, info_of(workshop, connection.connector))
    if connection.approved_at is not None or connection.state not in UNFINISHED:
        raise refused(
            "connection.set_up",
            Text("La mise en place est terminée.", "The set-up is finished."),
            Text("Changez les réglages ou le mappage de la connexion.", "Change the connection's settings or mapping."),
        )
    return connection

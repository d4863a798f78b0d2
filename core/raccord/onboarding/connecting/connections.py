"""A connection's life: set up, paused, resumed, ended; every step by a person, recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.dated_settings import with_before
from raccord.onboarding.connecting.pausing import pause_of
from raccord.onboarding.connecting.seen_settings import require_seen, require_seen_kept
from raccord.onboarding.gates.each_account import require_told
from raccord.onboarding.gates.gates import early_gates, forget_said, note_passed, require_early, require_stage, told
from raccord.onboarding.gates.passed_steps import SCOPE, noted
from raccord.onboarding.sources.day_rules import read_hour, read_zone, say_days
from raccord.onboarding.sources.institutions import require_history
from raccord.onboarding.sources.source_accounts import earlier, info_of, refused, source_taken, taken_already
from raccord.plugin.days import Days
from raccord.plugin.info import ConnectorInfo, Mode, Stage
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.errors import StoreError
from raccord.store.models import Company, Connection, ConnectionState, Gap, Schedule
from raccord.store.vault import join_secrets, split_secrets
from raccord.sync.days import today_of
from raccord.sync.fetching.renewing import alone_with_secrets
from raccord.sync.life import Step, require_step, take
from raccord.sync.mapping.remap import map_again, map_unposted
from raccord.sync.planning.plans import set_aside
from raccord.sync.workshop import Workshop, settings_handle
from raccord.sync.zones import zone_of

NIGHTLY = "30 5 * * *"
"""After a source's day of deliveries, before people come to work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What a person chose for a new connection; ``values`` are the connector's settings as typed."""

    company_id: str
    connector: str
    values: Mapping[str, object]
    label: str = ""
    mode: Mode = Mode.FIRST_TIME
    starts_on: date | None = None
    time_zone: str = ""
    """The source's; empty: that of the company (``raccord.sync.zones.zone_of``)."""
    cut_off: str = ""
    """The hour at which the source's days end; empty: midnight."""
    cron: str = NIGHTLY
    draft: bool = False
    """Whether it is kept to be finished: nothing is read or written before it is activated."""
    passed: frozenset[str] = frozenset()
    """Names of gates that a person says are passed."""
    again: str = ""
    """The connection that ended whose settings were read first."""
    seen: str = ""
    """What tells these settings as they were read."""


def connect(workshop: Workshop, actor: Actor, new: NewConnection) -> Connection:
    """Create a connection; one source account goes to one company (CH-23), a second one is kept unconnected (CH-24)."""
    info = info_of(workshop, new.connector)
    require(actor, Power.LINK)
    settings = read_settings(info, new.values)
    require_early(info, new.mode, new.passed, new.values, new.starts_on)
    identity = str(getattr(settings, info.identity_setting, "")) if info.identity_setting else ""
    with workshop.database.read() as session:
        before = earlier(session, new.company_id, info, identity, new.label)
    if before is not None:
        return connect_again(workshop, actor, before.id, new)
    try:
        with workshop.database.begin() as session:
            connection, taken = create(workshop, session, actor, new, info, settings)
    except IntegrityError:
        # Somebody else was quicker by a moment, between the look and the writing.
        raise source_taken(info, "–") from None
    if taken is not None:
        raise taken
    return connection


def connect_again(workshop: Workshop, actor: Actor, connection_id: str, new: NewConnection) -> Connection:
    """Connect a source account again that ``new`` is found to be of."""
    seen = new.seen if new.again == connection_id else ""
    return reconnect(
        workshop, actor, connection_id, new.values, new.passed, (new.time_zone, new.cut_off), seen=seen
    )  # fmt: skip


def update_settings(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    values: Mapping[str, object] | Callable[[BaseModel], Mapping[str, object]],
    also: Callable[[Session], None] | None = None,
    seen: str = "",
) -> Connection:
    """Change a connection's settings or credentials in place; identity, links and history stay (BF-24, CH-72).

    ``values`` are those that change, or what makes them of the settings as they stand; all others stay, also where
    somebody, or a run that renews a token, wrote them a moment before. ``also`` is done in the same transaction,
    first; what it raises leaves all as it was. Refused where settings are not as they were ``seen``, if that is told.
    """
    now, handle = workshop.clock.now(), settings_handle(connection_id)
    with (
        alone_with_secrets(workshop.database, workshop.settings.data_dir, handle),
        workshop.database.begin() as session,
    ):
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        require_step(connection, Step.SETTINGS)
        if also is not None:
            also(session)
        typed = _over_standing(workshop, session, info, connection, values, seen)
        settings = with_before(session, info, connection, read_settings(info, typed))
        if info.identity_setting and str(getattr(settings, info.identity_setting)) != connection.source_identity:
            raise refused(
                "connection.identity_fixed",
                Text("Ces réglages désignent un autre compte source.", "These settings name another source account."),
                Text(
                    "Créez une nouvelle connexion pour cet autre compte.",
                    "Create a new connection for that other account.",
                ),
            )
        plain, secret = split_secrets(settings)
        connection.settings = plain
        workshop.vault.within(session).put(handle, secret)
        connection.revision += 1
        # After too long a pause new credentials are not enough: the owner authorises again (CH-45).
        if connection.paused_at is None and connection.state in (ConnectionState.REAUTHORISE, ConnectionState.FAULTY):
            take(connection, Step.SETTINGS)
            connection.fault_count = 0
        map_again(session, connection.id)
        # Settings say what is brought over too: what is not posted yet follows them.
        map_unposted(session, connection.id)
        _note(session, actor, "connection.settings_changed", connection, now)
        return connection


def _over_standing(
    workshop: Workshop,
    session: Session,
    info: ConnectorInfo,
    connection: Connection,
    values: Mapping[str, object] | Callable[[BaseModel], Mapping[str, object]],
    seen: str,
) -> Mapping[str, object]:
    """Return all settings as they stand, with those that change in their place."""
    secret = workshop.vault.within(session).get_mapping(settings_handle(connection.id), missing_ok=True)
    try:
        standing = join_secrets(info.settings, connection.settings, secret)
    except StoreError:
        if callable(values):
            raise
        # What no longer suits the connector is mended by new values.
        return {**connection.settings, **values}
    require_seen(seen, standing)
    return standing.model_dump() | dict(values(standing) if callable(values) else values)


def grant_managing(workshop: Workshop, actor: Actor, connection_id: str, *, granted: bool) -> Connection:
    """Let administrators manage a connection that its connector leaves to the owner, or take that back (K5).

    Connecting and disconnecting stay the owner's.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id)
        require(actor, Power.LINK, info_of(workshop, connection.connector))
        connection.manage_granted_at = now if granted else None
        _note(session, actor, "connection.manage_granted" if granted else "connection.manage_kept", connection, now)
        return connection


def pause(workshop: Workshop, actor: Actor, connection_id: str) -> Connection:
    """Stop all writing for a while (CH-42); the hole begins today, in the connection's time zone."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = _changeable(workshop, session, actor, connection_id)
        take(connection, Step.PAUSE)
        connection.paused_at = now
        connection.revision += 1
        session.add(Gap(connection_id=connection.id, first_day=_today(connection, now), reason="paused", opened_at=now))
        _note(session, actor, "connection.paused", connection, now)
        return connection


def resume(workshop: Workshop, actor: Actor, connection_id: str) -> Connection:
    """Go on after a pause from this day (CH-48); possible only when paused, and for one year (CH-45, CH-46).

    A connection that core paused after repeated faults goes on the same way; it leaves no hole.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = _changeable(workshop, session, actor, connection_id)
        require_step(connection, Step.RESUME)
        today = _today(connection, now)
        paused = pause_of(connection, now)
        too_long = paused is not None and paused.too_long
        connection.revision += 1
        if too_long:
            # The hole stays open, and nothing runs, until somebody authorises again.
            take(connection, Step.EXPIRE)
            _note(session, actor, "connection.pause_too_long", connection, now)
        else:
            take(connection, Step.RESUME)
            connection.paused_at, connection.fault_count = None, 0
            _close_gaps(session, connection.id, today, now)
            _note(session, actor, "connection.resumed", connection, now)
    if too_long:
        raise refused(
            "connection.pause_too_long",
            Text("La pause a duré plus d'un an.", "The pause lasted longer than a year."),
            Text(
                "Autorisez de nouveau la connexion : raccord connect reconnect.",
                "Authorise the connection again: raccord connect reconnect.",
            ),
        )
    return connection


def end(workshop: Workshop, session: Session, connection: Connection, step: Step) -> None:
    """Let a connection write nothing more and forget its credentials; its links, records and choices stay."""
    now = workshop.clock.now()
    take(connection, step)
    connection.paused_at = connection.approved_at = None
    connection.revision += 1
    set_aside(session, connection.id, now)
    workshop.vault.within(session).delete(settings_handle(connection.id))
    schedule = session.get(Schedule, connection.id)
    if schedule is not None:
        schedule.enabled = False
    today = _today(connection, now)
    _close_gaps(session, connection.id, today, now)
    session.add(Gap(connection_id=connection.id, first_day=today, reason="disconnected", opened_at=now))


def reconnect(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    values: Mapping[str, object],
    passed: frozenset[str] = frozenset(),
    days: tuple[str, str] = ("", ""),
    *,
    seen: str = "",
) -> Connection:
    """Connect the same source account again: same row, same marks, so that nothing comes twice (pain 4).

    ``days`` are the time zone and cut-off hour that were said, empty where they stay; refused if something is posted.
    Refused too where settings are not as they were ``seen``, if that is told.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        info = info_of(workshop, connection.connector)
        require(actor, Power.LINK, info)
        require_step(connection, Step.RECONNECT)
        require_seen_kept(seen, connection.settings)
        begin_again(workshop, session, connection, info, read_settings(info, values))
        say_days(session, actor, connection, *days, now)
        note_passed(connection, actor, passed & {each.name for each in info.gates if each.said}, now)
        _note(session, actor, "connection.reconnected", connection, now)
        return connection


def begin_again(
    workshop: Workshop, session: Session, connection: Connection, info: ConnectorInfo, settings: BaseModel
) -> None:
    """Let a connection that ended, or must be authorised again, go on with new credentials of the same account."""
    now = workshop.clock.now()
    require_step(connection, Step.RECONNECT)
    plain, secret = split_secrets(settings)
    identity = str(getattr(settings, info.identity_setting, "")) if info.identity_setting else ""
    if identity != connection.source_identity:
        raise refused(
            "connection.identity_fixed",
            Text("Ces réglages désignent un autre compte source.", "These settings name another source account."),
            Text(
                "Créez une nouvelle connexion pour cet autre compte.",
                "Create a new connection for that other account.",
            ),
        )
    taken = taken_already(session, info, session.get_one(Company, connection.company_id), identity, but=connection.id)
    if taken:
        raise taken
    take(connection, Step.RECONNECT)
    if connection.approved_at is None:
        forget_said(connection, info)
    connection.settings, connection.paused_at = plain, None
    connection.fault_count = 0
    connection.revision += 1
    workshop.vault.within(session).put(settings_handle(connection.id), secret)
    schedule = session.get(Schedule, connection.id)
    if schedule is not None:
        schedule.enabled = True
    _close_gaps(session, connection.id, _today(connection, now), now)


def activate(workshop: Workshop, actor: Actor, connection_id: str) -> Connection:
    """Start a connection that was kept as a draft; its first plan waits for approval like any other's."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.LINK, info)
        require_stage(session, connection, info, Stage.PLAN)
        require_told(workshop, session, connection, info)
        take(connection, Step.ACTIVATE)
        connection.revision += 1
        session.get_one(Schedule, connection.id).enabled = True
        _note(session, actor, "connection.activated", connection, now)
        return connection


def read_settings(info: ConnectorInfo, values: Mapping[str, object]) -> BaseModel:
    """Check what a person typed against the connector's settings; names every wrong field in both languages."""
    try:
        return info.settings.model_validate(dict(values))
    except ValidationError as error:
        wrong = [
            (str(".".join(map(str, each["loc"]))), str(each["msg"]))
            for each in error.errors(include_input=False, include_url=False)
        ]
    names = "; ".join(f"{name} ({message})" for name, message in wrong[:10])
    raise refused(
        "connection.settings",
        Text(f"Réglages à corriger : {names}.", f"Settings to correct: {names}."),
        Text("Corrigez ces champs et recommencez.", "Correct these fields and try again."),
    )


def create(
    workshop: Workshop, session: Session, actor: Actor, new: NewConnection, info: ConnectorInfo, settings: BaseModel
) -> tuple[Connection, RaccordError | None]:
    """Write a connection with its schedule and first hole, or unconnected with the reason."""
    now, cut_off = workshop.clock.now(), read_hour(new.cut_off or "00:00")
    zone = read_zone(new.time_zone or zone_of(session, new.company_id))
    plain, secret = split_secrets(settings)
    identity = str(getattr(settings, info.identity_setting, "")) if info.identity_setting else ""
    company = session.get_one(Company, new.company_id)
    workshop.scopes.get(session, company.id, new.connector, 0)
    taken = taken_already(session, info, company, identity)
    today = Days.of(zone, cut_off).day_of(now)
    require_history(workshop.scopes.catalog.get(new.connector), settings, new.starts_on or today, today)
    began = ConnectionState.DRAFT if new.draft else ConnectionState.CONNECTED
    connection = Connection(
        company_id=company.id,
        connector=new.connector,
        label=new.label or info.label.get("en" if company.language == "en" else "fr"),
        source_identity=identity,
        settings=plain,
        state=ConnectionState.UNCONNECTED if taken else began,
        mode=new.mode,
        time_zone=zone.key,
        cut_off=f"{cut_off:%H:%M}",
        starts_on=new.starts_on or today,
        gates_passed={},
        plugin_version=info.version,
        set_up_at=now,
        created_by=actor.name,
    )
    passed = [
        gate.name
        for gate in early_gates(info, new.mode)
        if gate.name in new.passed or told(gate, new.passed, new.values, new.starts_on)
    ]
    note_passed(connection, actor, [*passed, *([noted(SCOPE)] if new.starts_on else [])], now)
    session.add(connection)
    session.flush()
    if taken is None:
        if secret:
            workshop.vault.within(session).put(settings_handle(connection.id), secret)
        session.add(Schedule(connection_id=connection.id, cron=new.cron, time_zone=zone.key, enabled=not new.draft))
        last_day = connection.starts_on - timedelta(days=1)
        session.add(Gap(connection_id=connection.id, last_day=last_day, reason="before_start", opened_at=now))
    _note(session, actor, "connection.refused" if taken else "connection.created", connection, now)
    return connection, taken


def _changeable(workshop: Workshop, session: Session, actor: Actor, connection_id: str) -> Connection:
    connection = session.get_one(Connection, connection_id)
    granted = connection.manage_granted_at is not None
    require(actor, Power.MANAGE, info_of(workshop, connection.connector), manage_granted=granted)
    return connection


def _today(connection: Connection, now: datetime) -> date:
    return today_of(connection, now)


def _close_gaps(session: Session, connection_id: str, today: date, now: datetime) -> None:
    """End open holes on the day before; one that began today was none (CH-48)."""
    for gap in session.scalars(select(Gap).where(Gap.connection_id == connection_id, Gap.closed_at.is_(None))):
        if gap.first_day is None:
            continue
        last_day = today - timedelta(days=1)
        gap.closed_at, gap.last_day = now, last_day
        if gap.first_day > last_day:
            session.delete(gap)


def _note(session: Session, actor: Actor, action: str, connection: Connection, now: datetime) -> None:
    events.append(
        session,
        actor=actor.name,
        action=action,
        subject=connection.label,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
    )

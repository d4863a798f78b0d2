"""How fresh a connection's data is, from what arrived and what its connector says is to be expected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from raccord.catalog import Admitted
from raccord.enablement import require_on, switches_on
from raccord.errors import RaccordError
from raccord.guard import call
from raccord.onboarding.arriving.freshness import (
    DayStatus,
    first_data_expected,
    first_data_overdue,
    status_of,
    watched_day,
)
from raccord.onboarding.closing.left_days import by_files
from raccord.plugin.covering import FileDays
from raccord.plugin.info import Contact, Delivery
from raccord.plugin.texts import Text
from raccord.shapes import misfit
from raccord.store.models import Company, Connection, ConnectionState, Gap, SourceRecord
from raccord.store.vault import VaultSession, join_secrets
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.workshop import Workshop, settings_handle


@dataclass(frozen=True, slots=True)
class Freshness:
    """How the data that comes next stands; ``contacts`` are given only where a person should call somebody."""

    status: DayStatus
    newest: date | None
    """The newest day of which data arrived."""
    first_expected: datetime
    """24 hours after the set-up; nothing is called late before."""
    no_deposit: Text | None = None
    """What to say when the source's deposits are overdue since the set-up."""
    contacts: tuple[Contact, ...] = ()
    by_files: bool = False
    """Whether only files bring its data."""


def freshness_of(workshop: Workshop, session: Session, connection: Connection) -> Freshness | None:
    """Return how fresh a connection's data is, or nothing where nothing is expected: it is not connected, or its
    connector does not say when data comes.

    Raises what ``Workshop.bench_of`` raises, and ``PluginFault`` when the connector cannot tell.
    """
    found = freshness_of_each(workshop, session, [connection])[connection.id]
    if isinstance(found, RaccordError):
        raise found
    return found


def freshness_of_each(
    workshop: Workshop, session: Session, connections: Collection[Connection], vault: VaultSession | None = None
) -> dict[str, Freshness | RaccordError | None]:
    """Return by connection what ``freshness_of`` returns or raises, asking as often for many as for one.

    ``vault`` has looked up the settings of the connections already, if it is given.
    """
    catalog = workshop.scopes.catalog
    watched = [
        (each, admitted)
        for each in connections
        if (admitted := catalog.get(each.connector)) is not None
        and admitted.info.delivery is not None
        and each.state == ConnectionState.CONNECTED
    ]
    found: dict[str, Freshness | RaccordError | None] = {each.id: None for each in connections}
    if not watched:
        return found
    on = switches_on(session, {each.company_id for each, _ in watched})
    if vault is None:
        vault = workshop.vault.within(session)
        vault.look_up([settings_handle(each.id) for each, _ in watched])
    told: list[tuple[Connection, Admitted, Delivery]] = []
    for each, admitted in watched:
        try:
            require_on(on.get(each.connector, frozenset()), each.connector, each.company_id)
            secret = vault.get_mapping(settings_handle(each.id), missing_ok=True)
            settings = join_secrets(admitted.info.settings, each.settings, secret)
            told.append((each, admitted, _delivery(admitted, settings)))
        except RaccordError as error:
            found[each.id] = error
    arrived, now = (
        _arrived(session, {each.id: delivery.deposit_stream for each, _, delivery in told}),
        workshop.clock.now(),
    )
    files = {each.id: days for each, admitted, _ in told if (days := by_files(session, each, admitted)) is not None}
    newest = _newest_told(session, files)
    for each, admitted, delivery in told:
        came = arrived[each.id]
        came = replace(came, newest=newest.get(each.id, came.newest))
        found[each.id] = _judged(each, admitted, delivery, came, now, by_files=each.id in files)
    return found


def _newest_told(session: Session, files: Mapping[str, FileDays]) -> dict[str, date]:
    """Return the last day that the files of connections tell of: money they announce for later is no data of then."""
    streams = {days.stream for days in files.values() if days.stream}
    if not streams:
        return {}
    rows = session.execute(
        select(SourceRecord.connection_id, SourceRecord.stream, func.max(SourceRecord.day))
        .where(
            SourceRecord.connection_id.in_(sorted(files)),
            SourceRecord.stream.in_(sorted(streams)),
            SourceRecord.reason.not_in(UNSAID),
        )
        .group_by(SourceRecord.connection_id, SourceRecord.stream)
    )
    return {connection: newest for connection, stream, newest in rows if files[connection].stream == stream}


def contacts_of(workshop: Workshop, session: Session, connection: Connection) -> Sequence[Contact]:
    """Return whom to call about a connection: as its settings say, whatever its state, else as its manifest says."""
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None:
        return ()
    if admitted.info.delivery is None:
        return admitted.info.contacts
    secret = workshop.vault.within(session).get_mapping(settings_handle(connection.id), missing_ok=True)
    settings = join_secrets(admitted.info.settings, connection.settings, secret)
    return _delivery(admitted, settings).contacts or admitted.info.contacts


def credentials_end_of(workshop: Workshop, session: Session, connection: Connection) -> date | None:
    """Return the day on which a connection's credentials stop working, as its connector says; nothing where they last.

    Raises what ``freshness_of`` raises.
    """
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None or admitted.info.credentials_end is None:
        return None
    company = session.get_one(Company, connection.company_id)
    return credentials_end_by(admitted, workshop.bench_of(session, company, connection).view.settings)


def credentials_end_by(admitted: Admitted, settings: BaseModel) -> date | None:
    """Return the last day of credentials as a connector reads it in a connection's settings (``PluginFault``)."""
    tell = admitted.info.credentials_end
    if tell is None:
        return None
    found = call(admitted, "credentials_end", lambda: tell(settings), lambda answer: misfit(answer, date | None))
    return cast("date | None", found)


def _delivery(admitted: Admitted, settings: BaseModel) -> Delivery:
    tell = admitted.info.delivery
    found = call(
        admitted,
        "delivery",
        lambda: None if tell is None else tell(settings),
        lambda answer: misfit(answer, Delivery),
    )
    return cast(Delivery, found) if found is not None else Delivery()


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What came of a connection: its newest day, the end of its last gap, and whether it ever brought a deposit."""

    newest: date | None
    gap_ended: date | None
    deposits: bool


def _arrived(session: Session, streams: Mapping[str, str]) -> dict[str, _Arrived]:
    """Return what came of each connection, by its id; ``streams`` names those that bring its deposits."""
    mine = SourceRecord.connection_id == Connection.id, SourceRecord.reason.not_in(UNSAID)
    newest = select(func.max(SourceRecord.day)).where(*mine).scalar_subquery()
    ended = select(func.max(Gap.last_day)).where(Gap.connection_id == Connection.id).scalar_subquery()
    names = sorted({stream for stream in streams.values() if stream})
    came = [exists().where(*mine, SourceRecord.stream == name) for name in names]
    columns: list[Any] = [Connection.id, newest, ended, *came]
    rows: Sequence[Sequence[Any]] = session.execute(select(*columns).where(Connection.id.in_(streams))).all()
    return {
        row[0]: _Arrived(row[1], row[2], bool(dict(zip(names, row[3:], strict=True)).get(streams[row[0]])))
        for row in rows
    }


def _judged(
    connection: Connection, admitted: Admitted, delivery: Delivery, arrived: _Arrived, now: datetime, *, by_files: bool
) -> Freshness:
    zone = ZoneInfo(connection.time_zone)
    # Files of before the set-up were handed in, so the days that they lack are known to be missing.
    set_up = None if by_files and arrived.newest is not None else connection.set_up_at.astimezone(zone).date()
    not_before = _not_before(connection, arrived.gap_ended, set_up)
    day = watched_day(arrived.newest, not_before, delivery)
    status = status_of(day, arrived=False, now=now, delivery=delivery, zone=zone, by_files=by_files)
    no_deposit = _no_deposit(connection, delivery, arrived, now)
    alarming = status.alarming or no_deposit is not None
    return Freshness(
        status,
        arrived.newest,
        first_data_expected(connection.set_up_at.astimezone(zone)),
        no_deposit,
        (delivery.contacts or tuple(admitted.info.contacts)) if alarming else (),
        by_files,
    )


def _not_before(connection: Connection, gap_ended: date | None, set_up: date | None) -> date:
    after_gap = None if gap_ended is None else gap_ended + timedelta(days=1)
    return max(each for each in (connection.starts_on, set_up, after_gap) if each is not None)


def _no_deposit(connection: Connection, delivery: Delivery, arrived: _Arrived, now: datetime) -> Text | None:
    if not delivery.deposit_stream:
        return None
    if not first_data_overdue(connection.set_up_at, arrived=arrived.deposits, now=now):
        return None
    return Text(
        "Aucun dépôt n'est arrivé plus de 24 h après la mise en place. Appelez le soutien de la source.",
        "No deposit has arrived more than 24 hours after the set-up. Call the source's support.",
    )

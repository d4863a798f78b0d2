"""How fresh a connection's data is, from what arrived and what its connector says is to be expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.catalog import Admitted
from raccord.guard import call
from raccord.onboarding.freshness import DayStatus, first_data_expected, first_data_overdue, status_of, watched_day
from raccord.plugin.info import Contact, Delivery
from raccord.plugin.texts import Text
from raccord.shapes import misfit
from raccord.store.models import Company, Connection, ConnectionState, Gap, SourceRecord
from raccord.store.vault import join_secrets
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


def freshness_of(workshop: Workshop, session: Session, connection: Connection) -> Freshness | None:
    """Return how fresh a connection's data is, or nothing where nothing is expected: it is not connected, or its
    connector does not say when data comes.

    Raises what ``Workshop.bench_of`` raises, and ``PluginFault`` when the connector cannot tell.
    """
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None or admitted.info.delivery is None or connection.state != ConnectionState.CONNECTED:
        return None
    company = session.get_one(Company, connection.company_id)
    delivery = _delivery(admitted, workshop.bench_of(session, company, connection).view.settings)
    now, zone = workshop.clock.now(), ZoneInfo(connection.time_zone)
    newest = session.scalar(select(func.max(SourceRecord.day)).where(SourceRecord.connection_id == connection.id))
    day = watched_day(newest, _not_before(session, connection, zone), delivery)
    status = status_of(day, arrived=False, now=now, delivery=delivery, zone=zone)
    no_deposit = _no_deposit(session, connection, delivery, now)
    alarming = status.alarming or no_deposit is not None
    return Freshness(
        status,
        newest,
        first_data_expected(connection.set_up_at.astimezone(zone)),
        no_deposit,
        (delivery.contacts or tuple(admitted.info.contacts)) if alarming else (),
    )


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
    tell = None if admitted is None else admitted.info.credentials_end
    if admitted is None or tell is None:
        return None
    company = session.get_one(Company, connection.company_id)
    settings = workshop.bench_of(session, company, connection).view.settings
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


def _not_before(session: Session, connection: Connection, zone: ZoneInfo) -> date:
    ended = session.scalar(select(func.max(Gap.last_day)).where(Gap.connection_id == connection.id))
    known = connection.starts_on, connection.set_up_at.astimezone(zone).date()
    return max(*known, ended + timedelta(days=1)) if ended is not None else max(known)


def _no_deposit(session: Session, connection: Connection, delivery: Delivery, now: datetime) -> Text | None:
    if not delivery.deposit_stream:
        return None
    first = session.scalars(
        select(SourceRecord.id)
        .where(SourceRecord.connection_id == connection.id, SourceRecord.stream == delivery.deposit_stream)
        .limit(1)
    ).first()
    if not first_data_overdue(connection.set_up_at, arrived=first is not None, now=now):
        return None
    return Text(
        "Aucun dépôt n'est arrivé plus de 24 h après la mise en place. Appelez le soutien de la source.",
        "No deposit has arrived more than 24 hours after the set-up. Call the source's support.",
    )

"""What sources send by themselves: an address for each connection, its secrets, and messages taken in once each."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.arriving.webhook_signature import ID, Fault, fault_of, key_of, new_secret
from raccord.plugin.info import ConnectorInfo, Webhooks
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.canonical import canonical, exact
from raccord.store.files import StoredFileBox
from raccord.store.models import Connection, ConnectionState, WebhookDelivery, WebhookEndpoint
from raccord.store.vault import VaultSession
from raccord.sync.problems import close_problems, open_problem
from raccord.sync.workshop import Workshop

BODY_BYTES_MAX = 1024 * 1024
KEPT = timedelta(days=30)
"""How long it is remembered which messages came; far longer than one may be sent again."""
PRUNED_AT_ONCE = 500
OVERLAP = timedelta(hours=24)
"""How long the secret before still counts after a new one was given to the source."""
TOLD_FROM = 5
"""Refused messages in a row from which a problem tells of it."""
REFUSED = "webhook.refused"
SUBJECT = "webhook"
ORIGIN = "webhook"


class WebhookError(RaccordError):
    """Raised when an address or a secret cannot be made as asked; says why and what to do."""


class UnknownAddressError(LookupError):
    """Raised for an address that no living connection has."""


class MessageRefusedError(Exception):
    """Raised for a message that is not believed; nothing of it is kept."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class EndpointView:
    """A connection's address as its managers see it."""

    path: str
    made_at: datetime
    made_by: str
    good_at: datetime | None
    refused: int
    refused_at: datetime | None
    refused_why: str
    deliveries: Sequence[DeliveryView]


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A message that came; without a run it waits for the next one."""

    message_id: str
    size: int
    received_at: datetime
    run_id: str | None


def handle_of(connection_id: str) -> str:
    """Return the vault handle of a connection's webhook secrets."""
    return f"connection:{connection_id}:webhook"


def open_endpoint(workshop: Workshop, actor: Actor, connection_id: str, given: str = "") -> tuple[str, str]:
    """Return the path of a connection's address, made if there is none, and a new secret for the source, shown once.

    ``given`` is the secret where the source makes it. The one before counts for another day, for the source to change.
    """
    now = workshop.clock.now()
    secret = given.strip() or new_secret()
    try:
        key_of(secret)
    except ValueError:
        raise WebhookError(
            "webhook.secret",
            Text("Ce secret n'en est pas un de Standard Webhooks.", "This is no secret of Standard Webhooks."),
            Text(
                "Copiez-le entier depuis la source : « whsec_ », puis du base64.",
                "Copy it whole from the source: “whsec_”, then base64.",
            ),
        ) from None
    with workshop.database.begin() as session:
        connection = _managed(workshop, session, actor, connection_id)
        endpoint, _ = _endpoint(session, actor, connection, now)
        _keep_secret(workshop.vault.within(session), connection.id, secret, now)
        _note(session, actor, connection, "webhook.secret_given", now)
        return path_of(endpoint.address), secret


def require_managing(workshop: Workshop, actor: Actor, connection_id: str) -> None:
    """Let only those go on who manage a connection that takes messages."""
    with workshop.database.begin() as session:
        _managed(workshop, session, actor, connection_id)


def reserve_address(workshop: Workshop, actor: Actor, connection_id: str) -> tuple[str, bool]:
    """Return the path of a connection's address and whether it was just made; nothing is believed there without a
    secret.
    """
    with workshop.database.begin() as session:
        connection = _managed(workshop, session, actor, connection_id)
        endpoint, is_new = _endpoint(session, actor, connection, workshop.clock.now())
        return path_of(endpoint.address), is_new


def _endpoint(session: Session, actor: Actor, connection: Connection, now: datetime) -> tuple[WebhookEndpoint, bool]:
    if connection.state == ConnectionState.DISCONNECTED:
        raise _ended(connection)
    found = session.get(WebhookEndpoint, connection.id)
    if found is not None:
        return found, False
    made = WebhookEndpoint(
        connection_id=connection.id, address=secrets.token_urlsafe(24), made_at=now, made_by=actor.name
    )
    session.add(made)
    return made, True


def close_endpoint(workshop: Workshop, actor: Actor, connection_id: str) -> None:
    """Take a connection's address away; what the source sends there from now on is refused."""
    with workshop.database.begin() as session:
        connection = _managed(workshop, session, actor, connection_id)
        endpoint = session.get(WebhookEndpoint, connection.id)
        if endpoint is None:
            return
        session.delete(endpoint)
        workshop.vault.within(session).delete(handle_of(connection.id))
        close_problems(session, connection.id, SUBJECT, workshop.clock.now(), REFUSED)
        _note(session, actor, connection, "webhook.closed", workshop.clock.now())


def endpoint_view(session: Session, connection_id: str, limit: int = 50) -> EndpointView | None:
    """Return a connection's address with what came last, or nothing where it has none."""
    row = session.get(WebhookEndpoint, connection_id)
    if row is None:
        return None
    came = session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.connection_id == connection_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(min(limit, 200))
    )
    return EndpointView(
        path_of(row.address), row.made_at, row.made_by, row.good_at, row.refused, row.refused_at, row.refused_why,
        [DeliveryView(each.message_id, each.size, each.received_at, each.run_id) for each in came],
    )  # fmt: skip


def receive(workshop: Workshop, address: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Take a message in, whole on the disk before this returns; ``False`` for one that came before.

    Raises ``UnknownAddressError`` and ``MessageRefusedError``. The run that reads it is started by the next tick.
    """
    now = workshop.clock.now()
    with workshop.database.read() as session:
        endpoint = session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.address == address)).one_or_none()
        if endpoint is None:
            raise UnknownAddressError
        connection = session.get_one(Connection, endpoint.connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        use = None if admitted is None else admitted.info.webhooks
        known = _secrets(workshop.vault.within(session), connection.id, now)
    if use is None or connection.state == ConnectionState.DISCONNECTED:
        raise UnknownAddressError
    fault = fault_of(known, headers, body, now)
    if fault is not None:
        _refused(workshop, connection.id, fault, now)
        raise MessageRefusedError(fault)
    return _taken(workshop, connection.id, headers[ID], body, now, keep=use is Webhooks.RECORDS)


def path_of(address: str) -> str:
    """Return the path of an address below the installation's own."""
    return f"/hooks/{address}"


def _taken(workshop: Workshop, connection_id: str, message_id: str, body: bytes, now: datetime, *, keep: bool) -> bool:
    with workshop.database.read() as session:
        if session.scalar(select(exists().where(*_this(connection_id, message_id)))):
            return False
    if keep:
        # Before the row: after a crash in between the source sends it again, and the same bytes are one file.
        files = StoredFileBox(workshop.vault, workshop.settings.data_dir, connection_id, workshop.clock)
        files.receive(f"webhook-{message_id}.json", io.BytesIO(body), origin=ORIGIN)
    try:
        with workshop.database.begin() as session:
            delivery = WebhookDelivery(
                connection_id=connection_id, message_id=message_id, size=len(body), received_at=now
            )
            session.add(delivery)
            endpoint = session.get(WebhookEndpoint, connection_id)
            if endpoint is not None:
                endpoint.good_at, endpoint.refused, endpoint.refused_why = now, 0, ""
            close_problems(session, connection_id, SUBJECT, now, REFUSED)
            old = (
                select(WebhookDelivery.id)
                .where(WebhookDelivery.connection_id == connection_id, WebhookDelivery.received_at < now - KEPT)
                .limit(PRUNED_AT_ONCE)
            )
            session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(list(session.scalars(old)))))
    except IntegrityError:
        return False  # the same message on another thread
    return True


def _refused(workshop: Workshop, connection_id: str, fault: Fault, now: datetime) -> None:
    with workshop.database.begin() as session:
        endpoint = session.get(WebhookEndpoint, connection_id, with_for_update=True)
        if endpoint is None:
            return
        endpoint.refused, endpoint.refused_at, endpoint.refused_why = endpoint.refused + 1, now, str(fault)
        if endpoint.refused == TOLD_FROM:
            open_problem(
                session,
                connection_id=connection_id,
                code=REFUSED,
                subject=SUBJECT,
                params={"count": endpoint.refused, "why": str(fault)},
                now=now,
            )


def _this(connection_id: str, message_id: str) -> tuple[Any, Any]:
    return WebhookDelivery.connection_id == connection_id, WebhookDelivery.message_id == message_id


def _secrets(vault: VaultSession, connection_id: str, now: datetime) -> list[str]:
    """Return the secrets that count now, the newest first."""
    kept = vault.get(handle_of(connection_id), missing_ok=True)
    rows = cast("list[dict[str, str]]", exact(kept)) if kept else []
    return [row["secret"] for row in rows if not row["until"] or datetime.fromisoformat(row["until"]) > now]


def _keep_secret(vault: VaultSession, connection_id: str, secret: str, now: datetime) -> None:
    before = [each for each in _secrets(vault, connection_id, now) if each != secret][:1]
    until = (now + OVERLAP).isoformat()
    rows = [{"secret": secret, "until": ""}, *({"secret": each, "until": until} for each in before)]
    vault.put(handle_of(connection_id), canonical(rows))


def _managed(workshop: Workshop, session: Session, actor: Actor, connection_id: str) -> Connection:
    connection = session.get_one(Connection, connection_id, with_for_update=True)
    admitted = workshop.scopes.catalog.get(connection.connector)
    info: ConnectorInfo | None = None if admitted is None else admitted.info
    require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    if info is None or info.webhooks is None:
        raise WebhookError(
            "webhook.not_taken",
            Text(
                f"Le connecteur « {connection.connector} » ne reçoit pas de messages.",
                f"The connector “{connection.connector}” takes no messages.",
            ),
            Text("Ses données sont lues à chaque synchro.", "Its data is read by each run."),
        )
    return connection


def _ended(connection: Connection) -> WebhookError:
    return WebhookError(
        "webhook.disconnected",
        Text(f"« {connection.label} » est déconnectée.", f"“{connection.label}” is disconnected."),
        Text("Reconnectez-la d'abord.", "Connect it again first."),
    )


def _note(session: Session, actor: Actor, connection: Connection, action: str, now: datetime) -> None:
    events.append(
        session,
        actor=actor.name,
        action=action,
        subject=connection.label,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body={},
    )

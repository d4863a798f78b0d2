"""Having a source send its messages here by itself, where its connector can ask it to, and no more."""

from __future__ import annotations

from dataclasses import dataclass

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor
from raccord.onboarding.arriving.webhooks import (
    WebhookError,
    close_endpoint,
    open_endpoint,
    require_managing,
    reserve_address,
)
from raccord.onboarding.connecting.connections import update_settings
from raccord.plugin.errors import ConnectorError
from raccord.plugin.signing import Subscribed
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection, ConnectionState
from raccord.sync.workshop import Bench, Workshop


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection's address; ``secret`` is what a person has to bring to the source, where it was not told."""

    path: str
    secret: str = ""
    told: bool = False
    """Whether the source was told, so that nothing is left to a person."""


def tells_source(workshop: Workshop, connector: str) -> bool:
    """Tell whether the source of such a connection can be told the address without a person."""
    admitted = workshop.scopes.catalog.get(connector)
    return admitted is not None and "subscribe_messages" in admitted.hooks and bool(workshop.settings.web_url)


def open_messages(workshop: Workshop, actor: Actor, connection_id: str, given: str = "") -> Opened:
    """Make a connection's address, or give it another secret, and tell its source where its connector can.

    ``given`` is a secret that a person brought from the source. The source is asked outside of any transaction; where
    it refuses, all stays as it was, and runs go on looking for themselves.
    """
    bench = _bench(workshop, connection_id)
    if given.strip() or not tells_source(workshop, bench.connection.connector):
        path, secret = open_endpoint(workshop, actor, connection_id, given)
        return Opened(path, "" if given.strip() else secret)
    path, is_new = reserve_address(workshop, actor, connection_id)
    try:
        said = bench.scope.subscribe(workshop.report_view(bench), workshop.settings.web_url.rstrip("/") + path)
        if said is None:
            raise _silent()
        open_endpoint(workshop, actor, connection_id, said.secret)
    except (ConnectorError, RaccordError) as error:
        if is_new:
            close_endpoint(workshop, actor, connection_id)
        raise WebhookError(
            "webhook.not_subscribed",
            error.text,
            Text(
                "Rien n'a changé : chaque synchro cherche d'elle-même ce qu'il y a de nouveau. Essayez de nouveau, "
                "ou apportez le secret de la source à la main.",
                "Nothing has changed: each run looks for what is new by itself. Try again, or bring the source's "
                "secret by hand.",
            ),
        ) from None
    _keep(workshop, actor, connection_id, said)
    return Opened(path, told=True)


def tell_source(workshop: Workshop, actor: Actor, connection_id: str) -> None:
    """Have the source send its messages here; refused where a person has to bring it a secret."""
    require_managing(workshop, actor, connection_id)
    bench = _bench(workshop, connection_id)
    if not tells_source(workshop, bench.connection.connector):
        raise WebhookError(
            "webhook.by_hand",
            Text(
                "Cette source ne se laisse pas dire l'adresse, ou RACCORD_WEB_URL n'est pas réglé.",
                "This source cannot be told the address, or RACCORD_WEB_URL is not set.",
            ),
            Text(
                "Créez l'adresse dans les pages ou par « raccord connect webhook --open », et apportez-la à la source.",
                "Make the address in the pages or by `raccord connect webhook --open`, and bring it to the source.",
            ),
        )
    open_messages(workshop, actor, connection_id)


def close_messages(workshop: Workshop, actor: Actor, connection_id: str) -> None:
    """Take a connection's address away and have its source send nothing more; raises what the source said against it,
    once the address is gone.
    """
    bench = _bench(workshop, connection_id)
    close_endpoint(workshop, actor, connection_id)
    ended = bench.connection.state == ConnectionState.DISCONNECTED
    if ended or not bench.scope.answers("subscribe_messages"):
        return
    try:
        said = bench.scope.subscribe(workshop.report_view(bench), "")
    except (ConnectorError, RaccordError) as error:
        raise WebhookError(
            "webhook.still_subscribed",
            error.text,
            Text(
                "L'adresse est retirée et ce qui y vient est refusé ; la source, elle, essaie encore. Ouvrir puis "
                "retirer l'adresse, ou déconnecter, le lui redemande.",
                "The address is taken away and what comes there is refused; the source still tries. Opening the "
                "address and taking it away, or disconnecting, asks it again.",
            ),
        ) from None
    if said is not None:
        _keep(workshop, actor, connection_id, said)


def _keep(workshop: Workshop, actor: Actor, connection_id: str, said: Subscribed) -> None:
    if said.keep:
        update_settings(workshop, actor, connection_id, said.keep)


def _bench(workshop: Workshop, connection_id: str) -> Bench:
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        return workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)


def _silent() -> WebhookError:
    return WebhookError(
        "webhook.not_subscribed",
        Text("La source ne dit pas où elle envoie ses messages.", "The source does not say where it sends messages."),
        Text("Essayez de nouveau.", "Try again."),
    )

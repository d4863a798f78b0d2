"""Having Pleo tell of exports: one subscription for a connection, made, changed, and given back at its end."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from raccord.plugin import SignInContext, SourceRefused, Subscribed, Text
from raccord.plugin.contexts import SourceContext
from raccord_pleo.access import api_key, bearer
from raccord_pleo.client import PleoClient, PleoRefused
from raccord_pleo.fetching import client_of, settings_of
from raccord_pleo.settings import Way
from raccord_pleo.signing import renewed_once

SUBSCRIPTIONS = "/v1/subscriptions"
EVENTS = ("v1.export-job.created",)
_GONE = 404


def subscribe(context: SourceContext, address: str) -> Subscribed:
    """Have Pleo send its messages to an address, and to none that it had of this connection before."""
    client, told_before = client_of(context), settings_of(context).messages_at.get_secret_value()
    # Also those of an attempt that was not lived to the end: nobody knows their secrets.
    before = _subscriptions_at(client, {told_before, address})
    secret = _new_secret(client, address) if address else ""
    for id_ in before:
        _delete(client, id_)
    return Subscribed(secret, keep={"messages_at": address})


def give_back(context: SignInContext) -> bool | None:
    """Take the subscription of a connection that ended away; nothing where it had none."""
    settings = settings_of(context)
    address = settings.messages_at.get_secret_value()
    if not address:
        return None
    company = UUID(settings.company_id)
    if settings.way is Way.API_KEY:
        client = PleoClient(context.http, settings.base, company, api_key(settings.api_key.get_secret_value()))
    else:
        access = bearer(settings.access_token.get_secret_value())
        client = PleoClient(context.http, settings.base, company, access, lambda: renewed_once(context, settings))
    for id_ in _subscriptions_at(client, {address}):
        _delete(client, id_)
    return True


def _new_secret(client: PleoClient, address: str) -> str:
    """Subscribe and return what the messages are signed with; a subscription without one is taken back."""
    id_ = str(client.post(SUBSCRIPTIONS, {"endpointUrl": address, "eventTypes": list(EVENTS)}).get("id") or "")
    try:
        secret = client.one(f"{SUBSCRIPTIONS}/{id_}/secret").get("secretKey")
    except SourceRefused:
        with suppress(SourceRefused):
            _delete(client, id_)
        raise
    if not isinstance(secret, str):
        raise SourceRefused(Text("La réponse de Pleo ne contient pas de secret.", "Pleo's answer contains no secret."))
    return secret


def _subscriptions_at(client: PleoClient, addresses: set[str]) -> list[str]:
    return [
        str(row["id"])
        for row in client.rows(SUBSCRIPTIONS)
        if isinstance(row, Mapping) and row.get("endpointUrl") in addresses - {""}
    ]


def _delete(client: PleoClient, id_: str) -> None:
    try:
        client.delete(f"{SUBSCRIPTIONS}/{id_}")
    except PleoRefused as refused:
        if refused.status != _GONE:
            raise

"""Applications registered as on Intuit's developer site, and how long their codes and tokens live."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

from raccord_sandbox.config import Lifetimes
from raccord_sandbox.lab.asking import Ask, LabError, Route, wrong_type
from raccord_sandbox.oauth.clients import Client, ClientRefusedError
from raccord_sandbox.oauth.consent import SCOPES
from raccord_sandbox.oauth.grants import ACCOUNTING
from raccord_sandbox.refusing.faults import Doc

MAX_NAME = 100
MAX_URIS = 25
LONGEST = 100 * 365 * 86_400


def client_of(ask: Ask) -> Client:
    """Return the application that a request names with `client_id`, else that of the settings. Raises LabError 404."""
    key = ask.text("client_id") or ask.path.get("client_id", "") or ask.store.clients.own.id
    found = ask.store.clients.get(key)
    if found is None:
        raise LabError(404, "no_client", f"pas d’application {key}", f"no application {key}")
    return found


def scope_of(ask: Ask) -> str:
    """Return the scopes that a request names, else that of accounting. Raises LabError 400."""
    scope = ask.text("scope") or ACCOUNTING
    if not set(scope.split()) <= SCOPES:
        raise wrong_type(
            "scope", f"de ces mots : {' '.join(sorted(SCOPES))}", f"of these words: {' '.join(sorted(SCOPES))}"
        )
    return scope


def _list(ask: Ask) -> list[Doc]:
    ask.only()
    return [_shown(client) for client in ask.store.clients]


def _register(ask: Ask) -> Doc:
    ask.only("name", "redirect_uris")
    name, uris = ask.text("name").strip() or "Application", ask.fields.get("redirect_uris", [])
    if len(name) > MAX_NAME or not name.isprintable():
        raise wrong_type("name", f"un texte d’au plus {MAX_NAME} signes", f"a text of at most {MAX_NAME} characters")
    if not isinstance(uris, list) or len(uris) > MAX_URIS or not all(isinstance(uri, str) for uri in uris):
        raise wrong_type(
            "redirect_uris", f"une liste d’au plus {MAX_URIS} adresses", f"a list of at most {MAX_URIS} addresses"
        )
    try:
        client = ask.store.clients.register(name, tuple(uris))
    except ClientRefusedError as error:
        raise LabError(400, error.code, error.fr, error.en) from error
    return _shown(client) | {"client_secret": client.secret}


def _remove(ask: Ask) -> Doc:
    ask.only()
    client = client_of(ask)
    try:
        ask.store.clients.remove(client.id)
    except KeyError as error:
        raise LabError(
            409, "own_client", "l’application des réglages ne se retire pas", "the application of the settings stays"
        ) from error
    return {"ended": ask.store.grants.disconnect(client=client.id)}


def _shown(client: Client) -> Doc:
    return {"client_id": client.id, "name": client.name, "redirect_uris": list(client.redirect_uris)}


def _lifetimes(ask: Ask) -> Doc:
    ask.only()
    return _told(ask.store.grants.lifetimes)


def _set_lifetimes(ask: Ask) -> Doc:
    known = [item.name for item in fields(Lifetimes)]
    ask.only(*known)
    given = {name: timedelta(seconds=ask.whole(name, 0, LONGEST)) for name in known if name in ask.fields}
    ask.store.grants.lifetimes = replace(ask.store.grants.lifetimes, **given)
    return _told(ask.store.grants.lifetimes)


def _told(lifetimes: Lifetimes) -> Doc:
    found = {item.name: getattr(lifetimes, item.name) for item in fields(Lifetimes)}
    return {name: int(value.total_seconds()) for name, value in found.items()}


APPLICATIONS = (
    Route("GET", "/clients", "the applications", _list),
    Route("POST", "/clients", "registers an application and answers its keys", _register),
    Route("DELETE", "/clients/{client_id}", "removes an application and ends its grants", _remove),
    Route("GET", "/lifetimes", "how long codes and tokens live, in seconds", _lifetimes),
    Route("POST", "/lifetimes", "sets the lifetimes named", _set_lifetimes),
)

"""Webhook endpoints registered, watched and served at once, as on the page of an application."""

from __future__ import annotations

from raccord_sandbox.lab.applications import client_of
from raccord_sandbox.lab.asking import Ask, LabError, Route, wrong_type
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.webhooks.endpoints import LONGEST_WAIT, Endpoint
from raccord_sandbox.webhooks.events import Format

FIELDS = ("url", "client_id", "verifier", "format", "realm", "entities", "operations", "wait")
MAX_TOKEN = 200


def _list(ask: Ask) -> list[Doc]:
    ask.only()
    return [shown(endpoint) for endpoint in ask.store.webhooks.endpoints()]


def _register(ask: Ask) -> Doc:
    ask.only(*FIELDS)
    settings: Doc = {name: ask.text(name) for name in ("realm", "verifier", "format") if name in ask.fields}
    if settings.get("format", Format.LEGACY) not in list(Format):
        raise wrong_type("format", f"l’un de : {', '.join(Format)}", f"one of: {', '.join(Format)}")
    if "verifier" in settings and not 0 < len(settings["verifier"]) <= MAX_TOKEN:
        raise wrong_type("verifier", f"un texte d’au plus {MAX_TOKEN} signes", f"a text of at most {MAX_TOKEN} signs")
    settings |= {name: _words(ask, name) for name in ("entities", "operations") if name in ask.fields}
    if "wait" in ask.fields:
        settings["wait"] = ask.whole("wait", 0, LONGEST_WAIT)
    try:
        return shown(ask.store.webhooks.register(ask.text("url"), client_of(ask).id, **settings))
    except ValueError as error:
        raise LabError(
            400, "bad_value", f"une valeur ne convient pas : {error}", f"a value does not fit: {error}"
        ) from error
    except OverflowError as error:
        raise LabError(409, "full", f"trop de points d’accès : {error}", f"too many endpoints: {error}") from error


def shown(endpoint: Endpoint) -> Doc:
    """Return the settings of an endpoint."""
    return endpoint.settings() | {"failing": endpoint.failing_since is not None}


def _remove(ask: Ask) -> Doc:
    ask.only()
    ask.store.webhooks.remove(_endpoint(ask).number)
    return {}


def _enable(ask: Ask) -> Doc:
    ask.only()
    return shown(ask.store.webhooks.enable(_endpoint(ask).number))


def _deliveries(ask: Ask) -> list[Doc]:
    ask.only()
    return list(_endpoint(ask).deliveries)


def _deliver(ask: Ask) -> Doc:
    ask.only()
    return {"tried": ask.store.webhooks.deliver(gathering_too=True)}


def _endpoint(ask: Ask) -> Endpoint:
    number = ask.path["number"]
    for endpoint in ask.store.webhooks.endpoints():
        if str(endpoint.number) == number:
            return endpoint
    raise LabError(404, "no_webhook", f"pas de point d’accès {number}", f"no endpoint {number}")


def _words(ask: Ask, name: str) -> list[str]:
    value = ask.fields[name]
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise wrong_type(name, "une liste de mots", "a list of words")
    return value


WEBHOOKS = (
    Route("GET", "/webhooks", "the webhook endpoints", _list),
    Route("POST", "/webhooks", "registers a webhook endpoint", _register),
    Route("POST", "/webhooks/deliver", "delivers what was gathered without waiting for more", _deliver),
    Route("DELETE", "/webhooks/{number}", "forgets an endpoint", _remove),
    Route("POST", "/webhooks/{number}/enable", "uses an endpoint again that was given up", _enable),
    Route("GET", "/webhooks/{number}/deliveries", "the latest attempts to tell an endpoint", _deliveries),
)

"""The authorize pages: a person signs in where there is a password, then chooses a company and consents, or not."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from raccord_sandbox.keeping.store import Store
from raccord_sandbox.oauth.clients import Client
from raccord_sandbox.oauth.endpoints import base_of, form_of
from raccord_sandbox.oauth.grants import ACCOUNTING, PAYMENT, OAuthError
from raccord_sandbox.oauth.openid import SCOPES as IDENTITY
from raccord_sandbox.window.rendering import HEADERS, page, render
from raccord_sandbox.wire import new_tid

SCOPES = frozenset(
    {
        ACCOUNTING,
        PAYMENT,
        *IDENTITY,
        "app-foundations.custom-field-definitions",
        "app-foundations.custom-field-definitions.read",
        "project-management.project",
        "indirect-tax.tax-calculation.quickbooks",
        "payroll.compensation.read",
    }
)
OF_COMPANY = SCOPES - set(IDENTITY)
"""Scopes that are consented to for one company."""
FIELDS = ("client_id", "redirect_uri", "scope", "state", "response_type", "nonce")
CALLBACK = "/sandbox/callback"


def consent_router(store: Store) -> APIRouter:
    """Return the pages of consent of a sandbox."""
    router = APIRouter()

    @router.get("/connect/oauth2", response_model=None)
    async def ask(request: Request) -> Response:
        fields = dict(request.query_params)
        client = _trusted(store, request, fields)
        if isinstance(client, Response):
            return client
        problem = _problem(fields)
        if problem is not None:
            return _back(fields, problem)
        if fields.get("auto") == "1" and store.config.automatic_consent:
            if not store.identity.signs_in(fields.get("password", "")):
                return _shown(request, "access_denied", "password")
            first = next(iter(store.listed()), None)
            return _connect(store, fields, client, fields.get("realm") or (first.realm if first else ""))
        if store.identity.has_password:
            return _signing_in(request, fields)
        return _asked(store, request, client, fields)

    @router.post("/connect/oauth2", response_model=None)
    async def decide(request: Request) -> Response:
        try:
            fields = await form_of(request)
        except OAuthError as error:
            return _shown(request, error.error, error.description)
        client = _trusted(store, request, fields)
        if isinstance(client, Response):
            return client
        problem = _problem(fields)
        if problem is not None:
            return _back(fields, problem)
        if fields.get("decision") == "sign_in":
            if not store.identity.signs_in(fields.get("password", "")):
                return _signing_in(request, fields, wrong=True)
            return _asked(store, request, client, fields, store.identity.new_ticket())
        if fields.get("decision") != "connect":
            return _back(fields, {"error": "access_denied"})
        if not store.identity.is_signed_in(fields.get("ticket", "")):
            return _signing_in(request, fields, wrong=True)
        return _connect(store, fields, client, fields.get("realm", ""))

    @router.get(CALLBACK, response_model=None)
    async def callback(request: Request) -> Response:
        """Show an application's author what its redirect address would have received."""
        base = base_of(request)
        return page(
            "callback.html",
            request,
            answer=dict(request.query_params),
            address=f"{base}{CALLBACK}",
            token_endpoint=f"{base}/oauth2/v1/tokens/bearer",
        )

    return router


def _signing_in(request: Request, fields: dict[str, str], *, wrong: bool = False) -> Response:
    """Return the page where one signs in, once more where the password was wrong; nothing is consented to there."""
    return page("signing_in.html", request, 403 if wrong else 200, fields=_carried(fields), wrong=wrong)


def _asked(store: Store, request: Request, client: Client, fields: dict[str, str], ticket: str = "") -> Response:
    """Return the page that asks for consent; a ticket says who signed in before."""
    companies = _choices(store, client) if _wants_company(fields) else None
    return page(
        "consent.html",
        request,
        application=client.name,
        scopes=fields["scope"].split(),
        companies=companies,
        # Whoever comes again mostly comes for another company.
        proposed=next((each.realm for each in companies or () if not each.connected), ""),
        fields=_carried(fields) | ({"ticket": ticket} if ticket else {}),
    )


def _carried(fields: dict[str, str]) -> dict[str, str]:
    """Return what the application asked, for the next page."""
    return {name: fields[name] for name in FIELDS if name in fields}


@dataclass(frozen=True, slots=True)
class _Choice:
    realm: str
    name: str
    connected: bool
    """Whether the application may ask for the company already."""


def _choices(store: Store, client: Client) -> list[_Choice]:
    return [
        _Choice(each.realm, each.settings["name"], store.grants.is_connected(each.realm, client.id))
        for each in store.listed()
    ]


def _trusted(store: Store, request: Request, fields: dict[str, str]) -> Client | Response:
    """Return the application, or the page that refuses: an untrusted redirect address is never followed."""
    client = store.clients.get(fields.get("client_id", ""))
    if client is None:
        return _shown(request, "invalid_client", "client_id")
    uri = fields.get("redirect_uri", "")
    if not client.allows(uri) and uri != f"{base_of(request)}{CALLBACK}":
        return _shown(request, "invalid_request", "redirect_uri")
    return client


def _shown(request: Request, error: str, what: str) -> Response:
    text = render("refused.html", request, error=error, what=what)
    return HTMLResponse(text, 400, HEADERS | {"intuit_tid": new_tid()})


def _problem(fields: dict[str, str]) -> dict[str, str] | None:
    """Return the error that goes back to a trusted address."""
    if not fields.get("state"):
        return {"error": "invalid_request", "error_description": "state is required"}
    if fields.get("response_type", "") != "code":
        return {"error": "unsupported_response_type"}
    scopes = set(fields.get("scope", "").split())
    if not scopes or not scopes <= SCOPES:
        return {"error": "invalid_scope"}
    return None


def _wants_company(fields: dict[str, str]) -> bool:
    return bool(OF_COMPANY & set(fields["scope"].split()))


def _connect(store: Store, fields: dict[str, str], client: Client, realm: str) -> Response:
    if not _wants_company(fields):
        realm = ""
    elif store.get(realm) is None:
        return _back(fields, {"error": "access_denied", "error_description": "no such company"})
    nonce = fields.get("nonce", "")
    code = store.grants.new_code(realm, fields["redirect_uri"], fields["scope"], client.id, nonce)
    return _back(fields, {"code": code} | ({"realmId": realm} if realm else {}))


def _back(fields: dict[str, str], answer: dict[str, str]) -> Response:
    uri = fields["redirect_uri"]
    state = {"state": fields["state"]} if fields.get("state") else {}
    mark = "&" if "?" in uri else "?"
    return RedirectResponse(f"{uri}{mark}{urlencode(answer | state)}", 302, {"intuit_tid": new_tid()})

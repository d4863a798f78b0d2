"""The OAuth pages and endpoints: discovery, consent, tokens, revocation."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.grants import OAuthError
from raccord_sandbox.pages import HEADERS, render
from raccord_sandbox.store import Store
from raccord_sandbox.wire import new_tid

ACCOUNTING = "com.intuit.quickbooks.accounting"
SCOPES = frozenset({ACCOUNTING, "com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_FORM = 100_000


def discovery(base: str) -> dict[str, Any]:
    """Return the discovery document for a sandbox at this address."""
    return {
        "issuer": f"{base}/op/v1",
        "authorization_endpoint": f"{base}/connect/oauth2",
        "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def consent_router(store: Store) -> APIRouter:
    """Return the OAuth routes of a sandbox."""
    router = APIRouter()
    config = store.config

    @router.get("/.well-known/openid_configuration", response_model=None)
    @router.get("/.well-known/openid_sandbox_configuration", response_model=None)
    async def show_discovery(request: Request) -> Response:
        base = f"{request.url.scheme}://{request.url.netloc}"
        return JSONResponse(discovery(base), headers={"intuit_tid": new_tid()})

    @router.get("/connect/oauth2", response_model=None)
    async def ask(request: Request) -> Response:
        fields = dict(request.query_params)
        problem = _request_problem(config, fields)
        if problem is not None:
            return problem
        if fields.get("auto") == "1" and config.automatic_consent:
            realm = fields.get("realm") or next(iter(store)).realm
            return _connect(store, fields, realm)
        return HTMLResponse(
            render("consent.html", request, title="", companies=_choices(store), fields=fields), headers=HEADERS
        )

    @router.post("/connect/oauth2", response_model=None)
    async def decide(request: Request) -> Response:
        fields = await _form(request)
        problem = _request_problem(config, fields)
        if problem is not None:
            return problem
        if fields.get("decision") != "connect":
            return _back(fields, {"error": "access_denied"})
        return _connect(store, fields, fields.get("realm", ""))

    @router.post("/oauth2/v1/tokens/bearer", response_model=None)
    async def tokens(request: Request) -> Response:
        try:
            fields = await _form(request)
            _check_client(config, request, fields)
            return JSONResponse(_tokens(store, fields), headers={"intuit_tid": new_tid(), "Cache-Control": "no-store"})
        except OAuthError as error:
            return _refused(error)

    @router.post("/v2/oauth2/tokens/revoke", response_model=None)
    async def revoke(request: Request) -> Response:
        try:
            fields = await _form(request)
            _check_client(config, request, fields)
            store.grants.revoke(fields.get("token", ""))
        except OAuthError as error:
            return _refused(error)
        return Response(b"", 200, {"intuit_tid": new_tid()})

    return router


def _choices(store: Store) -> list[tuple[str, str]]:
    return [(company.realm, company.settings["name"]) for company in store]


def _tokens(store: Store, fields: dict[str, str]) -> dict[str, Any]:
    match fields.get("grant_type"):
        case "authorization_code":
            if "code" not in fields or "redirect_uri" not in fields:
                raise OAuthError(400, "invalid_request", "code and redirect_uri are required")
            return store.grants.exchange(fields["code"], fields["redirect_uri"])
        case "refresh_token":
            if "refresh_token" not in fields:
                raise OAuthError(400, "invalid_request", "refresh_token is required")
            return store.grants.refresh(fields["refresh_token"])
        case None:
            raise OAuthError(400, "invalid_request", "grant_type is required")
        case other:
            raise OAuthError(400, "unsupported_grant_type", f"{other} is not supported")


def _check_client(config: SandboxConfig, request: Request, fields: dict[str, str]) -> None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    client, secret = fields.get("client_id", ""), fields.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError(401, "invalid_client") from error
    good = secrets.compare_digest(client.encode(), config.client_id.encode())
    if not (secrets.compare_digest(secret.encode(), config.client_secret.encode()) and good):
        raise OAuthError(401, "invalid_client")


def _request_problem(config: SandboxConfig, fields: dict[str, str]) -> Response | None:
    """Return the refusal of an authorize request; an untrusted redirect address is never followed."""
    if fields.get("client_id") != config.client_id:
        return HTMLResponse("<p>invalid_client: unknown client_id</p>", 400)
    if not _redirect_allowed(config, fields.get("redirect_uri", "")):
        return HTMLResponse("<p>invalid_request: redirect_uri is not registered</p>", 400)
    if not fields.get("state"):
        return _back(fields, {"error": "invalid_request", "error_description": "state is required"})
    if fields.get("response_type", "code") != "code":
        return _back(fields, {"error": "unsupported_response_type"})
    scopes = set(fields.get("scope", "").split())
    if not scopes or not scopes <= SCOPES:
        return _back(fields, {"error": "invalid_scope"})
    return None


def _redirect_allowed(config: SandboxConfig, uri: str) -> bool:
    if config.redirect_uris:
        return uri in config.redirect_uris
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK


def _connect(store: Store, fields: dict[str, str], realm: str) -> Response:
    if store.get(realm) is None:
        return _back(fields, {"error": "access_denied", "error_description": "no such company"})
    answer = {"code": store.grants.new_code(realm, fields["redirect_uri"], fields["scope"])}
    return _back(fields, answer | {"realmId": realm})


def _back(fields: dict[str, str], answer: dict[str, str]) -> Response:
    uri = fields["redirect_uri"]
    state = {"state": fields["state"]} if fields.get("state") else {}
    mark = "&" if "?" in uri else "?"
    return RedirectResponse(f"{uri}{mark}{urlencode(answer | state)}", 302, {"intuit_tid": new_tid()})


def _refused(error: OAuthError) -> Response:
    body = {"error": error.error}
    if error.description:
        body["error_description"] = error.description
    return JSONResponse(body, error.status, {"intuit_tid": new_tid()})


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise OAuthError(400, "invalid_request", "the form is too large")
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            fields = json.loads(body) if body else {}
        except ValueError as error:
            raise OAuthError(400, "invalid_request", "malformed JSON") from error
        return {str(key): str(value) for key, value in fields.items()} if isinstance(fields, dict) else {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))

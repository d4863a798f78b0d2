"""What applications ask of the OAuth hosts: discovery, keys, tokens, revocation, and who consented."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from raccord_sandbox.keeping.store import Store
from raccord_sandbox.oauth.clients import Client
from raccord_sandbox.oauth.grants import Issued, OAuthError
from raccord_sandbox.oauth.openid import discovery
from raccord_sandbox.refusing.faults import GatewayError
from raccord_sandbox.wire import new_tid

MAX_FORM = 100_000
HARD_EXPIRY = "x-include-refresh-token-hard-expires-in"


def endpoints_router(store: Store) -> APIRouter:
    """Return the endpoints of a sandbox."""
    router = APIRouter()

    @router.get("/.well-known/openid_configuration", response_model=None)
    @router.get("/.well-known/openid_sandbox_configuration", response_model=None)
    async def show_discovery(request: Request) -> Response:
        return _json(discovery(base_of(request)))

    @router.get("/op/v1/jwks", response_model=None)
    async def show_keys() -> Response:
        return _json(await run_in_threadpool(store.identity.keys))

    @router.post("/oauth2/v1/tokens/bearer", response_model=None)
    async def tokens(request: Request) -> Response:
        try:
            fields = await form_of(request)
            client = _client(store, request, fields)
            issued = _issued(store, fields, client)
        except OAuthError as error:
            return _refused(error)
        return _json(await run_in_threadpool(_answer, store, request, issued))

    @router.post("/v2/oauth2/tokens/revoke", response_model=None)
    async def revoke(request: Request) -> Response:
        try:
            is_json = request.headers.get("content-type", "").startswith("application/json")
            fields = await (_json_body(request) if is_json else form_of(request))
            client = _client(store, request, fields)
            store.grants.revoke(fields.get("token", ""), client.id)
        except OAuthError as error:
            return _refused(error)
        return Response(b"", 200, {"intuit_tid": new_tid()})

    @router.get("/v1/openid_connect/userinfo", response_model=None)
    async def userinfo(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            access = store.grants.access_of(token.strip() if scheme.lower() == "bearer" else "")
        except GatewayError as error:
            return _refused(OAuthError(401, "invalid_token", error.detail))
        if not access.allows("openid"):
            return _refused(OAuthError(403, "insufficient_scope", "The scope openid was not granted"))
        return _json(store.identity.person(access))

    return router


def base_of(request: Request) -> str:
    """Return the address under which the client sees this sandbox."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form. Raises invalid_request."""
    content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content not in ("application/x-www-form-urlencoded", ""):
        raise OAuthError(400, "invalid_request", f"The content type {content} is not a form")
    body = await _body(request)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


async def _json_body(request: Request) -> dict[str, str]:
    try:
        fields = json.loads(await _body(request))
    except ValueError as error:
        raise OAuthError(400, "invalid_request", "malformed JSON") from error
    if not isinstance(fields, dict):
        raise OAuthError(400, "invalid_request", "a JSON object is needed")
    return {str(key): str(value) for key, value in fields.items()}


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise OAuthError(400, "invalid_request", "the request is too large")
    return body


def _client(store: Store, request: Request, fields: dict[str, str]) -> Client:
    """Return the application that presents itself, in the header or in the form. Raises invalid_client."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    key, secret = fields.get("client_id", ""), fields.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError(401, "invalid_client") from error
        key, secret = unquote_plus(key), unquote_plus(secret)
    found = store.clients.get(key)
    if found is None or not found.has_secret(secret):
        raise OAuthError(401, "invalid_client")
    return found


def _issued(store: Store, fields: dict[str, str], client: Client) -> Issued:
    match fields.get("grant_type"):
        case "authorization_code":
            if not fields.get("code") or not fields.get("redirect_uri"):
                raise OAuthError(400, "invalid_request", "code and redirect_uri are required")
            return store.grants.exchange(fields["code"], fields["redirect_uri"], client.id)
        case "refresh_token":
            if not fields.get("refresh_token"):
                raise OAuthError(400, "invalid_request", "refresh_token is required")
            return store.grants.refresh(fields["refresh_token"], client.id)
        case None | "":
            raise OAuthError(400, "invalid_request", "grant_type is required")
        case other:
            raise OAuthError(400, "unsupported_grant_type", f"{other} is not supported")


def _answer(store: Store, request: Request, issued: Issued) -> dict[str, Any]:
    body = dict(issued.body)
    if request.headers.get(HARD_EXPIRY, "").lower() == "true":
        body["x_refresh_token_hard_expires_in"] = store.grants.hard_expiry(issued.grant)
    if issued.by_code and "openid" in issued.grant.scope.split():
        body["id_token"] = store.identity.id_token(base_of(request), issued.grant, issued.nonce)
    return body


def _json(body: Any) -> Response:
    return JSONResponse(body, headers={"intuit_tid": new_tid(), "Cache-Control": "no-store"})


def _refused(error: OAuthError) -> Response:
    body = {"error": error.error} | ({"error_description": error.description} if error.description else {})
    headers = {"intuit_tid": new_tid(), "Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if error.error == "invalid_token" else "Basic"
    return JSONResponse(body, error.status, headers)

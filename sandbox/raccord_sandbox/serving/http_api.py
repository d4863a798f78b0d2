"""The Accounting API over HTTP: paths, bodies and their limits, compression, headers."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from raccord_sandbox.api import answer, in_form, refused
from raccord_sandbox.attachments.upload import MAX_UPLOAD
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.refusing.faults import FaultError, GatewayError
from raccord_sandbox.serving.calls import Answer, Call
from raccord_sandbox.wire import QBO_VERSION, deflate, inflate, new_tid

GZIP_FROM = 800
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
UNPACKED = frozenset({"", "identity"})


def company_router(store: Store) -> APIRouter:
    """Return the routes below /v3; what lies beside the companies is nowhere (404)."""
    router = APIRouter()

    async def no_company(request: Request) -> Response:
        return await _answered(store, request, "")

    async def company(request: Request) -> Response:
        return await _answered(store, request, request.path_params["rest"])

    async def nowhere(_request: Request) -> Response:
        return PlainTextResponse("Not Found", 404, headers())

    # Plain routes: they read their requests themselves, and FastAPI's way to an argument takes as long as an answer.
    router.add_route("/v3/company", no_company, METHODS)
    router.add_route("/v3/company/{rest:path}", company, METHODS)
    router.add_route("/v3/{rest:path}", nowhere, METHODS)
    return router


def headers() -> dict[str, str]:
    """Return what every answer bears."""
    return {"intuit_tid": new_tid(), "QBO-Version": QBO_VERSION}


def failed(store: Store, request: Request, error: Exception) -> Response:
    """Return the answer to a request that broke the sandbox itself."""
    fault = FaultError(10000, f"System Failure Error: {type(error).__name__}")
    return _response(request, _refusal(store, _call(request, ""), fault))


async def _answered(store: Store, request: Request, rest: str) -> Response:
    call = _call(request, rest)
    try:
        call = replace(call, body=await _body(store, request, call))
    except (FaultError, GatewayError) as refusal:
        return _response(request, _refusal(store, call, refusal))
    return _response(request, await run_in_threadpool(answer, store, call))


def _call(request: Request, rest: str) -> Call:
    realm, _, path = rest.partition("/")
    return Call(
        request.method,
        realm,
        path,
        dict(request.query_params),
        request.headers,
        str(request.base_url).rstrip("/"),
        frozenset(request.scope.get("state", {})),
    )


def _refusal(store: Store, call: Call, refusal: FaultError | GatewayError) -> Answer:
    return in_form(call, refused(refusal, store.clock))


async def _body(store: Store, request: Request, call: Call) -> bytes:
    """Return the body unpacked. Raises the refusals of one that is too large or cannot be read."""
    limit = MAX_UPLOAD if call.is_upload else store.config.max_body
    if call.is_upload and "content-length" not in request.headers:
        raise FaultError(6020, "We cannot find the content-length header in the request", "Content-Length")
    packing = request.headers.get("content-encoding", "").strip().lower()
    if packing not in UNPACKED | {"gzip"}:
        raise FaultError(1050, f"Invalid content encoding : {packing}; send gzip or none", status=415)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit, is_upload=call.is_upload)
        parts.append(part)
    body = b"".join(parts)
    try:
        return inflate(body, limit) if packing == "gzip" else body
    except OverflowError as error:
        raise _too_large(limit, is_upload=call.is_upload) from error


def _too_large(limit: int, *, is_upload: bool) -> FaultError | GatewayError:
    if is_upload:
        return FaultError(6030, f"The file upload request should not exceed {limit // 1024**2}MB in size.")
    text = "message=RequestEntityTooLarge; errorCode=010000; statusCode=413"
    return GatewayError(413, 10000, text, f"A request body may hold at most {limit} bytes", "SERVICE")


def _response(request: Request, found: Answer) -> Response:
    sent = {**headers(), "Vary": "Accept, Accept-Encoding", **found.headers}
    body = found.body.encode() if isinstance(found.body, str) else found.body
    if len(body) >= GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = deflate(body)
        sent["Content-Encoding"] = "gzip"
    return Response(body, found.status, sent, media_type=found.media)

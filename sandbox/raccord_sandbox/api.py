"""The Accounting API: one endpoint that routes inside a company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from raccord_sandbox.attachments.upload import download, upload
from raccord_sandbox.batch import run_batch
from raccord_sandbox.cdc import changes
from raccord_sandbox.clock import precise_stamp
from raccord_sandbox.company import Company
from raccord_sandbox.documents.mailing import send
from raccord_sandbox.documents.printing import printed
from raccord_sandbox.entities.currency_lists import exchange_rate, set_exchange_rate
from raccord_sandbox.entities.kind import Family, Kind, Operation
from raccord_sandbox.entities.registry import BY_PATH, KINDS
from raccord_sandbox.entities.tax_lists import create_tax_code
from raccord_sandbox.faults import Doc, FaultError, GatewayError, forbidden, unauthenticated, unsupported
from raccord_sandbox.limits import sort_of
from raccord_sandbox.oauth.grants import ACCOUNTING
from raccord_sandbox.operations import Origin, note, read, write
from raccord_sandbox.reports.catalog import report
from raccord_sandbox.selection import run
from raccord_sandbox.store import Store
from raccord_sandbox.wire import dumps, loads

JSON = "application/json;charset=UTF-8"
MAX_REQUEST_ID = 50
STATEMENTS = ("application/text", "text/plain")
NOT_ACCEPTABLE = (
    "This sandbox answers JSON only; send the header Accept: application/json. (QuickBooks Online answers XML here.)\n"
    "Ce bac à sable ne répond qu’en JSON : envoyez l’en-tête Accept: application/json. "
    "(QuickBooks en ligne répond ici en XML.)\n"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a company."""

    method: str
    realm: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    address: str = ""
    """Scheme, host and port by which the client reaches the sandbox."""
    marks: frozenset[str] = frozenset()
    """What the fault lab wants done to it."""
    body: bytes = b""

    @property
    def wants_document(self) -> bool:
        """Tell whether the answer is no JSON whatever the client accepts: a PDF, or the address of a file."""
        return self.method == "GET" and (self.path.endswith("/pdf") or self.path.startswith("download/"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: str | bytes
    media: str = JSON


def answer(store: Store, call: Call) -> Answer:
    """Execute a call; every refusal is an answer too."""
    try:
        company, application = _admit(store, call)
    except GatewayError as error:
        return Answer(error.status, dumps(error.body(store.clock.now())))
    try:
        with company.lock:
            company.files.address = call.address
            try:
                return _replayed(store, company, call)
            except (FaultError, GatewayError) as fault:
                return Answer(fault.status, dumps(fault.body(store.clock.now())))
            finally:
                company.flush()
    finally:
        store.throttle.leave(call.realm, application)


def _admit(store: Store, call: Call) -> tuple[Company, str]:
    """Return the company and the application that asks. Raises the gateway's refusals."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated("Authorization header is missing or malformed")
    access = store.grants.access_of(token.strip())
    company = store.get(call.realm)
    if company is None or access.realm != call.realm:
        raise forbidden("The token is not valid for this company")
    if not access.allows(ACCOUNTING):
        raise forbidden("The scope of the token does not include accounting")
    store.throttle.enter(call.realm, sort=sort_of(call.path), application=access.client)
    return company, access.client


def _replayed(store: Store, company: Company, call: Call) -> Answer:
    """Answer a write whose request id was seen before with its first answer."""
    request_id = call.parameters.get("requestid", "")
    if len(request_id) > MAX_REQUEST_ID:
        raise FaultError(2130, f"Invalid Request Id Format : at most {MAX_REQUEST_ID} characters", "requestid")
    is_write = call.method == "POST" and call.path != "query"
    ignored = company.switch("ignore_requestid") or "ignore_requestid" in call.marks
    if not is_write or not request_id or ignored:
        return _execute(store, company, call)
    stored = company.answers.get(request_id)
    if stored is not None:
        status, _, text = stored.partition(" ")
        return Answer(int(status), text)
    try:
        result = _execute(store, company, call)
    except FaultError as fault:
        if company.settings.get("replay_faulted_answers"):
            company.keep_answer(request_id, f"{fault.status} {dumps(fault.body(company.clock.now()))}")
        raise
    company.keep_answer(request_id, f"{result.status} {result.body!s}")
    return result


def _execute(store: Store, company: Company, call: Call) -> Answer:
    origin = Origin(request_id=call.parameters.get("requestid", ""))
    first, _, rest = call.path.strip("/").partition("/")
    body: Doc
    match call.method, first, rest:
        case "GET", "query", "":
            body = {"QueryResponse": run(company, call.parameters.get("query", "").strip(), _include(call))}
        case "POST", "query", "":
            body = {"QueryResponse": run(company, _statement(call), _include(call))}
        case "POST", "batch", "":
            _refuse_if_expired(company)
            body = run_batch(company, _json(call), origin)
        case "GET", "cdc", "":
            entities, since = (call.parameters.get(name, "") for name in ("entities", "changedSince"))
            body = {"CDCResponse": changes(company, entities, since)}
        case "GET", "reports", name if name:
            found = report(company, name, call.parameters)
            store.throttle.check_size(found)
            return Answer(200, dumps(found))
        case "GET", "download", key if key:
            return Answer(200, download(company, key), "text/plain;charset=UTF-8")
        case "POST", "upload", "":
            _refuse_if_expired(company)
            body = upload(company, call.headers, call.body, origin)
        case "GET", "exchangerate", "":
            body = {"ExchangeRate": exchange_rate(company, call.parameters)}
        case "POST", "exchangerate", "":
            _refuse_if_expired(company)
            body = {"ExchangeRate": set_exchange_rate(company, _json(call), origin)}
        case "POST", "taxservice", "taxcode":
            _refuse_if_expired(company)
            found, key = create_tax_code(company, _json(call))
            note(company, KINDS["TaxCode"], "create", {"Id": key}, origin)
            return Answer(200, dumps(found))
        case "GET", entity, key if entity in BY_PATH and key.endswith("/pdf"):
            return Answer(200, printed(company, BY_PATH[entity], key.removesuffix("/pdf")), "application/pdf")
        case "POST", entity, key if entity in BY_PATH and key.endswith("/send"):
            store.throttle.mail(company.realm)
            kind = BY_PATH[entity]
            body = {kind.name: send(company, kind, key.removesuffix("/send"), call.parameters.get("sendTo"), origin)}
        case "GET", entity, key if entity in BY_PATH and "/" not in key:
            kind = BY_PATH[entity]
            body = {kind.name: read(company, kind, _key(company, kind, key), _include(call))}
        case "POST", entity, "" if entity in BY_PATH:
            kind = BY_PATH[entity]
            _refuse_if_expired(company)
            body = {kind.name: _write(company, kind, call, origin)}
        case _:
            path = f"/v3/company/{call.realm}/{call.path}"
            raise unsupported(f"Could not find resource for relative : {path} of full path")
    body["time"] = precise_stamp(company.clock.now())
    return Answer(200, dumps(body))


def _include(call: Call) -> frozenset[str]:
    return frozenset(word.strip() for word in call.parameters.get("include", "").split(","))


def _write(company: Company, kind: Kind, call: Call, origin: Origin) -> Doc:
    body = _json(call)
    include = _include(call)
    match call.parameters.get("operation", ""):
        case "delete":
            operation = Operation.DELETE
        case "void":
            operation = Operation.VOID
        case "" | "update" | "create" as word:
            operation = Operation.VOID if word == "update" and "void" in include else Operation.UPDATE
        case word:
            raise unsupported(f"{word} of {kind.name}")
    if "stale_token" in call.marks and isinstance(body, dict):
        _somebody_else_saves(company, kind, str(body.get("Id", "")))
    return write(company, kind, body, operation, include, origin)


def _somebody_else_saves(company: Company, kind: Kind, key: str) -> None:
    stored = company.get(kind.name, key)
    if stored is not None:
        token = {"Id": key, "SyncToken": stored["SyncToken"], "sparse": True}
        needed = {name: stored[name] for name in kind.sparse_required}
        write(company, kind, {**needed, **token}, Operation.UPDATE, origin=Origin(by="person"))


def _json(call: Call) -> object:
    content = _content_type(call)
    if content != "application/json":
        raise FaultError(1050, f"Invalid content type : {content or 'none'}; send application/json", status=415)
    return loads(call.body)


def _content_type(call: Call) -> str:
    return call.headers.get("content-type", "").partition(";")[0].strip().lower()


def _key(company: Company, kind: Kind, key: str) -> str:
    if kind.family is Family.SINGLE:
        if key in ("", "1", company.realm):
            return "1"
        raise FaultError(2030, f"Invalid ID : {key}", "Id")
    if not key:
        raise unsupported(f"read of {kind.name} without an id")
    return key


def _statement(call: Call) -> str:
    """Return the statement of a POST, which comes as plain text."""
    content = _content_type(call)
    if content not in STATEMENTS:
        raise FaultError(1050, f"Invalid content type : {content or 'none'}; send application/text", status=415)
    try:
        return call.body.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise FaultError(500, "Operation with a body that is not UTF-8 is not supported.") from error


def _refuse_if_expired(company: Company) -> None:
    if company.settings.get("expired"):
        raise FaultError(
            6190,
            "Invalid company status : You can't add data to QuickBooks Online because your trial or subscription "
            "period ended.",
        )

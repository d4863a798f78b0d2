"""Which part of the API a path leads to, once the request is admitted."""

from __future__ import annotations

from raccord_sandbox.attachments.upload import download, upload
from raccord_sandbox.batch import run_batch
from raccord_sandbox.cdc import changes
from raccord_sandbox.clock import precise_stamp
from raccord_sandbox.documents.mailing import send
from raccord_sandbox.documents.printing import printed
from raccord_sandbox.entities.currency_lists import exchange_rate, set_exchange_rate
from raccord_sandbox.entities.kind import Family, Kind, Operation
from raccord_sandbox.entities.registry import BY_PATH, KINDS
from raccord_sandbox.entities.tax_lists import create_tax_code
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.markup.reading import batch_of, entity_of
from raccord_sandbox.operations import Origin, note, read, refuse_if_expired, write
from raccord_sandbox.querying.selection import run
from raccord_sandbox.refusing.faults import Doc, FaultError, unsupported
from raccord_sandbox.reports.catalog import report
from raccord_sandbox.serving.calls import JSON_TYPES, PDF, STATEMENT_TYPES, TEXT, XML_TYPES, Answer, Call, json_answer
from raccord_sandbox.wire import loads

HIGHEST_MINOR_VERSION = 75
BINARY = ("", "application/octet-stream", "application/x-www-form-urlencoded")
"""What a request without a body may call its content; the last is what common HTTP clients write of themselves."""


def routed(store: Store, company: Company, call: Call) -> Answer:
    """Execute an admitted call. Raises its refusals."""
    _check_minor_version(company, call)
    first, _, rest = call.path.strip("/").partition("/")
    match call.method, first, rest:
        case "GET", "reports", name if name:
            found = report(company, name, call.parameters)
            store.throttle.check_size(found)
            return json_answer(found)
        case "POST", "taxservice", "taxcode":
            refuse_if_expired(company)
            made, key = create_tax_code(company, _json(call))
            note(company, KINDS["TaxCode"], "create", {"Id": key}, Origin(request_id=call.request_id))
            return json_answer(made)
        case "GET", "download", key if key:
            return Answer(200, download(company, key), TEXT)
        case "GET", entity, key if entity in BY_PATH and key.endswith("/pdf"):
            return Answer(200, printed(company, BY_PATH[entity], key.removesuffix("/pdf")), PDF)
        case _:
            body = _enveloped(store, company, call, first, rest)
    body["time"] = precise_stamp(company.clock.now())
    return json_answer(body)


def _enveloped(store: Store, company: Company, call: Call, first: str, rest: str) -> Doc:
    """Return the answer without its time."""
    origin = Origin(request_id=call.request_id)
    match call.method, first, rest:
        case "GET", "query", "":
            return {"QueryResponse": run(company, call.parameters.get("query", "").strip(), call.include)}
        case "POST", "query", "":
            return {"QueryResponse": run(company, _statement(call), call.include)}
        case "POST", "batch", "":
            body = batch_of(call.body) if _is_xml(call) else loads(call.body)
            return run_batch(company, body, origin, call.marks)
        case "GET", "cdc", "":
            entities, since = (call.parameters.get(name, "") for name in ("entities", "changedSince"))
            return {"CDCResponse": changes(company, entities, since)}
        case "GET", "exchangerate", "":
            return {"ExchangeRate": exchange_rate(company, call.parameters)}
        case "POST", "exchangerate", "":
            refuse_if_expired(company)
            return {"ExchangeRate": set_exchange_rate(company, _json(call), origin)}
        case "POST", "upload", "":
            return upload(company, call.headers, call.body, origin)
        case "POST", entity, key if entity in BY_PATH and key.endswith("/send"):
            kind = BY_PATH[entity]
            _check_content(call, BINARY)
            store.throttle.mail(company.realm)
            return {kind.name: send(company, kind, key.removesuffix("/send"), call.parameters.get("sendTo"), origin)}
        case "GET", entity, key if entity in BY_PATH and "/" not in key:
            kind = BY_PATH[entity]
            return {kind.name: read(company, kind, _key(company, kind, key), call.include)}
        case "POST", entity, "" if entity in BY_PATH:
            kind = BY_PATH[entity]
            return {kind.name: _write(company, kind, call, origin)}
        case "GET" | "POST", _, _:
            path = f"/v3/company/{call.realm}/{call.path}"
            raise unsupported(f"Could not find resource for relative : {path} of full path: {call.address}{path}")
        case method, _, _:
            raise unsupported(method)


def _write(company: Company, kind: Kind, call: Call, origin: Origin) -> Doc:
    body: object = entity_of(call.body, kind.name) if _is_xml(call) else loads(call.body)
    match call.parameters.get("operation", ""):
        case "delete":
            operation = Operation.DELETE
        case "void":
            operation = Operation.VOID
        case "" | "update" | "create" as word:
            operation = Operation.VOID if word == "update" and "void" in call.include else Operation.UPDATE
        case word:
            raise unsupported(f"{word} of {kind.name}")
    if "stale_token" in call.marks and isinstance(body, dict):
        _somebody_else_saves(company, kind, str(body.get("Id", "")))
    return write(company, kind, body, operation, call.include, origin)


def _somebody_else_saves(company: Company, kind: Kind, key: str) -> None:
    stored = company.get(kind.name, key)
    if stored is not None:
        token = {"Id": key, "SyncToken": stored["SyncToken"], "sparse": True}
        needed = {name: stored[name] for name in kind.sparse_required}
        write(company, kind, {**needed, **token}, Operation.UPDATE, origin=Origin(by="person"))


def _is_xml(call: Call) -> bool:
    """Tell whether the body is XML; another form than this and JSON is refused."""
    _check_content(call, (*JSON_TYPES, *XML_TYPES))
    return call.content_type in XML_TYPES


def _json(call: Call) -> object:
    _check_content(call, JSON_TYPES)
    return loads(call.body)


def _check_content(call: Call, allowed: tuple[str, ...]) -> None:
    if call.content_type not in allowed:
        detail = (
            f"Invalid content type : {call.content_type or 'none'}; send {allowed[-1] if '' in allowed else allowed[0]}"
        )
        raise FaultError(1050, detail, status=415)


def _statement(call: Call) -> str:
    """Return the statement of a POST, which comes as plain text."""
    _check_content(call, STATEMENT_TYPES)
    try:
        return call.body.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise FaultError(500, "Operation with a body that is not UTF-8 is not supported.") from error


def _key(company: Company, kind: Kind, key: str) -> str:
    if kind.family is Family.SINGLE:
        if key in ("", "1", company.realm):
            return "1"
        raise FaultError(2030, f"Invalid ID : {key}", "Id")
    if not key:
        raise unsupported(f"read of {kind.name} without an id")
    return key


def _check_minor_version(company: Company, call: Call) -> None:
    """Let every version behave as the highest; one that does not exist is refused where a switch says so."""
    version = call.parameters.get("minorversion", "")
    known = version.isdecimal() and 1 <= int(version[:9]) <= HIGHEST_MINOR_VERSION
    if version and not known and company.switch("refuse_unknown_minor_version"):
        raise FaultError(2090, f"Invalid Number : minorversion {version} does not exist", "minorversion")

"""The Accounting API: who may ask, what was asked before, and in which form it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.markup.writing import markup
from raccord_sandbox.oauth.grants import ACCOUNTING
from raccord_sandbox.refusing.faults import FaultError, GatewayError, forbidden, unauthenticated, unknown_realm
from raccord_sandbox.serving.calls import XML, Answer, Call, json_answer
from raccord_sandbox.serving.limits import sort_of
from raccord_sandbox.serving.routing import routed
from raccord_sandbox.wire import loads

MAX_REQUEST_ID = 50
MAX_BATCH_REQUEST_ID = 36
"""The ids of a batch's items, up to 10 characters, are added to it."""
RETRY_AFTER = {"Retry-After": "60"}


def answer(store: Store, call: Call) -> Answer:
    """Execute a call; every refusal is an answer too."""
    try:
        company, application = _admit(store, call)
    except (FaultError, GatewayError) as refusal:
        return in_form(call, refused(refusal, store.clock, store.get(call.realm)))
    try:
        with _alone(company, call), company.lock:
            company.files.address = call.address
            try:
                found = _replayed(store, company, call)
            finally:
                company.flush()
    except (FaultError, GatewayError) as refusal:
        found = refused(refusal, company.clock, company)
    finally:
        store.throttle.leave(call.realm, application)
    return in_form(call, found)


def refused(refusal: FaultError | GatewayError, clock: SandboxClock, company: Company | None = None) -> Answer:
    """Return the answer that a refusal is; that of a limit has the form which the company's switches choose."""
    found = json_answer(refusal.body(clock.now()), refusal.status)
    if refusal.status != 429 or company is None:
        return found
    headers = RETRY_AFTER if company.switch("retry_after") else {}
    if company.switch("throttle_body") == "xml":
        return Answer(found.status, markup(refusal.body(clock.now())), XML, headers)
    return Answer(found.status, found.body, found.media, headers)


def in_form(call: Call, found: Answer) -> Answer:
    """Return an answer as JSON to those who ask for it, as XML to all others."""
    if call.wants_json or isinstance(found.body, bytes) or not found.media.startswith("application/json"):
        return found
    return Answer(found.status, markup(loads(found.body.encode())), XML, found.headers)


def _admit(store: Store, call: Call) -> tuple[Company, str]:
    """Return the company and the application that asks. Raises the gateway's refusals."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated("Authorization header is missing or malformed")
    access = store.grants.access_of(token.strip())
    if not call.realm.isdecimal():
        raise unknown_realm()
    company = store.get(call.realm)
    if company is None or access.realm != call.realm:
        raise forbidden("The token is not valid for this company")
    if not access.allows(ACCOUNTING):
        raise forbidden("The scope of the token does not include accounting")
    store.throttle.enter(call.realm, sort=sort_of(call.path), application=access.client)
    return company, access.client


@contextmanager
def _alone(company: Company, call: Call) -> Iterator[None]:
    """Refuse a request id whose first request still runs (600)."""
    request_id = call.request_id
    if not call.is_write or not request_id or _ignores(company, call):
        yield
        return
    if not company.running.add(request_id):
        raise FaultError(600, f"Duplicate Request ID : {request_id} is still running", "requestid")
    try:
        yield
    finally:
        company.running.remove(request_id)


def _ignores(company: Company, call: Call) -> bool:
    return bool(company.switch("ignore_requestid")) or "ignore_requestid" in call.marks


def _replayed(store: Store, company: Company, call: Call) -> Answer:
    """Answer a write whose request id was seen before with its first answer, whatever it holds now."""
    request_id, is_batch = call.request_id, call.path.strip("/") == "batch"
    most = MAX_BATCH_REQUEST_ID if is_batch else MAX_REQUEST_ID
    if len(request_id) > most:
        raise FaultError(2130, f"Invalid Request Id Format : at most {most} characters", "requestid")
    # The items of a batch are remembered one by one, see there.
    if not call.is_write or not request_id or is_batch or _ignores(company, call):
        return routed(store, company, call)
    stored = company.answer_to(request_id)
    if stored is not None:
        status, _, text = stored.partition(" ")
        return Answer(int(status), text)
    try:
        found = routed(store, company, call)
    except FaultError as fault:
        if company.switch("replay_faulted_answers"):
            kept = json_answer(fault.body(company.clock.now()), fault.status)
            company.keep_answer(request_id, f"{kept.status} {kept.body!s}")
        raise
    company.keep_answer(request_id, f"{found.status} {found.body!s}")
    return found

"""The client of one QuickBooks company."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from raccord.quickbooks.batch import (
    BATCH_MAX,
    BatchAnswer,
    BatchItem,
    BatchQuery,
    Entity,
    envelope,
    read_answers,
    rows_in,
)
from raccord.quickbooks.causes import Cause
from raccord.quickbooks.changes import Changes, read_changes
from raccord.quickbooks.clock import SYSTEM_CLOCK, Clock
from raccord.quickbooks.entities import VoidWay, entity
from raccord.quickbooks.environment import Environment
from raccord.quickbooks.errors import (
    Attempt,
    ReadOnlyError,
    TooManyRowsError,
    UnavailableError,
    Uncertain,
    WrongCompanyError,
)
from raccord.quickbooks.governor import PATIENCE_MS, Governor
from raccord.quickbooks.keeper import TokenKeeper
from raccord.quickbooks.limits import Lane, Meter
from raccord.quickbooks.query import PAGE_MAX, count_statement, page_statement
from raccord.quickbooks.transport import new_http
from raccord.quickbooks.uploads import attached, form_of
from raccord.quickbooks.wire import Answer, Call, Wire

REQUEST_ID_MAX = 50
Kept = TypeVar("Kept")
BATCH_REQUEST_ID_MAX = 36
_ROWS_MAX = 100_000


class QuickBooks:
    """Reads and writes the books of one company; safe to use from several threads.

    Objects come as plain dictionaries in QuickBooks' own names; a fraction is a ``Decimal``, a whole number an
    ``int``. Bodies of writes are JSON text made elsewhere and sent byte for byte. No write is repeated while its
    outcome is open: that raises ``Uncertain``. Errors: ``errors``.
    """

    def __init__(
        self,
        environment: Environment,
        realm: str,
        keeper: TokenKeeper,
        governor: Governor,
        http: httpx.Client | None = None,
        clock: Clock = SYSTEM_CLOCK,
        lane: Lane = Lane.RUN,
        meter: Meter | None = None,
    ) -> None:
        if keeper.realm != realm:
            raise WrongCompanyError(realm, keeper.realm)
        self.environment = environment
        self.realm = realm
        self._lane = lane
        self._guard: Callable[[], None] | None = None
        self._writes = True
        self._wire = Wire(environment, realm, keeper, governor, http or new_http(), clock, meter=meter)

    def in_lane(self, lane: Lane) -> QuickBooks:
        """Return this client for another lane; both share the connections, so only one is closed."""
        other = copy(self)
        other._lane = lane
        return other

    def guarded(self, guard: Callable[[], None]) -> QuickBooks:
        """Return this client with a last look before each write leaves: what ``guard`` raises stops the write."""
        other = copy(self)
        other._guard = guard
        return other

    def reading(self) -> QuickBooks:
        """Return this client for reading alone, whoever guards it further: a write raises ``ReadOnlyError`` unsent."""
        other = copy(self)
        other._writes = False
        return other

    def _require_writing(self) -> None:
        if not self._writes:
            raise ReadOnlyError(f"company {self.realm} is only read here")

    @property
    def executes_within_ms(self) -> int:
        """How long after a write left QuickBooks may still execute it."""
        return self._wire.limits.executes_within_ms

    def close(self) -> None:
        self._wire.http.close()

    def __enter__(self) -> QuickBooks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"QuickBooks({self.environment.name}, company {self.realm}, {self._lane})"

    # Reading

    def query(self, statement: str) -> list[Entity]:
        """Return the objects that one statement finds: at most what its MAXRESULTS says (100 when silent). Quote
        values with ``quoted``.
        """
        response = self._queried(statement)
        return [row for key, value in response.items() if isinstance(value, list) for row in rows_in(response, key)]

    def query_all(
        self, kind: str, where: str = "", *, order_by: str = "Id", page: int = PAGE_MAX, limit: int = _ROWS_MAX
    ) -> Iterator[Entity]:
        """Yield every object of ``kind`` that meets ``where``, page by page.

        More than ``limit`` raise ``TooManyRowsError`` rather than be left out. QuickBooks pages by position, so an
        object deleted meanwhile can make another one slip between two pages: compare with ``count`` what must be
        complete.
        """
        start = 1
        while True:
            rows = self.query(page_statement(kind, where, order_by, start, page))
            found = len(rows)
            if start - 1 + found > limit:
                raise TooManyRowsError(f"more than {limit} {kind} objects meet the condition")
            yield from rows
            # A page is let go before the next one is read.
            del rows
            if found < page:
                return
            start += page

    def query_each(self, questions: Sequence[tuple[str, str]]) -> list[list[Entity]]:
        """Return the objects that each question (kind, condition) finds, 30 in one request."""
        return self.kept_of_each(questions, lambda _kind, row: (row,))

    def kept_of_each(
        self, questions: Sequence[tuple[str, str]], keep: Callable[[str, Entity], Iterable[Kept]]
    ) -> list[list[Kept]]:
        """Return what ``keep`` leaves of each object that each question (kind, condition) finds, 30 in one request;
        never more than a page of whole objects is held.

        QuickBooks holds the answer to a batch to 1000 objects over all; where it may have been cut, or a question or
        the batch failed, they are asked again one by one.
        """
        found: list[list[Kept]] = [[] for _ in questions]
        for number, row in self.rows_of_each(questions):
            found[number] += keep(questions[number][0], row)
        return found

    def rows_of_each(self, questions: Sequence[tuple[str, str]]) -> Iterator[tuple[int, Entity]]:
        """Yield each object that each question (kind, condition) finds, with the question's number from 0 on, asked as
        :meth:`kept_of_each` asks; never more than a page of them is held.
        """
        for start in range(0, len(questions), BATCH_MAX):
            some = questions[start : start + BATCH_MAX]
            answers: list[list[Entity] | None] = [None] if len(some) == 1 else self._batch_of_queries(some)
            answers.reverse()
            for number, asked in enumerate(some, start):
                # Each answer is let go before the next one is read.
                answer = answers.pop()
                for row in self.query_all(*asked) if answer is None else answer:
                    yield number, row

    def _batch_of_queries(self, questions: Sequence[tuple[str, str]]) -> list[list[Entity] | None]:
        items = [
            BatchQuery(str(number), page_statement(kind, where, "Id", 1, PAGE_MAX))
            for number, (kind, where) in enumerate(questions, start=1)
        ]
        try:
            answers = self.batch(items, "")
        except UnavailableError:
            return [None] * len(items)
        whole = sum(len(answer.rows) for answer in answers) < PAGE_MAX
        return [list(answer.rows) if whole and answer.ok else None for answer in answers]

    def count(self, kind: str, where: str = "") -> int:
        """Return how many objects of ``kind`` meet ``where``."""
        total = self._queried(count_statement(kind, where)).get("totalCount")
        if not isinstance(total, int):
            raise UnavailableError(f"QuickBooks counted {kind} without saying how many")
        return total

    def read(self, kind: str, id: str) -> Answer[Entity]:
        """Return one object; a deleted or unknown id is a ``RefusedError`` with cause ``posting.gone``."""
        return self._opened(kind, self._get(f"{entity(kind).path}/{quote(id, safe='')}"))

    def company_info(self) -> Answer[Entity]:
        return self.read("CompanyInfo", self.realm)

    def preferences(self) -> Answer[Entity]:
        return self._opened("Preferences", self._get(entity("Preferences").path))

    def changes(self, kinds: Sequence[str], since: datetime) -> Changes:
        """Return what changed and what was deleted since a moment (aware), at most 30 days ago; one request.

        QuickBooks answers with 1000 objects over all: where it may have left some out, ``whole`` is false. It compares
        inclusively and its machines' clocks differ, so ask from a few minutes before the last ``time``.
        """
        params = {"entities": ",".join(kinds), "changedSince": since.isoformat(timespec="seconds")}
        return read_changes(kinds, self._get("cdc", params))

    def report(self, name: str, params: Mapping[str, str]) -> Answer[Entity]:
        """Return a report ('TrialBalance') as QuickBooks builds it: Header, Columns, Rows; cells are text."""
        return self._get(f"reports/{quote(name, safe='')}", params)

    # Writing

    def create(self, kind: str, payload: str | bytes, request_id: str, *, include: str = "") -> Answer[Entity]:
        """Create an object from its JSON text and return it as QuickBooks keeps it.

        The same ``request_id`` (at most 50 characters) asks QuickBooks for the first answer again. ``include`` is an
        option such as 'allowduplicatedocnum' or 'allowautodocnum'.
        """
        return self._write("create", kind, payload, request_id, {"include": include} if include else {})

    def update(self, kind: str, payload: str | bytes, request_id: str, *, include: str = "") -> Answer[Entity]:
        """Update an object from JSON text that holds Id and SyncToken; 'sparse' in the text decides whether other
        properties stay.
        """
        return self._write("update", kind, payload, request_id, {"include": include} if include else {})

    def delete(self, kind: str, id: str, sync_token: str, request_id: str) -> Answer[Entity]:
        """Delete a transaction or attachment for good; the answer holds only its Id and status."""
        return self.take_out(kind, json.dumps({"Id": id, "SyncToken": sync_token}), request_id)

    def void(self, kind: str, id: str, sync_token: str, request_id: str) -> Answer[Entity]:
        """Void a transaction: it stays, with all amounts at zero."""
        sparse = {"sparse": True} if entity(kind).void is VoidWay.INCLUDE else {}
        body = json.dumps({"Id": id, "SyncToken": sync_token, **sparse})
        return self.take_out(kind, body, request_id, void=True)

    def take_out(self, kind: str, payload: str | bytes, request_id: str, *, void: bool = False) -> Answer[Entity]:
        """Delete, or void, what JSON text made elsewhere names by Id and SyncToken."""
        if not void:
            if not entity(kind).deletable:
                raise ValueError(f"QuickBooks does not delete {kind}; objects of a list are made inactive instead")
            return self._write("delete", kind, payload, request_id, {"operation": "delete"})
        match entity(kind).void:
            case VoidWay.OPERATION:
                return self._write("void", kind, payload, request_id, {"operation": "void"})
            case VoidWay.INCLUDE:
                return self._write("void", kind, payload, request_id, {"operation": "update", "include": "void"})
            case None:
                raise ValueError(f"QuickBooks does not void {kind} through its service")

    def upload(self, metadata: str, content: bytes, request_id: str) -> Answer[Entity]:
        """Attach a file: ``metadata`` is the JSON text of the Attachable (name, type, what it belongs to), and
        ``content`` its bytes, at most ``UPLOAD_BYTES_MAX``.
        """
        self._require_writing()
        _check_request_id(request_id, REQUEST_ID_MAX)
        body, content_type = form_of(metadata, content)
        attempt = Attempt("create", "Attachable", request_id)
        call = Call("POST", "upload", {"requestid": request_id}, body, content_type, attempt, guard=self._guard)
        return attached(self._wire.send(call, self._lane), attempt)

    def batch(
        self, items: Sequence[BatchItem | BatchQuery], request_id: str, *, patience_ms: int = PATIENCE_MS
    ) -> list[BatchAnswer]:
        """Send up to 30 items at once and return one answer for each, in the order given.

        Items are independent: one may fail while others work. When the answer to the whole is lost, ``Uncertain``
        (kind 'batch') leaves every write in it open. ``request_id`` has at most 36 characters; a batch of queries
        alone needs none and is retried like any read. ``NoPermitError`` says that the limits allow it only later than
        ``patience_ms``; nothing was sent then.
        """
        body = envelope(items)
        writes = any(isinstance(item, BatchItem) for item in items)
        params, attempt = {}, None
        if writes:
            self._require_writing()
            _check_request_id(request_id, BATCH_REQUEST_ID_MAX)
            params, attempt = {"requestid": request_id}, Attempt("batch", "batch", request_id)
        guard = self._guard if writes else None
        reads = sum(isinstance(item, BatchQuery) for item in items)
        call = Call(
            "POST", "batch", params, body, attempt=attempt, batch=True, patience_ms=patience_ms, reads=reads,
            guard=guard,
        )  # fmt: skip
        answer = self._wire.send(call, self._lane)
        answers = read_answers(items, answer.value, answer.tid)
        if any(fault.cause is Cause.THROTTLED for each in answers for fault in each.faults):
            self._wire.pause()
        return answers

    def _write(
        self, operation: str, kind: str, payload: str | bytes, request_id: str, params: Mapping[str, str]
    ) -> Answer[Entity]:
        self._require_writing()
        if not entity(kind).writable:
            raise ValueError(f"QuickBooks does not let programs write {kind}")
        _check_request_id(request_id, REQUEST_ID_MAX)
        body = payload.encode() if isinstance(payload, str) else payload
        attempt = Attempt(operation, kind, request_id)
        params = {"requestid": request_id, **params}
        call = Call("POST", entity(kind).path, params, body, attempt=attempt, reads=0, guard=self._guard)
        return self._opened(kind, self._wire.send(call, self._lane), attempt)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Answer[Entity]:
        return self._wire.send(Call("GET", path, params or {}), self._lane)

    def _queried(self, statement: str) -> Entity:
        # As a body: no limit of length, and no customer's name in an address that proxies write down.
        call = Call("POST", "query", {}, statement.encode(), content_type="application/text")
        response = self._wire.send(call, self._lane).value.get("QueryResponse")
        if not isinstance(response, dict):
            raise UnavailableError("QuickBooks answered a query without a QueryResponse")
        return response

    def _opened(self, kind: str, answer: Answer[dict[str, Any]], attempt: Attempt | None = None) -> Answer[Entity]:
        """Take the object out of its envelope."""
        key = entity(kind).key
        held = answer.value.get(key) if key else answer.value
        if isinstance(held, dict):
            return Answer(held, answer.tid, answer.status)
        if attempt is not None:
            raise Uncertain(
                replace(attempt, http_status=answer.status, reason=f"the answer holds no {key}"), answer.tid
            )
        raise UnavailableError(f"the answer holds no {key}", answer.tid)


def _check_request_id(request_id: str, most: int) -> None:
    if not 1 <= len(request_id) <= most:
        raise ValueError(f"a request id has 1 to {most} characters, not {len(request_id)}")

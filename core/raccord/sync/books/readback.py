"""Finding our documents in QuickBooks by their marks, wherever an answer is missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.quickbooks.codec import differing, is_voided, read_marker
from raccord.store.models import REMOVALS, Action
from raccord.sync.books.company import by_name
from raccord.sync.chunks import chunks


class Way(StrEnum):
    """How a kind is found again when nobody knows its id."""

    NUMBER = "number"
    """By the number we sent, the source's or ours, then by the mark in its note."""
    DAY = "day"
    """By its day, then by the mark in its note: QuickBooks gives these kinds no number of ours."""
    TARGET = "target"
    """By the document that a file is attached to, then by the mark in the file's note."""
    NAME = "name"
    """By its name, which QuickBooks keeps unique; entries of lists bear no mark."""


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "Account": Way.NAME,
        "Customer": Way.NAME,
        "Vendor": Way.NAME,
        "Item": Way.NAME,
        "Invoice": Way.NUMBER,
        "CreditMemo": Way.NUMBER,
        "Bill": Way.NUMBER,
        "VendorCredit": Way.NUMBER,
        "BillPayment": Way.NUMBER,
        "Payment": Way.DAY,
        "SalesReceipt": Way.NUMBER,
        "RefundReceipt": Way.NUMBER,
        "Purchase": Way.NUMBER,
        "JournalEntry": Way.NUMBER,
        "Transfer": Way.DAY,
        "Deposit": Way.DAY,
        "Attachable": Way.TARGET,
    }
)
"""Every kind that may be sent. What is not here is never sent, since a lost answer could not be made good."""
LISTS = tuple(kind for kind, way in WAYS.items() if way is Way.NAME)
DOCUMENTS = tuple(kind for kind, way in WAYS.items() if way not in (Way.NAME, Way.TARGET))
"""Kinds with a day, whose notes bear our mark."""
MARKED = (*DOCUMENTS, *(kind for kind, way in WAYS.items() if way is Way.TARGET))
"""All that bears our mark, files too."""
TELLING = ("AccountType", "IncomeAccountRef")
"""What an entry of the same name must agree in to be ours: money goes where it says."""
CLOCKS_APART = timedelta(hours=1)
"""By how much our hour and QuickBooks' may differ."""


class NoWayBackError(LookupError):
    """Raised before anything is sent of a kind that nobody could find again; a mistake of ours."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind} has no way to be read back: add it to WAYS before it is sent")


@dataclass(frozen=True, slots=True)
class Sought:
    """A document that may be in QuickBooks: its mark, and what tells where to look."""

    code: str
    marker: str
    kind: str
    update: bool
    document_id: str
    body: str
    day: date | None
    since: datetime | None = None
    """When it was sent first; nothing that is older can be it."""
    action: str = Action.CREATE

    @property
    def removed(self) -> bool:
        """Whether it is looked for to see that it is gone."""
        return self.action in REMOVALS


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    where: str
    sought: tuple[Sought, ...]
    removals: bool = False


def way_of(kind: str) -> Way:
    """Return how ``kind`` is found again; raises ``NoWayBackError`` for one that must not be sent."""
    way = WAYS.get(kind)
    if way is None:
        raise NoWayBackError(kind)
    return way


def read_back(client: QuickBooks, sought: Sequence[Sought], *, moved: bool = False) -> dict[str, Mapping[str, Any]]:
    """Return the documents that are there, by code; never more requests than documents, mostly one for all.

    Of a removal the answer that QuickBooks gave, or would have given, where it is carried out: that the document is
    gone, or the document voided, or the entry inactive.

    With ``moved``, those that are not where they were put are looked for among all that was made since, by the same
    request: a person had time to give them another day or number.
    """
    questions = [*_questions(sought)]
    if moved:
        questions += _questions_since(sought)
    answers = client.query_each([(question.kind, question.where) for question in questions])
    found: dict[str, Mapping[str, Any]] = {}
    for question, rows in zip(questions, answers, strict=True):
        if question.removals:
            found.update(_removed(question, rows))
        elif question.kind in LISTS:
            found.update(_entries(question, rows))
        else:
            _take(found, question.sought, rows)
    return found


def _questions(sought: Sequence[Sought]) -> Iterator[_Question]:
    """Yield what to ask: once for 30 numbers, 30 ids, a day or a name."""
    for kind in dict.fromkeys(each.kind for each in sought):
        here = [each for each in sought if each.kind == kind]
        active = " AND Active IN (true, false)" if kind in LISTS else ""
        for some in chunks([each for each in here if each.update], BATCH_MAX):
            yield _Question(kind, _one_of("Id", (each.document_id for each in some)) + active, tuple(some))
        for some in chunks([each for each in here if each.removed], BATCH_MAX):
            yield _Question(kind, _one_of("Id", (each.document_id for each in some)) + active, tuple(some), True)
        created = [each for each in here if not each.update and not each.removed]
        if not created:
            continue
        match way_of(kind):
            case Way.NUMBER:
                for some in chunks(created, BATCH_MAX):
                    yield _Question(kind, _one_of("DocNumber", map(_number, some)), tuple(some))
            case Way.DAY:
                for day in sorted({each.day for each in created if each.day is not None}):
                    of_day = tuple(each for each in created if each.day == day)
                    yield _Question(kind, f"TxnDate = {quoted(day.isoformat())}", of_day)
            case Way.TARGET:
                for (type_, target), here_too in _by_target(created).items():
                    where = f"AttachableRef.EntityRef.Type = {quoted(type_)}"
                    yield _Question(kind, f"{where} AND AttachableRef.EntityRef.value = {quoted(target)}", here_too)
            case Way.NAME:
                for each in created:
                    yield _Question(kind, by_name(kind, _name(each)), (each,))


def _questions_since(sought: Sequence[Sought]) -> Iterator[_Question]:
    for kind in dict.fromkeys(each.kind for each in sought if each.kind not in LISTS):
        created = tuple(
            each
            for each in sought
            if each.kind == kind and not each.update and not each.removed and each.since is not None
        )
        moments = [each.since for each in created if each.since is not None]
        if moments:
            yield _Question(kind, created_since(min(moments) - CLOCKS_APART), created)


def created_since(moment: datetime) -> str:
    """Return the condition for what was made at or after a moment by QuickBooks' clock."""
    return f"MetaData.CreateTime >= {quoted(moment.astimezone(UTC).isoformat(timespec='seconds'))}"


def _one_of(name: str, values: Iterable[str]) -> str:
    return f"{name} IN ({', '.join(map(quoted, values))})"


def _removed(question: _Question, rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return what stands for the answers of the removals that are carried out."""
    there = {str(row["Id"]): row for row in rows}
    found: dict[str, Mapping[str, Any]] = {}
    for each in question.sought:
        row = there.get(each.document_id)
        if each.action == Action.DELETE:
            if row is None:
                found[each.code] = {"Id": each.document_id, "status": "Deleted"}
        elif row is not None and (is_voided(row) if each.action == Action.VOID else row.get("Active") is False):
            found[each.code] = row
    return found


def _take(
    found: dict[str, Mapping[str, Any]], sought: Sequence[Sought], documents: Iterable[Mapping[str, Any]]
) -> None:
    wanted = {each.marker: each.code for each in sought}
    for document in documents:
        code = wanted.get(read_marker(document) or "")
        if code is not None:
            found.setdefault(code, document)


def _entries(question: _Question, rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a list that are what was sent."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in question.sought:
        body = _parsed(each)
        if each.update:
            # Entries bear no mark: the update is in where the token moved on and the entry says what was sent.
            own = [row for row in rows if str(row["Id"]) == each.document_id]
            moved_on = [row for row in own if str(row.get("SyncToken")) != str(body.get("SyncToken"))]
            fitting = [row for row in moved_on if not differing(body, row)]
        else:
            fitting = [row for row in rows if all(_same(row, body, name) for name in TELLING)]
        if fitting:
            found[each.code] = fitting[0]
    return found


def _by_target(sought: Sequence[Sought]) -> dict[tuple[str, str], tuple[Sought, ...]]:
    found: dict[tuple[str, str], tuple[Sought, ...]] = {}
    for each in sought:
        ref = _parsed(each)["AttachableRef"][0]["EntityRef"]
        place = (str(ref["type"]), str(ref["value"]))
        found[place] = (*found.get(place, ()), each)
    return found


def _same(row: Mapping[str, Any], body: Mapping[str, Any], name: str) -> bool:
    wanted, there = body.get(name), row.get(name)
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return wanted.get("value") == there.get("value")
    return wanted is None or wanted == there


def _parsed(sought: Sought) -> Mapping[str, Any]:
    body: Mapping[str, Any] = json.loads(sought.body, parse_float=Decimal)
    return body


def _number(sought: Sought) -> str:
    return str(_parsed(sought)["DocNumber"])


def _name(sought: Sought) -> str:
    body = _parsed(sought)
    return str(body.get("DisplayName") or body.get("Name"))

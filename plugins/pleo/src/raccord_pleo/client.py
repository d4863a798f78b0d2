"""The calls of Pleo's export protocol: jobs, their items and events, pages by cursor, refusals by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from raccord.plugin import BadRecord, Reauthorise, SourceRefused, Text
from raccord.plugin.contexts import Answer, Http
from raccord.plugin.records import JSON
from raccord_pleo.wire import Job, JobItem, JobStatus, Result

PAGE = 100
MISSING_CONTRA_ACCOUNTS = "MISSING_CONTRA_ACCOUNTS"
UPDATES_MAX = 100
"""Results of one call; Pleo refuses more (413)."""
_CURSOR = re.compile(r"[A-Z2-7=~]+")
Model = TypeVar("Model", bound=BaseModel)


class Event(StrEnum):
    """What a job is told: where its export stands."""

    STARTED = "started"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"


class PleoRefused(SourceRefused):
    """Raised when Pleo refuses a call; ``kind`` is its own word for why (``MISSING_CONTRA_ACCOUNTS``)."""

    def __init__(self, status: int, kind: str, text: Text) -> None:
        super().__init__(text)
        self.status = status
        self.kind = kind


@dataclass(slots=True)
class PleoClient:
    """One Pleo company; ``access`` is the header of :func:`raccord_pleo.access.bearer` or ``api_key``.

    ``renew`` gives another one where Pleo takes this one no longer; it is asked once, and what it raises passes.
    """

    http: Http
    base: str
    company: UUID
    access: Mapping[str, str]
    renew: Callable[[], Mapping[str, str]] | None = None

    def jobs(self, *statuses: JobStatus) -> Iterator[Job]:
        """Yield the company's export jobs in any of these states."""
        asked = {"company_id": str(self.company), "statuses": ",".join(statuses)}
        yield from (_read(Job, row) for row in self._pages("/v3/export-jobs", asked, "export-jobs:read"))

    def job(self, job: UUID) -> Job:
        """Return one export job as it is now."""
        return _read(Job, _data(_accepted(self._get(f"/v3/export-jobs/{job}", {}), "export-jobs:read")))

    def items_page(self, job: UUID, after: str = "") -> tuple[Sequence[object], str]:
        """Return the next page of what a job exports, while it is pending or in progress, and Pleo's cursor after."""
        asked = {"job_id": str(job), "limit": str(PAGE)} | ({"after": after} if after else {})
        rows, following = self._page("/v3/export-items", asked, "export-items:read")
        if following and following == after:
            raise _repeats("/v3/export-items")
        return rows, following

    def job_items(self, job: UUID) -> Iterator[JobItem]:
        """Yield how far each entry of a job is."""
        rows = self._pages(f"/v3/export-jobs/{job}/items", {}, "export-jobs:read")
        yield from (_read(JobItem, row) for row in rows)

    def last_items(self, job: Job) -> list[JobItem]:
        """Return how far the last entries of a job are, at most a page of them."""
        asked = {"limit": str(PAGE), "offset": str(max(0, job.number_of_items - PAGE))}
        rows, _ = self._page(f"/v3/export-jobs/{job.id}/items", asked, "export-jobs:read")
        return [_read(JobItem, row) for row in rows]

    def tell(self, job: UUID, event: Event, reason: str = "", reason_type: str = "") -> None:
        """Tell a job where its export stands."""
        body = {"jobId": str(job), "event": event.value}
        body |= {"failureReason": reason} if reason else {}
        body |= {"failureReasonType": reason_type} if reason_type else {}
        _accepted(self._post("/v3/export-job-events", body), "export-jobs:write")

    def report(self, job: UUID, results: Sequence[Result]) -> dict[UUID, str]:
        """Tell what became of items, 100 a call; return why Pleo took some of them not, by item."""
        refused: dict[UUID, str] = {}
        for start in range(0, len(results), UPDATES_MAX):
            rows = [
                each.model_dump(mode="json", by_alias=True, exclude_none=True)
                for each in results[start : start + UPDATES_MAX]
            ]
            said = _accepted(self._put(f"/v3/export-jobs/{job}/items", rows), "export-jobs:write")
            errors = said.get("errors") if isinstance(said, Mapping) else None
            for error in errors if isinstance(errors, list) else ():
                refused[UUID(str(error["accountingEntryId"]))] = str(error.get("type") or error.get("message"))
        return refused

    def rows(self, path: str, **asked: str) -> Iterator[object]:
        """Yield the rows of a list, page by page; ``asked`` is its query, which no path may hold beside the cursor."""
        yield from self._pages(path, asked, _scope_of(path))

    def search(self, path: str, asked: Mapping[str, JSON | Decimal]) -> Iterator[object]:
        """Yield what a search finds, page by page; a POST that reads."""
        after, seen = "", set[str]()
        while True:
            mark = "&" if "?" in path else "?"
            place = f"{path}{mark}limit={PAGE}" + (f"&after={after}" if after else "")
            said = _accepted(self._post(place, dict(asked)), "lists")
            rows, after = _rows_of(said, path)
            yield from rows
            if not after:
                return
            if after in seen:
                raise _repeats(path)
            seen.add(after)

    def post(self, path: str, body: Mapping[str, JSON | Decimal]) -> Mapping[str, object]:
        """Make an entry of a list; return it as Pleo keeps it."""
        return _data(_accepted(self._post(path, dict(body)), _scope_of(path)))

    def one(self, path: str) -> Mapping[str, object]:
        """Return one object as Pleo keeps it."""
        return _data(_accepted(self._get(path, {}), _scope_of(path)))

    def delete(self, path: str) -> None:
        """Take an object away; only what is nobody's but ours."""
        sent = self._sent(lambda headers: self.http.delete(f"{self.base}{path}", headers=headers))
        _accepted(sent, _scope_of(path))

    def put(self, path: str, body: Mapping[str, JSON | Decimal]) -> None:
        """Bring an entry of a list up to date."""
        _accepted(self._put(path, dict(body)), "lists")

    def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        return self._sent(lambda headers: self.http.get(f"{self.base}{path}", params=params, headers=headers))

    def _post(self, path: str, body: object) -> Answer:
        return self._sent(lambda headers: self.http.post(f"{self.base}{path}", json=body, headers=headers))

    def _put(self, path: str, body: object) -> Answer:
        return self._sent(lambda headers: self.http.put(f"{self.base}{path}", json=body, headers=headers))

    def _sent(self, send: Callable[[Mapping[str, str]], Answer]) -> Answer:
        """Send with the access that is held; where Pleo takes it no longer, once more with a renewed one."""
        try:
            return send(self.access)
        except Reauthorise:
            if self.renew is None:
                raise
            renew, self.renew = self.renew, None
            self.access = renew()
            return send(self.access)

    def _pages(self, path: str, asked: Mapping[str, str], scope: str) -> Iterator[object]:
        params, seen = {**asked, "limit": str(PAGE)}, set[str]()
        while True:
            rows, after = self._page(path, params, scope)
            yield from rows
            if not after:
                return
            if after in seen:
                raise _repeats(path)
            seen.add(after)
            params["after"] = after

    def _page(self, path: str, params: Mapping[str, str], scope: str) -> tuple[Sequence[object], str]:
        """Return a page's rows and the cursor after it, empty at the end; some lists answer a bare array."""
        return _rows_of(_accepted(self._get(path, params), scope), path)


def _scope_of(path: str) -> str:
    """Return what people are told is missing; the scopes of these are not published by name."""
    return "subscriptions" if path.startswith("/v1/subscriptions") else "lists"


def _rows_of(said: object, path: str) -> tuple[Sequence[object], str]:
    if isinstance(said, list):
        return said, ""
    if not isinstance(said, Mapping) or not isinstance(said.get("data"), list):
        raise _unreadable(path)
    pagination = said.get("pagination") or {}
    if not pagination.get("hasNextPage"):
        return said["data"], ""
    cursor = str(pagination.get("endCursor"))
    if _CURSOR.fullmatch(cursor) is None:
        raise _repeats(path)
    return said["data"], cursor


def _data(said: object) -> Mapping[str, object]:
    data = said.get("data") if isinstance(said, Mapping) else None
    if not isinstance(data, Mapping):
        raise _unreadable("Pleo")
    return data


def _repeats(path: str) -> PleoRefused:
    return PleoRefused(
        200,
        "CURSOR_REPEATED",
        Text(
            f"Pleo répète la même page de {path} : la lecture est arrêtée.",
            f"Pleo repeats the same page of {path}: reading has stopped.",
        ),
    )


def _read(model: type[Model], row: object) -> Model:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadRecord(
            where,
            Text(f"Pleo a envoyé un champ « {where} » illisible.", f"Pleo sent an unreadable field “{where}”."),
            "pleo.unreadable_field",
        ) from None


def _accepted(answer: Answer, scope: str) -> object:
    if not 200 <= answer.status < 300:
        raise _refusal(answer, scope)
    if not answer.content:
        return None
    try:
        return json.loads(answer.content, parse_float=Decimal)
    except ValueError:
        raise _unreadable("Pleo") from None


def _refusal(answer: Answer, scope: str) -> PleoRefused:
    try:
        said = json.loads(answer.content, parse_float=Decimal)
    except ValueError:
        said = None
    kind = str(said.get("type") or "") if isinstance(said, dict) else ""
    message = str(said.get("message") or "")[:300] if isinstance(said, dict) else ""
    if kind == MISSING_CONTRA_ACCOUNTS:
        text = Text(
            "Un compte Pleo n’a pas de compte de contrepartie : choisissez-le dans Pleo, Comptabilité.",
            "A Pleo account has no contra account: choose it in Pleo, Accounting.",
        )
    elif kind == "EXPORT_JOB_STATUS_UNPROCESSABLE":
        text = Text(
            "Cet export n’est plus en cours chez Pleo : lancez-le de nouveau.",
            "This export is no longer running at Pleo: start it again.",
        )
    elif kind == "EXPORT_ALREADY_IN_PROGRESS":
        text = Text(
            "Un autre export de cette société est en cours chez Pleo : attendez sa fin.",
            "Another export of this company is running at Pleo: wait for its end.",
        )
    elif answer.status == 403:
        text = Text(f"Il manque l’autorisation {scope} chez Pleo.", f"The scope {scope} is missing at Pleo.")
    else:
        detail = message or kind or "?"
        text = Text(f"Pleo refuse ({answer.status}) : {detail}.", f"Pleo refuses ({answer.status}): {detail}.")
    return PleoRefused(answer.status, kind, text)


def _unreadable(what: str) -> PleoRefused:
    return PleoRefused(
        200, "UNREADABLE", Text(f"La réponse de {what} est illisible.", f"The answer of {what} cannot be read.")
    )

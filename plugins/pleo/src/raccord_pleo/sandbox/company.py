"""The twin's company: expenses that people file, exports that they start, and what each state allows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from raccord_pleo.sandbox.shapes import JOB_FAILURES, wrong_item

EXPIRES = timedelta(hours=1)
LINK_LIVES = timedelta(hours=24)
UPDATES_MAX = 100
PEOPLE = ("Ève Roy", "Paul Côté")
"""Who works there; the first one keeps the books."""
_SPACE = UUID("5a1f2f0e-6a53-4a53-9f3e-2d6a3f0a7c11")
_OPEN = ("pending", "in_progress")
_EVENTS = ("completed", "completed_with_errors", "failed")


class TwinRefusalError(Exception):
    """Raised for what Pleo refuses; ``kind`` and the message make its error body."""

    def __init__(self, status: int, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.status = status
        self.kind = kind


def employee_id(name: str) -> UUID:
    """Return the id of somebody who works there."""
    return uuid5(_SPACE, f"employee {name}")


@dataclass(slots=True, kw_only=True)
class Filed:
    """An expense as a person filed it; ``minor`` counts minor units of ``currency``, the wallet's."""

    minor: int
    kind: str = "card_purchase"
    currency: str = "EUR"
    supplier_currency: str = ""
    supplier_minor: int | None = None
    category: Mapping[str, object] | None = None
    contra: bool = True
    note: str = ""
    receipts: tuple[bytes, ...] = ()
    settled: str = ""
    """When it was settled, as it goes over the wire; empty: at the export."""
    pending: bool = False
    """Paid, but not settled yet: no export takes it."""
    performed: str = ""
    """When it was paid, as it goes over the wire; empty: when it was settled."""
    employee: str = ""
    tax: Mapping[str, object] | None = None
    tags: tuple[Mapping[str, object], ...] = ()
    lines: tuple[Mapping[str, object], ...] = ()
    """Instead of one line: the lines of a split, as they go over the wire."""
    more: Mapping[str, object] = field(default_factory=dict)
    """Further fields of the item, as they go over the wire."""


@dataclass(slots=True)
class Export:
    id: UUID
    created: datetime
    touched: datetime
    entries: list[UUID]
    status: str = "pending"
    by: str = PEOPLE[0]
    reason_type: str | None = None
    moments: dict[str, datetime] = field(default_factory=dict)
    """When it started, completed, expired, by the names of the job's properties."""
    results: dict[UUID, dict[str, object]] = field(default_factory=dict)


@dataclass(slots=True)
class TwinCompany:
    """One company at Pleo; ids are derived from counters, so that a story makes the same ones each time."""

    clock: Callable[[], datetime]
    base: str = ""
    id: UUID = field(default_factory=lambda: uuid5(_SPACE, "company"))
    expenses: dict[UUID, Filed] = field(default_factory=dict)
    exports: dict[UUID, Export] = field(default_factory=dict)
    lists: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    """Accounts, tax codes, tag groups, and below the id of each group its tags."""
    categories: dict[str, str] = field(default_factory=dict)
    """The names that people gave to accounts for employees, by the accounts' ids in the accounting system."""
    currency: str = "EUR"
    """What its wallet is kept in, for what people file on the page."""
    announce: Callable[[str, Mapping[str, object]], None] | None = None
    """Hears of what happens in the company, with the resource as it is then."""
    _links: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)

    def file(self, expense: Filed) -> UUID:
        """File an expense; it leaves with the next export that names it, and not before."""
        entry = uuid5(_SPACE, f"entry {len(self.expenses)}")
        self.expenses[entry] = expense
        return entry

    def edit(self, entry: UUID, **fields: object) -> None:
        """Change an expense that no export holds or has brought over."""
        if self.stage(entry) != "NOT_EXPORTED":
            raise TwinRefusalError(409, "LOCKED", self.stage(entry))
        for name, value in fields.items():
            setattr(self.expenses[entry], name, value)

    def stage(self, entry: UUID) -> str:
        """Return how far an expense is: free to edit, in the queue of an export, being exported, or exported."""
        self._expire()
        held = [job for job in self.exports.values() if entry in job.entries]
        running = next((job.status for job in held if job.status in _OPEN), "")
        if running:
            return "QUEUED" if running == "pending" else "EXPORTING"
        results = [job.results[entry] for job in held if entry in job.results]
        return "EXPORTED" if any(each["status"] == "successful" for each in results) else "NOT_EXPORTED"

    def export(self, entries: Sequence[UUID] = (), by: str = PEOPLE[0]) -> UUID:
        """Press Export for these expenses, or for all that are settled and that no export has brought over."""
        self._expire()
        if any(job.status in _OPEN for job in self.exports.values()):
            raise TwinRefusalError(409, "EXPORT_ALREADY_IN_PROGRESS")
        waiting = [entry for entry in entries if self.expenses[entry].pending]
        if waiting:
            raise TwinRefusalError(422, "NOT_SETTLED", f"{waiting[0]} is not settled yet")
        chosen = list(entries) or [
            entry for entry, filed in self.expenses.items() if not filed.pending and self.stage(entry) == "NOT_EXPORTED"
        ]
        job, now = uuid5(_SPACE, f"job {len(self.exports)}"), self.clock()
        self.exports[job] = Export(job, now, now, chosen, by=by)
        if self.announce is not None:
            self.announce("v1.export-job.created", self._shown(self.exports[job]))
        return job

    def jobs(self, statuses: Sequence[str]) -> list[dict[str, object]]:
        """Return the export jobs in these states, oldest first."""
        self._expire()
        return [self._shown(job) for job in self.exports.values() if not statuses or job.status in statuses]

    def job(self, job: UUID) -> dict[str, object]:
        """Return one export job."""
        return self._shown(self._job(job))

    def items(self, job: UUID) -> list[dict[str, object]]:
        """Return a running job's items, each with links that live for 24 hours from now."""
        found = self._job(job)
        if found.status not in _OPEN:
            raise TwinRefusalError(422, "EXPORT_JOB_STATUS_UNPROCESSABLE")
        if any(not self.expenses[entry].contra for entry in found.entries):
            raise TwinRefusalError(400, "MISSING_CONTRA_ACCOUNTS")
        return [self._item(entry) for entry in found.entries]

    def event(self, job: UUID, event: str, reason_type: str | None) -> None:
        """Take the news that an export began or ended."""
        found = self._job(job)
        wanted = "pending" if event == "started" else "in_progress"
        if found.status != wanted or (event != "started" and event not in _EVENTS):
            raise TwinRefusalError(422, "EXPORT_JOB_STATUS_UNPROCESSABLE")
        if reason_type is not None and reason_type not in JOB_FAILURES:
            raise TwinRefusalError(400, "VALIDATION_FAILED", reason_type)
        found.status = "in_progress" if event == "started" else event
        found.touched, found.reason_type = self.clock(), reason_type
        found.moments["startedAt" if event == "started" else "completedAt"] = self.clock()

    def update(self, job: UUID, rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """Take what became of items; rows that are not of the job come back as errors, the others count."""
        found = self._job(job)
        if len(rows) > UPDATES_MAX:
            raise TwinRefusalError(413, "EXPORT_JOB_ITEMS_UPDATE_LIMIT")
        if found.status != "in_progress":
            raise TwinRefusalError(422, "EXPORT_JOB_STATUS_UNPROCESSABLE")
        for row in rows:
            if wrong := wrong_item(row):
                raise TwinRefusalError(400, "VALIDATION_FAILED", wrong)
        taken: list[object] = []
        errors: list[object] = []
        for row in rows:
            entry = UUID(str(row["accountingEntryId"]))
            if entry in found.entries:
                found.results[entry] = dict(row)
                taken.append(row)
            else:
                errors.append({"accountingEntryId": str(entry), "type": "ITEM_NOT_FOUND", "message": "not of the job"})
        found.touched = self.clock()
        return {"data": taken, "errors": errors}

    def progress(self, job: UUID) -> list[dict[str, object]]:
        """Return how far each entry of a job is."""
        found = self._job(job)
        return [
            found.results.get(entry) or {"accountingEntryId": str(entry), "status": "pending"}
            for entry in found.entries
        ]

    def download(self, name: str) -> bytes:
        """Return a receipt's bytes while its link lives."""
        content, made = self._links.get(name, (b"", datetime.min.replace(tzinfo=UTC)))
        if self.clock() - made > LINK_LIVES:
            raise TwinRefusalError(403, "LINK_EXPIRED")
        return content

    def add(self, name: str, code: str, row: Mapping[str, object]) -> dict[str, object]:
        """Make an entry of a list; ``code`` is the property that no two of them share."""
        there = self.lists.setdefault(name, [])
        if any(each.get(code) == row.get(code) for each in there):
            raise TwinRefusalError(409, "CONFLICT", f"{code} {row.get(code)} exists")
        if not str(row.get("name") or "").strip():
            raise TwinRefusalError(400, "NAME_EMPTY")
        made = {"archived": False, **row, "id": str(uuid5(_SPACE, f"{name} {row.get(code)}"))}
        there.append(made)
        if name == "vendors" and not row.get("externalId") and self.announce is not None:
            self.announce("v1.vendor.created", made)
        return made

    def add_vendor(self, row: Mapping[str, object]) -> dict[str, object]:
        """Make a vendor; it is a draft, whatever is asked, until the accounting system is said to have it."""
        return self.add("vendors", "externalId" if row.get("externalId") else "name", {**row, "state": "DRAFT"})

    def change(self, name: str, id_: str, row: Mapping[str, object]) -> dict[str, object]:
        """Bring an entry up to date; tags are looked for in every group."""
        found = self.one(name, id_)
        found.update(row)
        return found

    def one(self, name: str, id_: str) -> dict[str, object]:
        """Return an entry by Pleo's id; without a list's name, a tag of any group."""
        others = ("accounts", "tax-codes", "tag-groups", "vendors")
        names = [name] if name else [each for each in self.lists if each not in others]
        found = next((each for one in names for each in self.lists.get(one, ()) if each["id"] == id_), None)
        if found is None:
            raise TwinRefusalError(404, "NOT_FOUND")
        return found

    def found(self, name: str, code: str, value: object) -> dict[str, object] | None:
        """Return the entry of a list that has this value, or nothing."""
        return next((each for each in self.lists.get(name, ()) if each.get(code) == value), None)

    def drop(self, name: str, id_: str) -> None:
        """Take an entry out of its list."""
        self.lists[name].remove(self.one(name, id_))

    def _job(self, job: UUID) -> Export:
        self._expire()
        if job not in self.exports:
            raise TwinRefusalError(404, "EXPORT_JOB_NOT_FOUND")
        return self.exports[job]

    def _expire(self) -> None:
        for job in self.exports.values():
            if job.status in _OPEN and self.clock() - job.touched > EXPIRES:
                job.status, job.reason_type = "failed", "job_expired"
                job.moments["expiredAt"] = job.touched + EXPIRES

    def _shown(self, job: Export) -> dict[str, object]:
        shown: dict[str, object] = {
            "id": str(job.id),
            "companyId": str(self.id),
            "createdAt": job.created.isoformat(),
            "createdBy": str(employee_id(job.by)),
            "lastUpdatedAt": job.touched.isoformat(),
            "expiresIn": int(EXPIRES.total_seconds()),
            "isInteractive": True,
            "numberOfItems": len(job.entries),
            "status": job.status,
            "vendorBasedBookkeeping": False,
        }
        shown |= {name: moment.isoformat() for name, moment in job.moments.items()}
        return shown | ({"failureReasonType": job.reason_type} if job.reason_type else {})

    def _item(self, entry: UUID) -> dict[str, object]:
        filed = self.expenses[entry]
        amount = {
            "inWalletCurrency": {"currency": filed.currency, "value": filed.minor},
            "inSupplierCurrency": {
                "currency": filed.supplier_currency or filed.currency,
                "value": filed.minor if filed.supplier_minor is None else filed.supplier_minor,
            },
        }
        line: dict[str, object] = {
            "accountingEntryLineId": str(uuid5(entry, "line")),
            "lineAmount": amount,
            "netAmount": amount,
        }
        line |= {"account": filed.category} if filed.category else {}
        line |= {"tax": filed.tax} if filed.tax else {}
        line |= {"tags": list(filed.tags)} if filed.tags else {}
        return {
            "accountingEntryId": str(entry),
            "accountingEntryLines": [*filed.lines] or [line],
            "additionalInformation": {"reconciliationId": "1", "attendees": [], "reconciledEntries": []},
            "amount": amount,
            "companyId": str(self.id),
            "date": filed.settled or self.clock().isoformat(),
            "type": filed.kind,
            "note": filed.note,
            "files": [self.link(content) for content in filed.receipts],
            "_links": {},
            **({"user": {"id": str(employee_id(filed.employee)), "name": filed.employee}} if filed.employee else {}),
            **filed.more,
        }

    def link(self, content: bytes) -> dict[str, object]:
        """Return a receipt as items name it, with an address that lives for 24 hours from now."""
        name = hashlib.sha256(content).hexdigest()
        self._links[name] = (content, self.clock())
        return {"url": f"{self.base}/files/{name}", "type": "application/pdf", "size": len(content)}

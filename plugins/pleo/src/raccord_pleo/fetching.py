"""Taking over an export that a person started: claimed, read page by page, its receipts kept, and kept alive."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from raccord.plugin import FetchContext, Page, Reject, Text, record_key
from raccord.plugin.contexts import ConnectionView, SourceContext
from raccord.plugin.records import JSON, Record
from raccord_pleo.access import api_key, bearer
from raccord_pleo.client import MISSING_CONTRA_ACCOUNTS, Event, PleoClient, PleoRefused
from raccord_pleo.records import (
    ENTRIES,
    ENTRY,
    JOB,
    NUMBER,
    entries_named,
    keep_receipts,
    name_of,
    number_of,
    payment_of,
    record_of,
    vendor_of,
)
from raccord_pleo.refusals import export_ended
from raccord_pleo.settings import PleoSettings, Way
from raccord_pleo.signing import not_authorised, renewed
from raccord_pleo.wire import File, ItemStatus, Job, JobStatus, Result

UNDER_WAY = (ItemStatus.PENDING, ItemStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading stands within an export: the job and Pleo's cursor."""

    job: UUID
    after: str

    def text(self) -> str:
        return f"{self.job} {self.after}"

    @classmethod
    def of(cls, cursor: str | None) -> Place | None:
        if not cursor:
            return None
        job, _, after = cursor.partition(" ")
        return cls(UUID(job), after)


def client_of(context: SourceContext) -> PleoClient:
    """Return the client of a connection; an access token that has ended is renewed first."""
    settings = settings_of(context)
    company = UUID(settings.company_id)
    if settings.way is Way.API_KEY:
        return PleoClient(context.http, settings.base, company, api_key(settings.api_key.get_secret_value()))
    token = settings.access_token.get_secret_value()
    if not token:
        raise not_authorised()
    client = PleoClient(context.http, settings.base, company, bearer(token), lambda: renewed(context, settings))
    ends = settings.access_ends.get_secret_value()
    if ends and client.renew is not None and datetime.fromisoformat(ends) <= context.now():
        client.access, client.renew = client.renew(), None
    return client


def settings_of(view: ConnectionView) -> PleoSettings:
    if not isinstance(view.settings, PleoSettings):
        raise TypeError(f"settings of {type(view.settings).__name__}, not PleoSettings")
    return view.settings


def fetch_entries(context: FetchContext, cursor: str | None) -> Page:
    """Return the next page of the export that is under way, or nothing where nobody started one (PO-15)."""
    client, place = client_of(context), Place.of(cursor)
    if place is None:
        job = next(iter(sorted(client.jobs(JobStatus.PENDING, JobStatus.IN_PROGRESS), key=_age)), None)
        if job is None or not _claimed(client, job):
            return Page((), None, more=False)
        place = Place(job.id, "")
    try:
        rows, after = client.items_page(place.job, place.after)
    except PleoRefused as refused:
        return _ended(client, place.job, refused, more=cursor is not None)
    records: list[Record] = []
    rejects: list[Reject] = []
    for number, row in enumerate(rows):
        made = _record(context, client, place.job, row)
        if isinstance(made, Record):
            beside = (number_of(made), vendor_of(made), payment_of(made))
            records += [made, *(each for each in beside if each is not None)]
        else:
            rejects.append(Reject(ENTRIES, f"{place.job}:{place.after}:{number}", "pleo.unreadable_item", made))
    # So that the export does not expire while its expenses are posted.
    client.report(place.job, [Result(accounting_entry_id=UUID(each.source_id), status=ItemStatus.IN_PROGRESS)
                              for each in [each for each in records if JOB in each.raw][:1]])  # fmt: skip
    # A vendor of several invoices comes once.
    records = list({each.source_id: each for each in records}.values())
    return Page(records, Place(place.job, after).text() if after else None, more=bool(after), rejects=rejects)


def _ended(client: PleoClient, job: UUID, refused: PleoRefused, *, more: bool) -> Page:
    """Leave an export that is over at Pleo, with word to those who must start it again; raise any other refusal.

    One that cannot be read before somebody mends it at Pleo is ended there, so that its expenses are free again.
    """
    if refused.status not in (404, 422):
        kind = "missing_configuration" if refused.kind == MISSING_CONTRA_ACCOUNTS else "authorization_failure"
        if refused.kind == MISSING_CONTRA_ACCOUNTS or refused.status == 403:
            with suppress(PleoRefused):
                client.tell(job, Event.FAILED, refused.text.en, kind)
        raise refused
    left: list[UUID] = []
    with suppress(PleoRefused):
        left = [each.accounting_entry_id for each in client.job_items(job) if each.status in UNDER_WAY]
    if not left:
        return Page((), None, more=more)
    # The problem is over as soon as the last of them, which was not read, comes with another export.
    return Page((), None, more=more, rejects=[export_ended(record_key(ENTRIES, str(left[-1])), len(left))])


def close_job(client: PleoClient, job: UUID) -> bool:
    """Tell Pleo that an export ended, once every item of it has its result; return whether it has."""
    running = next((each for each in client.jobs(JobStatus.IN_PROGRESS) if each.id == job), None)
    # Results are told in the order of the items: while the last ones lack theirs, none of the others need be read.
    if running is None or any(each.status in UNDER_WAY for each in client.last_items(running)):
        return False
    states = {each.status for each in client.job_items(job)}
    if not states or any(state in UNDER_WAY for state in states):
        return False
    failed = any(state is not ItemStatus.SUCCESSFUL for state in states)
    client.tell(job, Event.COMPLETED_WITH_ERRORS if failed else Event.COMPLETED)
    return True


def _claimed(client: PleoClient, job: Job) -> bool:
    """Begin an export, or go on with one; one that a run left with all its results is only closed."""
    if job.status is JobStatus.PENDING:
        client.tell(job.id, Event.STARTED)
        return True
    return not close_job(client, job.id)


def _age(job: Job) -> tuple[str, str]:
    return (job.created_at.isoformat(), str(job.id))


def _settles(context: FetchContext, client: PleoClient, job: UUID, raw: Mapping[str, JSON]) -> str:
    """Return the entry of the invoice that a payment is for: one that came before, or one of the same export."""
    name = name_of(raw) if raw.get("type") == "invoice_payment" else ""
    if not name:
        return ""
    known = context.kept(ENTRIES, f"{NUMBER}{name}")
    if known is not None:
        return str(known[ENTRY])
    rows, after = client.items_page(job)
    found = entries_named(rows, name)
    while after:
        rows, after = client.items_page(job, after)
        found |= entries_named(rows, name)
    # Two invoices of one number: which of them was paid, nobody says.
    return found.pop() if len(found) == 1 else ""


def _record(context: FetchContext, client: PleoClient, job: UUID, row: object) -> Record | Text:
    if not isinstance(row, Mapping):
        return Text("Pleo a envoyé une dépense illisible.", "Pleo sent an unreadable expense.")
    raw: Mapping[str, JSON] = row
    try:
        entry = str(UUID(str(raw.get("accountingEntryId"))))
        files = [File.model_validate(each) for each in raw.get("files") or () if each]  # type: ignore[union-attr]
        receipts = keep_receipts(context, entry, files)
        return record_of(context, job, raw, receipts, _settles(context, client, job, raw))
    except (KeyError, ValueError) as error:
        what = type(error).__name__
        return Text(
            f"Pleo a envoyé une dépense sans identifiant, sans date ou aux fichiers illisibles ({what}).",
            f"Pleo sent an expense without id or date, or with unreadable files ({what}).",
        )

"""Answering an export: each expense with its document or the reason why there is none, then the export as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from raccord.plugin import Outcome, OutcomeState, ReportContext, Text, TooLate
from raccord_pleo.client import PleoClient, PleoRefused
from raccord_pleo.fetching import client_of, close_job
from raccord_pleo.records import ENTRIES, JOB, PAYS
from raccord_pleo.refusals import LEFT_OUT, came_late, exports_ended
from raccord_pleo.wire import ItemStatus, JobStatus, Result

FAILURES = {
    "pleo.category_missing": "account_unknown",
    "pleo.vendor_missing": "vendor_unknown",
    "pleo.accounts_payable": "invalid_configuration",
    "pleo.receipt_expired": "receipt_download_failure",
    "pleo.receipt_unreadable": "receipt_download_failure",
    "attachment.too_large": "receipt_file_size_limit_exceeded",
    "quickbooks.too_large": "receipt_file_size_limit_exceeded",
    "encoding.file_type": "receipt_conversion_failure",
    "attachment.file_missing": "receipt_upload_failure",
    "attachment.empty": "receipt_upload_failure",
    "resolve.choice_missing": "missing_configuration",
    "posting.inactive_reference": "account_unknown",
    "posting.missing_tax_code": "tax_code_unknown",
    "encoding.tax_code_unknown": "tax_code_unknown",
    "encoding.tax_code_missing": "tax_code_unknown",
    "quickbooks.throttled": "accounting_system_rate_limit",
    "quickbooks.unavailable": "accounting_system_unreachable",
    "quickbooks.uncertain": "accounting_system_timeout",
    "quickbooks.access_denied": "accounting_system_authentication_failure",
    "quickbooks.reauthorise": "accounting_system_authentication_failure",
}
"""Codes of ours by Pleo's own words for why an item failed."""
OTHERWISE = "accounting_system_validation_failure"
REASON_CHARS_MAX = 250
_CLOSED = (409, 422)
"""Answers that may mean that the export is over; what the job itself says decides."""


def report_expenses(context: ReportContext, outcomes: Sequence[Outcome]) -> bool:
    """Tell Pleo what became of expenses; raises ``TooLate`` for those whose export ended meanwhile.

    They hear of it with their next export (K21).
    """
    client = client_of(context)
    late: dict[tuple[str, str], Text] = {}
    for job, results in _by_job(context, outcomes).items():
        try:
            client.report(job, list(results.values()))
            if any(result.status is not ItemStatus.IN_PROGRESS for result in results.values()):
                close_job(client, job)
        except PleoRefused as refused:
            late |= {(ENTRIES, str(each.accounting_entry_id)): came_late(each) for each in
                     _unheard(client, job, list(results.values()), refused)}  # fmt: skip
    if late:
        raise TooLate(exports_ended(len(late)), late)
    return True


def _unheard(client: PleoClient, job: UUID, results: Sequence[Result], refused: PleoRefused) -> list[Result]:
    """Return what an export that is over did not hear; raises the refusal while it is not over.

    What it heard before, such as a first part of these results, or all of them in another life, is no news to it.
    """
    if refused.status == 404:
        heard: dict[UUID, ItemStatus] = {}
    elif refused.status in _CLOSED and client.job(job).status not in (JobStatus.PENDING, JobStatus.IN_PROGRESS):
        heard = {each.accounting_entry_id: each.status for each in client.job_items(job)}
    else:
        raise refused
    return [
        each
        for each in results
        if each.status is not ItemStatus.IN_PROGRESS and heard.get(each.accounting_entry_id) is not each.status
    ]


def _by_job(context: ReportContext, outcomes: Iterable[Outcome]) -> dict[UUID, dict[UUID, Result]]:
    found: dict[UUID, dict[UUID, Result]] = {}
    for outcome in outcomes:
        if JOB not in outcome.raw:
            # It keeps the number of an invoice or a vendor, and is no expense.
            continue
        result = _result(context, outcome)
        if result is None:
            continue
        job = found.setdefault(UUID(str(outcome.raw[JOB])), {})
        before = job.get(result.accounting_entry_id)
        # What went wrong with one receipt, or with its payment, is what became of the expense.
        if before is None or before.status is ItemStatus.SUCCESSFUL:
            job[result.accounting_entry_id] = result
    return found


def _result(context: ReportContext, outcome: Outcome) -> Result | None:
    paid = outcome.raw.get(PAYS)
    entry = UUID(str(paid or outcome.source_id))
    beside = bool(paid) or "#" in outcome.draft_key
    if outcome.state is OutcomeState.UNDER_WAY:
        return Result(accounting_entry_id=entry, status=ItemStatus.IN_PROGRESS)
    if outcome.state is OutcomeState.POSTED:
        if beside or outcome.document is None:
            return None
        return Result(
            accounting_entry_id=entry,
            status=ItemStatus.SUCCESSFUL,
            exported_at=context.now(),
            external_id=outcome.document.id,
            external_url=outcome.document.url or None,
        )
    if beside and outcome.code.startswith("resolve.link"):
        # It waits for its expense, which says why.
        return None
    if paid and outcome.state is OutcomeState.SKIPPED:
        # So is its expense, which says why.
        return None
    return Result(
        accounting_entry_id=entry,
        status=ItemStatus.FAILED,
        failure_reason=_reason(context, outcome),
        failure_reason_type=FAILURES.get(outcome.code, OTHERWISE),
    )


def _reason(context: ReportContext, outcome: Outcome) -> str:
    reason = outcome.reason or LEFT_OUT.get(outcome.code)
    said = "" if reason is None else reason.get(context.language)
    told = {"fr": "Raccord en dit plus sous", "en": "Raccord says more under"}[context.language]
    return (said or f"{told} {outcome.code or outcome.state}")[:REASON_CHARS_MAX]

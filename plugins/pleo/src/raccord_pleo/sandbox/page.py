"""The twin's page: a person files expenses, sees which are settled, presses Export, and reads what became of each."""

from __future__ import annotations

import html
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from raccord_pleo.sandbox.company import PEOPLE, Filed, TwinCompany, TwinRefusalError, employee_id

KINDS = (
    "card_purchase", "card_invoice", "fee", "refund", "chargeback", "cashback", "out_of_pocket", "mileage", "per_diem",
    "reimbursement", "wallet_topup",
)  # fmt: skip
"""What a person may file; invoices need a vendor and come from tests alone."""
UNCATEGORISED = frozenset({"reimbursement", "wallet_topup", "wallet_load"})
"""What moves money between accounts: people give it no category."""
STAGES = {
    "NOT_EXPORTED": "not exported, open to edits",
    "QUEUED": "in the export queue, locked",
    "EXPORTING": "being exported, locked",
    "EXPORTED": "exported, locked; may be exported again",
}


def page(company: TwinCompany) -> str:
    """Return the page as it is now."""
    filed = "".join(_expense(company, entry, each) for entry, each in company.expenses.items())
    jobs = "".join(_job(company, job) for job in company.jobs([]))
    return (
        '<!doctype html><html lang="en"><title>Pleo twin</title><h1>Expenses</h1>'
        f"<form method=post action=/export><ul>{filed}</ul>"
        f"<p>By {_options('by', PEOPLE)} <button>Export</button> what is ticked, or all that is settled and new.</p>"
        "</form>"
        "<h2>File an expense</h2><form method=post action=/file><label>Amount <input name=amount required></label> "
        f"<label>Type {_options('kind', KINDS)}</label> <label>Category {_categories(company)}</label> "
        "<label>Note <input name=note></label> <label>Text of a receipt <input name=receipt></label> "
        "<label><input type=checkbox name=pending> not settled yet</label> <button>File</button></form>"
        f"<h2>Exports</h2><ul>{jobs}</ul></html>"
    )


def file(company: TwinCompany, form: Mapping[str, str]) -> UUID:
    """File what the form says."""
    kind, receipt = form.get("kind", KINDS[0]), form.get("receipt", "").strip()
    if kind not in KINDS:
        raise TwinRefusalError(400, "BAD_KIND", kind)
    account = company.found("accounts", "id", form.get("category"))
    return company.file(
        Filed(
            minor=_minor(form.get("amount", "")),
            kind=kind,
            currency=company.currency,
            category=None if account is None else _category(account),
            note=form.get("note", "").strip(),
            receipts=(f"%PDF-1.4 {receipt}".encode(),) if receipt else (),
            pending="pending" in form,
            settled="" if "pending" in form else company.clock().isoformat(),
            performed=company.clock().isoformat(),
            employee=PEOPLE[0],
        )
    )


def categorise(company: TwinCompany, entry: UUID, form: Mapping[str, str]) -> None:
    """Give an expense the category that was picked beside it; raises the refusal of one that an export holds."""
    if entry not in company.expenses:
        raise TwinRefusalError(404, "NOT_FOUND")
    account = company.found("accounts", "id", form.get(f"category {entry}"))
    company.edit(entry, category=None if account is None else _category(account))


def settle(company: TwinCompany, entry: UUID) -> None:
    """Settle an expense: from now on an export may take it, dated today."""
    if entry not in company.expenses or not company.expenses[entry].pending:
        raise TwinRefusalError(409, "NOT_PENDING")
    company.expenses[entry].pending = False
    company.expenses[entry].settled = company.clock().isoformat()


def _expense(company: TwinCompany, entry: UUID, filed: Filed) -> str:
    amount = f"{Decimal(filed.minor).scaleb(-2)} {filed.currency}"
    stage = "not settled yet" if filed.pending else STAGES[company.stage(entry)]
    settled = "" if filed.pending else f" {html.escape(filed.settled[:10])}"
    tick = f"<button formaction=/settle name=settle value={entry}>Settle</button>" if filed.pending else (
        f"<input type=checkbox name=entry value={entry}>"
    )  # fmt: skip
    named = html.escape(str(filed.category["name"])) if filed.category else ""
    if not named and filed.kind not in UNCATEGORISED and company.stage(entry) == "NOT_EXPORTED":
        picked = _categories(company, f"category {entry}")
        named = f"{picked} <button formaction=/categorise name=categorise value={entry}>Set category</button>"
    files = f", {len(filed.receipts)} receipt(s)" if filed.receipts else ""
    return (
        f"<li><label>{tick} {html.escape(filed.kind)}: {html.escape(amount)}{settled} {html.escape(filed.note)}</label>"
        f"{files} {named} <small>{stage}</small></li>"
    )


def _job(company: TwinCompany, job: Mapping[str, object]) -> str:
    id_ = UUID(str(job["id"]))
    by = next(name for name in PEOPLE if str(employee_id(name)) == job["createdBy"])
    results = "".join(
        f"<li>{html.escape(str(each['status']))} "
        f"{html.escape(str(each.get('externalId') or each.get('failureReason') or ''))}</li>"
        for each in company.exports[id_].results.values()
    )
    reason = html.escape(str(job.get("failureReasonType") or ""))
    moment = html.escape(str(job["createdAt"])[:16].replace("T", " "))
    return (
        f"<li>{html.escape(str(job['status']))}: {job['numberOfItems']} {reason}, {moment}, {by}<ul>{results}</ul></li>"
    )


def _options(name: str, values: tuple[str, ...]) -> str:
    rows = "".join(f"<option>{html.escape(each)}</option>" for each in values)
    return f"<select name={name}>{rows}</select>"


def _category(account: Mapping[str, object]) -> Mapping[str, object]:
    return {"id": account["id"], "name": account["name"], "identifier": account["externalId"]}


def _categories(company: TwinCompany, name: str = "category") -> str:
    rows = "".join(
        f'<option value="{each["id"]}">{html.escape(company.categories[str(each["externalId"])])}</option>'
        for each in company.lists.get("accounts", [])
        if each["externalId"] in company.categories and not each["archived"]
    )
    return f"<select name='{name}'><option value=''>I don't know</option>{rows}</select>"


def _minor(text: str) -> int:
    try:
        amount = Decimal(text.strip().replace(",", ".")).scaleb(2)
    except ArithmeticError:
        raise TwinRefusalError(400, "BAD_AMOUNT", text) from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise TwinRefusalError(400, "BAD_AMOUNT", text)
    return int(amount)

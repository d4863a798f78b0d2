"""The pages of companies: accounts, registers, documents with their entries, trial balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from raccord_sandbox.entities.accounts import render_account
from raccord_sandbox.entities.kind import Family, Kind
from raccord_sandbox.entities.registry import BY_PATH, KINDS
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import shown
from raccord_sandbox.posting.chart import is_debit_side
from raccord_sandbox.posting.ledger import Entry, Posting
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.asked import read
from raccord_sandbox.reports.balance_sheet import trial_balances
from raccord_sandbox.reports.source import Source
from raccord_sandbox.window.indenting import indented
from raccord_sandbox.window.rendering import absent, page
from raccord_sandbox.wire import dumps

PAGE = 100
NAMES = ("Customer", "Vendor", "Employee")
PAGES = frozenset({"settings", "salestax", "chartofaccounts", "items", "customers", "vendors"})
"""Pages of QuickBooks Online that are about no document."""
DEEP_LINKS = {
    "expense": "purchase",
    "check": "purchase",
    "journal": "journalentry",
    "recvpayment": "payment",
    "refund": "refundreceipt",
}
"""Words of QuickBooks Online's own addresses that are not the entity's path."""
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a register: the document, the other side, the movement and the balance after it."""

    posting: Posting
    number: str
    name: str
    memo: str
    amount: Decimal
    balance: Decimal


def books_router(store: Store) -> APIRouter:
    """Return the pages of a sandbox's companies."""
    router = APIRouter()

    @router.get("/", response_model=None)
    def companies(request: Request) -> Response:
        return page("companies.html", request, companies=[_summary(company) for company in store], place="companies")

    @router.get("/company/{realm}", response_model=None)
    def overview(request: Request, realm: str) -> Response:
        company = store.get(realm)
        if company is None:
            return absent(request)
        with company.lock:
            latest = _transactions(company)[:20]
            documents = [_line(company, kind, doc) for kind, doc in latest]
            accounts = [account for account in _accounts(company) if account["CurrentBalance"]]
            closed = (company.get("Preferences", "1") or {}).get("AccountingInfoPrefs", {}).get("BookCloseDate")
        return _page(
            company, "overview.html", request, place="overview", accounts=accounts, documents=documents, closed=closed
        )

    @router.get("/company/{realm}/accounts", response_model=None)
    def chart(request: Request, realm: str) -> Response:
        company = store.get(realm)
        if company is None:
            return absent(request)
        with company.lock:
            accounts = _accounts(company)
        return _page(company, "accounts.html", request, place="accounts", accounts=accounts)

    @router.get("/company/{realm}/accounts/{key}", response_model=None)
    def register(request: Request, realm: str, key: str) -> Response:
        company = store.get(realm)
        account = None if company is None else company.get("Account", key)
        if company is None or account is None:
            return absent(request)
        with company.lock:
            steps, pages = _turned(_register(company, account)[::-1], request)
        return _page(company, "register.html", request, place="accounts", account=account, steps=steps, pages=pages)

    return router


def documents_router(store: Store) -> APIRouter:
    """Return the pages of documents and the trial balance."""
    router = APIRouter()

    @router.get("/company/{realm}/documents", response_model=None)
    def documents(request: Request, realm: str) -> Response:
        company = store.get(realm)
        if company is None:
            return absent(request)
        chosen = request.query_params.get("kind", "")
        with company.lock:
            found, pages = _turned(_transactions(company, chosen), request)
            lines = [_line(company, kind, doc) for kind, doc in found]
            kinds = [kind.name for kind in _kinds() if len(company.table(kind.name))]
        return _page(
            company,
            "documents.html",
            request,
            place="documents",
            documents=lines,
            kinds=kinds,
            kind=chosen,
            pages=pages,
        )

    @router.get("/company/{realm}/trial-balance", response_model=None)
    def trial_balance(request: Request, realm: str) -> Response:
        company = store.get(realm)
        if company is None:
            return absent(request)
        with company.lock:
            last = company.clock.today().isoformat()
            found = trial_balances(Source(company, read(company, {"accounting_method": "Accrual"})))
        rows = [(account, balance) for account, balance in found if balance]
        debit = sum((balance for _, balance in rows if balance > 0), Decimal(0))
        credit = sum((-balance for _, balance in rows if balance < 0), Decimal(0))
        return _page(
            company,
            "trial_balance.html",
            request,
            place="trial_balance",
            rows=rows,
            day=last,
            total=debit,
            credit=credit,
        )

    @router.get("/company/{realm}/{entity}/{key}", response_model=None)
    def document(request: Request, realm: str, entity: str, key: str) -> Response:
        company, kind = store.get(realm), BY_PATH.get(entity.lower())
        if company is None or kind is None:
            return absent(request)
        with company.lock:
            doc = company.get(kind.name, key)
            if doc is None:
                return absent(request)
            posting = company.ledger.posting(kind.name, key)
            entries = [_side(company, entry) for entry in (posting.entries if posting else ())]
            seen = shown(company, kind, doc)
        return _page(
            company, "document.html", request, place="documents", kind=kind, doc=seen, entries=entries,
            links=_links(doc), text=indented(dumps(seen)),
        )  # fmt: skip

    return router


def ways_router(store: Store) -> APIRouter:
    """Return the addresses that lead to documents, and the style of all pages."""
    router = APIRouter()

    @router.get("/sandbox.css", response_model=None)
    def style() -> Response:
        text = files("raccord_sandbox.window").joinpath("sandbox.css").read_text("utf-8")
        return Response(text, media_type="text/css", headers={"Cache-Control": "max-age=300"})

    @router.get("/app/{word}", response_model=None)
    def deep_link(request: Request, word: str) -> Response:
        """Lead the addresses that QuickBooks Online has for documents to the pages here, those of settings and lists to
        the company's.
        """
        named = request.query_params.get("deeplinkcompanyid", "")
        if word in PAGES and store.get(named) is not None:
            return RedirectResponse(f"/company/{named}", 302)
        kind = BY_PATH.get(DEEP_LINKS.get(word, word))
        realm, key = (request.query_params.get(name, "") for name in ("deeplinkcompanyid", "txnId"))
        holders = [one for one in store if (not realm or one.realm == realm) and kind and one.get(kind.name, key)]
        if kind is None or len(holders) != 1:
            return absent(request)
        return RedirectResponse(f"/company/{holders[0].realm}/{kind.path}/{key}", 302)

    return router


def _page(company: Company, name: str, request: Request, **values: Any) -> Response:
    return page(name, request, company=company, title=company.settings["name"], **values)


def _summary(company: Company) -> Doc:
    with company.lock:
        count = sum(len(company.table(kind.name)) for kind in _kinds())
        return {"company": company, "documents": count, "now": company.clock.now().isoformat(timespec="minutes")}


def _kinds() -> list[Kind]:
    return [kind for kind in KINDS.values() if kind.family is Family.TRANSACTION]


def _accounts(company: Company) -> list[Doc]:
    """Return the active accounts with their balances, income and expense included, in the order of the chart."""
    found = []
    for doc in company.table("Account"):
        if doc["Active"]:
            balance = company.ledger.balance(doc["Id"])
            sign = 1 if is_debit_side(doc["Classification"]) else -1
            found.append({**render_account(company, doc), "CurrentBalance": sign * balance})
    return found


def _register(company: Company, account: Doc) -> list[Step]:
    """Return the movements of an account by date, each with the balance after it on the account's own side."""
    sign = 1 if is_debit_side(account["Classification"]) else -1
    balance = Decimal(0)
    steps = []
    for posting in company.ledger.of_account(account["Id"]):
        doc = company.get(posting.kind, posting.id) or {}
        for entry in posting.entries:
            if entry.account == account["Id"]:
                balance += sign * entry.amount
                memo = entry.memo or doc.get("PrivateNote", "")
                steps.append(
                    Step(posting, doc.get("DocNumber", ""), _name(company, entry.name), memo, entry.amount, balance)
                )
    return steps


def _transactions(company: Company, chosen: str = "") -> list[tuple[Kind, Doc]]:
    """Return the documents, the newest first."""
    kinds = [kind for kind in _kinds() if not chosen or kind.name == chosen]
    found = [(kind, doc) for kind in kinds for doc in company.table(kind.name)]
    return sorted(found, key=lambda pair: (pair[1].get("TxnDate", ""), int(pair[1]["Id"])), reverse=True)


def _line(company: Company, kind: Kind, doc: Doc) -> Doc:
    who = next((doc[ref]["value"] for ref in ("CustomerRef", "VendorRef", "EntityRef") if ref in doc), "")
    return {
        "kind": kind,
        "id": doc["Id"],
        "day": doc.get("TxnDate", ""),
        "number": doc.get("DocNumber", ""),
        "name": _name(company, who),
        "memo": doc.get("PrivateNote", ""),
        "total": doc.get("TotalAmt", doc.get("Amount", Decimal(0))),
    }


def _side(company: Company, entry: Entry) -> Doc:
    account = company.get("Account", entry.account) or {}
    return {"account": account, "entry": entry, "name": _name(company, entry.name)}


def _name(company: Company, key: str) -> str:
    for kind in NAMES if key else ():
        found = company.get(kind, key)
        if found is not None:
            return str(found["DisplayName"])
    return ""


def _links(doc: Doc) -> list[Doc]:
    """Return the links of a document and of its lines, each once; only those to documents that have a page."""
    found = [*doc.get("LinkedTxn", []), *(link for line in doc.get("Line", []) for link in line.get("LinkedTxn", []))]
    unique = {(link.get("TxnType", ""), link.get("TxnId", "")): None for link in found}
    return [{"kind": kind, "id": key, "path": _path_of(kind)} for kind, key in unique]


def _path_of(word: str) -> str:
    """Return the path of a link's type, which may be a word of the reports such as Check or Expense."""
    if word in ("Check", "Expense", "CreditCardCredit"):
        return "purchase"
    return word.lower() if word.lower() in BY_PATH else ""


def _turned(found: Sequence[Item], request: Request) -> tuple[Sequence[Item], Doc]:
    """Return one page of a list, and the addresses of its neighbours."""
    asked = request.query_params.get("page", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < 8 else 1
    last = max(1, -(-len(found) // PAGE))
    number = min(max(1, number), last)
    kept = {key: value for key, value in request.query_params.items() if key != "page"}

    def address(other: int) -> str:
        return f"{request.url.path}?{urlencode({**kept, 'page': other})}"

    pages = {
        "number": number,
        "last": last,
        "total": len(found),
        "before": address(number - 1) if number > 1 else "",
        "after": address(number + 1) if number < last else "",
    }
    return found[(number - 1) * PAGE : number * PAGE], pages

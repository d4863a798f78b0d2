"""A small window onto the books, in French and English, without script."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from raccord_sandbox.company import Company
from raccord_sandbox.entities.accounts import render_account
from raccord_sandbox.entities.kind import Family
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.faults import Doc
from raccord_sandbox.ledger import Posting
from raccord_sandbox.reports.asked import read
from raccord_sandbox.reports.balance_sheet import trial_balances
from raccord_sandbox.reports.source import Source
from raccord_sandbox.store import Store
from raccord_sandbox.texts import TEXTS

LATEST = 50
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

_environment = Environment(
    loader=PackageLoader("raccord_sandbox"), autoescape=select_autoescape(default=True), undefined=StrictUndefined
)


def language_of(request: Request) -> str:
    """Return fr or en: the address decides, then the browser."""
    asked = request.query_params.get("lang", "")
    if asked in TEXTS:
        return asked
    for part in request.headers.get("accept-language", "").split(","):
        code = part.partition(";")[0].strip()[:2].lower()
        if code in TEXTS:
            return code
    return "en"


def money(amount: Decimal, language: str) -> str:
    """Return an amount with two decimals in the language's manner."""
    text = f"{amount:,.2f}"
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text


def render(name: str, request: Request, **values: Any) -> str:
    """Return a page."""
    language = language_of(request)
    template = _environment.get_template(name)
    return template.render(t=TEXTS[language], language=language, money=lambda amount: money(amount, language), **values)


def pages_router(store: Store) -> APIRouter:
    """Return the pages of a sandbox's companies."""
    router = APIRouter()

    def page(name: str, request: Request, realm: str = "", **values: Any) -> Response:
        company = store.get(realm)
        title = company.settings["name"] if company else ""
        return HTMLResponse(render(name, request, realm=realm, title=title, **values), headers=HEADERS)

    @router.get("/", response_model=None)
    def companies(request: Request) -> Response:
        return page("companies.html", request, companies=[(one.realm, one.settings["name"]) for one in store])

    @router.get("/company/{realm}", response_model=None)
    def overview(request: Request, realm: str) -> Response:
        company = store.get(realm)
        if company is None:
            return _absent(request)
        with company.lock:
            accounts = [render_account(company, doc) for doc in company.table("Account") if doc["Active"]]
            documents = [_line(company, posting) for posting in _latest(company)]
        return page("company.html", request, realm, accounts=accounts, documents=documents)

    @router.get("/company/{realm}/trial-balance", response_model=None)
    def trial_balance(request: Request, realm: str) -> Response:
        company = store.get(realm)
        if company is None:
            return _absent(request)
        with company.lock:
            last = company.clock.today().isoformat()
            found = trial_balances(Source(company, read(company, {"accounting_method": "Accrual"})))
        rows = [(account["FullyQualifiedName"], balance) for account, balance in found if balance]
        debit = sum((balance for _, balance in rows if balance > 0), Decimal(0))
        credit = sum((-balance for _, balance in rows if balance < 0), Decimal(0))
        return page("trial_balance.html", request, realm, rows=rows, day=last, total=debit, credit=credit)

    @router.get("/company/{realm}/{entity}/{key}", response_model=None)
    def document(request: Request, realm: str, entity: str, key: str) -> Response:
        company = store.get(realm)
        kind = next((kind for kind in KINDS.values() if kind.path == entity.lower()), None)
        if company is None or kind is None or kind.family is not Family.TRANSACTION:
            return _absent(request)
        with company.lock:
            doc = company.get(kind.name, key)
            posting = company.ledger.posting(kind.name, key)
            if doc is None:
                return _absent(request)
            entries = [
                ((company.get("Account", entry.account) or {}).get("Name", ""), entry)
                for entry in (posting.entries if posting else ())
            ]
        return page("document.html", request, realm, kind=kind.name, doc=doc, entries=entries, links=_links(doc))

    return router


def _absent(request: Request) -> Response:
    return HTMLResponse(render("absent.html", request, realm="", title=""), 404, HEADERS)


def _latest(company: Company) -> list[Posting]:
    postings = [posting for posting in company.ledger.postings() if KINDS[posting.kind].family is Family.TRANSACTION]
    return postings[: -LATEST - 1 : -1]


def _line(company: Company, posting: Posting) -> Doc:
    doc = company.get(posting.kind, posting.id) or {}
    return {
        "kind": posting.kind,
        "id": posting.id,
        "day": posting.day,
        "number": doc.get("DocNumber", ""),
        "memo": doc.get("PrivateNote", ""),
        "total": doc.get("TotalAmt", doc.get("Amount", Decimal(0))),
    }


def _links(doc: Doc) -> list[Doc]:
    return [*doc.get("LinkedTxn", []), *(link for line in doc.get("Line", []) for link in line.get("LinkedTxn", []))]

"""A sandbox over HTTP and a plain client of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import Company, assert_books_balance
from raccord_sandbox.serving.server import SandboxServer

Doc = dict[str, Any]
CREDENTIALS = ("raccord-sandbox", "raccord-sandbox-secret")
CALLBACK = "http://localhost:9/callback"
START = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@dataclass
class Books:
    """One company as a client sees it; every write is followed by the invariant check."""

    server: SandboxServer
    company: Company
    http: httpx.Client

    @property
    def base(self) -> str:
        return f"/v3/company/{self.company.realm}"

    def get(self, path: str, **parameters: str) -> Doc:
        return exact(self.http.get(f"{self.base}/{path}", params=parameters))

    def post(self, path: str, body: Any, **parameters: str) -> Doc:
        content = json.dumps(body, default=str).encode()
        headers = {"Content-Type": "application/json"}
        answer = exact(self.http.post(f"{self.base}/{path}", content=content, headers=headers, params=parameters))
        with self.company.lock:
            assert_books_balance(self.company)
        return answer

    def make(self, entity: str, body: Doc, **parameters: str) -> Doc:
        answer = self.post(entity.lower(), body, **parameters)
        assert entity in answer, answer
        found: Doc = answer[entity]
        return found

    def refuse(self, path: str, body: Any, code: str, **parameters: str) -> Doc:
        """Post, expect a fault of this code, and prove that nothing changed."""
        before = [(row.kind, row.id, row.doc, row.entries) for row in self.company.rows()]
        answer = self.post(path, body, **parameters)
        assert "Fault" in answer, answer
        error: Doc = answer["Fault"]["Error"][0]
        assert error["code"] == code, error
        assert before == [(row.kind, row.id, row.doc, row.entries) for row in self.company.rows()]
        return error

    def query(self, statement: str) -> Doc:
        answer = self.get("query", query=statement)
        assert "QueryResponse" in answer, answer
        found: Doc = answer["QueryResponse"]
        return found

    def all(self, entity: str, where: str = "") -> list[Doc]:
        statement = f"select * from {entity} {where} maxresults 1000"  # noqa: S608  # the query language under test
        return list(self.query(statement).get(entity, []))

    def account(self, subtype: str) -> Doc:
        return self.all("Account", f"where AccountSubType = '{subtype}'")[0]

    def balance(self, subtype: str) -> Decimal:
        return Decimal(self.account(subtype)["CurrentBalance"])

    def tax_code(self, name: str) -> Doc:
        return next(doc for doc in self.company.table("TaxCode") if doc["Name"] == name)

    def item(self) -> Doc:
        return next(iter(self.company.table("Item")))

    def sale(self, amount: object, number: str | None = None, code: str | None = None, **more: Any) -> Doc:
        """Return the body of a sales receipt of one line."""
        detail: Doc = {"ItemRef": {"value": self.item()["Id"]}}
        if not self.company.is_us:
            detail["TaxCodeRef"] = {"value": self.tax_code(code or "Exonéré")["Id"]}
        line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        return {"TxnDate": "2026-03-01", "Line": [line], **({"DocNumber": number} if number else {}), **more}

    def customer(self, name: str = "Kim", **more: Any) -> Doc:
        """Make a customer and return a reference to it."""
        return {"value": self.make("Customer", {"DisplayName": name, **more})["Id"]}

    def owed(self, customer: Doc) -> Decimal:
        """Return what a customer owes."""
        return Decimal(self.read("Customer", customer["value"])["Balance"])

    def read(self, entity: str, key: str) -> Doc:
        found: Doc = self.get(f"{entity.lower()}/{key}")[entity]
        return found

    def invoice(self, amount: object, customer: Doc, **more: Any) -> Doc:
        """Make an invoice of one line."""
        return self.make("Invoice", self.sale(amount, CustomerRef=customer, **more))

    def credit(self, amount: object, customer: Doc, **more: Any) -> Doc:
        """Make a credit memo of one line."""
        return self.make("CreditMemo", self.sale(amount, CustomerRef=customer, **more))

    def pay(self, total: object, customer: Doc, *lines: Doc, **more: Any) -> Doc:
        """Make a payment."""
        return self.make("Payment", {"CustomerRef": customer, "TotalAmt": total, "Line": list(lines), **more})

    def expense(self, amount: object, subtype: str = "Travel", **detail: Any) -> Doc:
        """Return a line on the account of a subtype."""
        body: Doc = {"AccountRef": {"value": self.account(subtype)["Id"]}, **detail}
        if not self.company.is_us:
            body.setdefault("TaxCodeRef", {"value": self.tax_code("Exonéré")["Id"]})
        key = "AccountBasedExpenseLineDetail"
        return {"Amount": amount, "DetailType": key, key: body}

    def bill(self, vendor: Doc, *lines: Doc, **more: Any) -> Doc:
        """Return the body of a bill (or of a vendor credit)."""
        return {"TxnDate": "2026-03-01", "VendorRef": {"value": vendor["Id"]}, "Line": list(lines), **more}

    def owed_to(self, vendor: Doc) -> Decimal:
        """Return a vendor's balance."""
        return Decimal(self.get(f"vendor/{vendor['Id']}")["Vendor"]["Balance"])

    def lab(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask the control API for something below /sandbox."""
        answer = self.ask(method, path, body)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def ask(self, method: str, path: str, body: Doc | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.server.lab_token}"}
        return self.http.request(method, f"/sandbox/{path}", json=body or None, headers=headers)

    def here(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask the control API for something of this company."""
        return self.lab(method, f"companies/{self.company.realm}/{path}", **body)

    def deed(self, name: str, /, **body: Any) -> Any:
        """Do what a person does in the browser."""
        return self.here("POST", f"person/{name}", **body)


def exact(answer: httpx.Response) -> Doc:
    """Return the body with exact decimals."""
    found: Doc = json.loads(answer.text, parse_float=Decimal)
    return found


def linked(doc: Doc, kind: str, amount: object, line: str = "0") -> Doc:
    """Return a deposit line that links a transaction."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind, "TxnLineId": line}]}


def consent(http: httpx.Client, realm: str) -> Doc:
    """Go through the authorize page without a browser and return the tokens."""
    fields = {
        "client_id": CREDENTIALS[0],
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": CALLBACK,
        "state": "s1",
    }
    page = http.get("/connect/oauth2", params={**fields, "auto": "1", "realm": realm})
    answer = dict(parse_qsl(urlsplit(page.headers["location"]).query))
    assert answer["state"] == "s1"
    assert answer["realmId"] == realm
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    return exact(http.post("/oauth2/v1/tokens/bearer", data=form, auth=CREDENTIALS))


@pytest.fixture(scope="session")
def server() -> Iterator[SandboxServer]:
    """One sandbox for the whole session, its clock frozen; each test gets its books back as they were."""
    with SandboxServer(SandboxConfig(clock=SandboxClock(START))) as running:
        for company in running.store:
            # A test says itself whom it knows: it counts the names it made, not those of the template.
            for kind in ("Customer", "Vendor", "Employee"):
                company.tables.pop(kind, None)
            running.store.snapshot(company, "start")
        yield running


def books_of(server: SandboxServer, template: str) -> Iterator[Books]:
    company = server.store.of_template(template)
    server.store.restore(company, "start")
    server.lab.clear(seed=1)
    server.config.clock.advance(START - server.config.clock.now())
    yield from connected(server, company)


def connected(server: SandboxServer, company: Company) -> Iterator[Books]:
    token = server.store.grants.grant(company.realm)["access_token"]
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=10, verify=False) as http:  # noqa: S501  # plain HTTP
        yield Books(server, company, http)


@pytest.fixture(scope="module")
def own(server: SandboxServer) -> Iterator[Books]:
    """An American company of the module's own, for tests that only read what one fixture made."""
    company = server.store.add("us")
    server.config.clock.advance(START - server.config.clock.now())
    for kind in ("Customer", "Vendor", "Employee"):
        company.tables.pop(kind, None)
    yield from connected(server, company)
    server.store.remove(company)


@pytest.fixture
def quebec(server: SandboxServer) -> Iterator[Books]:
    """The Quebec company."""
    yield from books_of(server, "quebec")


@pytest.fixture
def us(server: SandboxServer) -> Iterator[Books]:
    """The company of the United States."""
    yield from books_of(server, "us")


@pytest.fixture(params=["us", "quebec"])
def books(request: pytest.FixtureRequest) -> Books:
    """Each of the two companies in turn."""
    found: Books = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def consented() -> Any:
    """The way through the authorize page, for tests that cannot import it."""
    return consent

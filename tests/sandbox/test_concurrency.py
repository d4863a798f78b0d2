"""Twenty clients at once, each with a connection of its own, who write the same names and the same objects."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import Company, assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.serving.server import SandboxServer

Doc = dict[str, Any]
CLIENTS = 20


class Crowd:
    """Twenty clients of one company."""

    def __init__(self, server: SandboxServer, company: Company) -> None:
        self.company = company
        token = server.store.grants.grant(company.realm)["access_token"]
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        base = f"{server.url}/v3/company/{company.realm}/"
        self.clients = [
            httpx.Client(base_url=base, headers=headers, timeout=30, verify=False)  # noqa: S501  # plain HTTP
            for _ in range(CLIENTS)
        ]
        self._pool = ThreadPoolExecutor(CLIENTS)

    def all(self, deed: Callable[[httpx.Client, int], Any]) -> list[Any]:
        """Let every client do something at the same moment; return what came of it, client by client."""
        ready = Barrier(CLIENTS)

        def one(number: int) -> Any:
            ready.wait(30)
            return deed(self.clients[number], number)

        return list(self._pool.map(one, range(CLIENTS)))

    def post(self, path: str, body: Doc, **parameters: str) -> Doc:
        """Post with the first client."""
        return post(self.clients[0], path, body, **parameters)

    def ref(self, subtype: str) -> Doc:
        """Return a reference to the first account of a subtype."""
        return {"value": self.company.accounts_of(AccountSubType=subtype)[0]}

    def sale(self, amount: object, **more: Any) -> Doc:
        """Return the body of a sale of one line."""
        item = next(doc["Id"] for doc in self.company.table("Item") if doc["Type"] == "Service")
        line = {
            "Amount": amount,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": item}},
        }
        return {"Line": [line], **more}

    def close(self) -> None:
        """Close every connection."""
        self._pool.shutdown()
        for client in self.clients:
            client.close()


def post(client: httpx.Client, path: str, body: Doc, **parameters: str) -> Doc:
    found: Doc = client.post(path, json=body, params=parameters).json()
    return found


def outcome(answer: Doc) -> str:
    """Return ok, or the code of the refusal."""
    return str(answer["Fault"]["Error"][0]["code"]) if "Fault" in answer else "ok"


@pytest.fixture(scope="module", autouse=True)
def threads_change_places_often() -> Iterator[None]:
    """Let the interpreter switch between threads every few instructions, so that what can go wrong does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.000_001)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(seeds=("us",))) as running:
        yield running


@pytest.fixture
def crowd(server: SandboxServer) -> Iterator[Crowd]:
    company = server.store.add("us")
    found = Crowd(server, company)
    yield found
    found.close()
    with company.lock:
        assert_books_balance(company)
    server.store.remove(company)


@pytest.mark.parametrize(
    ("paths", "body", "code"),
    [
        (("customer", "vendor", "employee"), {"DisplayName": "Same Name", "GivenName": "Same"}, "6240"),
        (("account",), {"Name": "Same account", "AccountType": "Bank"}, "6240"),
        (("class",), {"Name": "Same class"}, "6240"),
        (("paymentmethod",), {"Name": "Same method"}, "6240"),
    ],
)
def test_one_of_twenty_gets_a_name(crowd: Crowd, paths: tuple[str, ...], body: Doc, code: str) -> None:
    answers = crowd.all(lambda client, number: outcome(post(client, paths[number % len(paths)], body)))
    assert Counter(answers) == {"ok": 1, code: CLIENTS - 1}


def test_one_of_twenty_gets_a_document_number(crowd: Crowd) -> None:
    sides = [
        {
            "Amount": 5,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": posting, "AccountRef": crowd.ref(subtype)},
        }
        for posting, subtype in (("Debit", "Travel"), ("Credit", "Savings"))
    ]
    body = {"Line": sides, "DocNumber": "J-1"}
    answers = crowd.all(lambda client, number: outcome(post(client, "journalentry", body)))
    assert Counter(answers) == {"ok": 1, "6140": CLIENTS - 1}


def test_one_of_twenty_saves_and_the_others_are_told_that_they_are_stale(crowd: Crowd) -> None:
    made = crowd.post("salesreceipt", crowd.sale(5))["SalesReceipt"]
    target = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    answers = crowd.all(lambda client, number: post(client, "salesreceipt", {**target, "PrivateNote": str(number)}))
    assert Counter(outcome(answer) for answer in answers) == {"ok": 1, "5010": CLIENTS - 1}
    (saved,) = (answer["SalesReceipt"] for answer in answers if "SalesReceipt" in answer)
    stored = crowd.company.get("SalesReceipt", made["Id"])
    assert stored is not None
    assert (stored["SyncToken"], stored["PrivateNote"]) == ("1", saved["PrivateNote"])


def test_no_update_of_those_who_read_again_is_lost(crowd: Crowd) -> None:
    made = crowd.post("customer", {"DisplayName": "Counted", "Notes": "0"})["Customer"]

    def add_one(client: httpx.Client, number: int) -> int:
        for tries in range(1, 200):
            seen = client.get(f"customer/{made['Id']}").json()["Customer"]
            body = {
                "Id": seen["Id"],
                "SyncToken": seen["SyncToken"],
                "sparse": True,
                "Notes": str(int(seen["Notes"]) + 1),
            }
            if outcome(post(client, "customer", body)) == "ok":
                return tries
        raise AssertionError("never saved")

    crowd.all(add_one)
    stored = crowd.company.get("Customer", made["Id"])
    assert stored is not None
    assert (stored["Notes"], stored["SyncToken"]) == (str(CLIENTS), str(CLIENTS))


def test_no_id_and_no_number_is_given_twice(crowd: Crowd) -> None:
    def many(client: httpx.Client, number: int) -> list[Doc]:
        single = [post(client, "salesreceipt", crowd.sale(1))["SalesReceipt"] for _ in range(3)]
        items = [{"bId": str(place), "operation": "create", "SalesReceipt": crowd.sale(1)} for place in range(5)]
        answers = post(client, "batch", {"BatchItemRequest": items})["BatchItemResponse"]
        return [*single, *(answer["SalesReceipt"] for answer in answers)]

    made = [doc for docs in crowd.all(many) for doc in docs]
    assert len({doc["Id"] for doc in made}) == len({doc["DocNumber"] for doc in made}) == len(made) == CLIENTS * 8
    funds = crowd.ref("UndepositedFunds")["value"]
    assert crowd.company.ledger.balance(funds) == len(made)


def test_a_request_id_sent_by_twenty_at_once_makes_one_document(crowd: Crowd) -> None:
    body = crowd.sale(7)
    answers = crowd.all(lambda client, number: post(client, "salesreceipt", body, requestid="same"))
    # While the first request still runs the others are told so (600); after it they get its answer.
    assert {outcome(answer) for answer in answers} <= {"ok", "600"}
    assert len({answer["SalesReceipt"]["Id"] for answer in answers if "SalesReceipt" in answer}) == 1
    assert len(crowd.company.table("SalesReceipt")) == 1


def test_one_of_twenty_deposits_and_one_pays(crowd: Crowd) -> None:
    sold = crowd.post("salesreceipt", crowd.sale(7))["SalesReceipt"]
    link = {"Amount": 7, "LinkedTxn": [{"TxnId": sold["Id"], "TxnType": "SalesReceipt", "TxnLineId": "0"}]}
    deposit = {"DepositToAccountRef": crowd.ref("Checking"), "Line": [link]}
    answers = crowd.all(lambda client, number: outcome(post(client, "deposit", deposit)))
    assert Counter(answers) == {"ok": 1, "620": CLIENTS - 1}
    ada = {"value": crowd.post("customer", {"DisplayName": "Ada"})["Customer"]["Id"]}
    owed = crowd.post("invoice", crowd.sale(9, CustomerRef=ada))["Invoice"]
    line = {"Amount": 9, "LinkedTxn": [{"TxnId": owed["Id"], "TxnType": "Invoice"}]}
    payment = {"CustomerRef": ada, "TotalAmt": 9, "Line": [line]}
    answers = crowd.all(lambda client, number: outcome(post(client, "payment", payment)))
    assert Counter(answers) == {"ok": 1, "6000": CLIENTS - 1}


def test_twenty_writers_leave_a_file_that_holds_all_they_were_told(tmp_path: Path) -> None:
    config = SandboxConfig(seeds=("us",), data=tmp_path)
    with SandboxServer(config) as running:
        crowd = Crowd(running, running.store.of_template("us"))
        answers = crowd.all(
            lambda client, number: [post(client, "salesreceipt", crowd.sale(number + 1)) for _ in range(3)]
        )
        crowd.close()
    told = {answer["SalesReceipt"]["Id"]: answer["SalesReceipt"]["TotalAmt"] for some in answers for answer in some}
    store = Store(config)
    company = store.of_template("us")
    assert {doc["Id"]: doc["TotalAmt"] for doc in company.table("SalesReceipt")} == told
    assert_books_balance(company)
    store.close()

"""How quick the sandbox is, beside what it promises; prints medians and ratios, asserts nothing.

    .venv/bin/python bench/sandbox.py [--documents 100000] [--seconds 5]

The sandbox runs in a process of its own, as people start it, without limits; the clients are threads of this one. The
large company is written straight into the books, saved, and asked over HTTP; ``of promise`` is how many times as good
as promised a figure is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

Doc = dict[str, Any]
TOKEN = "bench"  # noqa: S105  # of a sandbox that lives for a moment
THREADS = 4
ASKED = 200


@contextmanager
def sandbox(*arguments: str) -> Iterator[tuple[str, float, str]]:
    """Start a sandbox; yield its address, the seconds until it answered, and the realm of its first company."""
    command = [sys.executable, "-m", "raccord_sandbox", *arguments]
    begun = time.perf_counter()
    environment = {**os.environ, "RACCORD_SANDBOX_TOKEN": TOKEN}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url, _token, *realm = (process.stdout.readline().split()[1] for _ in range(2 if "--bare" in arguments else 3))
        httpx.get(f"{url}/.well-known/openid_configuration", timeout=60).raise_for_status()
        seconds = time.perf_counter() - begun
        try:
            yield url, seconds, "".join(realm)
        finally:
            process.terminate()
            process.wait(30)


class Client:
    """One company over HTTP."""

    def __init__(self, url: str, company: Doc) -> None:
        headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}
        self.http = httpx.Client(base_url=f"{url}/v3/company/{company['realm']}/", headers=headers, timeout=60)

    def query(self, statement: str) -> Doc:
        """Run a statement."""
        found: Doc = self.http.get("query", params={"query": statement}).json()["QueryResponse"]
        return found

    def sale(self) -> Doc:
        """Return the body of a sale."""
        item = self.query("select * from Item where Type = 'Service' maxresults 1")["Item"][0]["Id"]
        detail = {"ItemRef": {"value": item}}
        line = {"Amount": 12.34, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        return {"Line": [line], "PrivateNote": "bench"}


def made(url: str, template: str = "us") -> Doc:
    """Make a company through the control API."""
    answer = httpx.post(f"{url}/sandbox/companies", json={"template": template}, headers=lab(), timeout=60)
    answer.raise_for_status()
    found: Doc = answer.json()
    return found


def lab() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


def per_second(url: str, company: Doc, seconds: float, send: Callable[[Client, Doc], int]) -> float:
    """Return how many documents a second all threads together made."""
    clients = [Client(url, company) for _ in range(THREADS)]
    body = clients[0].sale()
    end = time.perf_counter() + seconds

    def one(client: Client) -> int:
        count = 0
        while time.perf_counter() < end:
            count += send(client, body)
        return count

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        total = sum(pool.map(one, clients))
    return total / (time.perf_counter() - begun)


def single(client: Client, body: Doc) -> int:
    answer = client.http.post("salesreceipt", json=body)
    assert "SalesReceipt" in answer.json(), answer.text
    return 1


def batch(client: Client, body: Doc) -> int:
    items = [{"bId": str(number), "operation": "create", "SalesReceipt": body} for number in range(30)]
    answer = client.http.post("batch", json={"BatchItemRequest": items}).json()
    assert all("SalesReceipt" in one for one in answer["BatchItemResponse"])
    return 30


def filled(folder: Path, documents: int) -> None:
    """Save a company with many sales, in another process, so that this one stays small."""
    subprocess.run([sys.executable, __file__, "--fill", str(folder), "--documents", str(documents)], check=True)


def fill(folder: Path, documents: int) -> None:
    from raccord_sandbox.config import SandboxConfig
    from raccord_sandbox.entities.kind import Operation
    from raccord_sandbox.entities.registry import KINDS
    from raccord_sandbox.keeping.store import Store
    from raccord_sandbox.operations import write

    store = Store(SandboxConfig(seeds=("us",), data=folder))
    company = store.of_template("us")
    item = next(doc["Id"] for doc in company.table("Item") if doc["Type"] == "Service")
    people = [doc["Id"] for doc in company.table("Customer")]
    for number in range(documents):
        detail = {"ItemRef": {"value": item}}
        line = {"Amount": Decimal(number % 977), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        day = f"20{16 + number % 10}-{1 + number % 12:02}-{1 + number % 28:02}"
        customer = {"value": people[number % len(people)]}
        write(
            company,
            KINDS["SalesReceipt"],
            {"TxnDate": day, "DocNumber": f"B{number}", "CustomerRef": customer, "Line": [line]},
            Operation.CREATE,
        )
        if number % 1_000 == 999:
            company.flush()
    company.flush()
    store.close()


def medians(url: str, realm: str, documents: int) -> Iterator[tuple[str, float]]:
    """Yield the median milliseconds of each kind of question to the large company."""
    begun = time.perf_counter()
    tokens = httpx.post(f"{url}/sandbox/companies/{realm}/tokens", headers=lab(), timeout=60).json()
    client = Client(url, {"realm": realm, **tokens})
    client.query("select count(*) from SalesReceipt")
    print(f"{'reading the large books, once':<38} {time.perf_counter() - begun:>9.1f} s", flush=True)
    some = client.query("select Id from SalesReceipt startposition 5000 maxresults 200")["SalesReceipt"]
    ids = [one["Id"] for one in some]
    questions: dict[str, Callable[[int], str]] = {
        "by Id": lambda place: f"Id = '{ids[place % len(ids)]}'",
        "by DocNumber": lambda place: f"DocNumber = 'B{place * 97 % documents}'",
        "by DocNumber IN 30": lambda place: f"DocNumber in ({','.join(repr(f'B{place + n}') for n in range(30))})",
        "by TxnDate, 100": lambda place: f"TxnDate = '20{16 + place % 10}-03-{1 + place % 28:02}'",
        "by CustomerRef, 100": lambda place: f"CustomerRef = '{1 + place % 20}'",
        "by last change, 100": lambda place: "MetaData.LastUpdatedTime > '2020-01-01T00:00:00-08:00'",
    }
    for name, where in questions.items():
        times = []
        for place in range(ASKED if documents < 200_000 else 50):
            begun = time.perf_counter()
            client.query(f"select * from SalesReceipt where {where(place)} maxresults 100")  # noqa: S608  # the query language
            times.append((time.perf_counter() - begun) * 1_000)
        yield name, statistics.median(times)
    times = []
    for key in ids:
        begun = time.perf_counter()
        client.http.get(f"salesreceipt/{key}").raise_for_status()
        times.append((time.perf_counter() - begun) * 1_000)
    yield "read", statistics.median(times)


def show(name: str, value: float, unit: str, promised: float, *, more_is_better: bool) -> None:
    ratio = value / promised if more_is_better else promised / value
    print(f"{name:<38} {value:>9.1f} {unit:<12} {promised:>9.1f} {ratio:>10.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        fill(options.fill, options.documents)
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {THREADS} connections")
    print(f"{'':<38} {'median':>9} {'':<12} {'promised':>9} {'of promise':>10}")
    starts = []
    for _ in range(3):
        with sandbox() as (_, seconds, _):
            starts.append(seconds)
    show("start, in memory", statistics.median(starts), "s", 1.5, more_is_better=False)
    with sandbox("--bare") as (url, _, _):
        company = made(url)
        show(
            "documents through /batch",
            per_second(url, company, options.seconds, batch),
            "a second",
            300,
            more_is_better=True,
        )
        show("single creates", per_second(url, company, options.seconds, single), "a second", 150, more_is_better=True)
    with tempfile.TemporaryDirectory(prefix="raccord-bench-") as name:
        folder = Path(name)
        with sandbox("--data", str(folder / "small")):
            pass
        with sandbox("--data", str(folder / "small")) as (_, seconds, _):
            show("start, with a saved file", seconds, "s", 1.5, more_is_better=False)
        filled(folder / "large", options.documents)
        with sandbox("--data", str(folder / "large"), "--seed", "us") as (url, seconds, realm):
            show(f"start, {options.documents} documents saved", seconds, "s", 1.5, more_is_better=False)
            for question, milliseconds in medians(url, realm, options.documents):
                show(question, milliseconds, "ms", 20, more_is_better=False)
            tokens = httpx.post(f"{url}/sandbox/companies/{realm}/tokens", headers=lab(), timeout=60).json()
            rate = per_second(url, {"realm": realm, **tokens}, options.seconds, batch)
            show("documents through /batch, to a file", rate, "a second", 300, more_is_better=True)


if __name__ == "__main__":
    main()

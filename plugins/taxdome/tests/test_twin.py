"""The twin as a service: what is clicked on its page is said as a message, pulled, and exported as a table."""

from __future__ import annotations

import csv
import io
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from standardwebhooks import Webhook

from raccord.plugin.testing import ContractTwin, serving
from raccord.plugin.testing.contract_twin import TOKEN
from raccord_taxdome.sandbox import Practice
from raccord_taxdome.sandbox.page import twin_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Served = tuple[Practice, str, list[dict[str, object]]]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    heard: list[dict[str, object]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(Webhook(SECRET).verify(body, dict(self.headers.items())))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    ear = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=ear.serve_forever, daemon=True)
    thread.start()
    practice = Practice()
    made: ContractTwin = twin_of(practice, page_size=2)
    made.tell(f"http://127.0.0.1:{ear.server_address[1]}/hooks/x", SECRET)
    with serving(made) as address:
        yield practice, address.removesuffix("/v1"), heard
    ear.shutdown()
    ear.server_close()
    thread.join()


def get(url: str) -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode("utf-8-sig"))


def click(root: str, deed: str, **typed: str) -> str:
    """Send a form of the page; return the page that follows."""
    with urllib.request.urlopen(f"{root}/do/{deed}", urllib.parse.urlencode(typed).encode()) as answer:
        return str(answer.read().decode())


def test_what_is_clicked_is_said_at_once_pulled_page_by_page_and_exported(served: Served) -> None:
    practice, root, heard = served
    assert "Fait : acc_0001" in click(root, "account", name="Zoé <Roy>")
    assert "Zoé &lt;Roy&gt;" in get(f"{root}/")
    assert "Done: srv_0001" in click(root, "service", name="Conseil", rate="100.00", lang="en")
    click(root, "invoice", account="acc_0001", service="srv_0001")
    click(root, "invoice", account="acc_0001", name="Débours", rate="24.00")
    click(root, "payment", invoice="inv_0001", amount="40.00")
    click(root, "refund", payment="pay_0001", amount="5.00")
    click(root, "leave", payment="pay_0001")
    click(root, "credit", account="acc_0001", amount="10")
    click(root, "promotion", invoice="inv_0001", amount="10")
    click(root, "payment", invoice="inv_0002", amount="30.00")
    click(root, "use", payment="pay_0003", invoice="inv_0001", amount="6.00")
    click(root, "payout", payment="pay_0001")
    click(root, "delete", payment="pay_0002")
    click(root, "rename", account="acc_0001", name="Zoé Roy")
    assert "Refusé" in click(root, "payment", invoice="inv_9999")
    assert "Refused" in click(root, "nothing", lang="en")
    assert [str(each["type"]).partition(".")[0] for each in heard] == [
        "account", "service", "invoice", "invoice", "payment", "refund", "payment", "credit", "payment", "payment",
        "payment", "payment", "payout", "payment", "account",
    ]  # fmt: skip
    assert heard[2]["data"] == practice.objects["invoice"]["inv_0001"]
    for name in ("Ana", "Bo", "Cy"):
        click(root, "account", name=name)
    first = json.loads(get(f"{root}/v1/accounts?limit=500"))
    second = json.loads(get(f"{root}/v1/accounts?cursor={first['next_cursor']}"))
    assert [each["name"] for each in first["data"] + second["data"]] == ["Zoé Roy", "Ana", "Bo", "Cy"]
    assert second["next_cursor"] is None
    since = urllib.parse.quote(str(practice.objects["account"]["acc_0004"]["updated_at"]))
    newer = json.loads(get(f"{root}/v1/accounts?updated_since={since}"))
    assert [each["id"] for each in newer["data"]] == ["acc_0004"]
    rows = list(csv.DictReader(io.StringIO(get(f"{root}/exports/payments.csv")), delimiter=";"))
    said = {row["id"]: (row["source"], row["sync"], row["deleted"]) for row in rows if row["source"]}
    assert said["pay_0001"] == ("card", "false", "")
    assert said["pay_0002"] == ("promotional_credit", "", "true")
    assert said["pay_0004"] == ("client_credit", "", "")


@pytest.mark.parametrize("path", ["/v1/nothing", "/exports/nothing.csv", "/nothing"])
def test_what_there_is_not_is_not_found_and_without_the_token_nothing_is_told(served: Served, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{served[1]}/v1/accounts")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{served[1]}{path}")


def test_an_invoice_is_prepared_issued_and_voided_and_its_status_stands_in_table_and_message(served: Served) -> None:
    practice, root, heard = served
    client, bill = practice.account("Luc Roy"), ""
    for deed, status in (("draft", "draft"), ("issue", "unpaid"), ("void", "voided")):
        click(
            root, deed, **({"account": client, "name": "X", "rate": "10.00"} if deed == "draft" else {"invoice": bill})
        )
        said = heard[-1]["data"]
        assert isinstance(said, dict)
        bill = str(said["id"])
        assert said == practice.objects["invoice"][bill]
        since = urllib.parse.quote(str(said["updated_at"]))
        pulled = {each["id"]: each for each in json.loads(get(f"{root}/v1/invoices?updated_since={since}"))["data"]}
        table = csv.DictReader(io.StringIO(get(f"{root}/exports/invoices.csv")), delimiter=";")
        rows = {row["id"]: row["status"] for row in table if row["status"]}
        assert (said["status"], pulled[bill]["status"], rows[bill]) == (status, status, status)

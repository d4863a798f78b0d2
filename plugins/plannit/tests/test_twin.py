"""The twin as a service: what is clicked on its page is said as a message and as a table."""

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

from raccord_plannit.sandbox import Firm
from raccord_plannit.sandbox.service import TOKEN, Service, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Service, str, list[dict[str, object]]]]:
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
    made = Service(Firm(), page_size=2)
    made.tell(f"http://127.0.0.1:{ear.server_address[1]}/hooks/x", SECRET)
    with serving(made) as address:
        yield made, address.removesuffix("/v1"), heard
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


def test_what_is_clicked_is_said_at_once_and_pulled_page_by_page(
    service: tuple[Service, str, list[dict[str, object]]],
) -> None:
    made, root, heard = service
    assert "Fait : C0001" in click(root, "contact", name="Zoé <Roy>")
    assert "Zoé &lt;Roy&gt;" in get(f"{root}/")
    assert "Done: A0001" in click(root, "item", name="Conduits", price="100.00", lang="en")
    click(root, "invoice", contact="C0001", item="A0001")
    click(root, "payment", invoice="F0001", amount="14.98")
    click(root, "void", payment="P0001")
    click(root, "advance", contact="C0001", amount="20")
    assert "K0001" in click(root, "credit", contact="C0001", invoice="F0001", name="Fidélité", price="5")
    assert "Refusé" in click(root, "payment", invoice="F9999")
    assert [each["type"] for each in heard][:5] == [
        "contact.updated", "item.updated", "invoice.updated", "payment.updated", "payment.updated",
    ]  # fmt: skip
    assert heard[2]["data"] == made.firm.objects["invoice"]["F0001"]
    for name in ("Ana", "Bo", "Cy"):
        click(root, "contact", name=name)
    first = json.loads(get(f"{root}/v1/contacts?limit=500"))
    second = json.loads(get(f"{root}/v1/contacts?cursor={first['next_cursor']}"))
    assert [each["display_name"] for each in first["data"] + second["data"]] == ["Zoé <Roy>", "Ana", "Bo", "Cy"]
    assert second["next_cursor"] is None
    since = urllib.parse.quote(str(made.firm.objects["contact"]["C0004"]["updated_at"]))
    newer = json.loads(get(f"{root}/v1/contacts?updated_since={since}"))
    assert [each["id"] for each in newer["data"]] == ["C0004"]
    rows = list(csv.DictReader(io.StringIO(get(f"{root}/exports/invoices.csv")), delimiter=";"))
    assert {row["id"] for row in rows} == {"F0001"}
    assert [row["taxes.tax"] for row in rows] == ["TPS", "TVQ"]


def test_without_the_token_nothing_is_told(service: tuple[Service, str, list[dict[str, object]]]) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{service[1]}/v1/contacts")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{service[1]}/v1/nothing")

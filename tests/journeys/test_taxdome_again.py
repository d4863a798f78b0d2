"""TaxDome's data that comes again or wrong: tables then messages, another company and back, ends and new beginnings."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cabinet import FIRST, NOW, ROLES, Cabinet, cabinet
from harness import OWNER, consent, enable, sync
from sqlalchemy import select
from standardwebhooks import Webhook
from till_company import sandbox, till_sandbox

from raccord.onboarding.arriving.receiving import receive_files
from raccord.onboarding.arriving.webhooks import MessageRefusedError, open_endpoint, receive
from raccord.onboarding.connecting.connections import reconnect
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.connecting.switching import switch_company
from raccord.onboarding.deciding.decisions import choose
from raccord.overview.explain import explain
from raccord.plugin import JSON
from raccord.plugin.contract import COLUMNS_ASKED
from raccord.store.database import Database
from raccord.store.models import Company, DraftState, Problem, RunState
from raccord.sync.mapping.unused import UNUSED
from raccord_sandbox.serving.server import SandboxServer
from raccord_taxdome.sandbox import Practice

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
KINDS = ("Customer", "Item", "Invoice", "Payment", "CreditMemo", "Purchase", "RefundReceipt", "Deposit")
Told = list[tuple[str, dict[str, JSON]]]


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


class Post:
    """What the practice tells in messages, each signed as its source signs it."""

    def __init__(self, firm: Cabinet) -> None:
        self.firm = firm
        path, secret = open_endpoint(firm.workshop, OWNER, firm.connection.id)
        self.address, self.hook, self.sent = path.rsplit("/", 1)[1], Webhook(secret), 0

    def send(
        self,
        kind: str,
        value: dict[str, JSON],
        name: str = "",
        key: Webhook | None = None,
        late: timedelta | None = None,
    ) -> bool:
        self.sent += 1
        name, moment = name or f"m{self.sent}", NOW - (late or timedelta())
        body = json.dumps({"type": f"{kind}.updated", "data": value})
        headers = {
            "webhook-id": name, "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": (key or self.hook).sign(name, moment, body),
        }  # fmt: skip
        return receive(self.firm.workshop, self.address, headers, body.encode())


def a_month(practice: Practice) -> Told:
    """Let one of each kind happen, fees said both ways; return what is told of it."""
    told: Told = []
    practice.told = lambda kind, value: told.append((kind, value))
    service = practice.service("Tenue de livres", "85.00", rate_type="hour")
    client = practice.account("Érable & fils", contacts=[{"name": "Luc", "email": "luc@erable.example"}])
    practice.account("Prospect")
    one = practice.pay(practice.invoice(client, practice.line(service, quantity="2")), "200.00", fee="3.20")
    second = practice.invoice(client, practice.line(name="X", rate="100.00"))
    two = practice.pay(second, "60.00")
    practice.fee("2.10", two)
    practice.use_credit(one, second, "30.00")
    practice.pay(second, "10.00", source="promotional_credit", provider="none")
    practice.payout(one, two, practice.refund(two, "5.00"), fee="8.40")
    practice.told = None
    return told


def counted(firm: Cabinet, company: Company) -> dict[str, int]:
    client = firm.workshop.client(company)
    return {kind: len(list(client.query_all(kind))) for kind in KINDS}


def all_posted(firm: Cabinet) -> bool:
    return {state for state, reason in firm.states().values() if reason != UNUSED} == {DraftState.POSTED}


@pytest.mark.requirement("TD-37", "TD-43", "TD-47")
def test_tables_then_messages_of_the_same_in_any_order_and_several_times_post_nothing_again(firm: Cabinet) -> None:
    told = a_month(firm.practice)
    assert firm.sync().state == RunState.DONE
    assert all_posted(firm)
    before, post = counted(firm, firm.company), Post(firm)
    again = told * 2
    random.Random(7).shuffle(again)
    for kind, value in again:
        post.send(kind, value)
    assert sync(firm.workshop, firm.connection).state == RunState.DONE
    assert (counted(firm, firm.company), all_posted(firm)) == (before, True)
    assert firm.all_equal()


@pytest.mark.requirement("TD-47", "TD-50", "TD-51", "K14", "K22")
def test_to_another_company_and_back_and_disconnected_and_connected_again_doubles_nothing(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    workshop, first = firm.workshop, firm.company
    told = a_month(firm.practice)
    firm.sync()
    before = counted(firm, first)

    other = consent(workshop, sandbox.store.add("quebec").realm)
    enable(workshop, other, "taxdome")
    there = switch_company(workshop, OWNER, firm.connection.id, other.id, "ACCEPTER", "fr")
    second = Cabinet(workshop, other, there, firm.practice)
    for role, (kind, fits) in ROLES.items():
        row = next(each for each in workshop.client(other).query_all(kind) if fits(each))
        choose(workshop, OWNER, there.id, role, row["Id"])
    assert sync(workshop, there).state == RunState.DONE
    assert all_posted(second)
    assert second.all_equal()
    for kind in ("Invoice", "Payment", "Purchase", "RefundReceipt", "Deposit"):
        assert len(second.ours(kind)) == len(firm.ours(kind)) > 0, kind
    in_other = counted(firm, other)

    back = switch_company(workshop, OWNER, there.id, first.id, "ACCEPT", "en")
    assert back.id == firm.connection.id
    for again in range(2):
        firm.sync()
        assert (counted(firm, first), counted(firm, other)) == (before, in_other), again
        disconnect(workshop, OWNER, firm.connection.id, without_export=True)
        reconnect(workshop, OWNER, firm.connection.id, firm.values)
    post = Post(firm)
    for kind, value in reversed(told):
        post.send(kind, value)
    firm.sync()
    assert (counted(firm, first), counted(firm, other)) == (before, in_other)
    assert firm.all_equal()


HEAD = b"object;id;updated_at;account_id;date;amount;currency;source"
STAMP = b"2026-03-02T10:00:00Z"
BAD_TABLES = {
    "factures-sans-total.csv": (
        b"object;id;updated_at;account_id;posted\ninvoice;F1;" + STAMP + b";acc_0001;2026-03-02\n",
        COLUMNS_ASKED, "Colonnes manquantes pour", "Columns missing for",
    ),
    "accounts-latin1.csv": (
        "object;id;updated_at;name\naccount;C9;2026-03-02T10:00:00Z;Zoé\n".encode("latin-1"),
        "contract.encoding", "La ligne 2 n’est pas en UTF-8", "Line 2 is not UTF-8",
    ),
    "accounts-long.csv": (
        b"object;id;updated_at;name\naccount;C9;" + STAMP + b";" + b"x" * 10_000_000 + b"\n",
        "contract.cell_too_long", "Une cellule dépasse", "A cell has more than",
    ),
    "payments-mixed.csv": (
        HEAD + b"\npayment;P8;" + STAMP + b";acc_0001;2026-03-02;25.00;CAD;cash\n"
        b"payment;P9;" + STAMP + b";acc_0001;2026-13-45;4,5x;CAD;cash\n",
        "contract.violation", "« date »", "“date”",
    ),
}  # fmt: skip


@pytest.mark.requirement("TD-35", "TD-43")
def test_bad_tables_and_messages_are_told_by_file_and_field_in_both_languages_and_the_rest_is_posted(
    firm: Cabinet,
) -> None:
    for name, (content, *_) in BAD_TABLES.items():
        receive_files(firm.workshop, OWNER, firm.connection.id, [(name, io.BytesIO(content))])
    told, post = a_month(firm.practice), Post(firm)
    kind, value = told[0]
    for key, late in ((Webhook("whsec_" + "QUFB" * 11), 0), (post.hook, 6), (post.hook, -6)):
        with pytest.raises(MessageRefusedError):
            post.send(kind, value, key=key, late=timedelta(minutes=late))
    for kind, value in told:
        post.send(kind, value)
    broken = {**firm.practice.all("invoice")[0], "id": "F777", "posted": str(FIRST), "lines": [{"amount": "1.0.0"}]}
    assert post.send("invoice", broken, "broken")
    assert not post.send("invoice", broken, "broken"), "replayed"
    sync(firm.workshop, firm.connection)
    assert all_posted(firm)
    references = {each.get("PaymentRefNum") for each in firm.ours("Payment")}
    assert {"P8", "pay_0001", "pay_0002"} <= references
    assert "P9" not in references
    with firm.workshop.database.read() as session:
        problems = list(session.scalars(select(Problem).where(Problem.connection_id == firm.connection.id)))
    said = {
        language: [f"{each.subject} {explain(each.code, each.params, language).what}" for each in problems]
        for language in ("fr", "en")
    }
    for name, (_, code, fr, en) in BAD_TABLES.items():
        assert any(each.code == code for each in problems), code
        # Columns are asked about once for all tables of the same headings; the page of files names the table.
        told_of = "invoices/columns/" if code == COLUMNS_ASKED else name
        for language, words in (("fr", fr), ("en", en)):
            assert any(told_of in each and words in each for each in said[language]), (name, language)
    assert any("“date”" in each and "“amount”" in each for each in said["en"]), "each field of the row"
    assert any("“lines[1].amount”" in each for each in said["en"])

"""Plannit's data that comes again or wrong: tables then messages, another company and back, ends and new beginnings."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from boreale import GATES, NOW, Boreale, boreale, choose_four
from harness import OWNER, consent, enable
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.onboarding.arriving.receiving import receive_files
from raccord.onboarding.arriving.webhooks import MessageRefusedError, receive
from raccord.onboarding.connecting.connections import reconnect
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.connecting.switching import switch_company
from raccord.onboarding.gates.gates import pass_gate
from raccord.overview.explain import explain
from raccord.plugin.contract import COLUMNS_ASKED
from raccord.store.database import Database
from raccord.store.models import Connection, Problem, Proof, RunState
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox import write_table
from raccord_plannit.sandbox.story import seeded
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
SAID = ("tax_groups", "catalogue_created")
KINDS = ("Invoice", "Payment", "CreditMemo", "Purchase", "Customer", "Item")


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Boreale]:
    with boreale(database, data_dir, sandbox) as made:
        made.firm = seeded(date(2026, 3, 2), weeks=2)
        made.listen()
        yield made


def counted(made: Boreale) -> dict[str, int]:
    return {kind: len(made.documents(kind)) for kind in KINDS}


def hand_in(made: Boreale, connection: Connection) -> None:
    """Hand in the firm's tables, all of them."""
    for info in CONTRACT.objects:
        table = io.BytesIO(write_table(info.name, made.firm.all(info.name)).encode())
        receive_files(made.workshop, OWNER, connection.id, [(f"{info.path}.csv", table)])


def all_posted(made: Boreale) -> bool:
    kinds = ("invoices", "payments", "credits", "payouts")
    return {state for key, (state, reason) in made.states().items() if key.startswith(kinds)} <= {"posted", "skipped"}


@pytest.mark.requirement("PL-01", "EX-02")
def test_tables_then_messages_of_the_same_in_any_order_and_several_times_post_nothing_again(firm: Boreale) -> None:
    hand_in(firm, firm.connection)
    assert firm.sync().state == RunState.DONE
    assert all_posted(firm)
    before = counted(firm)
    dice = random.Random(7)
    changes = firm.firm.changes * 2
    dice.shuffle(changes)
    firm.send_all(changes)
    assert firm.sync().state == RunState.DONE
    assert counted(firm) == before
    with firm.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("PL-01", "K14", "K17", "K22")
def test_to_another_company_and_back_and_disconnected_and_connected_again_doubles_nothing(
    firm: Boreale, sandbox: SandboxServer
) -> None:
    workshop, first = firm.workshop, firm.company
    hand_in(firm, firm.connection)
    firm.sync()
    before = counted(firm)

    other = consent(workshop, sandbox.store.add("quebec").realm)
    enable(workshop, other, "plannit")
    there = switch_company(workshop, OWNER, firm.connection.id, other.id, "ACCEPTER", "fr")
    second = Boreale(firm.firm, workshop, other, there, firm.clock)
    for gate in SAID:
        pass_gate(workshop, OWNER, there.id, gate)
    choose_four(second)
    assert second.sync().state == RunState.DONE
    assert all_posted(second)
    assert {kind: len(second.ours(kind)) for kind in ("Invoice", "Payment")} == {
        kind: len(firm.ours(kind)) for kind in ("Invoice", "Payment")
    }
    in_other = counted(second)

    back = switch_company(workshop, OWNER, there.id, first.id, "ACCEPT", "en")
    assert back.id == firm.connection.id
    for gate in SAID:
        pass_gate(workshop, OWNER, back.id, gate)
    for again in range(2):
        hand_in(firm, firm.connection)
        firm.sync()
        assert (counted(firm), counted(second)) == (before, in_other), again
        disconnect(workshop, OWNER, firm.connection.id, without_export=True)
        reconnect(workshop, OWNER, firm.connection.id, {"account": "boreale"}, GATES)
    firm.listen()
    firm.send_all(firm.firm.changes)
    firm.sync()
    assert (counted(firm), counted(second)) == (before, in_other)


MIXED = (
    b"object;id;updated_at;kind;invoice_id;contact_id;date;amount\n"
    b"payment;P8;2026-03-02T10:00:00Z;payment;;C1;2026-03-02;-4.00\n"
    b"payment;P9;2026-03-02T10:00:00Z;deposit;;C1;2026-13-45;4,5x\n"
)
BAD_TABLES = {
    "factures-sans-total.csv": (
        b"object;id;updated_at;contact_id;date\ninvoice;F1;2026-03-02T10:00:00Z;C1;2026-03-02\n",
        COLUMNS_ASKED, "Colonnes manquantes pour", "Columns missing for",
    ),
    "contacts-latin1.csv": (
        "object;id;updated_at;display_name\ncontact;C9;2026-03-02T10:00:00Z;Zoé\n".encode("latin-1"),
        "contract.encoding", "La ligne 2 n’est pas en UTF-8", "Line 2 is not UTF-8",
    ),
    "contacts-long.csv": (
        b"object;id;updated_at;display_name\ncontact;C9;2026-03-02T10:00:00Z;" + b"x" * 10_000_000 + b"\n",
        "contract.cell_too_long", "Une cellule dépasse", "A cell has more than",
    ),
    "payments-mixed.csv": (
        MIXED,
        "contract.violation", "le montant n’est pas positif", "the amount is not positive",
    ),
}  # fmt: skip


@pytest.mark.requirement("PL-01")
def test_bad_tables_and_messages_are_told_by_file_and_field_in_both_languages_and_the_rest_is_posted(
    firm: Boreale,
) -> None:
    workshop, connection = firm.workshop, firm.connection
    for name, (content, *_) in BAD_TABLES.items():
        receive_files(workshop, OWNER, connection.id, [(name, io.BytesIO(content))])
    body = json.dumps({"type": "contact.updated", "data": firm.firm.all("contact")[0]})
    for key, late in (("whsec_" + "QUFB" * 11, timedelta()), ("", timedelta(minutes=6)), ("", -timedelta(minutes=6))):
        assert firm.hook is not None
        hook = type(firm.hook)(key) if key else firm.hook
        moment = NOW - late
        headers = {
            "webhook-id": "m1", "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": hook.sign("m1", moment, body),
        }  # fmt: skip
        with pytest.raises(MessageRefusedError):
            receive(workshop, firm.address, headers, body.encode())
    firm.send_all(firm.firm.changes)
    broken = {**firm.firm.all("invoice")[0], "id": "F777", "total": "1.00", "lines": [{"amount": "1.0.0"}]}
    firm.send("invoice", broken)
    assert not firm.send("invoice", broken, f"msg_{firm.sent}"), "replayed"
    firm.sync()
    assert all_posted(firm)
    with workshop.database.read() as session:
        problems = list(session.scalars(select(Problem).where(Problem.connection_id == connection.id)))
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
    assert firm.ours("Invoice")

"""TaxDome's records in the pages: what may be decided by hand in each status, and what follows is told first."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from browsing import TOKEN, browser_of
from cabinet import Cabinet, cabinet
from harness import OWNER, finish, lab, sync
from sqlalchemy import event, select
from starlette.testclient import TestClient

from raccord.alarms import watch
from raccord.alarms.incidents import told_people
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.arriving.receiving import receive_files
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.store.database import Database
from raccord.store.models import (
    Connection,
    DraftState,
    Incident,
    Plan,
    Problem,
    ProblemState,
    Run,
    SourceFile,
    SourceRecord,
)
from raccord.sync.posting.removals import UNDONE
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app


class Desk:
    """The practice, and its owner's browser."""

    def __init__(self, firm: Cabinet) -> None:
        self.firm = firm
        self.browser: TestClient = browser_of(create_app(firm.workshop, HandOver(), OWNER))

    def text(self, address: str) -> str:
        answer = self.browser.get(address)
        assert answer.status_code == 200, address
        return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())

    def send(self, page: str, action: str, expects: int = 303, **fields: str) -> Any:
        token = TOKEN.search(self.browser.get(page).text)
        assert token
        answer = self.browser.post(action, data={"form_token": token[1], **fields})
        assert answer.status_code == expects, answer.text
        return answer

    def page(self, stream: str, source_id: str) -> str:
        """Return the address of a record's page."""
        with self.firm.workshop.database.read() as session:
            found = select(SourceRecord.id).where(
                SourceRecord.connection_id == self.firm.connection.id,
                SourceRecord.stream == stream,
                SourceRecord.source_id == source_id,
            )
            return f"/records/{session.scalars(found.order_by(SourceRecord.id.desc())).first()}"

    def by_hand(self, stream: str, source_id: str, way: str) -> None:
        page = self.page(stream, source_id)
        self.send(page, f"{page}/by-hand", way=way)

    def undo(self, stream: str, source_id: str) -> str:
        """Unsync a record; return what its page tells before."""
        page = self.page(stream, source_id)
        told = self.text(f"{page}/undo")
        where = self.send(f"{page}/undo", f"{page}/undo", way="delete").headers["location"]
        run_id = re.search(r"/runs/([0-9A-Za-z-]+)", where)
        assert run_id
        finish(self.firm.workshop, run_id[1])
        with self.firm.workshop.database.read() as session:
            plan = session.get_one(Plan, session.get_one(Run, run_id[1]).plan_id)
        approve_plan(self.firm.workshop, OWNER, plan.id, plan.hash)
        finish(self.firm.workshop, run_id[1])
        return told

    def release(self) -> None:
        """Let everything that was undone go again."""
        page = "/questions"
        assert "Currency CAD Date 2 Mar 2026" in self.text(page), "fields of the source have names, whoever's they are"
        for hold in re.findall(r"/questions/([0-9A-Za-z-]+)/release", self.browser.get(page).text):
            self.send(page, f"/questions/{hold}/release")

    def problem(self, subject: str) -> str:
        with self.firm.workshop.database.read() as session:
            of = select(Problem.id).where(Problem.subject == subject, Problem.state == ProblemState.OPEN)
            return session.scalars(of).one()


@pytest.fixture
def desk(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Desk]:
    with cabinet(database, data_dir, sandbox) as made:
        yield Desk(made)


def billed(firm: Cabinet, name: str = "Érable & fils", rate: str = "100.00") -> str:
    practice = firm.practice
    if not practice.objects["account"]:
        practice.account(name)
    return practice.invoice("acc_0001", practice.line(name="X", rate=rate))


@pytest.mark.requirement("TD-31", "TD-32", "TD-34", "TD-44", "TD-46", "K22")
def test_the_three_options_stay_in_the_settings_and_saving_them_starts_the_sync(desk: Desk) -> None:
    firm, door = desk.firm, "/settings/integrations/quickbooks"
    options, began = f"/connections/{firm.connection.id}/options", firm.connection.starts_on
    half = desk.send(door, options, expects=409, s_firm="another", first=(began - timedelta(days=9)).isoformat()).text
    assert "name another source account" in half
    with firm.workshop.database.read() as session:
        assert session.get_one(Connection, firm.connection.id).starts_on == began, "all of a form is kept, or nothing"
    billed(firm)
    firm.practice.account("Prospect")
    firm.sync()
    assert "Synced" in desk.text(f"/records?connection={firm.connection.id}")
    desk.browser.headers["accept-language"] = "fr"
    listed = desk.browser.get(f"/records?connection={firm.connection.id}").text
    assert re.search(r'<a [^>]*href="https?://[^"]*txnId=[^"]*"[^>]*>Synchronisé</a>', listed), (
        "the link opens that one"
    )
    shown = desk.text(door)
    for label in (
        "Paramètres", "Intégrations", "Synchronisez uniquement les comptes avec les factures ou les paiements",
        "Synchronisez tous les comptes", "Date de synchronisation", "Sauvegarder", "Connexion QuickBooks",
        "DÉCONNECTER",
    ):  # fmt: skip
        assert label in shown
    first = firm.connection.starts_on.isoformat()
    desk.send(door, options, expects=422, s_accounts="all", first="31/02/2026")
    saved = desk.send(door, options, s_accounts="all", first=first)
    assert saved.headers["location"] == f"{door}?done=options"
    assert "La synchro qui les suit a démarré." in desk.text(saved.headers["location"])
    with firm.workshop.database.read() as session:
        run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        kept = session.get_one(Connection, firm.connection.id)
    assert run is not None
    assert run.state == "queued"
    assert (kept.settings["accounts"], kept.settings["firm"]) == ("all", firm.values["firm"]), "the rest stays"
    assert not firm.named("Customer", "Prospect"), "saving alone writes nothing"
    desk.send(door, options, expects=409, s_accounts="used", first="2025-01-01")

    # A colleague changes what is synced meanwhile: the form of before says so and takes nothing back.
    was = r'name="(seen|seen_first)" value="([^"]*)"'
    old = dict(re.findall(was, desk.browser.get(door).text))
    assert sorted(old) == ["seen", "seen_first"]
    update_settings(firm.workshop, OWNER, firm.connection.id, {"accounts": "used"})
    refused = desk.send(door, options, expects=409, s_accounts="all", first=first, **old).text
    alert = refused.partition('role="alert"')[2].partition("</ul>")[0]
    assert "Quelqu’un a changé ces réglages" in alert
    assert "Synchronisez uniquement les comptes" in alert, "how it stands now"
    with firm.workshop.database.read() as session:
        assert session.get_one(Connection, firm.connection.id).settings["accounts"] == "used"
    desk.send(door, options, s_accounts="all", first=first, **dict(re.findall(was, refused)))
    with firm.workshop.database.read() as session:
        assert session.get_one(Connection, firm.connection.id).settings["accounts"] == "all"
    desk.send(door, f"/connections/{firm.connection.id}/disconnect", without_export="yes")
    assert "DÉCONNECTER" not in desk.text(door)


@pytest.mark.requirement("EX-05", "EX-06", "TD-36", "TD-44")
def test_a_synced_payment_is_unsynced_with_its_refunds_which_is_told_first_and_each_comes_back_by_hand(
    desk: Desk,
) -> None:
    firm, practice = desk.firm, desk.firm.practice
    payment = practice.pay(billed(firm), fee="3.20")
    other = practice.pay(billed(firm))
    for paid, amount in ((payment, "40.00"), (payment, "10.00"), (other, "5.00")):
        practice.refund(paid, amount)
    firm.sync()
    assert "refunds go along" not in desk.text(f"{desk.page('invoices', 'inv_0001')}/undo")
    told = desk.undo("payments", payment)
    assert "2 refunds go along: they pay back what is undone" in told
    assert "Refund receipt" in told
    assert ("$40.00" in told, "$10.00" in told, "$5.00" in told) == (True, True, False), told
    assert [each["PaymentRefNum"] for each in firm.ours("Payment")] == [other]
    assert [each["TotalAmt"] for each in firm.ours("RefundReceipt")] == [Decimal(5)]
    assert firm.ours("Purchase") == [], "its fee goes with it"
    undone = {key for key, (state, reason) in firm.states().items() if (state, reason) == (DraftState.HELD, UNDONE)}
    assert undone == {"payments/pay_0001", "payments/pay_0001#fee", "refunds/ref_0001", "refunds/ref_0002"}
    firm.sync()
    assert len(firm.ours("Payment")) == 1, "unsynced, it stays out"
    desk.release()
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Payment")) == [100, 100]
    assert sorted(each["TotalAmt"] for each in firm.ours("RefundReceipt")) == [5, 10, 40]
    assert len(firm.ours("Purchase")) == 1
    assert firm.all_equal()


@pytest.mark.requirement("EX-05", "EX-08", "TD-05", "TD-36")
def test_what_is_skipped_is_synced_by_hand_and_an_account_is_unsynced_and_synced_on_its_page(desk: Desk) -> None:
    firm, practice = desk.firm, desk.firm.practice
    left = practice.pay(billed(firm), "60.00", sync=False)
    practice.refund(left, "10.00")
    practice.account("Prospect")
    firm.sync()
    assert "Sync this payment" in desk.text(desk.page("payments", left))
    assert "it would be there twice" in desk.text(desk.page("payments", left))
    assert "Unsync this account" not in desk.text(desk.page("payments", left))
    said = desk.browser.get(desk.page("payments", left)).text.partition('id="facts"')[2].partition("<details")[0]
    assert f'href="{desk.page("accounts", "acc_0001")}">Érable &amp; fils</a>' in said
    assert "acc_0001" not in said, "whom a record names is called by name"
    desk.by_hand("payments", left, "sync_payment")
    desk.by_hand("accounts", "acc_0002", "again")
    firm.sync()
    assert [each["TotalAmt"] for each in firm.ours("Payment")] == [Decimal(60)]
    assert [each["TotalAmt"] for each in firm.ours("RefundReceipt")] == [Decimal(10)]
    assert len(firm.named("Customer", "Prospect")) == 1
    desk.by_hand("accounts", "acc_0001", "unsync_account")
    billed(firm, rate="20.00")
    firm.sync()
    assert len(firm.ours("Invoice")) == 1
    assert "Sync this account again" in desk.text(desk.page("accounts", "acc_0001"))
    desk.by_hand("accounts", "acc_0001", "sync_account")
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [20, 100]
    desk.send(
        desk.page("accounts", "acc_0001"), f"{desk.page('payments', left)}/by-hand", expects=409, way="sync_payment"
    )
    assert firm.all_equal()


@pytest.mark.requirement("TD-55", "EX-05", "TD-35")
def test_a_failed_record_is_retried_linked_left_out_or_resolved_by_hand(desk: Desk, sandbox: SandboxServer) -> None:
    firm, practice = desk.firm, desk.firm.practice
    client = practice.account("Érable & fils")
    for rate in ("10.00", "20.00", "30.00", "40.00"):
        practice.invoice(client, practice.line(name="X", rate=rate))
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, path="/batch$", query="requestid=rb", code=2010))
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, left=4, path="/invoice$", code=2040))
    firm.sync()
    keys = [f"invoices/inv_000{number}" for number in range(1, 5)]
    assert {key for key, (state, _) in firm.states().items() if state == DraftState.FAILED} == set(keys)
    by_person = lab(sandbox, "create", entity="Invoice", changes={**invoice_of(firm, "20.00"), "DocNumber": "S-20"})
    problems = [desk.problem(key) for key in keys]
    pages = [desk.page(*key.split("/")) for key in keys]
    assert "Other ways" in desk.text(pages[0])
    # The documents that it may be are there to choose, by name, day and amount, the same amount first.
    offered = desk.browser.get(f"{pages[1]}?problem={problems[1]}").text
    first = re.search(r'name="document" value="(\d+)"(.*?)</label>', offered, re.S)
    assert first
    assert (first[1], "20.00" in first[2], "Érable &amp; fils" in first[2]) == (by_person["Id"], True, True)
    assert "Choose from QuickBooks" in desk.browser.get(pages[1]).text, "and a click leads there"
    desk.send(pages[0], f"/problems/{problems[0]}/ready")
    desk.send(pages[1], f"/problems/{problems[1]}/link", document=by_person["Id"])
    desk.send(pages[2], f"/problems/{problems[2]}/skip", why="En double")
    # Of what was entered by hand the number is asked; what QuickBooks has of it is shown before it is tied.
    theirs = desk.send(pages[3], f"/problems/{problems[3]}/resolved", document="S-20").headers["location"]
    told = desk.text(theirs)
    assert ("Invoice S-20" in told, "Érable & fils" in html.unescape(told)) == (True, True)
    assert "here 40.00" in told.replace("$", ""), "and that its amount is another"
    taken = desk.send(theirs, f"/problems/{problems[3]}/link", 409, document=by_person["Id"])
    assert "belongs or is promised to “invoices/inv_0002”" in html.unescape(taken.text)
    unknown = desk.send(pages[3], f"/problems/{problems[3]}/resolved", document="S-4O").headers["location"]
    assert "Nothing of this kind bears “S-4O”" in html.unescape(desk.text(unknown))
    desk.send(unknown, f"/problems/{problems[3]}/resolved", document="S-4O", declared="yes")
    firm.sync()
    states = firm.states()
    assert [states[key][0] for key in keys] == [
        DraftState.POSTED, DraftState.POSTED, DraftState.SKIPPED, DraftState.RESOLVED,
    ]  # fmt: skip
    assert [each["TotalAmt"] for each in firm.ours("Invoice")] == [Decimal(10)], "the linked one stays as it was"
    assert f"txnId={by_person['Id']}&" in desk.browser.get(desk.page("invoices", "inv_0002")).text
    # Declared, it stands apart in the proof, until a document is found for it after all.
    proof = f"/connections/{firm.connection.id}/proof?month=2026-03-01"
    assert re.search(r"1 declared as entered by hand.* 40\.00", desk.text(proof))
    entered = lab(sandbox, "create", entity="Invoice", changes={**invoice_of(firm, "40.00"), "DocNumber": "S-40"})
    assert "Declared as entered by hand" in desk.text(pages[3])
    link = f"https://app.qbo.intuit.com/app/invoice?txnId={entered['Id']}&deeplinkcompanyid=1"
    found = desk.send(pages[3], f"/problems/{problems[3]}/resolved", document=link).headers["location"]
    desk.send(found, f"/problems/{problems[3]}/link", document=entered["Id"])
    desk.by_hand("invoices", "inv_0003", "again")
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [10, 30]
    assert firm.states()[keys[3]][0] == DraftState.POSTED
    assert f"txnId={entered['Id']}&" in desk.browser.get(pages[3]).text
    assert "declared as entered" not in desk.text(proof)
    assert firm.all_equal()


@pytest.mark.requirement("EX-10", "TD-35")
def test_errors_stand_by_kind_lead_to_what_mends_them_and_owner_and_admins_are_told(
    desk: Desk, sandbox: SandboxServer
) -> None:
    firm, practice = desk.firm, desk.firm.practice
    workshop = firm.workshop
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        for role in (RoleName.OWNER, RoleName.ADMIN, RoleName.BOOKKEEPER):
            person = new_person(f"{role}@cabinet.example", str(role), "", now, "test")
            session.add(person)
            session.flush()
            give_role(session, person, firm.company.id, role, "test", now)
    practice.service("Conseil", "1.123456789")
    practice.pay(billed(firm, "Ana Roy"), fee="3.20")
    practice.pay(billed(firm), "10.00", sync=False)
    practice.account("A" * 501)
    practice.refund("pay_0001", "5.00")
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, left=None, path="/batch$", query="requestid=rb", code=2010))
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, left=None, path="/(invoice|payment|purchase)$", code=2040))
    firm.sync()
    watch(workshop)
    here = f"/problems?connection={firm.connection.id}"
    page = desk.text(here)
    kinds = ("Accounts 1", "Expenses 1", "Invoices 2", "Payments 1", "Services 1")
    assert all(each in page for each in kinds), page
    assert "This payment is left out" in page
    only = desk.text(f"{here}&kind=expenses")
    assert "$3.20" in only, "the fee that the payment brought along"
    assert "Invoice inv_0001" not in only
    # What mends a cause is one click away, and so is the record itself.
    found = desk.browser.get(f"{here}&kind=invoices").text
    assert f"/connections/{firm.connection.id}/mapping" in found
    assert desk.browser.get(f"/connections/{firm.connection.id}/mapping").status_code == 200
    assert f'href="{desk.page("invoices", "inv_0001")}"' in found
    with workshop.database.read() as session:
        keys = session.scalars(select(Incident.key).where(Incident.key.startswith("records/")))
        told = {key.rsplit("/", 1)[1] for key in keys}
        people = {each.name for each in told_people(session, firm.company.id, workshop.clock.now())}
    assert {"accounts", "invoices", "services"} <= told
    assert people == {"owner", "admin"}


@pytest.mark.requirement("TD-41", "TD-38", "TD-39", "TD-40")
def test_each_service_says_how_it_stands_and_to_which_account_its_lines_post(
    desk: Desk, sandbox: SandboxServer
) -> None:
    firm, practice = desk.firm, desk.firm.practice
    income = next(
        each for each in firm.workshop.client(firm.company).query_all("Account") if each["AccountType"] == "Income"
    )
    item = lab(
        sandbox, "create", entity="Item",
        changes={"Name": "Conseil copié", "Type": "Service", "IncomeAccountRef": {"value": income["Id"]}},
    )  # fmt: skip
    after = practice.service("Tenue de livres", "85.00")
    copied = practice.service("Conseil", "150.00", "quickbooks_copy", quickbooks_item_id=item["Id"])
    before = practice.service("Vieux", "10.00", "taxdome_before")
    firm.sync()
    said = {each: desk.text(desk.page("services", each)) for each in (after, copied, before)}
    assert "Posted" in said[after]
    assert "They post to Revenus de services" in said[after]
    assert f"They post to {income['Name']}" in said[copied]
    assert "Its lines are sold as Conseil copié" in said[copied]
    assert "Left out" in said[copied]
    items = {row["Id"]: row for row in firm.workshop.client(firm.company).query_all("Item")}
    default = items[firm.chosen["default_item"]]
    assert f"Its lines are sold as {default['Name']} They post to {default['IncomeAccountRef']['name']}" in said[before]
    # All of them stand on one page, in three groups, each with the way to change a wrong account.
    page = desk.text(f"/connections/{firm.connection.id}/sold")
    assert re.search(r"Made after the connection.*Tenue de livres Tenue de livres Revenus de services", page)
    assert re.search(rf"Copied from QuickBooks.*Conseil Conseil copié {re.escape(str(income['Name']))}", page)
    assert re.search(rf"Made before the connection.*Vieux {re.escape(str(default['Name']))}", page)
    assert "Change it on the item in QuickBooks" in page
    assert "Change the account or the default item" in page
    assert "Left out" in said[before]
    more_services_are_asked_for_at_once_and_stand_on_pages(desk, [copied, before])


def more_services_are_asked_for_at_once_and_stand_on_pages(desk: Desk, like: list[str]) -> None:
    """As many statements for a hundred services as for three, and those after the hundredth on the next page."""
    database, page = desk.firm.workshop.database, f"/connections/{desk.firm.connection.id}/sold"
    statements: list[str] = []

    def note(*told: Any) -> None:
        statements.append(told[2])

    def asked(address: str) -> tuple[str, int]:
        statements.clear()
        return desk.text(address), len(statements)

    event.listen(database.engine, "before_cursor_execute", note)
    few, asked_few = asked(page)
    assert "Made after the connection 1" in few
    assert "of 3" not in few
    with database.begin() as session:
        kept = SourceRecord.connection_id == desk.firm.connection.id, SourceRecord.source_id.in_(like)
        known = session.scalars(select(SourceRecord).where(*kept)).all()
        columns = [each.key for each in SourceRecord.__table__.columns if each.key not in ("id", "source_id")]
        for at in range(60):
            for each in known:
                said = {name: getattr(each, name) for name in columns}
                session.add(SourceRecord(**said, source_id=f"{each.source_id}-{at}"))
    many, asked_many = asked(page)
    event.remove(database.engine, "before_cursor_execute", note)
    total = 3 + 60 * len(known)
    assert asked_many == asked_few
    assert f"1 to 100 of {total} Next" in many
    assert f"101 to {total} of {total} Previous" in desk.text(f"{page}?offset=100")
    assert many.count("Conseil copié") + desk.text(f"{page}?offset=100").count("Conseil copié") == 61


def test_a_file_larger_than_is_read_is_refused_when_it_is_handed_in_with_what_to_do(desk: Desk) -> None:
    page = f"/connections/{desk.firm.connection.id}/files"
    shown = desk.browser.get(page).text
    token = TOKEN.search(shown)
    assert token
    assert "Of this source, 16 MB at most a file." in shown
    assert f'data-most="{64 << 20}" data-most-each="{16 << 20}"' in shown
    large, small = ("year.csv", b"x" * ((16 << 20) + 1)), ("month.csv", b"x" * (16 << 20))
    told = desk.browser.post(page, data={"form_token": token[1]}, files=[("files", large), ("files", small)]).text
    assert "This file has 17 MB; of this source a file has 16 at most. Nothing of it is kept: split it, or" in told
    with desk.firm.workshop.database.read() as session:
        assert session.scalars(select(SourceFile.name)).all() == ["month.csv"]
    together = desk.browser.post(page, content=b"", headers={"content-length": str(65 << 20)})
    assert together.status_code == 413
    assert "These pages take 64 MB of files at a time. Nothing of what was sent is kept." in together.text
    assert "split a file that is larger by itself" in together.text


@pytest.mark.requirement("TD-35", "TD-43")
def test_a_table_of_somebodys_own_headings_is_mapped_once_and_remembered(desk: Desk) -> None:
    firm = desk.firm
    firm.practice.account("Érable & fils")
    firm.hand_in()

    def hand_in(name: str, text: str) -> None:
        receive_files(firm.workshop, OWNER, firm.connection.id, [(name, io.BytesIO(text.encode()))])
        sync(firm.workshop, firm.connection)

    heads = "Clé;Modifiée;Client;Date d’émission;Montant HT;Grand total;Devise"
    row = "{0};2026-03-02T10:00:00Z;acc_0001;2026-03-02;{1};{1};CAD"
    hand_in("factures-1.csv", "\n".join([heads, row.format("f1", "100.00"), row.format("f2", "50.00")]))
    page = f"/connections/{firm.connection.id}/files"
    asked = desk.browser.get(page).text
    assert "Columns missing for “Invoice”" in desk.text(page)
    key = re.search(r'name="key" value="(invoice-[0-9a-f]{12})"', asked)
    columns = re.search(r'name="columns" value="([a-z_.]+)"', asked)
    assert key
    assert columns
    assert '<option value="account_id" selected>' in asked, "what is known already need not be said"
    said = ("id", "updated_at", "account_id", "posted", "lines.amount", "total", "currency")
    answers = {f"column_{place}": part for place, part in enumerate(said, 1)}
    desk.send(page, f"{page}/answer", key=key[1], columns=columns[1], **answers)
    sync(firm.workshop, firm.connection)
    assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [50, 100]
    assert "Columns missing" not in desk.text(page)
    hand_in("factures-2.csv", "\n".join([heads, row.format("f2", "50.00"), row.format("f3", "25.00")]))
    assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [25, 50, 100]
    firm.set(columns=firm.connection_now().settings["columns"])
    hand_in("factures-3.csv", "\n".join(["Autre;Montant", "f4;1.00"]))
    assert "Columns missing for “Invoice”" in desk.text(page)
    firm.set(columns=firm.connection_now().settings["columns"] + "\ninvoice.number = Grand total")
    assert len(firm.ours("Invoice")) == 3
    own = "id;updated_at;account_id;posted;lines.amount;total;currency;No maison"
    hand_in("factures-4.csv", f"{own}\n{row.format('f5', '30.00')};M-77")
    settings = f"/connections/{firm.connection.id}/settings"
    heading = 'name="s_columns:invoice:no maison"'
    offered = desk.browser.get(settings).text.partition(heading)[2].partition("</select>")[0]
    assert '<option value="number">' in offered, "a heading of a table that came is there to be said what it is"
    assert 'name="s_columns:invoice:total"' not in desk.browser.get(settings).text, "what is known by itself is not"
    assert 'name="s_columns:invoice:grand total"' not in desk.browser.get(settings).text, "nor what was answered"
    number, before = {"s_columns:invoice:no maison": "number"}, firm.connection_now().settings["columns"]
    desk.send(settings, settings, expects=409, **number, s_columns="invoice.total = Somme")
    assert firm.connection_now().settings["columns"] == before, "what posted rows rest on is not taken away"
    desk.send(settings, settings, **number, s_columns=f"{before}\ninvoice.total = Somme")
    kept = firm.connection_now().settings["columns"].splitlines()
    assert set(kept) == {"invoice.number = no maison", "invoice.total = Somme", *before.splitlines()}
    offered = desk.browser.get(settings).text.partition(heading)[2]
    assert '<option value="number" selected>' in offered
    assert "invoice.total = Somme</textarea>" in offered, "what is not there to choose is typed"
    assert firm.all_equal()


def invoice_of(firm: Cabinet, amount: str) -> dict[str, object]:
    """Return what a person types for an invoice to the practice's client."""
    (customer,) = firm.named("Customer", "Érable & fils")
    detail = {"ItemRef": {"value": firm.chosen["default_item"]}, "TaxCodeRef": {"value": firm.chosen["tax_exempt"]}}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return {"CustomerRef": {"value": customer["Id"]}, "TxnDate": "2026-03-02", "Line": [line]}

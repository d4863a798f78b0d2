"""What a person exports in Pleo is in QuickBooks once, with its receipts, and Pleo hears of each expense."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from browsing import browser_of
from harness import OWNER, finish, request, sync
from pleo_house import SPACE, House, working
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.overview.pointing.at_source import Staged, stage_of, staged_streams
from raccord.overview.records import list_records
from raccord.overview.sought import Wanted
from raccord.plugin import AtSource
from raccord.store.models import DraftRow, LinkRow, Plan, Problem, Proof
from raccord.sync.fetching import source_http
from raccord_pleo.mapping import CLASSES, PROJECTS
from raccord_pleo.sandbox import TwinCompany
from raccord_sandbox.serving import http_api
from raccord_web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with working(tmp_path) as made:
        yield made


@pytest.mark.requirement("PO-08", "PO-09", "PO-12", "PO-13", "PO-15", "PO-04", "PO-07", "PO-11")
def test_an_export_is_posted_with_its_receipts_and_answered(house: House) -> None:
    client = house.workshop.client(house.company)
    north = str(client.create("Class", '{"Name":"Nord"}', "class").value["Id"])
    job = {"DisplayName": "Chantier 7"}
    project = str(client.create("Customer", f'{{"DisplayName":"{job["DisplayName"]}"}}', "project").value["Id"])
    receipts = tuple(f"%PDF-1.4 receipt {number}".encode() for number in range(2))
    tags = (
        {"id": str(uuid5(SPACE, "n")), "code": north, "groupCode": CLASSES},
        {"id": str(uuid5(SPACE, "p")), "code": project, "groupCode": PROJECTS},
        {"id": str(uuid5(SPACE, "x")), "code": "9", "groupCode": "other"},
    )
    more = {"supplier": {"name": "Papeterie Roy"}, "user": {"id": str(uuid5(SPACE, "u")), "name": "Ève"}}
    house.file(4550, receipts=receipts, tags=tags, more=more, note="Cahiers", supplier_currency="USD",
               supplier_minor=3300)  # fmt: skip
    house.file(1200, kind="mileage", category=house.category("Repas"))
    house.file(900, kind="refund")
    house.file(50000, kind="wallet_load", category=None)
    house.file(1200, kind="reimbursement", category=None)
    assert sync(house.workshop, house.connection).state == "done"
    assert house.documents("Purchase") == [], "nothing leaves Pleo without an export"
    started = house.export()
    assert sync(house.workshop, house.connection).state == "done"

    spent = {each["TotalAmt"]: each for each in house.documents("Purchase")}
    assert sorted(spent) == [Decimal("12.00"), Decimal("45.50")]
    purchase = spent[Decimal("45.50")]
    detail = purchase["Line"][0]["AccountBasedExpenseLineDetail"]
    assert purchase["AccountRef"]["value"] == house.accounts["Banque Pleo"]
    assert (detail["AccountRef"]["value"], detail["ClassRef"]["value"], detail["CustomerRef"]["value"]) == (
        house.accounts["Fournitures"], north, project,
    )  # fmt: skip
    assert "Papeterie Roy · Cahiers · Ève · 33.00 USD" in purchase["PrivateNote"]
    assert spent[Decimal("12.00")]["AccountRef"]["value"] == house.accounts["Pocket"]
    [refund] = house.documents("Deposit")
    assert refund["DepositToAccountRef"]["value"] == house.accounts["Banque Pleo"]
    moved = {(each["FromAccountRef"]["value"], each["ToAccountRef"]["value"]): each["Amount"]
             for each in house.documents("Transfer")}  # fmt: skip
    assert moved == {
        (house.accounts["bank"], house.accounts["Banque Pleo"]): Decimal("500.00"),
        (house.accounts["Banque Pleo"], house.accounts["Pocket"]): Decimal("12.00"),
    }
    attached = [each for each in client.query_all("Attachable", "") if each.get("AttachableRef")]
    assert sorted(each["Size"] for each in attached) == sorted(map(len, receipts))
    results = house.results(started)
    assert {status for status, _ in results.values()} == {"successful"}
    assert results[next(iter(house.pleo.expenses))] == ("successful", purchase["Id"])
    assert house.pleo.exports[started].status == "completed"
    with house.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        posted = select(LinkRow.key).where(LinkRow.document_id == purchase["Id"], LinkRow.kind == "Purchase")
        record = session.scalars(select(DraftRow.record_id).where(DraftRow.key.in_(posted))).one()
    browser = browser_of(create_app(house.workshop, HandOver(), OWNER))
    for page, where in ((f"/records/{record}", "record"), ("/plugins/pleo?view=moves", "plugin")):
        shown = browser.get(page).text
        assert "An export cannot be reverted in Pleo; what it posted in QuickBooks can be undone here." in shown, where
        assert ("2 receipts" in shown) == (where == "record"), where


def taxed(minor: int, type_: str = "inclusive") -> dict[str, object]:
    """Return a tax of both rates of Quebec as Pleo works it out."""
    amount = {"currency": "CAD", "value": minor}
    both = {"inWalletCurrency": amount, "inSupplierCurrency": amount}
    return {"id": str(UUID(int=5)), "code": "TPS/TVQ QC - 9,975", "rate": Decimal("0.14975"), "type": type_,
            "amount": both}  # fmt: skip


@pytest.mark.requirement("PO-08", "PO-10")
def test_tax_is_kept_to_the_cent_and_comes_back_with_a_refund(house: House) -> None:
    house.file(11498, tax=taxed(1498))
    house.file(11499, tax=taxed(1499))
    house.file(5749, kind="refund", tax=taxed(749))
    job = house.export()
    assert sync(house.workshop, house.connection).state == "done"
    assert {status for status, _ in house.results(job).values()} == {"successful"}, house.codes()
    taxes = {each["TotalAmt"]: each["TxnTaxDetail"]["TotalTax"] for kind in ("Purchase", "Deposit")
             for each in house.documents(kind)}  # fmt: skip
    assert taxes == {Decimal(total): Decimal(tax)
                     for total, tax in (("114.98", "14.98"), ("114.99", "14.99"), ("57.49", "7.49"))}  # fmt: skip
    codes = house.workshop.client(house.company).query_all("Account", "AccountSubType = 'GlobalTaxPayable'")
    assert sum(each["CurrentBalance"] for each in codes) == Decimal("22.48"), "claimed, less what came back"


def invoiced(number: str, external: str = "", **more: object) -> dict[str, object]:
    vendor = {"id": str(uuid5(SPACE, "roy")), "name": "Papeterie Roy", "defaultCurrency": "CAD"}
    said = {"invoiceNumber": number, "invoiceDate": "2026-03-02", "dueDate": "2026-04-01", "status": "paid"}
    return {
        "vendor": vendor | ({"externalId": external} if external else {}),
        "additionalInformation": {"reconciliationId": number[::-1], "invoiceInformation": said},
        **more,
    }


@pytest.mark.requirement("PO-08")
def test_an_invoice_is_a_bill_and_its_payment_settles_it(house: House) -> None:
    client = house.workshop.client(house.company)
    roy = str(client.create("Vendor", '{"DisplayName":"Papeterie Roy"}', "roy").value["Id"])
    refresh_company(house.workshop, house.company.id)
    # In any order within one export; the vendor is known by name, then by QuickBooks' id.
    house.file(4000, kind="invoice_payment", category=None, more=invoiced("F-1", subType="sent"))
    house.file(4000, kind="invoice", receipts=(b"%PDF-1.4 invoice",), more=invoiced("F-1"))
    house.file(7000, kind="invoice", more=invoiced("F-2", roy))
    first = house.export()
    assert sync(house.workshop, house.connection).state == "done"
    assert {status for status, _ in house.results(first).values()} == {"successful"}, house.pleo.exports[first].results
    bills = {each["DocNumber"]: each for each in house.documents("Bill")}
    assert {number: (each["TotalAmt"], each["Balance"]) for number, each in bills.items()} == {
        "F-1": (Decimal(40), 0), "F-2": (Decimal(70), Decimal(70)),
    }  # fmt: skip
    assert {each["VendorRef"]["value"] for each in bills.values()} == {roy}
    assert bills["F-1"]["DueDate"] == "2026-04-01"
    # Exported later, a payment finds the invoice that came before; one that came back is owed again.
    paid = house.file(7000, kind="invoice_payment", category=None, more=invoiced("F-2", roy, subType="sent"))
    back = house.file(4000, kind="invoice_payment", category=None, more=invoiced("F-1", roy, subType="returned"))
    stranger = house.file(100, kind="invoice_payment", category=None, more=invoiced("F-9", roy, subType="sent"))
    second = house.export(paid, back, stranger)
    assert sync(house.workshop, house.connection).state == "done"
    states = {entry: status for entry, (status, _) in house.results(second).items()}
    assert states == {paid: "successful", back: "successful", stranger: "failed"}, house.codes()
    assert "pleo.invoice_unnamed" in house.codes()
    assert next(each for each in house.documents("Bill") if each["DocNumber"] == "F-2")["Balance"] == 0
    [returned] = house.documents("Deposit")
    assert returned["Line"][0]["DepositLineDetail"]["Entity"]["value"] == roy
    # Both once more: nothing is doubled.
    again = house.export(paid, back)
    sync(house.workshop, house.connection)
    assert house.results(again) == {entry: each for entry, each in house.results(second).items() if entry != stranger}
    assert len(house.documents("BillPayment")) == 2
    with house.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("PO-08", "PO-09", "K21")
def test_a_purchase_by_accounts_payable_is_a_bill_and_what_was_paid_for_it(house: House) -> None:
    def kept(method: str, **more: object) -> dict[str, object]:
        return invoiced("F-1", bookkeeping={"method": method}, **more)

    payable, content = kept("accounts_payable"), b"%PDF-1.4 bought"
    bought = house.file(4000, receipts=(content,), more=payable)
    nobody = house.file(700, more={"bookkeeping": {"method": "accounts_payable"}})
    back = house.file(500, kind="refund", more=payable)
    changed = house.file(900, more=kept("journal"))
    first = house.export()
    assert sync(house.workshop, house.connection).state == "done"
    [bill], [payment] = house.documents("Bill"), house.documents("BillPayment")
    told = house.results(first)
    assert told[bought] == ("successful", bill["Id"]), house.codes()
    assert (told[nobody], told[back]) == (("failed", "vendor_unknown"), ("failed", "invalid_configuration"))
    assert (bill["TotalAmt"], bill["Balance"], bill["DocNumber"]) == (40, 0, "F-1")
    assert payment["CheckPayment"]["BankAccountRef"]["value"] == house.accounts["Banque Pleo"]
    client = house.workshop.client(house.company)
    [file] = client.query_all("Attachable")
    assert file["AttachableRef"][0]["EntityRef"] == {"value": bill["Id"], "type": "Bill"}
    assert file["Size"] == len(content)
    # Once more, then with another amount: the same two documents.
    again = house.export(bought)
    sync(house.workshop, house.connection)
    assert house.results(again) == {bought: told[bought]}
    house.pleo.expenses[bought].minor = 3000
    lowered = house.export(bought)
    sync(house.workshop, house.connection)
    assert house.results(lowered) == {bought: told[bought]}, house.codes()
    [bill], [payment] = house.documents("Bill"), house.documents("BillPayment")
    assert (bill["Id"], bill["TotalAmt"], bill["Balance"], payment["TotalAmt"]) == (told[bought][1], 30, 0, 30)
    # Kept otherwise since, in either direction, it fails at Pleo and the books stay as they are.
    house.pleo.expenses[bought].more = kept("journal")
    house.pleo.expenses[changed].more = payable
    otherwise = house.export(bought, changed)
    sync(house.workshop, house.connection)
    assert {status for status, _ in house.results(otherwise).values()} == {"failed"}
    assert {each["Id"] for each in house.documents("Purchase")} == {told[changed][1]}
    assert len(house.documents("Bill")) == len(house.documents("BillPayment")) == 1
    with house.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("EX-14", "K21")
def test_what_is_exported_again_is_answered_with_the_same_document(house: House) -> None:
    first, second = house.file(1000), house.file(2000)
    job = house.export()
    sync(house.workshop, house.connection)
    before = house.results(job)
    again = house.export(first, second)
    sync(house.workshop, house.connection)
    assert house.results(again) == before
    assert house.pleo.exports[again].status == "completed"
    assert len(house.documents("Purchase")) == 2
    # Changed at Pleo, it changes the document and stays one.
    house.pleo.expenses[first].category = house.category("Repas")
    third = house.export(first)
    sync(house.workshop, house.connection)
    assert house.results(third)[first] == before[first]
    accounts = {each["Id"]: each["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]
                for each in house.documents("Purchase")}  # fmt: skip
    assert accounts == {before[first][1]: house.accounts["Repas"], before[second][1]: house.accounts["Fournitures"]}


@pytest.mark.requirement("EX-14")
def test_each_expense_shows_and_the_list_filters_at_which_of_pleos_three_stages_it_is(house: House) -> None:
    good, wrong = house.file(1000), house.file(2000, kind="levitation")
    house.export()
    run = request(house.workshop, house.connection, stop_after="plan")
    finish(house.workshop, run)

    def at(stage: AtSource) -> set[str]:
        wanted = Wanted(staged=Staged(stage, staged_streams(house.workshop.scopes.catalog)))
        with house.workshop.database.read() as session:
            listing = list_records(session, wanted)
            for each in listing.rows:
                own = stage_of(session, each.connection_id, each.stream, each.source_id, each.id)
                assert own is stage, "the page of a record says what the list says"
            assert listing.total == len(listing.rows)
        return {each.source_id for each in listing.rows}

    def stages() -> tuple[set[str], ...]:
        return tuple(at(stage) for stage in (AtSource.QUEUED, AtSource.TAKEN, AtSource.FREE))

    assert stages() == ({str(good), str(wrong)}, set(), set())
    browser = browser_of(create_app(house.workshop, HandOver(), OWNER))
    page = browser.get("/records?stage=queued").text
    assert '<option value="queued" selected>Export queue (locked)' in page
    [number, _] = sorted(set(re.findall(r'href="/records/(\d+)"', page)))
    assert "Export queue (locked)" in browser.get(f"/records/{number}").text
    sync(house.workshop, house.connection)
    assert stages() == (set(), {str(good)}, {str(wrong)})
    assert (house.pleo.stage(good), house.pleo.stage(wrong)) == ("EXPORTED", "NOT_EXPORTED")
    house.export(good)
    sync(house.workshop, house.connection)
    assert stages() == (set(), {str(good)}, {str(wrong)}), "exported again, it is exported"


@pytest.mark.requirement("EX-16")
def test_what_cannot_be_posted_is_told_to_both_sides_and_the_rest_is_posted(house: House) -> None:
    nothing = {"id": str(UUID(int=0)), "name": "?"}
    good = house.file(100)
    wrong = {
        house.file(200, category=nothing): "account_unknown",
        house.file(300, kind="levitation"): "accounting_system_validation_failure",
        house.file(400, kind="invoice"): "vendor_unknown",
        house.file(450, kind="reimbursement", more={"subType": "reimbursement_by_pigeon"}):
            "accounting_system_validation_failure",
        house.file(460, kind="invoice_payment", more={"subType": "sent"}): "accounting_system_validation_failure",
        house.file(-500): "accounting_system_validation_failure",
        house.file(600, more={"amount": {"inWalletCurrency": {"currency": "UNDEFINED", "value": 6},
                                         "inSupplierCurrency": {"currency": "CAD", "value": 6}}}):
            "accounting_system_validation_failure",
        house.file(700, more={"note": 7}): "accounting_system_validation_failure",
        house.file(800, category={"id": str(UUID(int=9)), "name": "Mystère", "code": "999"}): "missing_configuration",
    }  # fmt: skip
    job = house.export()
    assert sync(house.workshop, house.connection).state == "done"
    results = house.results(job)
    assert results[good][0] == "successful"
    assert {entry: result for entry, (_, result) in results.items() if entry != good} == wrong
    assert house.pleo.exports[job].status == "completed_with_errors"
    assert len(house.documents("Purchase")) == 1
    assert {"pleo.category_missing", "pleo.amount_against_type", "pleo.currency_undefined"} <= set(house.codes())


@pytest.mark.requirement("PO-09")
def test_a_receipt_that_does_not_come_or_is_too_large_fails_its_expense_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, large, good = (house.file(number, receipts=(bytes([64 + number]) * number * 1000,)) for number in (1, 9, 2))
    monkeypatch.setattr(source_http, "FILE_BYTES_MAX", 5000)
    links = house.pleo.items(job := house.export())
    gone = str(links[0]["files"][0]["url"]).rsplit("/", 1)[-1]  # type: ignore[index]
    original = house.pleo.download

    def download(name: str) -> bytes:
        if name == gone:
            house.pleo.clock = lambda: house.clock.now() + timedelta(days=2)
        try:
            return original(name)
        finally:
            house.pleo.clock = house.clock.now

    monkeypatch.setattr(type(house.pleo), "download", lambda _, name: download(name))
    sync(house.workshop, house.connection)
    results = house.results(job)
    assert (results[late][1], results[large][1]) == ("receipt_download_failure",) * 2
    assert results[good][0] == "successful"
    monkeypatch.undo()
    again = house.export(late, large)
    sync(house.workshop, house.connection)
    assert {status for status, _ in house.results(again).values()} == {"successful"}
    attached = house.workshop.client(house.company).query_all("Attachable", "")
    assert sorted(each["Size"] for each in attached) == [1000, 2000, 9000]
    assert hashlib.sha256(b"A" * 1000).hexdigest() == gone


def test_an_answer_that_is_lost_is_given_again_and_a_job_left_open_is_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = house.file(1000)
    job = house.export()
    update = TwinCompany.update

    def away(company: TwinCompany, job: UUID, rows: Any) -> dict[str, object]:
        if rows and rows[0]["status"] != "in_progress":
            raise OSError("the connection broke")
        return update(company, job, rows)

    monkeypatch.setattr(TwinCompany, "update", away)
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        sync(house.workshop, house.connection)
    assert len(house.documents("Purchase")) == 1
    monkeypatch.undo()
    sync(house.workshop, house.connection)
    assert house.results(job)[entry][0] == "successful"
    assert house.pleo.exports[job].status == "completed"
    # A job whose last word was lost is closed by the next run.
    house.pleo.exports[job].status = "in_progress"
    sync(house.workshop, house.connection)
    assert (house.pleo.exports[job].status, len(house.documents("Purchase"))) == ("completed", 1)


def said_of(house: House) -> dict[str, tuple[str, str]]:
    """Return what each open problem says in French and English, by its code."""
    with house.workshop.database.read() as session:
        found = session.scalars(select(Problem).where(Problem.state == "open"))
        return {each.code: (str(each.params.get("fr", "")), str(each.params.get("en", ""))) for each in found}


@pytest.mark.requirement("PO-01", "PO-12", "EX-16")
def test_an_export_without_contra_account_ends_and_is_a_task_for_people(house: House) -> None:
    entry = house.file(1000, contra=False)
    job = house.export()
    assert sync(house.workshop, house.connection).state == "failed"
    french, english = said_of(house)["source.refused"]
    assert "compte de contrepartie" in french
    assert "contra account" in english
    assert (house.pleo.exports[job].status, house.pleo.exports[job].reason_type) == ("failed", "missing_configuration")
    house.pleo.expenses[entry].contra = True
    again = house.export(entry)
    assert sync(house.workshop, house.connection).state == "done"
    assert house.results(again)[entry][0] == "successful"


@pytest.mark.at_length
def test_an_export_that_expires_is_left_and_comes_again_with_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [house.file(1000 + number) for number in range(130)]
    job = house.export()
    # It runs out between two pages of the same run.
    items = TwinCompany.items
    pages: list[UUID] = []

    def late(company: TwinCompany, job: UUID) -> list[dict[str, object]]:
        pages.append(job)
        if len(pages) == 2:
            house.clock.advance(timedelta(hours=2))
        return items(company, job)

    monkeypatch.setattr(TwinCompany, "items", late)
    assert sync(house.workshop, house.connection).state == "done"
    assert house.pleo.exports[job].reason_type == "job_expired"
    told = said_of(house)
    assert "exportez-les de nouveau" in told["pleo.export_ended"][0]
    assert "export them again" in told["pleo.export_ended"][1]
    assert len(house.documents("Purchase")) == 100, "what was read is posted"
    again = house.export(*entries)
    assert sync(house.workshop, house.connection).state == "done"
    assert house.pleo.exports[again].status == "completed"
    assert len(house.documents("Purchase")) == 130
    assert not house.codes()


@pytest.mark.requirement("K21", "EX-14")
def test_an_export_that_expires_while_its_plan_waits_is_told_here_expense_by_expense(house: House) -> None:
    good = house.file(1000, receipts=(b"%PDF-1.4 receipt",))
    bad = house.file(2000, category={"id": str(UUID(int=0)), "name": "?"})
    job = house.export()
    waiting = finish(house.workshop, request(house.workshop, house.connection))
    assert waiting.state == "approval"
    house.clock.advance(timedelta(hours=2))
    with house.workshop.database.read() as session:
        plan = session.get_one(Plan, waiting.plan_id)
    approve_plan(house.workshop, OWNER, plan.id, plan.hash)
    assert finish(house.workshop, waiting.id).state == "done", "it is posted all the same"
    assert house.pleo.exports[job].reason_type == "job_expired"
    [posted] = house.documents("Purchase")
    with house.workshop.database.read() as session:
        open_ = session.scalars(select(Problem).where(Problem.code == "report.too_late", Problem.state == "open")).all()
        late = {each.subject: (each.params["fr"], each.params["en"]) for each in open_}
    assert set(late) == {f"entries/{good}", f"entries/{bad}"}
    assert f"nº {posted['Id']}" in late[f"entries/{good}"][0]
    assert "no second one is posted" in late[f"entries/{good}"][1]
    assert "choisissez-la dans Pleo" in late[f"entries/{bad}"][0], "the reason stands there too"
    # The next run finds no export and changes nothing about it.
    assert sync(house.workshop, house.connection).state == "done"
    assert house.codes().count("report.too_late") == 2
    again = house.export(good, bad)
    assert sync(house.workshop, house.connection).state == "done"
    assert house.results(again) == {good: ("successful", posted["Id"]), bad: ("failed", "account_unknown")}
    assert len(house.documents("Purchase")) == 1
    assert [each for each in house.codes() if each != "pleo.category_missing"] == []


@pytest.mark.parametrize("status", [409, 413, 422])
@pytest.mark.every(3)
def test_what_pleo_refuses_once_is_told_and_nothing_is_lost(house: House, status: int) -> None:
    entry = house.file(1000)
    job = house.export()
    real, house.twin.refuse = house.twin.refuse, {("POST", "/v3/export-job-events"): status}
    assert sync(house.workshop, house.connection).state == "failed"
    french, english = said_of(house)["source.refused"]
    assert str(status) in french
    assert str(status) in english
    house.twin.refuse = {("PUT", f"/v3/export-jobs/{job}/items"): status}
    sync(house.workshop, house.connection)
    house.twin.refuse = real
    assert sync(house.workshop, house.connection).state == "done"
    assert house.results(job)[entry][0] == "successful"
    assert len(house.documents("Purchase")) == 1


@pytest.mark.requirement("PO-09")
@pytest.mark.at_length
def test_a_receipt_of_25_mb_fails_its_expense_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # QuickBooks says 100 MB and is told to refuse from 20 MB on.
    monkeypatch.setattr(http_api, "MAX_UPLOAD", 20 * 1024 * 1024)
    large = house.file(1000, receipts=(b"%PDF-1.4" + bytes(25 * 1024 * 1024),))
    good = house.file(2000, receipts=(b"%PDF-1.4 small",))
    job = house.export()
    assert sync(house.workshop, house.connection).state == "done"
    results = house.results(job)
    assert results == {large: ("failed", "receipt_file_size_limit_exceeded"), good: ("successful", results[good][1])}
    assert len(house.documents("Purchase")) == 2, "the expense is in the books; its receipt is missing, and both say so"
    assert "quickbooks.too_large" in house.codes()

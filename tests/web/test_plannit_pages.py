"""Plannit's own pages over its twin's data: items linked one by one, payments whose invoice stayed out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from boreale import Boreale, boreale
from browsing import BASE, TOKEN, browser_of
from harness import BROWSER, OWNER, finish, lab, request
from sqlalchemy import func, select
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.setting_up import baseline as baseline_service
from raccord.plugin.info import Mode
from raccord.store.database import Database
from raccord.store.models import Connection, DraftRow, DraftState, Event, LinkRow, Run, RunState
from raccord_plannit.sandbox.firm import Firm, Sold
from raccord_plannit.sandbox.service import TOKEN as TWIN
from raccord_plannit.sandbox.service import Service, serving
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app


class Desk:
    """The firm that was running already, and somebody's browser in front of it."""

    def __init__(self, made: Boreale) -> None:
        self.made = made
        self.browser: TestClient = browser_of(create_app(made.workshop, HandOver(), OWNER))

    def text(self, address: str) -> str:
        answer = self.browser.get(address)
        assert answer.status_code == 200, address
        return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())

    def send(self, page: str, action: str, **fields: str) -> Any:
        token = TOKEN.search(self.browser.get(page).text)
        assert token
        return self.browser.post(action, data={"form_token": token[1], **fields})

    def send_list(self, page: str, lists: str) -> str:
        """Have the contacts sent from a page, and what was asked of the workers done; return what the page says."""
        assert self.send(page, lists, list="contacts").status_code == 303
        with self.made.workshop.database.read() as session:
            asked = session.scalars(select(Run).order_by(Run.id.desc())).first()
        assert asked is not None
        finish(self.made.workshop, asked.id)
        return self.text(lists)


@pytest.fixture
def desk(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Desk]:
    with boreale(database, data_dir, sandbox, Mode.ALREADY_RUNNING) as made:
        made.listen()
        yield Desk(made)


def new_item(made: Boreale, sandbox: SandboxServer, name: str, **more: str) -> str:
    account = made.documents("Item")[0]["IncomeAccountRef"]
    changes = {"Name": name, "Type": "Service", "IncomeAccountRef": account, **more}
    return str(lab(sandbox, "create", entity="Item", changes=changes)["Id"])


@pytest.mark.requirement("PL-03", "PL-04", "PL-05", "PL-07", "K23")
def test_the_checks_name_what_the_catalogue_lacks_on_both_sides(desk: Desk, sandbox: SandboxServer) -> None:
    made = desk.made
    checks = f"/connections/{made.connection.id}/setup/checks"
    new_item(made, sandbox, "Priced", UnitPrice="10.00")
    assert "at the source:" not in desk.text(checks)
    new_item(made, sandbox, "Nettoyage")
    new_item(made, sandbox, "Jour")
    made.firm.item("Désinfection", "", unit="", sale_price=None)
    made.firm.item("Filtre", "40.00")
    made.firm.item("Visite", "95.00", unit="")
    made.send_all(made.firm.changes)
    made.sync()
    docs = {row.doc["Name"]: row.doc for row in sandbox.store.of_template("quebec").rows() if row.kind == "Item"}
    docs["Nettoyage"].pop("IncomeAccountRef")
    docs["Jour"].update(Type="Category", Name="Priced", FullyQualifiedName="Priced")
    page = desk.text(checks)
    assert "These items have no price: " in page
    assert "Nettoyage" in page.partition("These items have no price: ")[2].partition(".")[0]
    assert "Priced" not in page.partition("These items have no price: ")[2].partition(".")[0]
    assert "Without unit of measure, at the source: Désinfection, Visite." in page
    assert "Without price, at the source: Désinfection." in page
    assert "A category and an item have the same name: Priced." in page
    assert "These items have no income account: Nettoyage." in page
    assert "The tax groups exist in Plannit: Odile said so, and the source shows none." in page
    made.firm.tax_group()
    made.send_all(made.firm.changes[-1:])
    made.sync()
    assert "The tax groups exist in Plannit: 1." in desk.text(checks)
    # Without that word, given and kept, nobody comes as far as the company.
    shut = desk.browser.get("/connect/plannit/company?mode=first_time")
    assert shut.headers["location"].startswith("/connect/plannit/ready")
    with made.workshop.database.read() as session:
        kept = session.get_one(Connection, made.connection.id).gates_passed
    assert kept["tax_groups"]["by"] == "Odile"
    assert "Sans unité de mesure, à la source" in desk.browser.get(f"{checks}?lang=fr").text


@pytest.mark.requirement("PL-22", "PL-33", "PL-34", "PL-03")
def test_items_are_linked_one_by_one_and_as_suggested_until_all_are(desk: Desk, sandbox: SandboxServer) -> None:
    made = desk.made
    own = f"/connections/{made.connection.id}/linking"
    assert "has told of none yet" in desk.text(own)
    new_item(made, sandbox, "Conduits")
    new_item(made, sandbox, "Entretien annuel", Sku="SV-7")
    other = new_item(made, sandbox, "Autre chose")
    ducts = made.firm.item("conduits", "289.00")
    made.firm.item("Visite", "95.00", code="sv-7", taxable=False)
    loose = made.firm.item("Désinfection", "", unit="", sale_price=None)
    made.send_all(made.firm.changes)
    made.sync()
    page = desk.text(own)
    assert "0 of 3 linked" in page
    assert "Accept the 2 suggestions" in page
    assert "Entretien annuel (same code)" in page
    assert "Missing unit of measure, price" in page
    taxes = {str(row["Id"]): row["Name"] for row in made.documents("TaxCode")}
    # What a line of each would bear: the tax of taxable lines by way of the group's, or that of the others.
    assert f"QuickBooks tax of taxable lines: {taxes[made.names['taxable']]}" in page
    assert f"QuickBooks tax of non-taxable lines: {taxes[made.names['exempt']]}" in page
    assert "Item linked to QuickBooks" in page
    assert "Item lié à QuickBooks" in desk.browser.get(f"{own}?lang=fr").text

    assert desk.send(own, own, role="item", accept="yes").status_code == 303
    page = desk.text(f"{own}?only=open&lang=en")
    assert "2 of 3 linked" in page
    assert "Désinfection" in page
    assert "Entretien annuel (same code)" not in page
    assert "Nothing found" in desk.text(f"{own}?q=zzz")
    assert desk.send(own, own, role="item", of=loose, ledger="nothing").status_code == 409
    answer = desk.send(own, own, role="item", of=loose, ledger=other, only="open")
    assert answer.headers["location"] == f"{own}?role=item&only=open&done=chosen"
    page = desk.text(own)
    assert "3 of 3 linked" in page
    assert "All are linked." in page
    # What the list proposes is named, as the page shows it; a name that is none is refused with what is near.
    told = {"role": "item", "of": loose}
    refused = desk.send(own, own, **told, named="Autre choze")
    assert (refused.status_code, "For example: Autre chose" in html.unescape(refused.text)) == (409, True)
    assert desk.send(own, own, **told, named="").status_code == 409
    assert desk.send(own, own, **told, named="ENTRETIEN ANNUEL").status_code == 303
    assert desk.text(f"{own}?q=Désinfection").count("Linked Entretien annuel") == 1
    same = {"held": other, "was": "Named otherwise meanwhile"}
    assert desk.send(own, own, **told, named=same["was"], **same).status_code == 303, "left as it was shown"
    assert desk.text(f"{own}?q=Désinfection").count("Linked Autre chose") == 1
    # Another one is chosen later; the item it was stays on what is posted.
    assert desk.send(own, own, role="item", of=ducts, ledger=other).status_code == 303
    assert desk.text(f"{own}?q=conduits").count("Linked Autre chose") == 1
    assert f'href="{own}"' in desk.browser.get(f"/connections/{made.connection.id}").text
    assert f'href="{own}"' in desk.browser.get(f"/connections/{made.connection.id}/lists").text


@pytest.mark.requirement("K16", "PL-23")
def test_a_payment_whose_invoice_stayed_out_is_answered_in_one_of_three_ways(
    desk: Desk, sandbox: SandboxServer
) -> None:
    made = desk.made
    client = made.firm.contact("Zoé Roy")
    before = "2026-02-20T10:00:00-05:00"
    prices = ("10.00", "20", "30")
    old = [made.firm.invoice(client, Sold(name="x", price=price), numbered_at=before) for price in prices]
    paid = [made.firm.pay(each) for each in old]
    made.send_all(made.firm.changes)
    made.sync()
    for name, amount in (("Zoé Roy", "11.50"), ("Autre", "500.00"), ("Zoé Roy", "3.00")):
        known = {row["DisplayName"]: row["Id"] for row in made.documents("Customer")}
        someone = known.get(name) or lab(sandbox, "create", entity="Customer", changes={"DisplayName": name})["Id"]
        item = {"ItemRef": {"value": made.names["item"]}, "TaxCodeRef": {"value": made.names["exempt"]}}
        line = {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": item}
        lab(sandbox, "create", entity="Invoice", changes={"CustomerRef": {"value": someone}, "Line": [line]})
    holds = [made.hold_of(f"payments/{each}") for each in paid]
    pages = [f"/questions/{hold}/unmet" for hold in holds]
    questions = f"/questions?connection={made.connection.id}"
    assert all(f'href="{page}"' in desk.browser.get(questions).text for page in pages)
    shown = desk.text(pages[0])
    assert "$ 11.50 , 2 Mar 2026, from Zoé Roy." in shown
    # The customer's own stands first; one that owes too little is not offered.
    assert shown.index("11.50") < shown.index("500.00")
    assert "3.00" not in shown.partition("Those that owe")[2]
    assert "No such invoice" in desk.text(f"{pages[0]}?q=zzz")
    by_hand = next(each["Id"] for each in made.documents("Invoice") if each["TotalAmt"] == Decimal("11.50"))
    assert desk.send(pages[2], pages[2], way="link", invoice=by_hand).status_code == 409
    assert desk.send(pages[0], pages[0], way="link", invoice=by_hand).headers["location"].startswith(questions)
    assert desk.send(pages[1], pages[1], way="bring_in").status_code == 303
    assert desk.send(pages[2], pages[2], way="unapplied").status_code == 303
    assert "No invoice is missing here" in desk.text(pages[0])
    made.sync()
    assert {made.states()[f"payments/{each}"][0] for each in paid} == {DraftState.POSTED}
    # Who wants to refund one reads beside it how that goes (EX-03).
    with made.workshop.database.read() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.key == f"payments/{paid[0]}")).one()
    shown = desk.text(f"/records/{draft.record_id}")
    assert "To refund, void the payment in Plannit and add another one of the right amount. The voided one is" in shown
    unapplied = {each["TotalAmt"]: each["UnappliedAmt"] for each in made.ours("Payment")}
    assert unapplied == {Decimal("11.50"): 0, Decimal("23.00"): 0, Decimal("34.49"): Decimal("34.49")}


@pytest.mark.requirement("PL-23", "PL-24", "PL-30", "K16", "K17")
def test_at_the_cut_over_what_the_books_have_already_is_linked_and_nothing_is_doubled(
    desk: Desk, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.made
    client, other = made.firm.contact("Zoé Roy"), made.firm.contact("Jean Hébert")
    invoices = [made.firm.invoice(client, Sold(name="x", price=price)) for price in ("100.00", "200.00", "300.00")]
    made.firm.pay(invoices[0])
    made.firm.invoice(other, Sold(name="x", price="400.00"))
    made.firm.invoice(other, Sold(name="x", price="50.00"), numbered_at="2026-02-20T10:00:00-05:00")
    made.send_all(made.firm.changes)
    # By hand: the first with its number, the second without one, its payment, and one of somebody else's.
    someone, stranger = (
        lab(sandbox, "create", entity="Customer", changes={"DisplayName": name})["Id"] for name in ("Zoé Roy", "Autre")
    )
    for number, amount, customer in (("1001", "100.00", someone), ("", "200.00", someone), ("", "400.00", stranger)):
        item = {"ItemRef": {"value": made.names["item"]}, "TaxCodeRef": {"value": made.names["taxable"]}}
        line = {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": item}
        changes = {"CustomerRef": {"value": customer}, "Line": [line], "TxnDate": "2026-03-02"}
        lab(sandbox, "create", entity="Invoice", changes=changes | ({"DocNumber": number} if number else {}))
    paid = next(each for each in made.documents("Invoice") if each.get("DocNumber") == "1001")
    linked = [{"Amount": "114.98", "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Invoice"}]}]
    changes = {"CustomerRef": {"value": someone}, "TotalAmt": "114.98", "TxnDate": "2026-03-02", "Line": linked}
    lab(sandbox, "create", entity="Payment", changes=changes | {"DepositToAccountRef": {"value": made.names["bank"]}})
    there = {kind: len(made.documents(kind)) for kind in ("Invoice", "Payment", "Customer")}

    own, wizard = f"/connections/{made.connection.id}/baseline", f"/connections/{made.connection.id}/setup/plan"
    run = finish(made.workshop, request(made.workshop, made.connection))
    assert run.state == RunState.APPROVAL
    page = desk.text(own)
    assert "There for certain 3 Likely there 1 New to the books 1 Outside, before 1 Mar 2026 1 $ 57.49" in page
    assert "Plannit&#39;s help centre" in page
    assert "3 for certain and 1 likely" in desk.text(wizard)
    outside = desk.text(wizard).partition("1 record stays outside, of ")[2][:120]
    assert "$ 57.49 . From before the first day, 1 Mar 2026, or the cut-over." in outside
    assert f'href="{own}"' in desk.browser.get(f"/questions?connection={made.connection.id}").text
    the_wizard_asks_for_duplicates(desk, own)
    assert desk.send(own, own, row="nobody", way="link").status_code == 404
    assert desk.send(own, own, row=made.hold_of("invoices/F0004"), way="rename").status_code == 404
    assert desk.send(own, own, row=made.hold_of("invoices/F0004"), way="create").status_code == 303
    # So many a request, the rest by the next.
    monkeypatch.setattr(baseline_service, "TOGETHER", 2)
    for left in (1, 0):
        assert desk.send(own, own, certain="yes").status_code == 303
        assert ("Link the certain one" in desk.text(own)) == bool(left)
    assert "Answered; the next plan goes by it." in desk.text(own)
    assert made.sync().state == RunState.DONE
    states = made.states()
    assert {states[key][0] for key in states if key.partition("/")[0] in ("invoices", "payments")} == {"posted"}
    # Two invoices are new (the third, and the one that was another), no payment; nobody is doubled.
    after = {kind: len(made.documents(kind)) for kind in there}
    assert after == {"Invoice": there["Invoice"] + 2, "Payment": there["Payment"], "Customer": there["Customer"] + 1}
    assert {each["TotalAmt"] for each in made.ours("Invoice")} == {Decimal("344.93"), Decimal("459.90")}
    assert "Nothing of it is in the books" in desk.text(own)
    # What is linked is followed from then on, as if we had written it.
    made.firm.change("invoice", invoices[1], due="2026-04-30")
    made.send_all(made.firm.changes[-1:])
    made.sync()
    assert {each["TotalAmt"]: each.get("DueDate") for each in made.documents("Invoice")}[
        Decimal("229.95")
    ] == "2026-04-30"
    assert {kind: len(made.documents(kind)) for kind in there} == after


def the_wizard_asks_for_duplicates(desk: Desk, page: str) -> None:
    """The step of duplicates: left and come back to, passed with nothing answered, and with the certain ones linked."""
    made, setup = desk.made, page.replace("/baseline", "/setup")
    step = f"{setup}/duplicates"
    shown = desk.text(step)
    assert "There for certain 3 Likely there 1 New to the books 1 Outside, before 1 Mar 2026 1 $ 57.49" in shown
    assert "Lists and links (done) Duplicates First plan Proof" in shown
    assert all(f'href="{each}"' in desk.browser.get(step).text for each in (page, f"{setup}/lists"))
    assert f'href="{step}"' not in desk.browser.get(page).text, "the lists come first"
    assert desk.send(f"{setup}/lists", f"{setup}/lists").headers["location"] == step
    left = (page, page.removesuffix("/baseline"), "/connect")
    assert all(f'href="{step}"' in desk.browser.get(each).text for each in left)
    database, counted = made.workshop.database, select(func.count()).select_from(Run)
    with database.read() as session:
        before = session.scalar(counted) or 0
    assert desk.send(step, step).headers["location"] == f"{setup}/plan"
    assert all(f'href="{setup}/plan"' in desk.browser.get(each).text for each in left), "passed, with nothing answered"
    with database.read() as session:
        assert session.scalar(counted) == before, "nothing was said since the plan was made"
    assert "Link the 3 certain ones" in shown
    told = desk.send(step, step, do="link").text
    assert "3 documents linked" in told
    assert "certain ones" not in told
    for _ in range(2):
        assert desk.send(step, step).headers["location"] == f"{setup}/plan"
        with database.read() as session:
            assert session.scalar(counted) == before + 1, "the plan is made again, once"
    reading = desk.browser.get(step).text
    assert 'http-equiv="refresh"' in reading
    assert f'href="{step}"' in reading
    assert 'form="f"' not in reading, "who goes on knows what was found"
    set_mode_of(made, Mode.FIRST_TIME)
    assert desk.browser.get(step).status_code == 404
    assert ">Duplicates<" not in desk.browser.get(f"{setup}/plan").text
    set_mode_of(made, Mode.ALREADY_RUNNING)
    # As if nobody had answered yet: the page links them too.
    with made.workshop.database.begin() as session:
        for draft in session.scalars(select(DraftRow)):
            draft.decisions = {}


def set_mode_of(made: Boreale, mode: Mode) -> None:
    with made.workshop.database.begin() as session:
        session.get_one(Connection, made.connection.id).mode = mode


@pytest.mark.requirement("PL-27", "PL-28", "PL-29", "PL-30", "PL-31")
def test_contacts_that_were_there_are_tagged_and_only_imported_doubles_are_deleted(
    database: Database, data_dir: Path, sandbox: SandboxServer
) -> None:
    service = Service(Firm())
    firm = service.firm
    with (
        serving(service) as address,
        boreale(
            database, data_dir, sandbox, Mode.ALREADY_RUNNING, input_kind="pull", base_url=address, token=TWIN
        ) as made,
    ):
        firm.tax_group()
        roy, twice = firm.contact("Zoé Roy"), firm.contact("Atelier Côté", tags=["VIP"])
        firm.invoice(roy, Sold(name="x", price="10.00"))
        for name in ("Zoé Roy", "Atelier Côté inc.", "Personne"):
            lab(sandbox, "create", entity="Customer", changes={"DisplayName": name})
        made.sync()
        firm.now = made.clock.now()
        desk, own = Desk(made), f"/connections/{made.connection.id}"
        lists, check, doubles = f"{own}/lists", f"{own}/lists?check=contacts", f"{own}/doubles"
        assert "This import is optional." in desk.text(lists)
        assert 'name="list"' not in desk.browser.get(lists).text, "before it is sent, one sees how many are doubled"
        before = desk.text(check)
        assert "Probably there twice after sending: 2." in before
        assert "0 of 2 earlier entries bear the tag “Avant importation QuickBooks”." in before
        assert "Skip the import" in before
        assert "2 entries tagged" in desk.send(check, lists, list="contacts", tag="yes").text
        assert firm.objects["contact"][twice]["tags"] == ["VIP", "Avant importation QuickBooks"]
        made.sync()
        assert "2 of 2 earlier entries bear the tag" in desk.text(check)
        desk.send_list(check, lists)
        imported = {
            str(each["display_name"]): id_ for id_, each in firm.objects["contact"].items()
            if each.get("quickbooks_customer_id")
        }  # fmt: skip
        assert all("tags" not in firm.objects["contact"][id_] for id_ in imported.values())
        firm.invoice(imported["Zoé Roy"], Sold(name="x", price="11.00"))
        made.sync()
        page = desk.browser.get(doubles).text
        # The imported one that an invoice names already stays; so does everything earlier.
        assert "A document names it: it stays" in page
        asked = re.findall(r'name="(d_[0-9]+)"', page)
        boxes = [each for each in asked if '"delete"' in page.partition(f'name="{each}"')[2].partition("</select>")[0]]
        assert (len(asked), len(boxes)) == (2, 1)
        assert ("same name" in page, "similar name" in page) == (True, True)
        assert desk.send(doubles, doubles, list="contacts", d_999="delete").status_code == 409
        # An original is none of what may go, with invoices or without: only imported ones are.
        for original in (roy, twice):
            refused = desk.send(doubles, doubles, list="contacts", **{f"d_{original}": "delete"})
            assert (refused.status_code, "Only what was imported" in refused.text) == (409, True)
        assert not any(firm.objects["contact"][each].get("deleted") for each in (roy, twice))
        ours = next(each["Id"] for each in made.documents("Customer") if each["DisplayName"] == "Zoé Roy")
        assert desk.send(doubles, doubles, list="contacts", **{f"d_{ours}": "delete"}).status_code == 409
        firm.objects["payment"]["P9"] = {"contact_id": imported["Atelier Côté inc."]}
        assert (
            "Plannit refuses: des factures" in desk.send(doubles, doubles, list="contacts", **{boxes[0]: "delete"}).text
        )
        del firm.objects["payment"]["P9"]
        assert "1 deleted at the source" in desk.send(doubles, doubles, list="contacts", **{boxes[0]: "delete"}).text
        assert firm.objects["contact"][imported["Atelier Côté inc."]]["deleted"] is True
        assert not firm.objects["contact"][twice].get("deleted")
        assert "No duplicate" not in desk.text(doubles), "the one in use is still shown"
        # It never comes again, and nothing is missing for it.
        there = len(firm.objects["contact"])
        assert "Created 0 Linked to what was there 0 Brought up to date 0" in desk.send_list(check, lists)
        made.sync()
        assert len(firm.objects["contact"]) == there
        assert "Missing at the source" not in desk.text(check)
        # Regretted, the import is taken back as a whole: what an invoice names stays, and all that was there before.
        undo = f"{own}/imported?name=contacts"
        assert "A document names it: it stays." in desk.text(undo)
        firm.objects["payment"]["P9"] = {"contact_id": imported["Personne"]}
        told = desk.send(undo, f"{own}/imported", list="contacts").text
        assert ("0 deleted at the source" in told, "Plannit refuses: des factures" in told) == (True, True)
        del firm.objects["payment"]["P9"]
        assert "deleted at the source" in desk.send(undo, f"{own}/imported", list="contacts").text
        gone = {name for name, id_ in imported.items() if firm.objects["contact"][id_].get("deleted")}
        assert gone == set(imported) - {"Zoé Roy"}
        assert not any(firm.objects["contact"][id_].get("deleted") for id_ in (roy, twice))
        made.sync()
        assert len(firm.objects["contact"]) == there, "no run brings it back"
        assert desk.send(check, f"{own}/imported", list="contacts").status_code == 409, "nothing is left to undo"
        assert "Missing at the source" in desk.text(check)
        desk.send_list(check, lists)
        assert len(firm.objects["contact"]) > there, "who asks for it has it again"


@pytest.mark.requirement("PL-30", "PL-31")
def test_a_double_is_kept_or_linked_and_what_is_written_afterwards_names_the_customer_it_is(
    database: Database, data_dir: Path, sandbox: SandboxServer
) -> None:
    service = Service(Firm())
    firm = service.firm
    with (
        serving(service) as address,
        boreale(
            database, data_dir, sandbox, Mode.ALREADY_RUNNING, input_kind="pull", base_url=address, token=TWIN
        ) as made,
    ):
        firm.tax_group()
        cote = firm.contact("Atelier Côté", emails=["info@cote.example"], phones=["+1 514 555-0142"])
        other = firm.contact("Jean Hébert")
        for changes in (
            {"DisplayName": "Gestion C. Côté", "PrimaryEmailAddr": {"Address": "INFO@cote.example"},
             "PrimaryPhone": {"FreeFormNumber": "(514) 555-0142"}},
            {"DisplayName": "Jean Hebert inc."},
        ):  # fmt: skip
            lab(sandbox, "create", entity="Customer", changes=changes)
        made.sync()
        firm.now = made.clock.now()
        desk, own = Desk(made), f"/connections/{made.connection.id}"
        doubles = f"{own}/doubles"
        desk.send_list(f"{own}/lists?check=contacts", f"{own}/lists")
        made.sync()
        customers = {str(each["DisplayName"]): str(each["Id"]) for each in made.documents("Customer")}
        gestion, hebert = customers["Gestion C. Côté"], customers["Jean Hebert inc."]
        page = desk.text(doubles)
        assert ("same e-mail, same phone" in page, "similar name" in page) == (True, True)
        # Two people of nearly one name: both stay, and it is not asked again.
        assert "1 answered" in desk.send(doubles, doubles, list="contacts", **{f"d_{hebert}": "keep"}).text
        assert "Jean Hebert inc." not in desk.text(doubles)
        # The same firm under another name: the earlier contact is that customer from now on.
        wrong = desk.send(doubles, doubles, list="contacts", **{f"d_{gestion}": f"link {other}"})
        assert (wrong.status_code, "do not, or no longer" in wrong.text) == (409, True)
        linked = desk.send(doubles, doubles, list="contacts", **{f"d_{gestion}": f"link {cote}"}).text
        assert ("1 answered" in linked, ">linked<" in linked) == (True, True)
        before = len(made.documents("Customer"))
        firm.invoice(cote, Sold(name="x", price="12.00"))
        made.sync()
        assert [each["CustomerRef"]["value"] for each in made.ours("Invoice")] == [gestion]
        assert len(made.documents("Customer")) == before, "no second customer is made"
        # Written for another customer by now, it is not tied to this one.
        with made.workshop.database.begin() as session:
            link = session.scalars(select(LinkRow).where(LinkRow.key == f"contacts/{cote}")).one()
            link.document_id = hebert
        late = desk.send(doubles, doubles, list="contacts", **{f"d_{gestion}": f"link {cote}"})
        assert (late.status_code, "stays linked there" in late.text) == (409, True)


@pytest.mark.requirement("PL-06", "PL-08", "PL-09", "PL-11", "PL-12", "PL-13", "PL-36")
def test_who_is_not_signed_in_at_quickbooks_signs_in_chooses_and_comes_back_even_after_five_minutes(
    desk: Desk, sandbox: SandboxServer
) -> None:
    browser, clock = desk.browser, desk.made.clock
    mode = browser.get("/connect/plannit").text
    assert "Do you know how the integration with Plannit works?" in mode
    assert 'href="/help/docs/how-to/plannit"' in mode
    ready = browser.get("/connect/plannit/ready?mode=first_time").text
    assert 'href="https://aide.plannit.io"' in ready
    assert "quickbooks.intuit.com/learn-support" in ready, "how to add products & services"
    said = "gate_tax_groups=on&gate_catalogue_created=on"
    page = f"/connect/plannit/company?mode=first_time&{said}"
    assert "Sign in to QuickBooks on a computer, and to Plannit in another tab." in desk.text(page)
    sandbox.store.identity.change_password("secret")
    try:
        left = desk.send(page, "/oauth/quickbooks/start", then=page).text
        url = left.partition('class="btn btn-primary" href="')[2].partition('"')[0].replace("&amp;", "&")
        asked = BROWSER.get(url).text
        assert 'type="password"' in asked
        company = sandbox.store.of_template("quebec")
        fields = dict(parse_qsl(urlsplit(url).query)) | {"decision": "sign_in"}
        address = url.partition("?")[0]
        assert BROWSER.post(address, data=fields | {"password": "wrong"}).status_code == 403
        clock.set(clock.now() + timedelta(minutes=6))
        consent = BROWSER.post(address, data=fields | {"password": "secret"}).text
        assert str(company.settings["name"]) in consent, "signed in, one chooses the company"
        ticket = consent.partition('name="ticket" value="')[2].partition('"')[0]
        said = {"decision": "connect", "realm": company.realm, "ticket": ticket}
        back = BROWSER.post(address, data=fields | said).headers["location"]
    finally:
        sandbox.store.identity.change_password("")
    asked = browser.get(back.partition(BASE)[2]).headers["location"]
    assert str(company.settings["name"]) in desk.text(asked)
    confirm = asked.partition("?")[0]
    there = desk.send(asked, confirm, answer="drop", then=page).headers["location"]
    assert there.startswith(page), "what was said before is not lost"
    assert "Nothing was kept of that authorisation" in browser.get(there).text

    guide = "/help/docs/how-to/plannit"
    assert "Did you find the answer?" in desk.text(guide)
    assert "Thank you" in desk.send(guide, guide, answer="no").text
    assert desk.send(guide, guide, answer="perhaps").status_code == 404
    with desk.made.workshop.database.read() as session:
        rated = session.scalars(select(Event).where(Event.action == "help.rated")).all()
    assert [(each.subject, each.body) for each in rated] == [("how-to/plannit", {"answer": "no"})]

"""A bank line that pays a credit back, to a customer or from a vendor: posted, and the credit used up, each once."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import account, asked, category, line, planned, undo
from open_documents import owed
from sqlalchemy import select

from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.paying import pay
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.overview.questions import matches_in
from raccord.store.models import Company, Connection, DraftRow, DraftState, Proof
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.paying import refunded_key
from raccord.sync.lines.refunds import REFUND_NOT_POSTED
from raccord.sync.workshop import Workshop
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


class Way(NamedTuple):
    """A credit that money pays back: what its line becomes, what settles both, and on which account."""

    credit: str
    sign: str
    line: str
    settling: str
    account: str
    detail: str
    party: str


OUT = Way("CreditMemo", "-", "Purchase", "Payment", "Accounts Receivable", "AccountBasedExpenseLineDetail", "Customer")
IN = Way("VendorCredit", "", "Deposit", "BillPayment", "Accounts Payable", "DepositLineDetail", "Vendor")


def open_of(workshop: Workshop, company: Company, id_: str, kind: str = "CreditMemo") -> Decimal:
    return Decimal(next(workshop.client(company).query_all(kind, f"Id = '{id_}'"))["Balance"])


@pytest.mark.parametrize("way", [OUT, IN], ids=["out to a customer", "in from a vendor"])
@pytest.mark.every(2)
def test_a_line_pays_a_credit_back_whole_or_in_part_and_the_credit_is_used_up_to_the_cent(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer, way: Way
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    whole = owed(workshop, company, way.credit, "Clinique Roy", "40.25", "AV-7001")
    parts = owed(workshop, company, way.credit, "Garage Simard", "100.00", "AV-7002")
    against = "" if way.sign else "-"
    till.ROWS["T1"] = [
        line(1, f"{way.sign}40.25", "REMB CLINIQUE ROY AV-7001"),
        line(2, f"{way.sign}30.00", "REMB GARAGE SIMARD AV-7002"),
        line(3, f"{way.sign}80.00", "REMB GARAGE SIMARD AV-7002"),
        line(4, f"{against}40.25", "CLINIQUE ROY AV-7001"),
    ]
    sync(workshop, connection)
    holds = asked(workshop)
    best = matches_in(holds["b1"].params)[0]
    assert (best.kind, best.sure, [each.id for each in best.documents]) == (way.credit, Sure.CERTAIN, [whole])
    assert not matches_in(holds["b4"].params), "money that goes the other way pays no such credit back"
    pay(workshop, OWNER, holds["b1"].id)
    pay(workshop, OWNER, holds["b2"].id)
    with pytest.raises(DecisionError, match="already"):
        pay(workshop, OWNER, holds["b3"].id)
    sync(workshop, connection)
    left = [open_of(workshop, company, each, way.credit) for each in (whole, parts)]
    assert left == [0, Decimal("70.00")]
    moved, settling = list(client.query_all(way.line)), list(client.query_all(way.settling))
    owing = account(workshop, company, way.account)
    assert {each["Line"][0][way.detail]["AccountRef"]["value"] for each in moved} == {owing}
    assert sorted(Decimal(each["TotalAmt"]) for each in moved) == [Decimal("30.00"), Decimal("40.25")]
    assert [(Decimal(each["TotalAmt"]), each.get("UnappliedAmt", 0)) for each in settling] == [(0, 0), (0, 0)]
    parties = {each["DisplayName"]: Decimal(each["Balance"]) for each in client.query_all(way.party)}
    assert (parties["Clinique Roy"], parties["Garage Simard"]) == (0, Decimal("-70.00"))
    assert_books_balance(sandbox.store.of_template("quebec"))
    # The next delivery says the same, and posts nothing again.
    sync(workshop, connection)
    assert (client.count(way.line), client.count(way.settling)) == (2, 2)
    assert not matches_in(asked(workshop)["b3"].params), "more than is left"
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    # The payment that used the credit up goes along, and is no question of its own.
    undo(workshop, connection, "bank/b1")
    left = [open_of(workshop, company, each, way.credit) for each in (whole, parts)]
    assert left == [Decimal("40.25"), Decimal("70.00")]
    assert (client.count(way.line), client.count(way.settling)) == (1, 1)
    sync(workshop, connection)
    assert {"b1", refunded_key("bank/b1")} & set(asked(workshop)) == {"b1"}
    take_back(workshop, OWNER, connection.id, "bank/b1")
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    sync(workshop, connection)
    left = [open_of(workshop, company, each, way.credit) for each in (whole, parts)]
    assert (left, client.count(way.line), client.count(way.settling)) == ([0, Decimal("70.00")], 2, 2)
    # Dated otherwise by its source, all of it stands on that day.
    till.ROWS["T1"][0] = line(1, f"{way.sign}40.25", "REMB CLINIQUE ROY AV-7001", day="2026-03-05")
    sync(workshop, connection)
    for kind in (way.line, way.settling):
        assert sorted(each["TxnDate"] for each in client.query_all(kind)) == ["2026-03-04", "2026-03-05"]
    left = [open_of(workshop, company, each, way.credit) for each in (whole, parts)]
    assert (left, client.count(way.settling)) == ([0, Decimal("70.00")], 2)
    assert_books_balance(sandbox.store.of_template("quebec"))


def test_a_refund_that_becomes_a_cost_before_it_is_posted_leaves_the_credit_memo_open(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    memo = owed(workshop, company, "CreditMemo", "Clinique Roy", "40.25", "AV-7001")
    till.ROWS["T1"] = [line(1, "-40.25", "REMB CLINIQUE ROY AV-7001")]
    sync(workshop, connection)
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    planned(workshop, connection)
    take_back(workshop, OWNER, connection.id, "bank/b1")
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(account(workshop, company, "Expense")))
    sync(workshop, connection)
    client = workshop.client(company)
    assert (open_of(workshop, company, memo), client.count("Purchase"), client.count("Payment")) == (
        Decimal("40.25"), 1, 0,
    )  # fmt: skip
    with workshop.database.read() as session:
        settling = session.scalars(select(DraftRow).where(DraftRow.key == refunded_key("bank/b1"))).one()
    assert (settling.state, settling.reason) == (DraftState.SKIPPED, REFUND_NOT_POSTED)


def test_money_back_to_a_customer_without_a_credit_memo_lowers_the_income_that_is_chosen(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    client, income = workshop.client(company), account(workshop, company, "Income")
    customer = client.create("Customer", '{"DisplayName":"Clinique Roy"}', "Clinique Roy").value["Id"]
    refresh_company(workshop, company.id)
    till.ROWS["T1"] = [line(1, "-40.25", "REMB CLINIQUE ROY")]
    sync(workshop, connection)
    said = category(income, party_kind="Customer", party_id=customer)
    treat(workshop, OWNER, asked(workshop)["b1"].id, said)
    sync(workshop, connection)
    [spent] = client.query_all("Purchase")
    assert (spent["EntityRef"]["value"], spent["EntityRef"]["type"]) == (customer, "Customer")
    assert spent["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] == income
    assert_books_balance(sandbox.store.of_template("quebec"))
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))

"""Every document that a bank line may become: said of it by a person, or by a rule that is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import JUDGED, account, asked, category, line
from open_documents import owed
from sqlalchemy import select

from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.paying import pay
from raccord.onboarding.deciding.treating import treat
from raccord.overview.lines.rule_views import rulings_on
from raccord.plugin.drafts import PaymentType
from raccord.store.models import Company, Connection, Proof
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.treatments import Part, Treated, Treatment
from raccord.sync.planning.ruling import MATCH_FIRST
from raccord.sync.workshop import Workshop
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

Fields = Callable[[dict[str, Any]], Any]


def spent(document: dict[str, Any]) -> Any:
    detail = [each["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] for each in document["Line"]]
    return document["PaymentType"], document["AccountRef"]["value"], detail


def received(document: dict[str, Any]) -> Any:
    return document["DepositToAccountRef"]["value"], [
        each["DepositLineDetail"]["AccountRef"]["value"] for each in document["Line"]
    ]


def moved(document: dict[str, Any]) -> Any:
    return document["FromAccountRef"]["value"], document["ToAccountRef"]["value"]


def settled(document: dict[str, Any]) -> Any:
    return [(each["LinkedTxn"][0]["TxnType"], each["LinkedTxn"][0]["TxnId"]) for each in document["Line"]]


@dataclass(frozen=True)
class Posted:
    """A line, what is said of it, and the document that comes of it."""

    name: str
    amount: str
    said: Treatment | None
    """Nothing where the line pays what is open, as its first proposal says."""
    kind: str
    fields: Fields
    expected: Any
    row: dict[str, str]
    memo: str = ""


def table(workshop: Workshop, company: Company) -> list[Posted]:
    client = workshop.client(company)
    bank, income, cost = (account(workshop, company, each) for each in ("Bank", "Income", "Expense"))
    card, other = (
        str(client.create("Account", f'{{"Name":"{name}","AccountType":"{type_}"}}', name).value["Id"])
        for name, type_ in (("Carte", "Credit Card"), ("Repas", "Expense"))
    )
    invoice = owed(workshop, company, "Invoice", "Clinique Roy", "517.39", "F-20417")
    bill = owed(workshop, company, "Bill", "Papeterie Roy", "88.12", "B-7741")
    owed(workshop, company, "CreditMemo", "Garage Simard", "40.25", "AV-7001")
    receivable = account(workshop, company, "Accounts Receivable")
    spend = category(cost)
    cheque = category(cost, payment_type=PaymentType.CHECK)
    halves = Treatment(kind=Treated.SPLIT, parts=(Part(account=cost, amount=Decimal("45.50")), Part(account=other)))
    across = Treatment(kind=Treated.TRANSFER, other_account=card)
    return [
        Posted("expense", "-12.01", spend, "Purchase", spent, ("Cash", bank, [cost]), {}),
        Posted("cheque", "-12.02", cheque, "Purchase", spent, ("Check", bank, [cost]), {"paid_by": "check"}),
        Posted("card charge", "-12.03", spend, "Purchase", spent, ("CreditCard", card, [cost]),
               {"paid_by": "card", "on": card}),
        Posted("deposit", "12.04", category(income), "Deposit", received, (bank, [income]), {}),
        Posted("transfer", "-12.05", across, "Transfer", moved, (bank, card), {}),
        Posted("split", "-60.00", halves, "Purchase", spent, ("Cash", bank, [cost, other]), {}),
        Posted("payment", "517.39", None, "Payment", settled, [("Invoice", invoice)], {}, "CLINIQUE ROY F-20417"),
        Posted("bill payment", "-88.12", None, "BillPayment", settled, [("Bill", bill)], {}, "PAPETERIE ROY B-7741"),
        Posted("refund", "-40.25", None, "Purchase", spent, ("Cash", bank, [receivable]), {}, "GARAGE SIMARD AV-7001"),
        Posted("refund without a credit", "-31.31", category(income), "Purchase", spent, ("Cash", bank, [income]), {}),
    ]  # fmt: skip


def as_rule(each: Posted, place: int) -> RuleSaid:
    """Return the rule that says of a line what a person says."""
    said = each.said or category("0")
    parts = tuple(RulePart(account=part.account, amount=part.amount) for part in said.parts)
    outcome = Outcome(kind=said.kind, parts=parts, other_account=said.other_account)
    here = TextCondition(test=TextTest.CONTAINS, value=f"LIGNE{place:02}")
    return RuleSaid(name=f"R{place}", body=RuleBody(conditions=(here,), outcome=outcome), mode=RuleMode.APPLY)


@pytest.mark.parametrize("by_rule", [False, True], ids=["a person", "a rule"])
def test_a_line_becomes_each_document_that_quickbooks_own_review_offers(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
    by_rule: bool,
) -> None:
    monkeypatch.setattr(till, "INFO", JUDGED)
    choose_usual(workshop, connection, company)
    client, wanted = workshop.client(company), table(workshop, company)
    refresh_company(workshop, company.id)
    # What a rule says of a line that pays something open is not carried out: what is open comes first.
    cost = account(workshop, company, "Expense")
    till.ROWS["T1"] = [
        line(place, each.amount, f"LIGNE{place:02} {each.memo}".strip(), **each.row)
        for place, each in enumerate(wanted, 1)
    ]
    if by_rule:
        for place, each in enumerate(wanted, 1):
            said = each if each.said else Posted(each.name, each.amount, category(cost), "", spent, None, {})
            add_rule(workshop, OWNER, company.id, as_rule(said, place))
    sync(workshop, connection)
    holds = asked(workshop)
    for place, each in enumerate(wanted, 1):
        hold = holds.get(f"b{place}")
        if by_rule and each.said is not None:
            assert hold is None, f"{each.name}: the rule said it"
        elif each.said is None:
            assert hold is not None, each.name
            if by_rule:
                with workshop.database.read() as session:
                    assert rulings_on(session, [hold.id])[hold.id].held == MATCH_FIRST
            pay(workshop, OWNER, hold.id)
        else:
            assert hold is not None, each.name
            treat(workshop, OWNER, hold.id, each.said)
    sync(workshop, connection)
    assert not asked(workshop)
    for each in wanted:
        amount = abs(Decimal(each.amount))
        name = "Amount" if each.kind == "Transfer" else "TotalAmt"
        [found] = [row for row in client.query_all(each.kind, "TxnDate = '2026-03-04'") if Decimal(row[name]) == amount]
        assert each.fields(found) == each.expected, each.name
    [settling] = [row for row in client.query_all("Payment") if not Decimal(row["TotalAmt"])]
    assert sorted(kind for kind, _ in settled(settling)) == ["CreditMemo", "Expense"], "the credit memo is used up"
    owing = {kind: sum(Decimal(row["Balance"]) for row in client.query_all(kind, "TxnDate = '2026-02-20'"))
             for kind in ("Invoice", "Bill", "CreditMemo")}  # fmt: skip
    assert set(owing.values()) == {Decimal(0)}
    assert_books_balance(sandbox.store.of_template("quebec"))
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))

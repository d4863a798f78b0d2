"""Several bank lines that are one document of the books: each is its part, once, and nothing is posted again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, sync
from hypothesis import given, settings
from hypothesis import strategies as st
from lines_at_hand import account, asked, category, line, of, undo
from open_documents import by_hand
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.overview.explain import explain
from raccord.overview.records import record_story
from raccord.plugin import ResolutionKind
from raccord.quickbooks.codec.json_text import write
from raccord.store.models import Company, Connection, DraftRow, DraftState, Match, Proof
from raccord.sync.fetching.kept import told_beside
from raccord.sync.lines.in_parts import NEAR_MAX, OTHERS, TOGETHER_MAX, in_parts, of_several
from raccord.sync.lines.pairing import DAYS_APART, Found, Line
from raccord.sync.lines.several_documents import SEVERAL, decided
from raccord.sync.lines.shared_documents import PARTLY, WITH
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.workshop import Workshop

DAY = date(2026, 3, 4)
EXISTS, MISSING = "conflict.already_exists", "resolve.decision_missing"


def drawn(n: int, amount: Decimal, day: date, account: str = "1") -> Line:
    return Line(n, f"own {n}", account, amount, day, "Deposit" if amount > 0 else "Purchase")


def held(n: int, amount: Decimal, account: str = "1", covered: Decimal = Decimal(0)) -> Found:
    kind = "Deposit" if amount > 0 else "Purchase"
    return Found(kind, str(n), "", DAY, amount, account, "", summed=True, covered=covered)


@given(
    splits=st.lists(st.lists(st.integers(1, 900), min_size=2, max_size=TOGETHER_MAX), min_size=1, max_size=4),
    out=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=80)
def test_random_splits_in_any_order_give_each_line_one_part_and_each_document_its_amount(
    splits: list[list[int]], out: bool, seed: int
) -> None:
    chance, lines, documents = random.Random(seed), [], []
    for place, parts in enumerate(splits):
        signed = [Decimal(-cents if out else cents) / 100 for cents in parts]
        documents.append(held(place, sum(signed, Decimal(0)), account=str(place)))
        for each in signed:
            day = DAY + timedelta(chance.randint(0, len(OTHERS) - 1) - 1)
            lines.append(drawn(len(lines), each, day, str(place)))
    groups = in_parts(lines, documents)
    shuffled, others = list(lines), list(documents)
    chance.shuffle(shuffled)
    chance.shuffle(others)
    assert in_parts(shuffled, others) == groups
    assert max(Counter(each.id for group in groups for each in group.lines).values(), default=1) == 1
    assert len(groups) == len(splits), "on an account of its own, nothing else comes to a document"
    for group in groups:
        assert sum((each.amount for each in group.lines), Decimal(0)) == group.found.amount
        assert {each.account for each in group.lines} == {group.found.account}


def test_two_ways_days_too_far_and_other_directions_are_no_group_and_a_rest_is_one_line() -> None:
    hundred, document = Decimal(100), held(1, Decimal(300))
    three = [drawn(n, hundred, DAY) for n in range(3)]
    assert len(in_parts(three, [document])) == 1
    assert not in_parts([*three, drawn(3, Decimal(250), DAY), drawn(4, Decimal(50), DAY)], [document]), "two ways"
    assert not in_parts([*three[:2], drawn(2, hundred, DAY + timedelta(DAYS_APART + 1))], [document])
    assert not in_parts([*three[:2], drawn(2, hundred, DAY, "2")], [document])
    assert not in_parts([drawn(0, Decimal(400), DAY), drawn(1, -hundred, DAY)], [document])
    (rest,) = in_parts(three[:1], [held(1, Decimal(300), covered=Decimal(200))])
    assert rest.lines == (three[0],)


def test_lines_among_which_some_always_come_to_the_amount_are_no_group() -> None:
    document = held(1, Decimal("300.25"))
    two = [drawn(0, Decimal("100.10"), DAY), drawn(1, Decimal("200.15"), DAY + timedelta(1))]
    assert len(in_parts(two, [document])) == 1
    assert not in_parts([two[0], replace(two[1], day=DAY + timedelta(len(OTHERS)))], [document]), "too far apart"
    # Together with the first, each of these comes near what the document moves.
    beside = [drawn(2 + n, Decimal("200.15") + n + 1, DAY) for n in range(2)]
    assert len(in_parts([*two, beside[0]], [document])) == 1
    assert not in_parts([*two, *beside], [document])
    far = [drawn(9 + n, Decimal(900 + 31 * n), DAY + timedelta(4 - n % 8)) for n in range(NEAR_MAX)]
    assert len(in_parts([*two, *far[: NEAR_MAX - 2]], [document])) == 1
    assert not in_parts([*two, *far], [document]), "too many"


def proofs(workshop: Workshop) -> list[Proof]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Proof)))


def matched(workshop: Workshop, document: str) -> list[tuple[int, Decimal]]:
    with workshop.database.read() as session:
        rows = session.scalars(select(Match).where(Match.document_id == document).order_by(Match.part)).all()
        return [(each.part, each.amount) for each in rows]


def test_lines_are_a_deposit_and_an_expense_entered_whole_and_one_taken_back_frees_its_part(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client, cost = workshop.client(company), account(workshop, company, "Expense")
    deposit = by_hand(workshop, company, "Deposit", "300.00", DAY)
    spent = by_hand(workshop, company, "Purchase", "88.21", DAY + timedelta(2))
    till.ROWS["T1"] = [
        line(1, "100.00", "VIREMENT"), line(2, "100.00", "VIREMENT"), line(3, "100.00", "VIREMENT"),
        line(4, "-44.10", "QUINCAILLERIE"), line(5, "-44.11", "QUINCAILLERIE"), line(6, "-7.00", "CAFE"),
    ]  # fmt: skip
    sync(workshop, connection)
    holds = asked(workshop)
    assert [holds[f"b{n}"].code for n in range(1, 7)] == [EXISTS] * 5 + [MISSING]
    assert (holds["b1"].params["id"], holds["b4"].params["id"]) == (deposit, spent)
    assert (holds["b1"].params[WITH], holds["b1"].params["sure"]) == (["bank/b2", "bank/b3"], "possible")
    assert "ensemble un document" in explain(EXISTS, holds["b1"].params, "fr").sentence
    assert "together one document" in explain(EXISTS, holds["b1"].params, "en").sentence
    # One answer counts for the three lines; of the two others one is another movement, so neither is the expense.
    answer_conflict(workshop, OWNER, holds["b1"].id, ResolutionKind.SKIP)
    answer_conflict(workshop, OWNER, holds["b4"].id, ResolutionKind.CREATE)
    sync(workshop, connection)
    assert matched(workshop, deposit) == [(1, 100), (2, 100), (3, 100)]
    assert {key: hold.code for key, hold in asked(workshop).items()} == dict.fromkeys(("b4", "b5", "b6"), MISSING)
    assert (client.count("Deposit"), client.count("Purchase")) == (1, 1), "nothing was posted"
    assert all(proof.equal for proof in proofs(workshop))
    with workshop.database.read() as session:
        kept = session.scalars(select(Match).where(Match.part == 3)).one()
    with pytest.raises(IntegrityError), workshop.database.begin() as session:
        session.add(Match(company_id=company.id, connection_id=connection.id, draft_id=of("b4", workshop).id,
                          kind=kept.kind, document_id=deposit, money_account=kept.money_account, part=3,
                          whole=kept.whole, amount=kept.amount, currency="CAD", day=DAY,
                          matched_at=kept.matched_at))  # fmt: skip
    # Taken back, a line is asked about again as the rest; meanwhile the day is not equal, and says why.
    take_back(workshop, OWNER, connection.id, "bank/b2")
    assert len(matched(workshop, deposit)) == 2
    sync(workshop, connection)
    hold = asked(workshop)["b2"]
    assert [hold.code, *(hold.params[name] for name in ("id", "case", "left"))] == [EXISTS, deposit, "rest", "100.00"]
    named = [each for proof in proofs(workshop) for each in proof.differences]
    assert {(each["code"], each["document_id"], each["amount"]) for each in named} == {(PARTLY, deposit, "100.00")}
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.SKIP)
    treat(workshop, OWNER, asked(workshop)["b6"].id, category(cost))
    answer_hold(workshop, OWNER, asked(workshop)["b4"].id, cost)
    sync(workshop, connection)
    assert [amount for _, amount in matched(workshop, deposit)] == [100, 100, 100]
    assert of("b2", workshop).state == DraftState.SKIPPED
    assert (client.count("Deposit"), client.count("Purchase")) == (1, 3)
    assert all(proof.equal for proof in proofs(workshop))


def test_lines_on_both_sides_of_a_months_end_are_one_document_and_others_after_it_keep_theirs(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    deposit = by_hand(workshop, company, "Deposit", "300.00", date(2026, 3, 31))
    april = by_hand(workshop, company, "Deposit", "77.00", date(2026, 4, 3))
    till.ROWS["T1"] = [
        line(1, "120.00", "VIREMENT", day="2026-03-31"), line(2, "180.00", "VIREMENT", day="2026-04-02"),
        line(3, "77.00", "VIREMENT", day="2026-04-02"), line(4, "19.00", "VIREMENT", day="2026-04-04"),
    ]  # fmt: skip
    sync(workshop, connection)
    holds = asked(workshop)
    assert [holds[f"b{n}"].code for n in range(1, 5)] == [EXISTS] * 3 + [MISSING]
    assert [holds[f"b{n}"].params["id"] for n in (1, 2, 3)] == [deposit, deposit, april]
    assert [holds[f"b{n}"].params.get(WITH) for n in (1, 2, 3)] == [["bank/b2"], ["bank/b1"], None]
    answer_conflict(workshop, OWNER, holds["b2"].id, ResolutionKind.SKIP)
    answer_conflict(workshop, OWNER, holds["b3"].id, ResolutionKind.SKIP)
    sync(workshop, connection)
    assert (matched(workshop, deposit), matched(workshop, april)) == ([(1, 120), (2, 180)], [(0, 77)])
    assert workshop.client(company).count("Deposit") == 2, "nothing was posted"
    assert all(proof.equal for proof in proofs(workshop))
    take_back(workshop, OWNER, connection.id, "bank/b2")
    sync(workshop, connection)
    hold = asked(workshop)["b2"]
    assert (hold.code, hold.params["case"], hold.params["left"]) == (EXISTS, "rest", "180.00")


def kept(workshop: Workshop, key: str) -> list[tuple[str, Decimal]]:
    with workshop.database.read() as session:
        rows = session.scalars(select(Match).where(Match.draft_id == of(key, workshop).id))
        return sorted(((each.document_id, each.amount) for each in rows), key=lambda each: each[1])


def test_a_line_is_several_documents_and_taken_back_or_undone_it_is_none_of_them(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T2", "code": "x"},
                        starts_on=date(2026, 3, 1))  # fmt: skip
    other = connect(workshop, OWNER, new)
    choose_usual(workshop, other, company)
    till.ROWS["T2"] = [
        row
        for number, amount in ((1, "120.00"), (2, "80.00"))
        for row in (
            {"stream": "sales", "id": f"s{number}", "day": line(1, "1", "")["day"], "amount": amount},
            {"stream": "deposits", "id": f"d{number}", "day": line(1, "1", "")["day"], "amount": amount,
             "of": f"sales/s{number}={amount}"},
        )
    ]  # fmt: skip
    sync(workshop, other)
    (beside,) = told_beside(workshop.database, connection.id, "deposits", DAY, DAY + timedelta(9))
    (back,) = told_beside(workshop.database, other.id, "deposits", DAY, DAY + timedelta(9))
    assert ([each.source_id for each in beside.records], back.records) == (["d1", "d2"], [])
    assert (beside.in_books, beside.connected) == ({"d1", "d2"}, True)
    assert (beside.pair, beside.settings["till"], "code" in beside.settings) == (back.pair, "T2", False)
    assert (beside.first, back.first) in ((True, False), (False, True))
    assert not told_beside(workshop.database, connection.id, "deposits", DAY + timedelta(9), DAY + timedelta(9))[
        0
    ].records
    spent = [by_hand(workshop, company, "Purchase", amount, DAY + timedelta(1)) for amount in ("33.10", "11.90")]
    till.ROWS["T1"] = [
        line(1, "200.00", "DEPOT"), line(2, "200.00", "DEPOT"), line(3, "-45.00", "QUINCAILLERIE"),
        line(4, "-80.00", "CAFE"),
    ]  # fmt: skip
    sync(workshop, connection)
    client, holds = workshop.client(company), asked(workshop)
    deposits = {Decimal(each["TotalAmt"]): str(each["Id"]) for each in client.query_all("Deposit")}
    assert [holds[f"b{n}"].code for n in range(1, 5)] == [EXISTS, MISSING, EXISTS, MISSING], "no document is of two"
    assert {each["id"] for each in holds["b1"].params[SEVERAL]} == set(deposits.values())
    assert (holds["b1"].params["sure"], holds["b3"].params["case"]) == ("possible", SEVERAL)
    for language, words in (("fr", "plusieurs documents"), ("en", "several documents")):
        sentence = explain(EXISTS, holds["b3"].params, language).sentence
        assert words in sentence
        assert all(amount in sentence for amount in ("33.10", "11.90"))
    for key in ("b1", "b3"):
        answer_conflict(workshop, OWNER, holds[key].id, ResolutionKind.SKIP)
    sync(workshop, connection)
    assert kept(workshop, "b1") == [(deposits[Decimal(80)], 80), (deposits[Decimal(120)], 120)]
    assert sorted(id_ for id_, _ in kept(workshop, "b3")) == sorted(spent)
    assert (of("b1", workshop).state, of("b3", workshop).state) == (DraftState.SKIPPED, DraftState.SKIPPED)
    assert (client.count("Deposit"), client.count("Purchase")) == (2, 2), "nothing was posted"
    assert all(proof.equal for proof in proofs(workshop))
    with workshop.database.read() as session:
        story = record_story(session, of("b3", workshop).record_id or 0)
    assert story is not None
    assert sorted(each.document_id for each in story.view.documents) == sorted(spent)

    # Edited, each is told of beside the other; together they are the line once they come to its amount again.
    def changed(*amounts: str) -> Mapping[str, Any]:
        for id_, amount in zip(spent, amounts, strict=True):
            (there,) = [each for each in client.query_all("Purchase") if str(each["Id"]) == id_]
            if there["TotalAmt"] != Decimal(amount):
                told = {name: each for name, each in there.items() if name != "PurchaseEx"}
                told["Line"] = [{**there["Line"][0], "Amount": Decimal(amount)}]
                client.update("Purchase", write(told), f"edit {id_} {amount}")
                sync(workshop, connection)
        hold = asked(workshop).get("b3")
        return {} if hold is None else hold.params

    assert changed("34.10", "11.90")["was"] == "-33.10"
    both = changed("34.10", "15.90")
    for language in ("fr", "en"):
        sentence = explain("conflict.matched_edited", both, language).sentence
        assert all(amount in sentence for amount in ("-33.10", "-34.10", "-11.90", "-15.90"))
    one = changed("34.10", "11.90")
    assert (one["id"], one["amount"], "case" in one) == (spent[0], "-34.10", False)
    assert changed("34.10", "10.90") == {}, "45.00 again, between the two"
    assert of("b3", workshop).state == DraftState.SKIPPED
    # Answers are forgotten where a document is gone; another movement is asked for its category.
    take_back(workshop, OWNER, connection.id, "bank/b3")
    assert kept(workshop, "b3") == []
    sync(workshop, connection)
    answer_conflict(workshop, OWNER, asked(workshop)["b3"].id, ResolutionKind.CREATE)
    undo(workshop, other, "deposits/d2")
    assert kept(workshop, "b1") == [], "one deposit alone is not the line"
    sync(workshop, connection)
    codes = {key: hold.code for key, hold in asked(workshop).items() if key.startswith("b")}
    assert codes == dict.fromkeys(("b1", "b2", "b3", "b4"), MISSING)
    assert all(proof.equal for proof in proofs(workshop))


@given(
    sums=st.lists(st.lists(st.integers(1, 900), min_size=2, max_size=TOGETHER_MAX), min_size=1, max_size=4),
    out=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=80)
def test_random_lines_that_are_several_documents_each_get_theirs_once_in_any_order(
    sums: list[list[int]], out: bool, seed: int
) -> None:
    chance, lines, documents = random.Random(seed), [], []
    for place, parts in enumerate(sums):
        signed = [Decimal(-cents if out else cents) / 100 for cents in parts]
        lines.append(drawn(place, sum(signed, Decimal(0)), DAY, str(place)))
        day = DAY + timedelta(chance.randint(-DAYS_APART, DAYS_APART))
        documents += [replace(held(len(documents) + n, each, str(place)), day=day) for n, each in enumerate(signed)]
    found = of_several(lines, documents)
    shuffled, others = list(lines), list(documents)
    chance.shuffle(shuffled)
    chance.shuffle(others)
    assert of_several(shuffled, others) == found
    assert len(found) == len(sums), "on an account of its own, nothing else comes to a line"
    assert max(Counter(each.place for some in found for each in some.found).values()) == 1
    assert all(sum((each.amount for each in some.found), Decimal(0)) == some.line.amount for some in found)
    apart = [replace(each, day=DAY + timedelta(DAYS_APART + 1)) for each in documents]
    assert not of_several(lines, apart)
    assert not of_several(lines, [replace(each, account="other") for each in documents])
    scattered = [replace(each, day=DAY + timedelta(n % 5)) for n, each in enumerate(documents)]
    assert not of_several(lines, scattered), "of different days nothing is added up"
    assert not of_several(lines, [replace(each, told_in="own") for each in documents])


def test_what_was_said_of_several_documents_is_forgotten_where_one_is_gone_changed_or_another_lines() -> None:
    first, second = held(1, Decimal(30)), held(2, Decimal(12))
    places = [{"kind": each.kind, "id": each.id, "account": each.account} for each in (first, second)]

    def said(n: int) -> tuple[Line, DraftRow]:
        answer = {"kind": str(ResolutionKind.SKIP), "params": {SEVERAL: places}}
        return drawn(n, Decimal(42), DAY), DraftRow(decisions={DECISION: answer})

    line, row = said(7)
    assert decided([(line, row)], [first, second]) == {7: (first, second)}
    assert DECISION in row.decisions
    for there in (
        [first],
        [first, replace(second, amount=Decimal("12.01"))],
        [first, replace(second, covered=Decimal(1))],
    ):
        line, row = said(7)
        assert decided([(line, row)], there) == {}
        assert DECISION not in row.decisions, "asked anew"
    (line, row), (other, late) = said(7), said(8)
    assert decided([(other, late), (line, row)], [first, second]) == {7: (first, second)}
    assert DECISION not in late.decisions

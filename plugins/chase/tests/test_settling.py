"""A settlement posts only when it adds up; what does not stops that one settlement and says by how much."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations

import pytest

from raccord.plugin.drafts import Deposit, DirectLine, LinkedLine
from raccord_chase.sandbox.handmade import Deliveries, dfr, dispute, fee, head, sale, settlement_file, total

Deliver = Callable[..., Deliveries]
ID = "9-CAD-500-20260901-20260901"


def test_a_net_that_differs_from_its_lines_is_refused_with_the_exact_difference(deliver: Deliver) -> None:
    text = settlement_file(
        net="112.87", totals=(total("SALE", "114.98"), total("IA", "2.12")), rows=(sale(1, "114.98"),)
    )
    chase = deliver().put("a.dfr", text).run()
    (reject,) = chase.rejects
    assert (reject.stream, reject.where, reject.code) == ("settlements", f"settlements/{ID}", "chase.settlement_net")
    assert "112.86, its net 112.87, difference -0.01 CAD" in reject.reason.en
    assert "112,86, son net 112,87, écart -0,01 CAD" in reject.reason.fr
    assert len(chase.of("sales")) == 1
    assert chase.of("settlements") == []


def test_a_missing_sale_stops_its_settlement_and_no_other(deliver: Deliver) -> None:
    text = dfr(
        head("FIN0010"),
        *(total("SALE", "30.00"), total("NET", "30.00")),
        *(total("SALE", "7.00", entity="8"), total("NET", "7.00", entity="8")),
        head("ACT0010"),
        *(sale(1, "10.00"), sale(2, "7.00", entity="8")),
    )
    chase = deliver().put("a.dfr", text).run()
    assert [record.source_id for record in chase.of("settlements")] == ["8-CAD-500-20260901-20260901"]
    (reject,) = chase.rejects
    assert reject.code == "chase.settlement_sum"
    assert "SALE in the summary 30.00, in the detail 10.00, difference 20.00 CAD" in reject.reason.en


def test_a_count_that_differs_from_the_detail_is_refused(deliver: Deliver) -> None:
    text = settlement_file(net="10.00", totals=(total("SALE", "10.00", count="2"),), rows=(sale(1, "10.00"),))
    (reject,) = deliver().put("a.dfr", text).run().rejects
    assert reject.code == "chase.settlement_count"
    assert "says 2 SALE, the detail has 1" in reject.reason.en


def test_a_settlement_without_net_is_refused(deliver: Deliver) -> None:
    text = dfr(head("FIN0010"), total("SALE", "10.00"), head("ACT0010"), sale(1, "10.00"))
    assert deliver().put("a.dfr", text).run().codes() == ["chase.settlement_no_net"]


def test_fees_written_as_negative_numbers_give_the_same_deposit(deliver: Deliver) -> None:
    def deposit_with(amount: str) -> object:
        text = settlement_file(
            net="9.50", totals=(total("SALE", "10.00"), total("PFEE", amount)), rows=(sale(1, "10.00"),)
        )
        return deliver().put("a.dfr", text).run().drafts()[-1]

    assert deposit_with("0.50") == deposit_with("-0.50")


def test_conveyed_amounts_are_not_in_the_deposit_but_their_sales_are_posted(deliver: Deliver) -> None:
    text = settlement_file(
        net="10.00",
        totals=(total("SALE", "10.00", method="VI"), total("SALE", "40.00", method="AX", settled="C")),
        rows=(sale(1, "10.00"), sale(2, "40.00", method="AX")),
    )
    chase = deliver().put("a.dfr", text).run()
    deposit = chase.drafts()[-1]
    assert isinstance(deposit, Deposit)
    assert [line.amount for line in deposit.lines] == [Decimal("10.00")]
    assert len(chase.of("sales")) == 2


@pytest.mark.requirement("CH-34")
def test_service_charges_that_add_up_to_the_fee_become_its_lines(deliver: Deliver) -> None:
    def lines_with(second: str) -> list[tuple[Decimal, str]]:
        text = settlement_file(
            net="97.00",
            totals=(total("SALE", "100.00"), total("IA", "3.00")),
            rows=(sale(1, "100.00"),),
            more=(head("FIN0011"), fee("IA", "Interchange", "-2.75"), fee("IA", "Assessments", second)),
        )
        deposit = deliver().put("a.dfr", text).run().drafts()[-1]
        assert isinstance(deposit, Deposit)
        return [(line.amount, line.description) for line in deposit.lines if isinstance(line, DirectLine)]

    detailed = [
        (Decimal("-0.25"), "Interchange and assessments · Assessments"),
        (Decimal("-2.75"), "Interchange and assessments · Interchange"),
    ]
    assert lines_with("-0.25") == detailed
    assert lines_with("-0.24") == [(Decimal("-3.00"), "Interchange and assessments")]


@pytest.mark.parametrize("category", ["RES", "ERET"])
@pytest.mark.requirement("CH-14", "CH-40")
def test_a_reserve_or_an_echeque_return_is_left_to_a_person(deliver: Deliver, category: str) -> None:
    text = settlement_file(
        net="8.00", totals=(total("SALE", "10.00"), total(category, "-2.00")), rows=(sale(1, "10.00"),)
    )
    chase = deliver().put("a.dfr", text).run()
    assert chase.codes() == ["chase.settlement_unsupported"]
    assert f"-2.00 CAD of {category}" in chase.rejects[0].reason.en
    assert len(chase.of("sales")) == 1


def test_an_adjustment_is_a_line_of_its_deposit(deliver: Deliver) -> None:
    text = settlement_file(
        net="8.00", totals=(total("SALE", "10.00"), total("DBADJ", "-2.00")), rows=(sale(1, "10.00"),)
    )
    deposit = deliver().put("a.dfr", text).run().drafts()[-1]
    assert isinstance(deposit, Deposit)
    assert deposit.lines[-1].amount == Decimal("-2.00")


def test_an_unknown_category_that_moves_no_money_is_told_and_the_settlement_posts(deliver: Deliver) -> None:
    text = settlement_file(
        net="10.00", totals=(total("SALE", "10.00"), total("NEWCAT", "3.00")), rows=(sale(1, "10.00"),)
    )
    chase = deliver().put("a.dfr", text).run()
    assert chase.codes() == ["chase.unknown_category"]
    assert len(chase.of("settlements")) == 1


def test_two_transfers_of_one_entity_are_told_apart_by_card_kind_or_refused(deliver: Deliver) -> None:
    def put(second: str) -> Deliveries:
        text = dfr(
            head("FIN0010"),
            *(total("SALE", "10.00", method="VI"), total("NET", "10.00")),
            *(total("SALE", "20.00", method=second, transfer="501"), total("NET", "20.00", transfer="501")),
            head("ACT0010"),
            *(sale(1, "10.00"), sale(2, "20.00", method=second)),
        )
        return deliver().put("a.dfr", text).run()

    assert len(put("MC").of("settlements")) == 2
    assert put("VI").codes() == ["chase.settlement_ambiguous"] * 2


def test_another_currency_is_refused_row_by_row_and_settlement_by_settlement(deliver: Deliver) -> None:
    text = dfr(
        head("FIN0010"),
        *(total("SALE", "10.00"), total("NET", "10.00")),
        *(
            total("SALE", "20.00", currency="USD", transfer="501"),
            total("NET", "20.00", currency="USD", transfer="501"),
        ),
        head("ACT0010"),
        *(sale(1, "10.00"), sale(2, "20.00", currency="USD")),
    )
    chase = deliver().put("a.dfr", text).run()
    assert [(reject.stream, reject.code) for reject in chase.rejects] == [
        ("sales", "chase.other_currency"),
        ("settlements", "chase.other_currency"),
    ]
    assert {record.amount and record.amount.currency for record in chase.records} == {"CAD"}
    assert len(deliver(currency="USD").put("a.dfr", text).run().of("settlements")) == 1


def test_parts_that_arrive_in_later_files_complete_a_settlement_once(deliver: Deliver) -> None:
    chase = deliver()
    chase.put("1.dfr", dfr(head("FIN0010"), total("SALE", "10.00"), total("CB", "-4.00"), total("NET", "6.00"))).run()
    assert chase.codes() == ["chase.settlement_sum"]
    chase.put("2.dfr", dfr(head("PDE0017"), dispute("RTM", "1", "4.00"))).run()
    assert chase.of("settlements") == []
    chase.put("3.dfr", dfr(head("ACT0010"), sale(1, "10.00"))).run()
    (settlement,) = chase.of("settlements")
    deposit = chase.drafts()[-1]
    assert isinstance(deposit, Deposit)
    assert [type(line) for line in deposit.lines] == [LinkedLine, LinkedLine]
    assert {reject.where for reject in chase.rejects} == {f"settlements/{ID}"}
    assert settlement.source_id == ID


def test_parts_that_arrive_together_are_one_settlement_whatever_their_order(deliver: Deliver) -> None:
    summary = dfr(head("FIN0010"), total("SALE", "10.00"), total("CB", "-4.00"), total("NET", "6.00"))
    parts = (summary, dfr(head("PDE0017"), dispute("RTM", "1", "4.00")), dfr(head("ACT0010"), sale(1, "10.00")))
    for order in permutations(parts):
        chase = deliver()
        for number, part in enumerate(order):
            chase.put(f"{number}.dfr", part)
        chase.run()
        assert (chase.codes(), len(chase.of("settlements"))) == ([], 1)


@pytest.mark.requirement("K13")
def test_charges_in_no_summary_wait_unless_the_settings_say_the_detail_alone_tells_of_them(deliver: Deliver) -> None:
    detail = dfr(head("FIN0011"), fee("PFEE", "Monthly fee", "-9.00", transfer="501"))
    other = settlement_file(net="10.00", totals=(total("SALE", "10.00"),), rows=(sale(1, "10.00"),))
    summary = dfr(head("FIN0010"), total("PFEE", "9.00", transfer="501"), total("NET", "-9.00", transfer="501"))
    chase = deliver().put("1.dfr", detail).put("2.dfr", other).run()
    assert (chase.codes(), chase.of("charges")) == (["chase.charge_unplaced"], [])
    chase.put("3.dfr", summary).run()
    assert [str(record.amount) for record in chase.of("charges")] == ["-9.00 CAD"]
    told = deliver(charges_from="detail").put("1.dfr", detail).put("2.dfr", other).run()
    assert [(record.source_id, str(record.amount)) for record in told.of("charges")] == [
        ("9-CAD-501-20260901-20260901", "-9.00 CAD")
    ]


def test_a_monthly_detail_of_charges_already_netted_is_not_posted_again(deliver: Deliver) -> None:
    daily = settlement_file(
        net="9.00", totals=(total("SALE", "10.00"), total("PFEE", "1.00")), rows=(sale(1, "10.00"),)
    )
    monthly = dfr(head("FIN0011", "09/01/2026", "09/30/2026"), fee("PFEE", "Processing", "-1.00"))
    chase = deliver().put("1.dfr", daily).put("2.dfr", monthly).run()
    assert (chase.codes(), chase.of("charges")) == ([], [])


def test_chargebacks_can_come_from_the_summary_alone(deliver: Deliver) -> None:
    text = settlement_file(net="5.00", totals=(total("SALE", "10.00"), total("CB", "-5.00")), rows=(sale(1, "10.00"),))
    chase = deliver(chargebacks_from="summary").put("a.dfr", text).run()
    assert chase.codes() == []
    (chargeback,) = chase.of("chargebacks")
    deposit = chase.drafts()[-1]
    assert isinstance(deposit, Deposit)
    assert chargeback.key() in [line.document.key for line in deposit.lines if isinstance(line, LinkedLine)]


def test_both_chargeback_reports_tell_of_one_chargeback(deliver: Deliver) -> None:
    rows = (dispute("RTM", "1", "4.00"), head("PDE0020"), dispute("RTM", "1", "4.00", report="20"))
    chase = deliver().put("a.dfr", dfr(head("PDE0017"), *rows)).run()
    assert (chase.codes(), len(chase.of("chargebacks"))) == ([], 1)


def test_a_settlement_over_contradicting_rows_is_refused(deliver: Deliver) -> None:
    text = settlement_file(net="10.00", totals=(total("SALE", "10.00"),), rows=(sale(1, "10.00"), sale(1, "11.00")))
    chase = deliver().put("a.dfr", text).run()
    assert chase.codes() == ["chase.id_conflict", "chase.settlement_conflict"]
    assert [str(record.amount) for record in chase.of("sales")] == ["10.00 CAD"]

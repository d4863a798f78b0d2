"""One movement of money has one owner: what the books hold already is held, and equal is not the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, sync
from hypothesis import given
from hypothesis import strategies as st
from lines_at_hand import undo
from moments import Moments
from open_documents import by_hand
from set_up import till_of
from sqlalchemy import select
from till_company import again

from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.onboarding.connecting.connections import connect, update_settings
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold
from raccord.onboarding.deciding.failures import link_failed, mark_ready, mark_resolved
from raccord.plugin import ResolutionKind
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    Match,
    Problem,
    ProblemState,
    Proof,
    RunState,
)
from raccord.sync.fetching.repeated import Card
from raccord.sync.lines.matching import Movement, OpenItem, Sure, propose
from raccord.sync.lines.pairing import DAYS_APART, Found, Line, Telling, pair, sure_of
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database

DAY = date(2026, 3, 4)
EXISTS = "conflict.already_exists"


def sold(number: int, amount: str = "10.00", day: date = DAY) -> list[dict[str, str]]:
    """Return a sale and the deposit that brings it to the bank the same day."""
    at = day.isoformat()
    return [
        {"stream": "sales", "id": f"s{number}", "day": at, "amount": amount},
        {"stream": "deposits", "id": f"d{number}", "day": at, "amount": amount, "of": f"sales/s{number}={amount}"},
    ]


def spent(number: int, amount: str = "-12.30", day: date = DAY) -> dict[str, str]:
    return {"stream": "bank", "id": f"b{number}", "day": day.isoformat(), "amount": amount, "text": "CAFE"}


def open_hold(workshop: Workshop) -> Hold:
    with workshop.database.read() as session:
        return session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()


def all_equal(workshop: Workshop) -> bool:
    with workshop.database.read() as session:
        return all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.parametrize(("day", "near"), [(date.max, date.max - timedelta(4)), (date.min, date.min + timedelta(4))])
def test_the_days_around_the_ends_of_the_calendar_end_there(day: date, near: date) -> None:
    line = Line(1, "x", "1", Decimal(10), day, "Deposit")
    assert pair([line], [Found("Deposit", "7", "", near, Decimal(10), "1", "")])[1].id == "7"
    item = OpenItem("Invoice", "8", "F-20417", "1", "Roy", Decimal(10), day)
    assert propose([Movement("1", Decimal(10), day, "F-20417")], [item])["1"][0].items == (item,)


@pytest.mark.parametrize(("apart", "held"), [(0, True), (5, True), (-5, True), (6, False), (-6, False)])
def test_pain_2_t2_a_deposit_made_by_hand_near_the_same_day_holds_ours(
    workshop: Workshop, company: Company, connection: Connection, apart: int, held: bool
) -> None:
    choose_usual(workshop, connection, company)
    there = by_hand(workshop, company, "Deposit", "10.00", DAY + timedelta(apart))
    till.ROWS["T1"] = sold(1)
    assert sync(workshop, connection).state == RunState.DONE
    assert workshop.client(company).count("Deposit") == (1 if held else 2)
    assert workshop.client(company).count("SalesReceipt") == 1, "the sale itself is no double"
    if held:
        hold = open_hold(workshop)
        assert (hold.code, hold.params["id"], hold.params["owner"]) == (EXISTS, there, "")
    assert all_equal(workshop)


@pytest.mark.parametrize("way", [ResolutionKind.SKIP, ResolutionKind.LINK, ResolutionKind.CREATE])
def test_a_person_says_which_it_is_and_is_not_asked_again(
    workshop: Workshop, company: Company, connection: Connection, till_moments: Moments, way: ResolutionKind
) -> None:
    till.ROWS["T1"] = sold(1)

    def live() -> str:
        choose_usual(workshop, connection, company)
        made = by_hand(workshop, company, "Deposit", "10.00", DAY)
        sync(workshop, connection)
        return made

    there = again(till_moments, workshop, "a deposit is held", live)
    answer_conflict(workshop, OWNER, open_hold(workshop).id, way)
    for _ in range(2):
        assert sync(workshop, connection).state == RunState.DONE
    assert workshop.client(company).count("Deposit") == (2 if way is ResolutionKind.CREATE else 1)
    with workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []
        draft = session.scalars(select(DraftRow).where(DraftRow.key == "deposits/d1")).one()
        links = {link.key: link for link in session.scalars(select(LinkRow))}
        matches = session.scalars(select(Match)).all()
    if way is ResolutionKind.SKIP:
        assert (draft.state, draft.reason) == (DraftState.SKIPPED, EXISTS)
        assert [(match.kind, match.document_id, match.amount) for match in matches] == [
            ("Deposit", there, Decimal("10.00"))
        ]
    else:
        assert (draft.state, matches) == (DraftState.POSTED, [])
        linked = way is ResolutionKind.LINK
        assert (links["deposits/d1"].document_id == there, links["deposits/d1"].origin) == (
            linked,
            "linked" if linked else "created",
        )
    assert all_equal(workshop)


def open_problems(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        open_ = select(Problem).where(Problem.state == ProblemState.OPEN).order_by(Problem.subject)
        return [f"{each.code} {each.subject}" for each in session.scalars(open_)]


@pytest.mark.parametrize("then", ["kept", "another line is it", "deleted", "given again"])
@pytest.mark.every(2)
def test_of_a_line_that_its_source_takes_back_the_document_stays_and_it_is_asked(
    workshop: Workshop, company: Company, connection: Connection, till_moments: Moments, then: str
) -> None:
    till.ROWS["T1"] = [spent(1)]

    def live() -> str:
        choose_usual(workshop, connection, company)
        made = by_hand(workshop, company, "Purchase", "12.30", DAY)
        sync(workshop, connection)
        answer_conflict(workshop, OWNER, open_hold(workshop).id, ResolutionKind.SKIP)
        sync(workshop, connection)
        # Something of ours, so that the books are looked at.
        till.ROWS["T1"] += sold(5, "77.00")
        sync(workshop, connection)
        till.ROWS["T1"] = [{**spent(1), "kind": "gone"}, *sold(5, "77.00")]
        sync(workshop, connection)
        return made

    there = again(till_moments, workshop, "a matched line is taken back", live)
    client = workshop.client(company)
    assert open_problems(workshop) == ["mapping.match_vanished bank/b1"]
    with workshop.database.read() as session:
        (problem,) = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).all()
        draft = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b1")).one()
        assert (draft.state, draft.reason) == (DraftState.WITHDRAWN, "mapping.withdrawn")
        assert session.scalars(select(Match)).all() == [], "another line may be it"
    assert problem.params["document"] == f"Purchase {there}"
    till.ROWS["T1"] = [{**spent(1), "kind": "gone"}, *sold(5, "77.00")]
    match then:
        case "kept":
            with pytest.raises(RaccordError, match="no longer gives"):
                mark_ready(workshop, OWNER, problem.id)
            with pytest.raises(RaccordError, match="no longer gives"):
                link_failed(workshop, OWNER, problem.id, there)
            mark_resolved(workshop, OWNER, problem.id)
        case "another line is it":
            till.ROWS["T1"].append(spent(2))
            sync(workshop, connection)
            assert open_hold(workshop).params["id"] == there
            answer_conflict(workshop, OWNER, open_hold(workshop).id, ResolutionKind.SKIP)
        case "deleted":
            (document,) = client.query_all("Purchase")
            client.delete("Purchase", there, document["SyncToken"], "gone")
        case _:
            till.ROWS["T1"] = [spent(1), *sold(5, "77.00")]
    sync(workshop, connection)
    assert open_problems(workshop) == []
    if then == "kept":
        # Mapped again, what was answered stays answered.
        update_settings(workshop, OWNER, connection.id, {"till": "T1", "code": "another"})
        sync(workshop, connection)
        assert open_problems(workshop) == []
    assert client.count("Purchase") == (0 if then == "deleted" else 1)
    with workshop.database.read() as session:
        asked = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
    assert [(each.code, each.params["id"]) for each in asked] == ([(EXISTS, there)] if then == "given again" else [])
    assert all_equal(workshop)


def test_of_a_posted_document_that_its_source_takes_back_it_is_asked_and_kept_it_stays(
    workshop: Workshop, company: Company, connection: Connection, till_moments: Moments
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = sold(1)
    sync(workshop, connection)
    till.ROWS["T1"][1]["kind"] = "gone"
    sync(workshop, connection)
    assert open_problems(workshop) == ["mapping.draft_vanished deposits/d1"]
    with workshop.database.read() as session:
        (problem,) = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).all()
    mark_resolved(workshop, OWNER, problem.id)
    update_settings(workshop, OWNER, connection.id, {"till": "T1", "code": "another"})
    sync(workshop, connection)
    assert open_problems(workshop) == [], "said once"
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.advance(timedelta(minutes=1))
    gone = till.ROWS["T1"][1]
    till.ROWS["T1"] = [*sold(1), gone]
    sync(workshop, connection)
    assert open_problems(workshop) == [], "nor where its file is read once more, which has it and takes it back"
    assert workshop.client(company).count("Deposit") == 1
    with workshop.database.read() as session:
        assert session.scalars(select(DraftRow.state).where(DraftRow.key == "deposits/d1")).one() == DraftState.POSTED
    workshop.clock.advance(timedelta(minutes=1))
    till.ROWS["T1"] = sold(1)
    sync(workshop, connection)
    till.ROWS["T1"][1]["kind"] = "gone"
    sync(workshop, connection)
    assert open_problems(workshop) == ["mapping.draft_vanished deposits/d1"], "taken back once more"
    # Taken out, nothing is left that could go again, until the source gives it once more.
    undo(workshop, connection, "deposits/d1")
    asked = select(Hold.code).where(Hold.closed_at.is_(None))
    with workshop.database.read() as session:
        state = session.scalars(select(DraftRow.state).where(DraftRow.key == "deposits/d1")).one()
        assert state == DraftState.WITHDRAWN
        assert session.scalars(asked).all() == []
    till.ROWS["T1"] = sold(1)
    sync(workshop, connection)
    with workshop.database.read() as session:
        assert session.scalars(asked).all() == ["undo.undone"]
    assert open_problems(workshop) == []
    assert workshop.client(company).count("Deposit") == 0


def test_of_equal_lines_each_document_holds_one_and_a_matched_document_holds_no_other(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    by_hand(workshop, company, "Purchase", "12.30", DAY)
    till.ROWS["T1"] = [spent(1), spent(2), spent(3)]
    sync(workshop, connection)
    with workshop.database.read() as session:
        holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
    assert sorted(hold.code for hold in holds) == [EXISTS, "resolve.decision_missing", "resolve.decision_missing"]
    answer_conflict(workshop, OWNER, next(hold.id for hold in holds if hold.code == EXISTS), ResolutionKind.SKIP)
    till.ROWS["T1"].append(spent(4))
    sync(workshop, connection)
    with workshop.database.read() as session:
        codes = session.scalars(select(Hold.code).where(Hold.closed_at.is_(None))).all()
    assert codes == ["resolve.decision_missing"] * 3, "three coffees are left, each waits for its category"


def test_a_line_said_to_be_another_movement_still_asks_what_it_was_for(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    by_hand(workshop, company, "Purchase", "12.30", DAY)
    till.ROWS["T1"] = [spent(1)]
    sync(workshop, connection)
    answer_conflict(workshop, OWNER, open_hold(workshop).id, ResolutionKind.CREATE)
    sync(workshop, connection)
    hold = open_hold(workshop)
    assert hold.code == "resolve.decision_missing"
    category = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
    answer_hold(workshop, OWNER, hold.id, category)
    sync(workshop, connection)
    assert workshop.client(company).count("Purchase") == 2
    assert all_equal(workshop)


def test_pain_2_t1_what_another_source_posted_is_matched_by_the_bank_line_and_posted_once(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = sold(1)
    sync(workshop, connection)
    bank = connect(workshop, OWNER, till_of(company, "T2"))
    choose_usual(workshop, bank, company)
    till.ROWS["T2"] = [spent(9, "10.00", DAY + timedelta(2))]
    sync(workshop, bank)
    hold = open_hold(workshop)
    assert (hold.code, hold.params["owner"], hold.params["owner_key"]) == (EXISTS, connection.label, "deposits/d1")
    with pytest.raises(RaccordError) as refused:
        answer_conflict(workshop, OWNER, hold.id, ResolutionKind.LINK)
    assert refused.value.code == "conflict.not_allowed", "the document is the other source's own"
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.SKIP)
    sync(workshop, bank)
    client = workshop.client(company)
    assert (client.count("Deposit"), client.count("SalesReceipt"), client.count("Purchase")) == (1, 1, 0)
    assert all_equal(workshop)


def test_a_connections_own_documents_are_no_doubles(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [*sold(1), *sold(2)]
    sync(workshop, connection)
    till.ROWS["T1"] += sold(3)
    assert sync(workshop, connection).state == RunState.DONE
    assert workshop.client(company).count("Deposit") == 3


LINE = st.tuples(st.integers(0, 12), st.sampled_from(["1.00", "2.00"]))


@given(st.lists(LINE, max_size=8), st.lists(LINE, max_size=8))
def test_pairs_are_equal_near_and_each_used_once(
    lines: list[tuple[int, str]], documents: list[tuple[int, str]]
) -> None:
    sought = [
        Line(n, "", "35", Decimal(amount), DAY + timedelta(day), "Deposit") for n, (day, amount) in enumerate(lines)
    ]
    found = [
        Found("Deposit", str(n), "", DAY + timedelta(day), Decimal(amount), "35", "other")
        for n, (day, amount) in enumerate(documents)
    ]
    pairs = pair(sought, found)
    assert len({each.id for each in pairs.values()}) == len(pairs)
    for n, each in pairs.items():
        assert each.amount == sought[n].amount
        assert abs(each.day - sought[n].day) <= timedelta(DAYS_APART)
    left = [each for each in found if each not in pairs.values()]
    for line in (line for line in sought if line.id not in pairs):
        assert not any(
            each.amount == line.amount and abs(each.day - line.day) <= timedelta(DAYS_APART) for each in left
        )


def test_the_nearer_of_two_equal_movements_keeps_its_own_document() -> None:
    def document(name: str, day: int, **more: Any) -> Found:
        fields: Mapping[str, Any] = {"code": "", "account": "35", "amount": Decimal(1), **more}
        return Found("Deposit", name, "", DAY + timedelta(day), **fields)

    lines = [Line(n, "mark", "35", Decimal(1), DAY + timedelta(n * 2 - 2), "Deposit") for n in (1, 2)]
    pairs = pair(lines, [document("far", 3), document("same day", 2)])
    assert {line: each.id for line, each in pairs.items()} == {2: "same day", 1: "far"}
    assert pair(lines, [document("ours", 0, code="mark")]) == {}, "what bears the draft's mark is found by it"
    assert pair(lines, [document("elsewhere", 0, account="36")]) == {}
    sale = Line(3, "mark", "35", Decimal(1), DAY, "SalesReceipt")
    assert pair([sale], [document("a deposit", 0)]) == {}, "a till's sale is doubled by a sale alone"


OFX, TABLE = frozenset({"TRNTYPE", "TRNAMT", "FITID", "NAME"}), frozenset({"Date", "Montant", "Description"})


@pytest.mark.parametrize(
    ("day", "text", "card", "asked"),
    [
        (0, "Café  Nord", Card("2222", OFX), True),
        (0, "Cafe Sud", Card("2222", OFX), False),
        (1, "Café Nord", Card("2222", OFX - {"NAME"}), False),
        (3, "Cafe Sud", Card("1111", OFX), True),
        (3, "Cafe Sud", Card("2222", TABLE), True),
        (3, "Cafe Sud", Card(), True),
    ],
    ids=["the card's new number", "two cards", "a day apart", "one number", "another kind of file", "no card"],
)
def test_lines_of_two_cards_that_are_one_account_are_one_movement_only_where_day_and_words_are_equal(
    day: int, text: str, card: Card, asked: bool
) -> None:
    known = Found(
        "Purchase", "7", "", DAY, Decimal(-4), "35", "theirs", told_in="run", told_as=frozenset({"one"}),
        text="CAFÉ NORD", card=Card("1111", OFX),
    )  # fmt: skip
    line = Line(1, "mine", "35", Decimal(-4), DAY + timedelta(day), "Purchase", told_as="other", text=text, card=card)
    assert line.may_be(known) is asked


@pytest.mark.parametrize(
    ("number", "party", "day", "sure"),
    [
        ("1001", "Zoé Roy", 3, Sure.CERTAIN),
        ("1001", "", 0, Sure.CERTAIN),
        ("", "zoe roy", 0, Sure.CERTAIN),
        ("", "Zoé Roy", 1, Sure.LIKELY),
        ("1001", "", 1, Sure.LIKELY),
        ("", "", 0, Sure.LIKELY),
        ("1002", "Zoé Roy", 0, Sure.LIKELY),
        ("1001", "Atelier Côté", 0, Sure.LIKELY),
    ],
)
def test_a_document_is_certain_where_two_of_number_party_and_day_agree(
    number: str, party: str, day: int, sure: Sure
) -> None:
    line = Line(1, "mark", "35", Decimal(1), DAY, "Invoice", number="1001", party="Zoé Roy")
    found = Found("Invoice", "a", number, DAY + timedelta(day), Decimal(1), "35", "", party)
    assert pair([line], [found]) == {1: found}, "whatever speaks against it, a person is asked"
    assert sure_of(line, found) is sure


def test_of_equal_amounts_each_keeps_the_document_of_its_number_and_party() -> None:
    def document(id_: str, number: str, party: str, day: int) -> Found:
        return Found("Invoice", id_, number, DAY + timedelta(day), Decimal(1), "35", "", party)

    lines = [
        Line(n, "mark", "35", Decimal(1), DAY, "Invoice", number=number, party=party)
        for n, (number, party) in enumerate((("1001", "Ana"), ("1002", "Bo"), ("1003", "Bo")))
    ]
    there = [document("c", "", "", 0), document("b", "1002", "Bo", 4), document("a", "1001", "", 2)]
    assert {n: each.id for n, each in pair(lines, there).items()} == {0: "a", 1: "b", 2: "c"}


def test_lines_of_two_deliveries_may_be_one_document_and_those_of_one_are_as_many_as_it_has() -> None:
    """As where three files tell one movement: one line is in the books, one waits, and one goes."""
    told = Telling("a run", "bank", "books", nothing_known=True, delivery=None)
    waits = Line(1, "mark", "35", Decimal(1), DAY, "Purchase", told=told, text="books", by="second")
    goes = Line(2, "other", "35", Decimal(1), DAY, "Purchase", told_as="another", text="books", by="third")
    there = Found(
        "Purchase", "7", "", DAY, Decimal(1), "35", "", told_in="first", told_as=frozenset({"bank"}), told_first="bank"
    )
    assert pair([waits, goes], [there]) == pair([goes, waits], [there]) == {1: there, 2: there}
    again = replace(goes, id=3)
    assert pair([goes, again], [there]) == {2: there}, "an equal line of the same delivery is another movement"
    assert pair([goes, again], [there, replace(there, id="8")]) == {2: there, 3: replace(there, id="8")}
    by_hand = replace(there, told_in="", told_as=frozenset(), told_first="")
    assert len(pair([waits, goes], [by_hand])) == 1, "what no file told is one line's"


def test_of_lines_that_may_be_one_another_one_is_left_to_go() -> None:
    def told(record: int, account: str) -> Telling:
        return Telling(f"run {record}", account, "books", nothing_known=True, delivery=None, record=record)

    def line(id_: int, record: int, telling: Telling | None) -> Line:
        return Line(
            id_, f"mark {id_}", "35", Decimal(1), DAY, "Purchase", told=telling, told_as=f"account {id_}",
            text="books", by=f"run {record}",
        )  # fmt: skip

    def itself(one: Line, record: int) -> Found:
        return Found(
            "Purchase", "", "", DAY, Decimal(1), "35", one.code, told_in=one.by, told_as=frozenset({one.told_as}),
            told_first=one.told_as, line=one.id, record=record, goes=one.told is None, in_one=True, text="books",
            told_by=frozenset({one.by}),
        )  # fmt: skip

    waits, goes, third = line(1, 9, told(9, "")), line(2, 8, None), line(3, 7, told(7, ""))
    there = [itself(waits, 9), itself(goes, 8), itself(third, 7)]
    for some in permutations([waits, goes, third]):
        pairs = pair(some, there)
        for begun in pairs:
            at, steps = begun, 0
            while at in pairs and steps < 4:
                at, steps = pairs[at].line, steps + 1
            assert steps < 4, "each of them would be left out as another one"
        assert pairs

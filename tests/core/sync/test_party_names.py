"""Names are found in texts by their words, and lines of one amount are not compared with all that is open for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import FrameType
from typing import Any

import paid_invoices
import pytest

from raccord.sync.lines.matching import KEPT, Movement, OpenItem, Proposal, Reason, Sure, propose
from raccord.sync.party_names import NAMED, Names, naming, words_of

DAY = date(2026, 3, 1)
PRICE = Decimal("49.99")


def owed(id_: str, party: str, day: date = DAY) -> OpenItem:
    return OpenItem("Invoice", id_, f"F-{40_000 + int(id_)}", party, party, PRICE, day)


def paid(text: str, day: date = DAY + timedelta(20)) -> Movement:
    return Movement("a", PRICE, day, text)


def crowd(count: int = 60) -> list[OpenItem]:
    """Return so many open documents of one price, of parties whose names have nothing to do with each other."""
    letters = "BCDFGHJKLM"
    return [owed(str(500 + n), f"Zz{letters[n // 10]}{letters[n % 10]}q Wwo") for n in range(count)]


def test_a_name_is_found_by_its_words_as_if_it_was_compared_with_each() -> None:
    made = paid_invoices.make(400, 5)
    parties = {item.party_id: item.party for item in made.items}
    parties["one"], parties["short"], parties["none"] = "Lambert inc.", "J B", ""
    names = Names(parties.items())
    words = {party: words_of(name) for party, name in parties.items()}
    texts = [each.text for each in made.movements] + ["LAMBERT INC", "MARC LAMBERT", "VIR J B", "", "GAGNO", "0442"]
    for text in texts:
        told = words_of(text)
        heard = names.heard(told)
        whole = {party for party, name in words.items() if naming(name, told) >= NAMED}
        assert {party for party in parties if names.naming(party, heard) >= NAMED} == whole
        assert [names.naming(party, heard) for party in parties] == [naming(words[party], told) for party in parties]
        assert names.named(heard) == sorted(party for party in whole if names.meant(party, heard))
    assert names.named(names.heard(words_of("DEPOT LAMBERT INC"))) == ["one"]
    assert names.named(names.heard(words_of("DEPOT MARC LAMBERT"))) == [], "one word of another's name says nothing"


@pytest.mark.parametrize("others", [0, 60])
def test_a_word_that_only_one_of_two_names_has_says_which_is_meant(others: int) -> None:
    items = [owed("1", "Boulangerie Morin inc."), owed("2", "Boulangerie Morin ltée"), *crowd(others)]
    told = propose([paid("VIR BOULANGERIE MORIN LTEE")], items)["a"]
    assert [(each.sure, each.items[0].id) for each in told[:2]] == [(Sure.LIKELY, "2"), (Sure.POSSIBLE, "1")]
    untold = propose([paid("VIR BOULANGERIE MORIN")], items)["a"]
    assert {each.sure for each in untold} == {Sure.POSSIBLE}
    other = propose([paid("VIR BOULANGERIE MORIN ENR")], items)["a"]
    assert {each.sure for each in other} == {Sure.POSSIBLE}


def test_among_many_of_one_amount_a_name_is_found_that_begins_with_a_mistake() -> None:
    told = propose([paid("PIRERE CARON")], [*crowd(), owed("999", "Pierre Caron")])["a"]
    assert (told[0].items[0].party, told[0].sure) == ("Pierre Caron", Sure.CERTAIN)


def test_of_more_equal_documents_of_one_party_than_are_looked_at_only_the_number_tells_which_is_paid() -> None:
    items = [owed(str(n), "Garage Roy", DAY + timedelta(n)) for n in range(KEPT + 30)]
    after = DAY + timedelta(90)
    # The others pay all that is looked at but one; what is not looked at may be meant as well.
    others = [Movement(f"b{n}", PRICE, after, f"GARAGE ROY F-{40_000 + n}") for n in (*range(4), *range(31, KEPT + 30))]
    found = propose([paid("GARAGE ROY", after), *others], items)
    assert {each.sure for each in found["a"]} == {Sure.POSSIBLE}
    assert all(found[each.id][0].sure is not Sure.POSSIBLE for each in others)
    told = propose([paid("GARAGE ROY F-40003", after)], items)["a"]
    assert (told[0].items[0].id, told[0].sure, Reason.NUMBER in told[0].reasons) == ("3", Sure.CERTAIN, True)


def calls(movements: Sequence[Movement], items: Sequence[OpenItem]) -> tuple[int, dict[str, list[Proposal]]]:
    """Return how many functions are called to propose."""
    count = 0

    def counts(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counts)
    try:
        found = propose(movements, items)
    finally:
        sys.setprofile(before)
    return count, found


def test_the_work_of_one_amount_grows_as_its_lines_do_not_as_all_pairs() -> None:
    def of_one_price(count: int) -> int:
        made = paid_invoices.make(count, 21, parties=count)
        items = [owed(str(n), item.party, item.day) for n, item in enumerate(made.items)]
        movements = [Movement(each.id, PRICE, each.day, each.text) for each in made.movements]
        worked, found = calls(movements, items)
        assert sum(each[0].sure is not Sure.POSSIBLE for each in found.values()) > count / 5
        return worked / len(movements)

    few, many = of_one_price(400), of_one_price(1_600)
    assert many < few * 1.5, (few, many)


def test_the_work_of_a_made_set_grows_as_its_lines_do() -> None:
    few, many = paid_invoices.make(1_000, 22), paid_invoices.make(4_000, 22)
    assert calls(many.movements, many.items)[0] < 4.6 * calls(few.movements, few.items)[0]

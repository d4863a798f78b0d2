"""Lines that a bank corrects and says so (OFX ``CORRECTFITID``): in the books once, as the bank told them last."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from twin_steps import (
    SAME,
    House,
    Scenario,
    Step,
    again,
    at_once,
    bank,
    beside_the_file,
    categorise,
    live,
    numbered,
    read_again,
    rule,
)

from raccord.store.models import Problem, ProblemState

WAS, SALT = "03-04 -50.00 EAU #T-1001", "02-01 -1.00 SEL #SEL001"
NOW, GONE = "03-05 -5.00 EAU #T-1002 =T-1001", "03-05 -50.00 EAU #T-1002 xT-1001"
TIP, AFTER = "03-05 -56.00 EAU #T-1006", "03-06 -57.00 EAU #T-1007 =T-1006"
FIRST = (bank(SALT), categorise, rule)
"""A rule posts from here on without anybody being asked."""
ONE, CORRECTED = "Purchase 1.00 02-01", "Purchase 5.00 03-05"

SCENARIOS = {
    "posted, then replaced": Scenario([*FIRST, bank(WAS), bank(NOW), bank(NOW), bank(WAS, NOW)], [ONE, CORRECTED]),
    "replaced before it is posted": Scenario(
        [bank(WAS), bank(NOW), categorise, bank(WAS, SALT), categorise], [ONE, CORRECTED]
    ),
    "replaced in two files of one run": Scenario([*FIRST, at_once([WAS], [NOW])], [ONE, CORRECTED]),
    "both in one file": Scenario([*FIRST, bank(WAS, NOW), bank(NOW, WAS)], [ONE, CORRECTED]),
    "the other way round in one file": Scenario([*FIRST, bank(NOW, WAS), bank(WAS)], [ONE, CORRECTED]),
    "the correction comes before": Scenario([*FIRST, bank(NOW), bank(WAS), bank(NOW)], [ONE, CORRECTED]),
    "corrected twice": Scenario(
        [*FIRST, bank(WAS), bank(NOW), bank("03-06 -7.00 EAU #T-1003 =T-1002"), bank(NOW)],
        [ONE, "Purchase 7.00 03-06"],
    ),
    "withdrawn before it is posted": Scenario([bank(WAS, SALT), bank(GONE), categorise, bank(WAS)], [ONE]),
    "withdrawn in one file": Scenario([*FIRST, bank(WAS, GONE), bank(WAS)], [ONE]),
    "withdrawn before it comes": Scenario([*FIRST, bank(GONE), bank(WAS), bank(GONE)], [ONE]),
    "replaced, then told by a table": Scenario(
        [*FIRST, bank(WAS), bank(NOW), numbered("03-05 -5.00 EAU", "03-09 -3.00 EAU")],
        [ONE, CORRECTED, "Purchase 3.00 03-09"],
    ),
    "told by a table before": Scenario(
        [*FIRST, numbered("03-04 -50.00 EAU"), bank(WAS), bank(NOW), beside_the_file("corrects", "same"), bank(NOW)],
        [ONE, "Purchase 50.00 03-04"],
    ),
    "told by a table before, and by the next table as corrected": Scenario(
        [
            *(*FIRST, numbered("03-03 -2.00 EAU", "03-04 -50.00 EAU", "03-09 -3.00 EAU"), bank(WAS), bank(NOW)),
            beside_the_file("corrects", "same"),
            numbered("03-03 -2.00 EAU", "03-05 -5.00 EAU", "03-09 -3.00 EAU"),
            *(beside_the_file("replaces", "same"), again(1), read_again),
        ],
        [ONE, CORRECTED, "Purchase 2.00 03-03", "Purchase 3.00 03-09"],
    ),
    "told by the next table as corrected before": Scenario(
        [
            *(*FIRST, bank(WAS), numbered("03-03 -2.00 EAU", "03-04 -50.00 EAU", "03-09 -3.00 EAU")),
            numbered("03-03 -2.00 EAU", "03-05 -5.00 EAU", "03-09 -3.00 EAU"),
            *(beside_the_file("replaces", "same"), beside_the_file("twin", "same")),
            *(bank(NOW), read_again),
        ],
        [ONE, CORRECTED, "Purchase 2.00 03-03", "Purchase 3.00 03-09"],
    ),
    "said to be an earlier line, and then replaced": Scenario(
        [
            *FIRST,
            bank(WAS),
            bank(SALT, TIP),
            beside_the_file("replaces", "same"),
            bank(AFTER),
            bank(AFTER, SALT),
            read_again,
        ],
        [ONE, "Purchase 57.00 03-06"],
    ),
    "said to be an earlier line, and then replaced twice": Scenario(
        [
            *(*FIRST, bank(WAS), bank(SALT, TIP), beside_the_file("replaces", "same"), bank(AFTER)),
            *(bank("03-07 -58.00 EAU #T-1008 =T-1007"), read_again),
        ],
        [ONE, "Purchase 58.00 03-07"],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.every(3)
def test_what_a_bank_corrects_is_in_the_books_once_as_it_was_told_last(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize(
    "steps",
    [
        (bank(WAS), bank(GONE), bank(GONE), read_again),
        (bank(WAS), bank(SALT, TIP), beside_the_file("replaces", "same"),
         bank("03-06 -56.00 EAU #T-1007 xT-1006"), read_again),
    ],
    ids=["itself", "said to be an earlier line"],
)  # fmt: skip
def test_what_a_bank_withdraws_once_it_is_posted_stays_until_a_person_says(
    house: House, steps: tuple[Step, ...]
) -> None:
    before = house.booked()
    for step in (*FIRST, *steps):
        step(house)
    assert sorted(house.booked() - before) in ([ONE, "Purchase 50.00 03-04"], [ONE, "Purchase 56.00 03-05"])
    with house.workshop.database.read() as session:
        open_ = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).all()
    assert [each.code for each in open_] == ["mapping.draft_vanished"]
    assert "T-1001" in open_[0].subject


def test_what_a_bank_withdraws_under_the_id_of_another_day_is_asked_about_though_an_older_file_tells_it(
    house: House,
) -> None:
    """The line moved by two days and was said to be the document of the first one, which the first file still has."""
    beside = "03-02 -8.00 SEL #L1", "03-12 -9.00 TAXI #T1"
    steps = [
        bank(*beside, "03-04 -40.00 RESTO LUNE #X1"),
        categorise,
        bank(*beside, "03-06 -40.00 RESTO LUNE #X2"),
        SAME,
        nothing_open,
        bank("03-07 -40.00 RESTO LUNE #X3 xX2"),
        read_again,
        again(1),
    ]
    for step in steps:
        step(house)
    assert house.booked()["Purchase 40.00 03-04"] == 1
    assert house.problems() == ["mapping.match_vanished"]


def nothing_open(house: House) -> None:
    assert (house.problems(), house.holds()) == ([], [])

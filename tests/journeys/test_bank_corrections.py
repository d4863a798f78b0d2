"""Lines that a bank corrects and says so (OFX ``CORRECTFITID``): in the books once, as the bank told them last."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from twin_steps import House, Scenario, at_once, bank, beside_the_file, categorise, live, numbered, rule

from raccord.store.models import Problem, ProblemState

WAS, SALT = "03-04 -50.00 EAU #T-1001", "02-01 -1.00 SEL #SEL001"
NOW, GONE = "03-05 -5.00 EAU #T-1002 =T-1001", "03-05 -50.00 EAU #T-1002 xT-1001"
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
}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.every(3)
def test_what_a_bank_corrects_is_in_the_books_once_as_it_was_told_last(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


def test_what_a_bank_withdraws_once_it_is_posted_stays_until_a_person_says(house: House) -> None:
    before = house.booked()
    for step in (*FIRST, bank(WAS), bank(GONE), bank(GONE)):
        step(house)
    assert sorted(house.booked() - before) == [ONE, "Purchase 50.00 03-04"]
    with house.workshop.database.read() as session:
        open_ = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).all()
    assert [each.code for each in open_] == ["mapping.draft_vanished"]
    assert "T-1001" in open_[0].subject

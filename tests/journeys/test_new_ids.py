"""Lines that a bank gives new ids, wordings or days: asked about and never booked twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from twin_steps import (
    ANOTHER,
    CATEGORY,
    CHEQUING,
    DOUBLE,
    SAME,
    SAVINGS,
    House,
    Scenario,
    again,
    at_once,
    bank,
    bank_at_once,
    categorise,
    categorised,
    categorised_last,
    deleted,
    drift_restored,
    left_out,
    live,
    numbered,
    posted_again,
    rule,
    sign_counts,
    still_asked,
    undone,
)

import raccord_bankfeed.feed
from raccord.sync import unit

DAYS = [f"{date(2026, 1, 1) + timedelta(days=number):%m-%d}" for number in range(77)]
QUARTER = [*(f"{day} -{number + 5}.00 ACHAT" for number, day in enumerate(DAYS)), *[f"{DAYS[9]} -4.50 CAFE"] * 3]
OLD = ["03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", "03-04 -12.00 EAU #OLD003"]
NEW = [f"{row[:-6]}NEW{row[-3:]}" for row in OLD] + ["03-05 -9.00 PAIN #NEW005"]
TOLD_BEFORE = [
    "03-03 -11.00 EAU #OLD001",
    "03-04 -12.00 EAU #OLD002",
    "03-05 -9.00 EAU #OLD003",
    "03-06 -2.00 SEL #OLD004",
]
SCENARIOS = {
    "pain 4 T2: a bank gives all its lines new ids and sends them again": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", "03-04 -12.00 EAU #OLD003"),
            categorise,
            bank("03-03 -11.00 GAZ #NEW001", "03-04 -12.00 EAU #NEW002", "03-04 -12.00 EAU #NEW003"),
            categorise,
            SAME,
            bank("03-03 -11.00 GAZ #THIRD1", "03-04 -12.00 EAU #THIRD2"),
            SAME,
            bank("03-03 -11.00 GAZ #FOURTH"),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 12.00 03-04"],
        [DOUBLE],
    ),
    "pain 4 T2: lines under new ids are asked about while the first wait, answered or not": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", "03-04 -12.00 EAU #OLD003"),
            bank(
                "03-03 -11.00 GAZ #NEW001",
                *(f"03-04 -12.00 EAU #NEW00{number}" for number in (2, 3, 4)),
                "03-05 -9.00 PAIN #NEW005",
            ),
            still_asked(*[CATEGORY] * 3, *[DOUBLE] * 3, *[CATEGORY] * 2),
            again(2),
            still_asked(*[CATEGORY] * 3, *[DOUBLE] * 3, *[CATEGORY] * 2),
            SAME,
            categorise,
            again(1),
        ],
        ["Purchase 11.00 03-03", *["Purchase 12.00 03-04"] * 3, "Purchase 9.00 03-05"],
    ),
    "pain 4 T2: lines under new ids are asked about on an account of which the books hold nothing yet": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", account=SAVINGS),
            categorised,
            bank("03-03 -11.00 GAZ #NEW001", "03-04 -12.00 EAU #NEW002", "03-20 -12.00 EAU #NEW003", account=SAVINGS),
            still_asked(DOUBLE, DOUBLE, CATEGORY),
            SAME,
            categorise,
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 12.00 03-20"],
    ),
    "pain 4 T2: a table that has one coffee more than the file of ids, before anybody answered": Scenario(
        [
            bank("03-04 -4.50 CAFE #C00001", "03-04 -4.50 CAFE #C00002", "03-05 -9.00 PAIN #P00001"),
            numbered("03-04 -4.50 CAFE", "03-04 -4.50 CAFE", "03-04 -4.50 CAFE", "03-05 -9.00 PAIN"),
        ],
        [],
        [CATEGORY] * 4,
    ),
    "pain 4 T2: a table that has one coffee more than the file of ids, once that is posted": Scenario(
        [
            bank("03-04 -4.50 CAFE #C00001", "03-04 -4.50 CAFE #C00002", "03-05 -9.00 PAIN #P00001"),
            categorise,
            numbered("03-04 -4.50 CAFE", "03-04 -4.50 CAFE", "03-04 -4.50 CAFE", "03-05 -9.00 PAIN"),
        ],
        [*["Purchase 4.50 03-04"] * 2, "Purchase 9.00 03-05"],
        [CATEGORY],
    ),
    "pain 4 T2: lines under new ids that a person says are others are booked beside the first": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001"),
            bank("03-03 -11.00 GAZ #NEW001"),
            ANOTHER,
            again(1),
            categorise,
        ],
        ["Purchase 11.00 03-03"] * 2,
    ),
    "pain 4 T2: under new ids, neither what was left out, undone nor deleted is booked by a rule": Scenario(
        [
            *(bank(*TOLD_BEFORE[:1]), left_out, bank(*TOLD_BEFORE[:2]), categorise, undone),
            *(bank(*TOLD_BEFORE), categorise, deleted("Purchase", "9.00"), rule),
            bank(*(f"{row[:-6]}NEW{row[-3:]}" for row in TOLD_BEFORE[:3]), "03-06 -7.00 EAU #NEW004"),
            still_asked("undo.undone", *[DOUBLE] * 3),
            SAME,
            drift_restored,
            still_asked("undo.undone"),
            posted_again,
            again(1),
        ],
        ["Purchase 12.00 03-04", "Purchase 9.00 03-05", "Purchase 2.00 03-06", "Purchase 7.00 03-06"],
    ),
    "pain 4 T2: what a table dates up to a week later is asked about while no file has both days": Scenario(
        [
            *(bank("02-01 -1.00 SEL #SEL001"), categorise, rule),
            numbered("03-26 -3.00 PAIN", "03-28 -7.00 EAU", "03-29 -8.00 VIN", "03-31 -1.00 POIS", "04-06 -3.00 SEL"),
            numbered("03-26 -3.00 PAIN", "03-31 -1.00 POIS", "04-04 -7.00 EAU", "04-05 -8.00 VIN", "04-06 -3.00 SEL"),
            still_asked(*[CATEGORY] * 4, *[DOUBLE] * 2),
            SAME,
            categorise,
            numbered("03-26 -3.00 PAIN", "03-28 -7.00 EAU", "04-05 -7.00 EAU", "04-06 -3.00 SEL"),
            still_asked(),
        ],
        [
            *("Purchase 1.00 02-01", "Purchase 3.00 03-26", "Purchase 7.00 03-28", "Purchase 8.00 03-29"),
            *("Purchase 1.00 03-31", "Purchase 3.00 04-06", "Purchase 7.00 04-05"),
        ],
    ),
    "pain 4 T2: what comes on a day that the table before had, and shows that one no more, is asked about": Scenario(
        [
            numbered("03-02 -3.00 PAIN", "03-05 -7.00 EAU", "03-08 -1.00 POIS", "03-14 -3.00 SEL"),
            categorise,
            numbered("03-08 -1.00 POIS", "03-12 -7.00 EAU", "03-14 -3.00 SEL", "03-20 -5.00 VIN"),
            still_asked(DOUBLE, CATEGORY),
            SAME,
        ],
        ["Purchase 3.00 03-02", "Purchase 7.00 03-05", "Purchase 1.00 03-08", "Purchase 3.00 03-14"],
        [CATEGORY],
    ),
    "pain 9: what is bought each week in the same words is as many as it is": Scenario(
        [
            numbered("03-02 -4.50 CAFE", "03-07 -1.00 SEL", "03-09 -4.50 CAFE", "03-11 -2.00 PAIN"),
            categorise,
            numbered("03-09 -4.50 CAFE", "03-11 -2.00 PAIN", "03-16 -4.50 CAFE", "03-18 -1.00 SEL"),
            categorise,
            numbered("03-18 -1.00 SEL", "03-23 -4.50 CAFE", "03-25 -1.00 SEL"),
            still_asked(*[CATEGORY] * 2),
        ],
        [
            *(f"Purchase 4.50 03-{day}" for day in ("02", "09", "16")),
            *("Purchase 1.00 03-07", "Purchase 2.00 03-11", "Purchase 1.00 03-18"),
        ],
        [CATEGORY] * 2,
    ),
    "pain 4 T2: what a table words anew among days that it has is asked about, and no rule books it again": Scenario(
        [
            *(bank("02-01 -1.00 SEL #SEL001"), categorise, rule),
            numbered("03-02 -3.00 PAIN", "03-05 -7.00 EAU", "03-05 -7.00 EAU", "03-09 -3.00 SEL"),
            numbered("03-02 -3.00 PAIN", "03-05 -7.00 EAU", "03-05 -7.00 VILLE EAU", "03-09 -3.00 SEL"),
            still_asked(*[CATEGORY] * 2, DOUBLE),
            SAME,
        ],
        ["Purchase 1.00 02-01", *["Purchase 7.00 03-05"] * 2],
        [CATEGORY] * 2,
    ),
    "pain 4 T2: said to be others, lines under new ids go beside those that were undone": Scenario(
        [
            *(bank("03-04 -12.00 EAU #OLD002", "03-06 -2.00 SEL #OLD004"), categorise, undone),
            bank("03-04 -12.00 EAU #NEW002"),
            *(ANOTHER, categorise, posted_again, again(1)),
        ],
        [*["Purchase 12.00 03-04"] * 2, "Purchase 2.00 03-06"],
    ),
    "pain 4 T2 in one run: a month and the same month under new ids": Scenario(
        [
            at_once(OLD, NEW),
            still_asked(*[CATEGORY] * 3, *[DOUBLE] * 3, CATEGORY),
            again(2),
            still_asked(*[CATEGORY] * 3, *[DOUBLE] * 3, CATEGORY),
            SAME,
            categorise,
            again(1),
        ],
        ["Purchase 11.00 03-03", *["Purchase 12.00 03-04"] * 2, "Purchase 9.00 03-05"],
    ),
    "pain 4 T2 in one run: the download under new ids is read first": Scenario(
        [at_once(NEW, OLD), still_asked(*[CATEGORY] * 4, *[DOUBLE] * 3), SAME, categorise],
        ["Purchase 11.00 03-03", *["Purchase 12.00 03-04"] * 2, "Purchase 9.00 03-05"],
    ),
    "pain 4 T2 in one run: half of the lines overlap, under new ids and worded alike": Scenario(
        [
            at_once(
                ["03-02 -8.00 TAXI #OLD001", "03-04 -12.00 EAU #OLD002", "03-05 -9.00 PAIN #OLD003"],
                ["03-04 -12.00 EAU #NEW002", "03-05 -9.00 PAIN #NEW003", "03-06 -7.00 GAZ #NEW004"],
            ),
            still_asked(*[CATEGORY] * 3, *[DOUBLE] * 2, CATEGORY),
            SAME,
            categorise,
        ],
        ["Purchase 8.00 03-02", "Purchase 12.00 03-04", "Purchase 9.00 03-05", "Purchase 7.00 03-06"],
    ),
    "pain 4 T2 in one run: a file that repeats what is known, beside one under new ids worded otherwise": Scenario(
        [
            at_once(OLD, [*OLD, "03-07 -3.00 LAIT #OLD007"], ["03-03 -11.00 ENERGIE #NEW001"]),
            still_asked(*[CATEGORY] * 4, DOUBLE),
            SAME,
            categorise,
        ],
        ["Purchase 11.00 03-03", *["Purchase 12.00 03-04"] * 2, "Purchase 3.00 03-07"],
    ),
    "pain 4 T2 in one run: said to be others, lines under new ids are booked beside the first": Scenario(
        [at_once(["03-03 -11.00 GAZ #OLD001"], ["03-03 -11.00 GAZ #NEW001"]), ANOTHER, again(1), categorise],
        ["Purchase 11.00 03-03"] * 2,
    ),
    "pain 4 T2 in one run: a rule books the first and not the second": Scenario(
        [
            bank("02-01 -1.00 PAIN #PAIN01"),
            rule,
            at_once(["03-04 -12.00 EAU #OLD002"], ["03-04 -12.00 EAU #NEW002"]),
            still_asked(CATEGORY, DOUBLE),
        ],
        ["Purchase 12.00 03-04"],
        [CATEGORY, DOUBLE],
    ),
    "pain 4 T2 in one run: equal lines of one file are as many as it says, beside a file of other days": Scenario(
        [
            at_once(
                [f"03-04 -4.50 CAFE #C0000{number}" for number in (1, 2, 3)],
                ["03-05 -4.50 CAFE #C00005", "03-06 -4.50 CAFE #C00006"],
            ),
            still_asked(*[CATEGORY] * 5),
            categorise,
        ],
        [*["Purchase 4.50 03-04"] * 3, "Purchase 4.50 03-05", "Purchase 4.50 03-06"],
    ),
    "pain 4 T2 in one run: a third download of the known coffees that has one more is not asked about": Scenario(
        [
            at_once(
                ["03-04 -4.50 CAFE #C00001", "03-04 -4.50 CAFE #C00002"],
                ["03-04 -4.50 CAFE #C00001", "03-04 -4.50 CAFE #C00002", "03-04 -4.50 CAFE #C00003"],
            ),
            still_asked(*[CATEGORY] * 3),
            categorise,
        ],
        ["Purchase 4.50 03-04"] * 3,
    ),
    "pain 4 T2 in one run: a table and a file of ids of the same days are one": Scenario(
        [
            at_once(
                ["03-04 -4.50 CAFE #C00001", "03-04 -4.50 CAFE #C00002", "03-05 -9.00 PAIN #P00001"],
                table=[*["03-04 -4.50 CAFE"] * 3, "03-05 -9.00 PAIN", "03-06 -2.00 SEL"],
            ),
            still_asked(*[CATEGORY] * 5),
            categorise,
        ],
        [*["Purchase 4.50 03-04"] * 3, "Purchase 9.00 03-05", "Purchase 2.00 03-06"],
    ),
    "pain 4 T2: said to be others, the first is not asked about once the second is booked": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001"),
            bank("03-03 -11.00 GAZ #NEW001"),
            ANOTHER,
            categorised_last,
            again(2),
            still_asked(CATEGORY),
            categorise,
        ],
        ["Purchase 11.00 03-03"] * 2,
    ),
    "pain 4 T2: a line that could not be read before is held against the one under a new id that goes": Scenario(
        [
            bank("03-04 -12.00 EAU #OLD002!CREDIT"),
            bank("03-04 -12.00 EAU #NEW002"),
            categorised,
            sign_counts,
            again(1),
            still_asked(DOUBLE),
            categorise,
            SAME,
        ],
        ["Purchase 12.00 03-04"],
    ),
    "pain 4 T2: a line that waits is not asked about for another one of a later download that had both": Scenario(
        [
            bank("03-04 -4.50 CAFE #OLD001", "03-05 -9.00 PAIN #OLD002"),
            bank("03-04 -4.50 CAFE #OLD001", "03-04 -4.50 THE #OLD003", "03-05 -9.00 PAIN #OLD002"),
            categorised_last,
            again(2),
            still_asked(CATEGORY, CATEGORY),
        ],
        ["Purchase 4.50 03-04"],
        [CATEGORY, CATEGORY],
    ),
    "pain 4 T2: eleven weeks under new ids, with equal lines, and a new line among them": Scenario(
        [
            bank(*QUARTER),
            categorise,
            bank(*(f"{row} #NEW{number:03}" for number, row in enumerate([*QUARTER, "03-19 -1.00 NEUF"]))),
            SAME,
            categorise,
        ],
        [f"Purchase {row.split()[1][1:]} {row[:5]}" for row in [*QUARTER, "03-19 -1.00 NEUF"]],
    ),
    "pain 4 T2: one line of several comes under a new id, and no rule books it again": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", "03-05 -9.00 PAIN #OLD003"),
            categorise,
            rule,
            bank(
                *("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #NEW002", "03-05 -9.00 PAIN #OLD003"),
                "03-06 -7.00 EAU #NEW004",
            ),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 9.00 03-05", "Purchase 7.00 03-06"],
        [DOUBLE],
    ),
    "pain 4 T2: one account's lines come under new ids, beside another's that are known": Scenario(
        [
            bank_at_once((CHEQUING, ["03-04 -12.00 EAU #OLD002"]), (SAVINGS, ["03-04 5.00 INTERETS #INT001"])),
            categorise,
            bank_at_once(
                (CHEQUING, ["03-04 -12.00 AQUEDUC #NEW002"]),
                (SAVINGS, ["03-04 5.00 INTERETS #INT001", "03-05 6.00 INTERETS #INT002"]),
            ),
        ],
        ["Purchase 12.00 03-04", "Deposit 5.00 03-04"],
        [DOUBLE, CATEGORY],
    ),
    "pain 4 T2: what was pending is posted under another id two days later, in a file that has both days": Scenario(
        [
            bank("03-02 -9.00 PAIN #PAIN01", "03-10 -5.00 EAU #PEND01"),
            categorise,
            rule,
            bank("03-02 -9.00 PAIN #PAIN01", "03-12 -5.00 EAU #POST01"),
        ],
        ["Purchase 9.00 03-02", "Purchase 5.00 03-10"],
        [DOUBLE],
    ),
    "pain 4 T2: equal lines of the next days, beside the known one, and of a month later are new": Scenario(
        [
            bank("03-02 -9.00 PAIN #PAIN01", "03-10 -5.00 EAU #EAU001"),
            categorise,
            rule,
            bank(
                "03-02 -9.00 PAIN #PAIN01",
                *(f"03-1{n} -5.00 EAU #EAU00{n + 1}" for n in (0, 1, 2)),
                "03-10 -5.00 EAU #EAU009",
            ),
            bank("04-10 -5.00 EAU #EAU041", "04-11 -5.00 EAU #EAU042"),
        ],
        [
            *("Purchase 9.00 03-02", "Purchase 5.00 03-10", "Purchase 5.00 03-10", "Purchase 5.00 03-11"),
            *("Purchase 5.00 03-12", "Purchase 5.00 04-10", "Purchase 5.00 04-11"),
        ],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.every(2)
def test_pain_4_t2_a_bank_that_gives_its_lines_new_ids_creates_nothing(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


COFFEES = [f"03-04 -4.50 CAFE #OLD00{number}" for number in range(5)]
AGAIN = ["03-03 -2.00 SEL #NEW009", *(row.replace("OLD", "NEW") for row in COFFEES), "03-04 -4.50 CAFE #NEW005"]


def test_pain_4_t2_pages_that_end_within_files_of_one_run_make_no_lines_of_them_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raccord_bankfeed.feed, "PAGE_RECORDS_MAX", 2)
    live(
        house,
        Scenario(
            [at_once(COFFEES, AGAIN), still_asked(*[CATEGORY] * 6, *[DOUBLE] * 5, CATEGORY), SAME, categorise],
            [*["Purchase 4.50 03-04"] * 6, "Purchase 2.00 03-03"],
        ),
    )


def test_pain_4_t2_killed_between_two_files_of_one_run_and_within_one_asks_the_same(
    house_of_either: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = unit.keep_page
    lives = iter([True, False, True, True, False])

    def killed_at_times(*page: Any) -> object:
        if not next(lives, True):
            raise Killed
        return kept(*page)

    monkeypatch.setattr(raccord_bankfeed.feed, "PAGE_RECORDS_MAX", 4)
    monkeypatch.setattr(unit, "keep_page", killed_at_times)
    for times in (1, 2):
        with pytest.raises(Killed):
            (at_once(COFFEES, AGAIN) if times == 1 else again(1))(house_of_either)
    live(
        house_of_either,
        Scenario(
            [again(1), still_asked(*[CATEGORY] * 6, *[DOUBLE] * 5, CATEGORY), SAME, categorise],
            [*["Purchase 4.50 03-04"] * 6, "Purchase 2.00 03-03"],
        ),
    )


class Killed(BaseException):
    """Ends a run in the middle, as when its process is killed."""

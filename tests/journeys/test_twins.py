"""Twins and doubles: what several sources, files and people say of one movement of money, and what equal ones are not.

Each scenario is data: what arrives step by step, the documents that the books hold in the end, and the questions that
a person is asked. It runs through the real pipeline: bank files, Chase's reports, a till, a person in QuickBooks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import till
from harness import NOW, consent, enable, make_workshop
from sqlalchemy import select
from twin_steps import (
    ANOTHER,
    CARDS,
    CATEGORY,
    CHEQUING,
    COFFEE,
    DOUBLE,
    EDITED,
    RENUMBERED,
    SAME,
    SAVINGS,
    House,
    Scenario,
    again,
    at_once,
    bank,
    bank_at_once,
    beside_the_file,
    by_hand,
    categorise,
    categorised,
    categorised_last,
    chase,
    cheque_by_hand,
    cheques,
    decided,
    deleted,
    drift_restored,
    edited,
    left_out,
    named_alike,
    nothing_beside,
    numbered,
    of_card,
    placed,
    posted_again,
    processor,
    rule,
    sign_counts,
    statements,
    still_asked,
    to_savings,
    told_apart,
    told_to,
    undone,
    unnumbered,
)

import raccord_bankfeed.feed
import raccord_chase
from raccord.clock import FixedClock
from raccord.overview.records import MATCHED, list_records
from raccord.overview.sought import Fate, Wanted
from raccord.plugin import ResolutionKind
from raccord.store.database import Database
from raccord.store.models import Proof
from raccord.sync import unit
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

DAYS = [f"{date(2026, 1, 1) + timedelta(days=number):%m-%d}" for number in range(77)]
QUARTER = [*(f"{day} -{number + 5}.00 ACHAT" for number, day in enumerate(DAYS)), *[f"{DAYS[9]} -4.50 CAFE"] * 3]
SOME = [f"03-{day:02} -{day * 3}.{day:02} ACHAT {day}" for day in range(4, 10)]
OLD = ["03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", "03-04 -12.00 EAU #OLD003"]
NEW = [f"{row[:-6]}NEW{row[-3:]}" for row in OLD] + ["03-05 -9.00 PAIN #NEW005"]
TOLD_BEFORE = [
    "03-03 -11.00 EAU #OLD001",
    "03-04 -12.00 EAU #OLD002",
    "03-05 -9.00 EAU #OLD003",
    "03-06 -2.00 SEL #OLD004",
]
SCENARIOS = {
    "pain 9: three equal coffees of one day are three": Scenario(
        [bank(COFFEE, COFFEE, COFFEE), categorise], ["Purchase 4.50 03-04"] * 3
    ),
    "pain 9: coffees of overlapping exports in any order are as many as the fullest says": Scenario(
        [
            bank(COFFEE, COFFEE),
            categorise,
            bank(COFFEE),
            bank(COFFEE, COFFEE, COFFEE),
            bank(COFFEE, COFFEE),
            categorise,
        ],
        ["Purchase 4.50 03-04"] * 3,
    ),
    "pain 9: an equal line of two statements that follow each other is two, in one run or in two": Scenario(
        [
            statements(("100.00", [COFFEE, "03-04 -9.00 TAXI"]), ("86.50", [COFFEE, "03-04 -7.00 LIVRE"])),
            still_asked(*[CATEGORY] * 4),
            statements(("75.00", [COFFEE, "03-05 -1.00 SEL"])),
            still_asked(*[CATEGORY] * 6),
            statements(("86.50", [COFFEE, "03-04 -7.00 LIVRE"]), newline="\n"),
            categorise,
            again(1),
        ],
        [
            *["Purchase 4.50 03-04"] * 3,
            *("Purchase 9.00 03-04", "Purchase 7.00 03-04", "Purchase 1.00 03-05"),
        ],
    ),
    "pain 9: an equal line of two statements whose balances do not go on is one": Scenario(
        [
            statements(("100.00", [COFFEE, "03-04 -9.00 TAXI"])),
            statements(("100.00", [COFFEE, "03-04 -9.00 TAXI", "03-04 -7.00 LIVRE"])),
            categorise,
        ],
        ["Purchase 4.50 03-04", "Purchase 9.00 03-04", "Purchase 7.00 03-04"],
    ),
    "pain 9: the day before and the day after overlap": Scenario(
        [
            bank("03-03 -9.00 TAXI #TAX100", "03-04 -9.00 TAXI #TAX200"),
            categorise,
            bank("03-04 -9.00 TAXI #TAX200", "03-05 -9.00 TAXI #TAX300"),
            categorise,
        ],
        ["Purchase 9.00 03-03", "Purchase 9.00 03-04", "Purchase 9.00 03-05"],
    ),
    "pain 10 T1: pending 20.00 becomes 24.00 under another id three days later": Scenario(
        [
            bank(pending=["03-04 -20.00 RESTO #PEND01"]),
            categorise,
            bank("03-07 -24.00 RESTO #FINAL1", pending=["03-04 -20.00 RESTO #PEND01"]),
            categorise,
            bank("03-07 -24.00 RESTO #FINAL1"),
        ],
        ["Purchase 24.00 03-07"],
    ),
    "pain 10 T1: what no bank calls pending is asked about with its tip, and corrected where it is posted": Scenario(
        [
            bank("03-02 -9.00 PAIN", "03-04 -20.00 EAU ET VIN", ends="03-06"),
            categorise,
            rule,
            bank("03-02 -9.00 PAIN", "03-07 -24.00 EAU ET VIN", "03-09 -3.00 PAIN", ends="03-10"),
            nothing_beside("Purchase 24.00 03-07"),
            beside_the_file("replaces", "same"),
            bank("03-07 -24.00 EAU ET VIN", "03-09 -3.00 PAIN", "03-11 -1.00 EAU", ends="03-12"),
            categorise,
        ],
        ["Purchase 9.00 03-02", "Purchase 24.00 03-07", "Purchase 3.00 03-09", "Purchase 1.00 03-11"],
    ),
    "pain 10 T1: said to be one entered by hand, a line whose tip comes later is asked about": Scenario(
        [
            by_hand("Purchase 20.00 03-04"),
            bank("03-02 -9.00 PAIN", "03-04 -20.00 EAU ET VIN", ends="03-06"),
            SAME,
            categorise,
            bank("03-02 -9.00 PAIN", "03-07 -24.00 EAU ET VIN", "03-09 -3.00 PAIN", ends="03-10"),
            beside_the_file("replaces", "same"),
            categorise,
            still_asked(EDITED),
            edited("20.00", "Purchase", "24.00"),
        ],
        ["Purchase 9.00 03-02", "Purchase 24.00 03-04", "Purchase 3.00 03-09"],
    ),
    "pain 10 T1: two lines of one name that are no tip are booked apart once that is said": Scenario(
        [
            bank("03-02 -9.00 PAIN", "03-04 -20.00 EAU ET VIN", ends="03-06"),
            bank("03-02 -9.00 PAIN", "03-07 -24.00 EAU ET VIN", "03-09 -3.00 PAIN", ends="03-10"),
            beside_the_file("replaces", "separate"),
            categorise,
        ],
        ["Purchase 9.00 03-02", "Purchase 20.00 03-04", "Purchase 24.00 03-07", "Purchase 3.00 03-09"],
    ),
    "pain 10 T2: a row back-dated before everything that was read is read": Scenario(
        [bank("03-10 -7.00 PAPIER #PAP010"), categorise, bank("03-02 -8.00 ENCRE #ENC002"), categorise],
        ["Purchase 7.00 03-10", "Purchase 8.00 03-02"],
    ),
    "pain 10 T3: said to be one that is deleted later, a line is asked about and goes itself": Scenario(
        [
            by_hand("Purchase 12.30 03-03"),
            bank("03-04 -12.30 OUTILS #OUT001"),
            SAME,
            deleted("Purchase", "12.30"),
            decided(ResolutionKind.RESTORE_OURS, "conflict.deleted"),
            categorise,
        ],
        ["Purchase 12.30 03-04"],
    ),
    "pain 10 T3: said to be one that is changed later, a line is asked about until that is taken back": Scenario(
        [
            by_hand("Purchase 12.30 03-03"),
            bank("03-04 -12.30 OUTILS #OUT001"),
            SAME,
            edited("12.30", "Purchase", TxnDate="2026-03-05"),
            edited("12.30", "Purchase", "21.30"),
            still_asked(EDITED),
            edited("21.30", "Purchase", "12.30"),
            still_asked(),
            edited("12.30", "Purchase", TxnDate="2026-05-05"),
            still_asked(EDITED),
            decided(ResolutionKind.KEEP_THEIRS),
            still_asked(),
            to_savings("12.30", "Purchase", "AccountRef"),
        ],
        ["Purchase 12.30 05-05"],
        [EDITED],
    ),
    "pain 10 T3: asked about after an edit, a line that its bank words anew is asked about still": Scenario(
        [
            by_hand("Purchase 12.30 03-03"),
            bank("03-04 -12.30 OUTILS #OUT001"),
            SAME,
            edited("12.30", "Purchase", "21.30"),
            still_asked(EDITED),
            bank("03-04 -12.30 OUTILS DU COIN #OUT001"),
            still_asked(EDITED),
            categorise,
        ],
        ["Purchase 21.30 03-03"],
        [EDITED],
    ),
    "pain 10 T3: said to be one of ours that is changed, a line is asked about until it is ours again": Scenario(
        [
            processor("03-04 100.00"),
            bank("03-06 100.00 PROCESSEUR #PRO001"),
            SAME,
            to_savings("100.00", "Deposit", "DepositToAccountRef"),
            still_asked(EDITED),
            drift_restored,
        ],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04"],
    ),
    "pain 10 T3: said to be one that is another now, a line goes itself": Scenario(
        [
            by_hand("CreditCardPayment 500.00 03-04"),
            bank("03-05 -500.00 VISA #VISA01"),
            SAME,
            edited("500.00", "CreditCardPayment", "350.00"),
            still_asked(EDITED),
            decided(ResolutionKind.RESTORE_OURS),
            categorise,
            again(1),
        ],
        ["CreditCardPayment 350.00 03-04", "Purchase 500.00 03-05"],
    ),
    "pain 10 T3: a card's payment that is deleted, after it was changed, is asked about as deleted": Scenario(
        [
            by_hand("CreditCardPayment 500.00 03-04"),
            bank("03-05 -500.00 VISA #VISA01"),
            SAME,
            edited("500.00", "CreditCardPayment", "350.00"),
            deleted("CreditCardPayment", "350.00"),
        ],
        [],
        ["conflict.deleted"],
    ),
    "pain 10 T3: a line said to be one entered by hand stays so over ten imports": Scenario(
        [
            by_hand("Purchase 12.30 03-03"),
            bank("03-04 -12.30 OUTILS #OUT001"),
            SAME,
            *[bank("03-04 -12.30 OUTILS #OUT001", name=f"again-{number}.ofx") for number in range(10)],
        ],
        ["Purchase 12.30 03-03"],
    ),
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
    "pain 10 T1: under its id and on another day, a line is asked about, and the date corrected": Scenario(
        [
            *(bank("02-01 -1.00 SEL #SEL001"), categorise, rule, bank("03-05 -7.00 EAU #EAU001", ends="03-05")),
            bank("03-07 -7.00 EAU #EAU001", "03-20 -2.00 EAU #EAU002", starts="03-05"),
            nothing_beside("Purchase 7.00 03-07"),
            beside_the_file("replaces", "same"),
            bank("03-07 -7.00 EAU #EAU001", "03-20 -2.00 EAU #EAU002", starts="03-05"),
        ],
        ["Purchase 1.00 02-01", "Purchase 7.00 03-07", "Purchase 2.00 03-20"],
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
    "pain 9: a new line beside a known one is no line told anew": Scenario(
        [
            bank("03-04 -12.00 EAU #EAU001"),
            categorise,
            bank("03-04 -12.00 EAU #EAU001", "03-04 -12.00 EAU #EAU002"),
            categorise,
        ],
        ["Purchase 12.00 03-04"] * 2,
    ),
    "one account under two numbers: the later days are booked, the same and near days are asked about": Scenario(
        [
            bank("03-03 -11.00 GAZ", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-09 -30.00 LOYER"),
            categorise,
            bank("03-20 -9.00 NEUF", account=RENUMBERED),
            categorise,
            bank(
                *("03-04 -11.00 GAZ", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-09 -30.00 LOYER"),
                *("03-20 -9.00 NEUF", "03-21 -9.00 NEUF", "04-09 -30.00 LOYER"),
                account=RENUMBERED,
            ),
            categorise,
        ],
        [
            *("Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 12.00 03-04", "Purchase 30.00 03-09"),
            # A third equal line, a second one the day after and a month later are no line told twice.
            *("Purchase 9.00 03-20", "Purchase 12.00 03-04", "Purchase 9.00 03-21", "Purchase 30.00 04-09"),
        ],
        [DOUBLE] * 4,
    ),
    "one account under two numbers, both read before anything is booked": Scenario(
        [
            bank("03-31 -11.00 GAZ", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE"),
            bank("04-01 -11.00 GAZ", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE", account=RENUMBERED),
            categorise,
            categorise,
        ],
        ["Purchase 11.00 03-31", *["Purchase 4.50 04-02"] * 3],
        [DOUBLE] * 3,
    ),
    "one account under two numbers, said to be the same before anything is booked": Scenario(
        [bank("03-04 -11.00 GAZ"), bank("03-05 -11.00 GAZ", account=RENUMBERED), SAME, categorise, again(1)],
        ["Purchase 11.00 03-04"],
    ),
    "one account without a number, named after another format's file of it was booked": Scenario(
        [
            unnumbered("03-03 -11.00 GAZ", "03-04 -12.00 EAU", "03-20 -9.00 NEUF"),
            bank("03-03 -11.00 GAZ", "03-05 -12.00 EAU"),
            categorise,
            told_apart,
            categorise,
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-05", "Purchase 9.00 03-20"],
        [DOUBLE] * 2,
    ),
    "one account without a number: its file waits until another format's is booked": Scenario(
        [
            *(unnumbered("03-03 -11.00 GAZ"), told_apart),
            unnumbered("04-03 -12.00 EAU", "04-20 -9.00 NEUF", name="april.csv"),
            *(bank("04-03 -12.00 EAU"), categorise, placed("account-1"), categorise),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 04-03", "Purchase 9.00 04-20"],
        [DOUBLE],
    ),
    "one account without a number, called as another format's: its file waits until that is booked": Scenario(
        [
            *(unnumbered("03-03 -11.00 GAZ"), told_apart, named_alike),
            unnumbered("04-03 -12.00 EAU", "04-20 -9.00 NEUF", name="april.csv"),
            *(bank("04-03 -12.00 EAU"), categorise, placed("account-1"), categorise, SAME, again(1)),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 04-03", "Purchase 9.00 04-20"],
    ),
    "one account with and without a number, as two of the books: asked before a line is twice": (
        Scenario(
            [
                *(unnumbered("03-03 -11.20 GAZ", "03-04 -12.75 EAU", "03-20 -9.10 NEUF"), told_to(1), categorise),
                bank("03-03 -11.20 GAZ", "03-04 -12.75 EAU", "03-20 -9.10 NEUF", "03-21 -6.30 PAIN"),
                categorise,
                nothing_beside("Purchase 6.30 03-21"),
                placed("same"),
                categorise,
            ],
            ["Purchase 11.20 03-03", "Purchase 12.75 03-04", "Purchase 9.10 03-20", "Purchase 6.30 03-21"],
        )
    ),
    "two formats of one account: what one goes on with after the other ends is new": Scenario(
        [
            numbered("03-03 -11.00 ESSENCE", *(f"03-0{day} -4.50 CAFE" for day in (2, 3, 4, 5))),
            categorise,
            bank("03-03 -11.00 ESSENCE", *(f"03-0{day} -4.50 CAFE" for day in (2, 3, 4, 5, 6, 7))),
            categorise,
        ],
        ["Purchase 11.00 03-03", *(f"Purchase 4.50 03-0{day}" for day in (2, 3, 4, 5, 6, 7))],
    ),
    "two formats of one account: said to be another beside its file, it is not asked about again": Scenario(
        [
            numbered("03-04 -20.00 ABONNEMENT", "03-09 -3.00 PAIN"),
            categorise,
            bank("03-02 -8.00 ENCRE", "03-05 -20.00 ABONNEMENT"),
            beside_the_file("twin", "separate"),
            categorise,
        ],
        ["Purchase 20.00 03-04", "Purchase 3.00 03-09", "Purchase 8.00 03-02", "Purchase 20.00 03-05"],
    ),
    "one account under two numbers, said to be others": Scenario(
        [bank("03-04 -11.00 GAZ"), bank("03-05 -11.00 GAZ", account=RENUMBERED), ANOTHER, categorise, categorise],
        ["Purchase 11.00 03-04", "Purchase 11.00 03-05"],
    ),
    "two cards paid as one: equal amounts are two purchases, unless the day and the words are equal too": Scenario(
        [
            of_card(CARDS[0], "03-04 -4.50 CAFE NORD", "03-06 -9.00 TAXI", "03-10 -30.00 HOTEL"),
            categorise,
            of_card(CARDS[1], "03-04 -4.50 CAFE SUD", "03-07 -9.00 TAXI", "03-10 -30.00 HOTEL"),
            categorise,
        ],
        [
            *("Purchase 4.50 03-04", "Purchase 4.50 03-04", "Purchase 9.00 03-06", "Purchase 9.00 03-07"),
            "Purchase 30.00 03-10",
        ],
        [DOUBLE],
    ),
    "a file sent again under another name": Scenario(
        [
            bank(COFFEE, "03-05 30.00 CLIENT", name="mars.ofx"),
            categorise,
            bank(COFFEE, "03-05 30.00 CLIENT", name="copie de mars.ofx"),
        ],
        ["Purchase 4.50 03-04", "Deposit 30.00 03-05"],
    ),
    "a description that the bank changed afterwards": Scenario(
        [bank("03-04 -15.00 PAIEMENT #TXT001"), categorise, bank("03-04 -15.00 LIBRAIRIE DU COIN #TXT001"), categorise],
        ["Purchase 15.00 03-04"],
    ),
    "pain 2: the same account by a file and by a feed": Scenario(
        [
            bank("03-04 -21.00 ESSENCE #ESS001"),
            categorise,
            bank("03-04 -21.00 ESSENCE SARL #F-9981", feed="direct"),
            categorise,
        ],
        ["Purchase 21.00 03-04"],
        [DOUBLE],
    ),
    "pain 2: an account that is connected twice, as two accounts of the books, comes by one connection": Scenario(
        [
            bank(*SOME),
            categorise,
            bank(*SOME, "03-20 -8.15 NOUVEAU", feed="direct", account=SAVINGS),
            categorise,
            placed("same", of="bankfeeddirect"),
            categorise,
            bank("03-22 -7.05 PLUS TARD", feed="direct", account=SAVINGS),
            still_asked(),
        ],
        [f"Purchase {each.split()[1][1:]} {each.split()[0]}" for each in SOME],
    ),
    "pain 2 T1: a settlement told by the processor and by the bank": Scenario(
        [processor("03-04 100.00"), bank("03-06 100.00 PROCESSEUR #PRO001"), SAME, again(2)],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04"],
    ),
    "pain 2 T1: the bank's line was booked before the processor told of it": Scenario(
        [bank("03-04 100.00 PROCESSEUR #PRO001"), categorise, processor("03-04 100.00"), SAME, again(2)],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04"],
    ),
    "pain 2 T1: three sources tell of one deposit": Scenario(
        [
            processor("03-04 100.00"),
            by_hand("Purchase 100.00 03-04"),
            bank("03-05 100.00 PROCESSEUR #PRO001"),
            bank("03-05 100.00 PROCESSEUR #F-7781", feed="direct"),
            SAME,
            again(1),
        ],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04", "Purchase 100.00 03-04"],
    ),
    "pain 2: a transfer between own accounts told on both sides": Scenario(
        [
            by_hand("Transfer 500.00 03-04"),
            bank("03-04 -500.00 VIREMENT #VIR001"),
            bank("03-05 500.00 VIREMENT #VIR002", account=SAVINGS),
            SAME,
            again(1),
        ],
        ["Transfer 500.00 03-04"],
    ),
    "pain 2 T2: a twin made by hand within five days is asked about": Scenario(
        [by_hand("Deposit 60.00 03-09"), bank("03-04 60.00 CLIENT #CLI001"), categorise],
        ["Deposit 60.00 03-09"],
        [DOUBLE],
    ),
    "pain 2 T2: outside of five days it is another": Scenario(
        [by_hand("Deposit 60.00 03-10"), bank("03-04 60.00 CLIENT #CLI001"), categorise],
        ["Deposit 60.00 03-10", "Deposit 60.00 03-04"],
    ),
    "pain 2: a cheque entered by hand is asked about however late it is paid, and no other": Scenario(
        [
            *(cheque_by_hand("500.00", "02-01", "1234"), cheque_by_hand("500.00", "02-02", "1235")),
            cheques("03-19 -500.00 1235", "03-19 -500.00 1240"),
            still_asked(DOUBLE, CATEGORY),
            SAME,
            categorise,
        ],
        ["Purchase 500.00 02-01", "Purchase 500.00 02-02", "Purchase 500.00 03-19"],
    ),
    "said to be another it is booked": Scenario(
        [by_hand("Deposit 60.00 03-05"), bank("03-04 60.00 CLIENT #CLI001"), ANOTHER, categorise],
        ["Deposit 60.00 03-05", "Deposit 60.00 03-04"],
    ),
    "said not to be the first of two entered by hand, it is the second": Scenario(
        [by_hand("Purchase 4.50 03-03"), by_hand("Purchase 4.50 03-05"), bank(COFFEE), ANOTHER, again(1), SAME],
        ["Purchase 4.50 03-03", "Purchase 4.50 03-05"],
    ),
    "said to be neither of two entered by hand, it is booked beside them": Scenario(
        [by_hand("Purchase 4.50 03-03"), by_hand("Purchase 4.50 03-05"), bank(COFFEE), ANOTHER, ANOTHER, categorise],
        ["Purchase 4.50 03-03", "Purchase 4.50 03-04", "Purchase 4.50 03-05"],
    ),
    "a card that was paid down by hand is asked about, and said to be the line it is": Scenario(
        [by_hand("CreditCardPayment 500.00 03-04"), bank("03-05 -500.00 VISA #VISA01"), SAME, again(1)],
        ["CreditCardPayment 500.00 03-04"],
    ),
    "a refund is no twin of the purchase of the same amount": Scenario(
        [by_hand("Purchase 33.00 03-04"), bank("03-04 33.00 REMBOURSEMENT #REM001"), categorise],
        ["Purchase 33.00 03-04", "Deposit 33.00 03-04"],
    ),
    "two equal lines, one of them entered by hand": Scenario(
        [by_hand("Purchase 4.50 03-04"), bank(COFFEE, COFFEE), categorise, SAME],
        ["Purchase 4.50 03-04"] * 2,
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as running:
        running.store.snapshot(running.store.of_template("quebec"), "new")
        yield running


@pytest.fixture
def house(sandbox: SandboxServer, sqlite_database: Database, data_dir: Path, tmp_path: Path) -> Iterator[House]:
    yield from built(sandbox, sqlite_database, data_dir, tmp_path)


@pytest.fixture
def house_of_either(sandbox: SandboxServer, database: Database, data_dir: Path, tmp_path: Path) -> Iterator[House]:
    yield from built(sandbox, database, data_dir, tmp_path)


def built(sandbox: SandboxServer, database: Database, data_dir: Path, tmp_path: Path) -> Iterator[House]:
    till.ROWS.clear()
    company = sandbox.store.of_template("quebec")
    sandbox.store.restore(company, "new")
    workshop = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), raccord_bankfeed, raccord_chase, till)
    connected = consent(workshop, company.realm)
    enable(workshop, connected, "bankfeed", "chase", "till")
    rows = workshop.client(connected).query("SELECT * FROM Account WHERE AccountType = 'Bank'")
    yield House(workshop, connected, tmp_path, (rows[0]["Id"], rows[1]["Id"]))
    workshop.close()


def scenarios(*lines: str) -> list[str]:
    """Return the names of the scenarios of these lines of the list of pains; without any, of no line with a test."""
    chosen = [name for name in SCENARIOS if name.startswith(lines or TOLD)]
    return chosen if lines else [name for name in SCENARIOS if name not in chosen]


TOLD = ("pain 4 T2", "pain 10 T1", "pain 10 T2", "pain 10 T3")
"""Lines whose scenarios have a test of their name below."""


@pytest.mark.parametrize("name", scenarios())
@pytest.mark.every(3)
def test_pain_2_9_10_each_movement_is_in_the_books_once(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize("name", scenarios("pain 4 T2"))
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


@pytest.mark.parametrize("name", scenarios("pain 10 T1"))
@pytest.mark.every(2)
def test_pain_10_t1_a_pending_line_is_posted_once_and_as_it_settled(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize("name", scenarios("pain 10 T2"))
def test_pain_10_t2_a_line_dated_before_what_was_read_is_still_imported(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize("name", scenarios("pain 10 T3"))
@pytest.mark.every(2)
def test_pain_10_t3_what_a_person_decided_survives_ten_imports(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


def live(house: House, scenario: Scenario) -> None:
    """Let a scenario happen; hold the books, the questions and the proof against it."""
    before = house.booked()
    for step in scenario.steps:
        step(house)
    assert house.booked() - before == Counter(scenario.booked)
    assert Counter(hold.code for hold in house.holds()) == Counter(scenario.asked)
    with house.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_pain_2_t1_a_settlement_of_chase_and_its_line_at_the_bank_are_one_deposit(house: House) -> None:
    chase()(house)
    before = house.booked()
    assert any(each.startswith("Deposit") for each in before)
    chase(bank_too=True)(house)
    assert {hold.code for hold in house.holds()} == {DOUBLE}
    SAME(house)
    assert (house.booked(), house.holds()) == (before, [])


def test_pain_9_t3_a_row_that_is_left_out_is_listed_with_the_twin_that_holds_it(house: House) -> None:
    by_hand("Purchase 12.30 03-03")(house)
    [twin] = house.workshop.client(house.company).query_all("Purchase", "TotalAmt = '12.30'")
    bank("03-04 -12.30 OUTILS #OUT001", "03-05 -8.00 VIS #VIS001")(house)
    SAME(house)
    with house.workshop.database.read() as session:
        [left_out] = list_records(session, Wanted(fate=Fate.LEFT_OUT, search="OUT001")).rows
        [waits] = list_records(session, Wanted(fate=Fate.REVIEW)).rows
    [document] = left_out.documents
    assert (document.kind, document.document_id, document.link_state) == ("Purchase", twin["Id"], MATCHED)
    assert (document.state, document.reason) == ("skipped", DOUBLE)
    assert waits.documents[0].document_id == ""

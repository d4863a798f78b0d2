"""Lines that change or come late: pending ones, back-dated ones, and those that a person had decided about."""

from __future__ import annotations

import pytest
from twin_steps import (
    EDITED,
    SAME,
    House,
    Scenario,
    again,
    bank,
    beside_the_file,
    by_hand,
    categorise,
    decided,
    deleted,
    drift_restored,
    edited,
    live,
    nothing_beside,
    processor,
    rule,
    still_asked,
    to_savings,
)

from raccord.plugin import ResolutionKind

SCENARIOS = {
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
}


def scenarios(line: str) -> list[str]:
    """Return the names of the scenarios of a line of the list of pains."""
    return [name for name in SCENARIOS if name.startswith(line)]


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

"""How often a line that is said to pay invoices of several customers really does, by how many invoices are open.

Made companies with fixed seeds: open invoices of as many customers, a third of them without cents, as people bill; a
line that pays two to four of them, and one that pays none. An offer is right where it names exactly those.

    python bench/several_payers.py [--companies 2000]
"""

from __future__ import annotations

import argparse
import random
from datetime import date, timedelta
from decimal import Decimal

from raccord.sync.lines.matching import Movement, OpenItem
from raccord.sync.lines.several_payers import with_lump_sums

DAY = date(2026, 3, 31)
OPEN = (4, 6, 8, 10, 12, 15, 20)
PAID = (2, 2, 2, 3, 4)


def main() -> None:
    """Print of how many lines that pay several customers it is said, and of how many that do not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=2000)
    companies = parser.parse_args().companies
    print(f"{'open':>5} {'found':>7} {'wrong of them':>14} {'said of lines that pay none':>28}")
    for count in OPEN:
        found = wrong = false = 0
        for seed in range(companies):
            dice = random.Random(f"{count} {seed}")
            items = [
                OpenItem("Invoice", str(n), "", f"C{n}", "", _amount(dice), DAY - timedelta(dice.randrange(90)))
                for n in range(count)
            ]
            paid = dice.sample(items, dice.choice(PAID))
            lump = Movement("lump", sum((each.amount for each in paid), Decimal(0)), DAY, "DEPOT")
            other = Movement("other", sum((_amount(dice) for _ in paid), Decimal(0)), DAY, "DEPOT")
            said = with_lump_sums([lump], items, {}).get("lump")
            found += said is not None
            wrong += said is not None and set(said[0].items) != set(paid)
            false += "other" in with_lump_sums([other], items, {})
        print(f"{count:>5} {found / companies:>7.3f} {wrong:>14} {false / companies:>28.4f}")


def _amount(dice: random.Random) -> Decimal:
    amount = Decimal(round(dice.lognormvariate(5.5, 0.9) * 100)) / 100 + Decimal("5.00")
    return amount.quantize(Decimal(1)) if dice.random() < 1 / 3 else amount


if __name__ == "__main__":
    main()

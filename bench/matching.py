"""How well and how fast bank lines find the invoices they pay, beside simpler ways on the same made set.

The set is synthetic, with fixed seeds; see tests/support/paid_invoices.py for what it makes hard. Baselines: the only
invoice of the same amount; and that with the name nearest to the text by rapidfuzz.

    python bench/matching.py [--lines 10000] [--seeds 1 2 3]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from rapidfuzz import fuzz, utils

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import paid_invoices

from raccord.sync.matching import OpenItem, propose

Answers = dict[str, list[tuple[frozenset[str], str]]]
WINDOW = timedelta(days=60)


def by_amount_alone(made: paid_invoices.PaidInvoices) -> Answers:
    blocks = _blocks(made)
    answers: Answers = {}
    for each in made.movements:
        near = [item for item in blocks[each.amount] if item.day <= each.day <= item.day + WINDOW]
        if len(near) == 1:
            answers[each.id] = [(frozenset([near[0].id]), "certain")]
    return answers


def by_amount_and_name(made: paid_invoices.PaidInvoices) -> Answers:
    blocks = _blocks(made)
    answers: Answers = {}
    for each in made.movements:
        near = [item for item in blocks[each.amount] if item.day <= each.day <= item.day + WINDOW]
        if near:
            best = max(
                near, key=lambda item: fuzz.token_set_ratio(item.party, each.text, processor=utils.default_process)
            )
            answers[each.id] = [(frozenset([best.id]), "certain")]
    return answers


def ours(made: paid_invoices.PaidInvoices) -> Answers:
    return {
        id_: [(frozenset(item.id for item in each.items), str(each.sure)) for each in proposals]
        for id_, proposals in propose(made.movements, made.items).items()
    }


WAYS: dict[str, Callable[[paid_invoices.PaidInvoices], Answers]] = {
    "only one of the amount": by_amount_alone,
    "amount, nearest name": by_amount_and_name,
    "raccord": ours,
}


def _blocks(made: paid_invoices.PaidInvoices) -> dict[object, list[OpenItem]]:
    blocks: dict[object, list[OpenItem]] = defaultdict(list)
    for item in made.items:
        blocks[item.amount].append(item)
    return blocks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    print(
        f"{'lines':>7} {'seed':>4} {'way':<24} {'seconds':>8} {'certain right':>13} {'offered right':>13} {'recall':>7}"
    )
    for lines in options.lines:
        for seed in options.seeds:
            made = paid_invoices.make(lines, seed)
            for name, way in WAYS.items():
                began = time.process_time()
                answers = way(made)
                spent = time.process_time() - began
                told = paid_invoices.measure(made, answers)
                print(
                    f"{lines:>7} {seed:>4} {name:<24} {spent:>8.2f} {told.certain:>13.4f} {told.offered:>13.4f} "
                    f"{told.recall:>7.4f}"
                )


if __name__ == "__main__":
    main()

"""How well and how fast bank lines find the invoices they pay, beside simpler ways on the same made set.

The set is synthetic, with fixed seeds; see tests/support/paid_invoices.py for what it makes hard. Baselines: the only
invoice of the same amount; that with the name nearest to the text by rapidfuzz; a score of name, number and day in
blocks of one amount, each invoice given once; and recordlinkage, where that is installed. The last lines are ratios of
one run: how many times as much of the payments is found, and how many times as long it takes.

More lines are first of the same 300 days and all at once, as an import of a large company: as many times as many open
invoices of one amount, and of names that share their words, stand beside each line. Then (``months``) they are of as
many more days, of the same parties, a month after the other, as a company grows; what was paid is open no more, and
what nobody pays stays open and is looked at each month. What is printed last is by how many times the time grows from
the first number of lines on, and by months also the time for each line and open invoice that is looked at. The made
set itself is kept out of the garbage collector's sight while a way runs: it would be looked through again and again,
the more the larger it is, whichever way runs.

    python bench/matching.py [--lines 10000 20000 40000] [--seeds 1 2 3] [--only]
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from rapidfuzz import fuzz, utils

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import paid_invoices

from raccord.sync.lines.matching import OpenItem, propose

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


def by_score_once(made: paid_invoices.PaidInvoices) -> Answers:
    """Score pairs in blocks of one amount, and give each invoice once, the best pair first."""
    blocks = _blocks(made)
    pairs = []
    for each in made.movements:
        for item in blocks[each.amount]:
            if timedelta(-5) <= each.day - item.day <= 2 * WINDOW:
                name = fuzz.token_set_ratio(item.party, each.text, processor=utils.default_process)
                number = 60 if item.number[2:] in each.text else 0
                pairs.append((name + number - (each.day - item.day).days / 10, each.id, item.id))
    answers: Answers = {}
    given: set[str] = set()
    for score, movement, item_id in sorted(pairs, reverse=True):
        if score >= 70 and movement not in answers and item_id not in given:
            answers[movement] = [(frozenset([item_id]), "certain")]
            given.add(item_id)
    return answers


def by_recordlinkage(made: paid_invoices.PaidInvoices) -> Answers:
    linkage, pandas = (importlib.import_module(each) for each in ("recordlinkage", "pandas"))
    lines = pandas.DataFrame(
        [(each.id, str(each.amount), each.text) for each in made.movements], columns=["id", "amount", "text"]
    ).set_index("id")
    items = pandas.DataFrame(
        [(each.id, str(each.amount), each.party.upper()) for each in made.items], columns=["id", "amount", "text"]
    ).set_index("id")
    pairs = linkage.index.Block("amount").index(lines, items)
    compare = linkage.Compare()
    compare.string("text", "text", method="jarowinkler", label="name")
    scores = compare.compute(pairs, lines, items)["name"].sort_values(ascending=False, kind="stable")
    answers: Answers = {}
    given: set[str] = set()
    for (movement, item_id), score in scores.items():
        if score >= 0.6 and movement not in answers and item_id not in given:
            answers[movement] = [(frozenset([item_id]), "certain")]
            given.add(item_id)
    return answers


def ours(made: paid_invoices.PaidInvoices) -> Answers:
    return {
        id_: [(frozenset(item.id for item in each.items), str(each.sure)) for each in proposals]
        for id_, proposals in propose(made.movements, made.items).items()
    }


WAYS: dict[str, Callable[[paid_invoices.PaidInvoices], Answers]] = {
    "only one of the amount": by_amount_alone,
    "amount, nearest name": by_amount_and_name,
    "blocks, score, once": by_score_once,
    "recordlinkage": by_recordlinkage,
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
    parser.add_argument("--only", action="store_true", help="leave the other ways out")
    options = parser.parse_args()
    ways = {"raccord": ours} if options.only else dict(WAYS)
    if "recordlinkage" in ways and importlib.util.find_spec("recordlinkage") is None:
        del ways["recordlinkage"]
        print("recordlinkage is not installed: it is left out")
    print(
        f"{'lines':>7} {'seed':>4} {'way':<24} {'seconds':>8} {'certain right':>13} {'offered right':>13} {'recall':>7}"
    )
    first: dict[tuple[str, int], float] = {}
    for lines in options.lines:
        for seed in options.seeds:
            made = paid_invoices.make(lines, seed)
            measured = {name: _measured(name, way, made, lines, seed) for name, way in ways.items()}
            seconds, best = measured["raccord"]
            for name, (spent, told) in measured.items():
                if name != "raccord":
                    print(
                        f"{lines:>7} {seed:>4} raccord / {name:<24} recall ×{best.recall / told.recall:.2f}, wrong "
                        f"×{(1 - best.certain) / max(1e-9, 1 - told.certain):.3f}, seconds ×{seconds / spent:.2f}"
                    )
            parties, days = options.lines[0] // 4, paid_invoices.DAYS * lines // options.lines[0]
            longer = paid_invoices.make(lines, seed, days=days, parties=parties)
            each_month = list(paid_invoices.by_month(longer))
            months, _ = _measured("raccord, months", partial(_month_by_month, each_month), longer, lines, seed)
            at_once = seconds / first.setdefault(("at once", seed), seconds)
            by_months = months / first.setdefault(("months", seed), months)
            looked = sum(len(each.items) + len(each.movements) for each in each_month)
            each_looked = by_months / looked * first.setdefault(("looked", seed), looked)
            print(
                f"{lines:>7} {seed:>4} grows: at once ×{at_once:.2f}, by months ×{by_months:.2f}, "
                f"for each line and open invoice of these ×{each_looked:.2f}"
            )


def _month_by_month(months: list[paid_invoices.PaidInvoices], _: paid_invoices.PaidInvoices) -> Answers:
    answers: Answers = {}
    for each in months:
        answers |= ours(each)
    return answers


def _measured(
    name: str,
    way: Callable[[paid_invoices.PaidInvoices], Answers],
    made: paid_invoices.PaidInvoices,
    lines: int,
    seed: int,
) -> tuple[float, paid_invoices.Measured]:
    """Print and return how long a way takes, and how well it does."""
    gc.collect()
    gc.freeze()
    began = time.process_time()
    answers = way(made)
    spent = time.process_time() - began
    gc.unfreeze()
    told = paid_invoices.measure(made, answers)
    print(
        f"{lines:>7} {seed:>4} {name:<24} {spent:>8.2f} {told.certain:>13.4f} {told.offered:>13.4f} {told.recall:>7.4f}"
    )
    return spent, told


if __name__ == "__main__":
    main()

"""How long one export of Pleo takes with receipts, and what it holds in memory, by the number of expenses and by phase.

Pleo's twin and the sandbox run in this process, the pipeline in another one. With ``--published`` the sandbox enforces
the limits that QuickBooks publishes, and *refused* says how many requests it refused; what is uploaded counts too, so
that 2 000 receipts take four minutes at the least. ``--speed`` lets the clock of both run faster, as in posting.py.

    python bench/pleo_export.py [--expenses 100 500 2000] [--published [--speed 2]]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from fast_clock import FastClock
from harness import NOW
from pleo_house import running_by_itself
from pleo_many import export_many


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--expenses", type=int, nargs="+", default=[100, 500, 2000])
    parser.add_argument("--published", action="store_true")
    parser.add_argument("--speed", type=float, default=1)
    asked = parser.parse_args()
    running = FastClock(NOW, asked.speed, time.monotonic_ns()) if asked.published else None
    print(f"{'expenses':>8} {'seconds':>8} {'each ms':>8} {'calls':>6} {'memory MB':>9}")
    for count in asked.expenses:
        # Each in a company of its own, so that none finds in the books what an earlier one brought.
        with tempfile.TemporaryDirectory() as folder, running_by_itself(Path(folder), running) as house:
            before, started = house.twin.answered.total(), time.perf_counter()
            refused = house.sandbox.store.throttle.refused
            seen = export_many(house, count, running)
            span = time.perf_counter() - started
            calls = house.twin.answered.total() - before
            print(f"{count:>8} {span:>8.1f} {span / count * 1000:>8.1f} {calls:>6} {seen.grew_mb:>9}  {seen.state}")
            if running is not None:
                print(f"{'':9}{house.sandbox.store.throttle.refused - refused} refused")
            print(" " * 9 + ", ".join(f"{phase} {most}" for phase, most in seen.by_phase.items() if phase))


if __name__ == "__main__":
    main()

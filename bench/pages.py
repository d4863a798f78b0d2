"""How long the server takes for every page and every list of the API in front of a full store; prints a table.

    .venv/bin/python bench/pages.py [--records 100000] [--holds 5000] [--answered 20000] [--times 7]
                                    [--database sqlite|URL] [--only TEXT]

The real application is asked in this process, without a network: what is measured is routing, queries and rendering.
Median of ``--times`` requests after one that is not counted, beside the processor's own time, which a busy machine
does not lengthen. Ends with status 1 where a page takes longer than 150 ms. With ``--statements`` it also says which
statements took longest.

100 000 records, 5 000 holds, SQLite 3.40, Python 3.11, 2 cores shared with much other work (29 November 2026), CPU:
Home with its chart 97 ms, Connections 56, Records 45 to 92 (all states and offsets), a search 86 to 88 (154 to 159
before a page and its count were searched for at once), with a connection and a state as well 125 (287 before), To
review 63 to 91 (71 to 122 before), a connection 62 to 93, its proof 56 to 63, its settings 65 (121 before), the
comparison with another version 57 to 64 (188 to 197 before it stopped at 200 records said otherwise; where nothing is
said otherwise 2 000 are mapped anew, 90 to 135), an undo of a run 60 (94 before), a plan of 5 000 lines 61, one of 50
000 lines 102, every other page 5 to 66; of the API the list of connections 82 (122 before), posted records 75, every
other list 4 to 55. What is there as long as the server is left out of collections, as the server does: one that met a
page took 0.1 to 0.3 s more. On that busy machine the clock said up to three times as much. On PostgreSQL 15 a search
that finds little takes half of what it did as well, one that finds tens of thousands as long as before.
Before the indexes of revision 0026 the records took 1.2 s, and a search in them minutes.

The same store on 30 November 2026, before and after statements that are made once, sums of cents and revision 0042:
the clock, median of five to seven requests on two slow cores that did nothing else. Home 172, then 156; a search with a
connection and a state 178, then 168; the API's list of connections 179, then 114; a connection of cards 146, then 131;
posted records far down 120, then 129; settings of the bank 139, then 120; the comparison with another version 137, then
124; To review 120, then 116; all else under 110. Two of 80 are over the 150 ms there: Home and that search.
Since revision 0043, which made both of them cost about two thirds of the processor's time in one run of old and new,
the same cores, that hour twice as quick: To review far down 73, posted records far down 69, a search with connection
and state 68, Home 63, none of 100 over 73.
Since what is decided is counted apart (revision 0046), the same cores, that hour a third slower: the search 111, To
review far down 92, Home 76, none of 104 over 111. Counting it had cost every page 20 ms before SQLite was told, by a
CASE, to look at the drafts of conflicts alone.

With 20 000 lines answered in the last year (30 November 2026, the same cores under ten times their load), processor's
time: the page of suggested categories 1 297 ms while it read each draft (6.1 s by the clock), 119 since the database
counts its months.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from full_store import NOW, FullStore, Sizes, addresses, fill
from harness import make_workshop
from sqlalchemy import event
from starlette.testclient import TestClient

import raccord_bankfeed
import raccord_chase
from raccord.cli.serving import set_aside
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.api_tokens import Scope, make_token
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.access.sessions import open_session
from raccord.store import schema
from raccord.store.database import Database
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

MOST_MS = 150
BASE = "http://127.0.0.1:8321"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--holds", type=int, default=5_000)
    parser.add_argument("--answered", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path, help="a folder whose store is used again")
    parser.add_argument("--statements", action="store_true")
    options = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {sys.version.split()[0]}, "
          f"SQLite {sqlite3.sqlite_version}, {options.database.partition(':')[0]}")  # fmt: skip
    with _folder(options.keep) as folder:
        workshop, store = _opened(folder, options.database, Sizes(options.records, options.holds, options.answered))
        try:
            return _measured(workshop, store, options)
        finally:
            workshop.close()
            workshop.database.dispose()


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="raccord-bench-") as made:
        yield Path(made)


def _opened(folder: Path, url: str, sizes: Sizes) -> tuple[Workshop, FullStore]:
    data, told = folder / "data", folder / "store.txt"
    data.mkdir(mode=0o700, exist_ok=True)
    database = Database(f"sqlite:///{data / 'app.db'}" if url == "sqlite" else url)
    schema.upgrade(database)
    if told.exists():
        store = FullStore(*told.read_text().split())
    else:
        began = time.perf_counter()
        store = fill(database, sizes)
        print(f"{sizes.records} records made in {time.perf_counter() - began:.0f} s")
        told.write_text("\n".join(getattr(store, name) for name in FullStore.__slots__))
    return make_workshop(database, data, "http://127.0.0.1:1", FixedClock(NOW), raccord_chase, raccord_bankfeed), store


def _measured(workshop: Workshop, store: FullStore, options: argparse.Namespace) -> int:
    app = create_app(workshop, HandOver())
    set_aside()
    email = f"bench-{time.time_ns()}@example.ca"
    with workshop.database.begin() as session:
        person = new_person(email, "Bench", "", NOW, "bench")
        session.add(person)
        session.flush()
        give_role(session, person, "", RoleName.OWNER, "bench", NOW)
    browser = TestClient(app, base_url=BASE, follow_redirects=False, headers={"accept-language": "en"})
    browser.cookies.set("raccord_session", open_session(workshop, person, "", ""))
    token = make_token(workshop, person.id, store.company_id, "bench", Scope.READ)[1]
    slow = 0
    print(f"{'median ms':>9} {'worst':>7} {'CPU':>7} {'asks':>4} {'kB':>5}  page")
    for address in addresses(store):
        if options.only not in address:
            continue
        headers = {"Authorization": f"Bearer {token}"} if address.startswith("/api/") else {}
        with _listened(workshop.database) as said:
            first = browser.get(address, headers=headers)
        if first.status_code != 200:
            raise SystemExit(f"{address} answered {first.status_code}")
        spent, busy = [], []
        for _ in range(options.times):
            began, worked = time.perf_counter(), time.process_time()
            browser.get(address, headers=headers)
            spent.append((time.perf_counter() - began) * 1000)
            busy.append((time.process_time() - worked) * 1000)
        median = statistics.median(spent)
        slow += median > MOST_MS
        shown = address
        for name in FullStore.__slots__:
            shown = shown.replace(getattr(store, name), f"<{name}>")
        numbers = f"{median:9.1f} {max(spent):7.1f} {statistics.median(busy):7.1f} {len(said):4}"
        late = "  over" if median > MOST_MS else ""
        print(f"{numbers} {len(first.content) // 1024:5}  {shown}{late}", flush=True)
        if options.statements:
            for took, statement in sorted(said, reverse=True)[:3]:
                print(f"{'':12}{took:8.1f} ms  {' '.join(statement.split())[:1200]}")
    print(f"{slow} over {MOST_MS} ms")
    return 1 if slow else 0


@contextmanager
def _listened(database: Database) -> Iterator[list[tuple[float, str]]]:
    """Note each statement with how long the database took for it, reading its rows not counted."""
    said: list[tuple[float, str]] = []
    began: list[float] = []

    def before(*_: Any) -> None:
        began.append(time.perf_counter())

    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(((time.perf_counter() - began.pop()) * 1000, statement))

    event.listen(database.engine, "before_cursor_execute", before)
    event.listen(database.engine, "after_cursor_execute", after)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", before)
        event.remove(database.engine, "after_cursor_execute", after)


if __name__ == "__main__":
    sys.exit(main())

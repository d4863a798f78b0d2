"""Killed while a file is taken back, and in the run after it: what it alone said is gone once, and comes again once."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from crash.life import Killed, Life, Now, in_one_thread, watch_commits
from harness import OWNER, consent, enable, make_workshop, sync
from lent_databases import laid
from lines_at_hand import account, category
from sqlalchemy import func, select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.arriving.files_back import take_back_file
from raccord.onboarding.arriving.receiving import files_of, receive_files
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.onboarding.deciding.treating import treat
from raccord.store.database import Database
from raccord.store.models import Company, Connection, DraftRow, Event, Hold, Problem, Proof, RunState
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.mt940 import mt940_chunks
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
EVERY = min(int(os.environ.get("EVERY", "1")), 20)
"""How many moments on the next kill of a run is: the merge check leaves some out."""
MOMENTS_MAX = 400


def statement(*lines: tuple[int, str, str]) -> bytes:
    made = [MadeLine(day=date(2026, 3, day), amount=Decimal(amount), name=name) for day, amount, name in lines]
    return statement_file(MadeAccount(), made)


COFFEE = (4, "-3.50", "COFFEE")
RENT = (2, "-40.00", "RENT")
RIGHT, WRONG = statement(RENT, COFFEE), statement(COFFEE, (8, "-20.00", "GROCER"), (9, "-5.00", "FEE"))
WITH, WITHOUT = ["COFFEE", "FEE", "GROCER"], ["COFFEE"]
"""What waits for a person while the wrong file is there, and once it is not."""


@dataclass
class House:
    """A bank feed whose rent is in the books, with processes that end at chosen moments."""

    sandbox: SandboxServer
    url: str
    data_dir: Path
    clock: FixedClock
    connection_id: str = ""
    name: str = "wrong.ofx"
    """The file that is handed in and taken back."""
    now: Now = field(default_factory=Now)

    def process(self) -> Workshop:
        """Return a workshop that knows what the tables know and nothing else."""
        database = Database(self.url)
        watch_commits(database, self.now)
        return make_workshop(database, self.data_dir, self.sandbox.url, self.clock, raccord_bankfeed)

    def live(self, life: Life, *, takes_back: bool = False, runs: bool = False, hands_in: bytes = b"") -> bool:
        """Let one process do something; return whether it lived to see its end."""
        workshop = self.process()
        try:
            with self.now.live(life), suppress(Killed):
                with workshop.database.read() as session:
                    connection = session.get_one(Connection, self.connection_id)
                    number = {each.name: each.number for each in files_of(session, connection.id)}.get(self.name)
                if hands_in:
                    receive_files(workshop, OWNER, connection.id, [(self.name, io.BytesIO(hands_in))])
                if takes_back and number is not None:
                    take_back_file(workshop, OWNER, connection.id, number)
                if runs:
                    assert sync(workshop, connection).state == RunState.DONE
            return not life.dead
        finally:
            with self.now.live(Life()):
                workshop.close()
                workshop.database.dispose()

    def check(self, waiting: list[str], taken_back: int) -> None:
        """The lines of the files that are there wait once, nothing else is asked, and the books are as they were."""
        workshop = self.process()
        try:
            with workshop.database.read() as session:
                held = select(DraftRow.memo).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
                assert sorted(each.upper().split()[0] for each in session.scalars(held)) == waiting
                assert session.scalars(select(Problem.code).where(Problem.state == "open")).all() == []
                assert all(proof.equal for proof in session.scalars(select(Proof)))
                told = select(func.count()).where(Event.action == "files.taken_back")
                assert session.scalar(told) == taken_back, "told once each time"
                company = session.scalars(select(Company)).one()
            bought = [str(each["TotalAmt"]) for each in workshop.client(company).query_all("Purchase")]
            assert bought == ["40.00"]
        finally:
            workshop.close()
            workshop.database.dispose()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as sandbox:
        url = laid(tmp_path / "app.db").url.render_as_string(hide_password=False)
        data_dir = tmp_path / "data"
        data_dir.mkdir(mode=0o700)
        made = House(sandbox, url, data_dir, FixedClock(NOW))
        workshop = made.process()
        company = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, company, "bankfeed")
        new = NewConnection(company_id=company.id, connector="bankfeed", values={}, starts_on=date(2026, 3, 1))
        connection = connect(workshop, OWNER, new)
        made.connection_id = connection.id
        choose(workshop, OWNER, connection.id, "ledger_account", account(workshop, company, "Bank"),
               of="bank-6789-327e587ead")  # fmt: skip
        receive_files(workshop, OWNER, connection.id, [("right.ofx", io.BytesIO(RIGHT))])
        sync(workshop, connection)
        with workshop.database.read() as session:
            rent = select(Hold.id).join(DraftRow, DraftRow.id == Hold.draft_id).where(DraftRow.memo.ilike("rent"))
            id_ = session.scalars(rent).one()
        treat(workshop, OWNER, id_, category(account(workshop, company, "Expense")))
        sync(workshop, connection)
        workshop.close()
        workshop.database.dispose()
        with in_one_thread(made.now):
            yield made


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("dies_in", ["the taking back", "the run after it"])
def test_a_file_whose_taking_back_is_killed_at_any_moment_is_gone_once_and_comes_again_once(
    house: House, dies_in: str
) -> None:
    at, rounds, ended = 1, 0, False
    while not ended:
        assert rounds < MOMENTS_MAX
        rounds += 1
        assert house.live(Life(), hands_in=WRONG, runs=True)
        house.check(WITH, rounds - 1)
        if dies_in == "the taking back":
            ended = house.live(Life(at=at), takes_back=True)
            at += 1
        else:
            assert house.live(Life(), takes_back=True)
            ended = house.live(Life(at=at), runs=True)
            at += EVERY
        # Whoever pressed the button presses it again, and the next run is another process.
        assert house.live(Life(), takes_back=True, runs=True)
        house.check(WITHOUT, rounds)
    assert rounds > 2, "some moments were passed"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("dies_in", ["the taking back", "the run after it"])
def test_what_goes_on_as_another_file_tells_it_is_in_the_books_once_wherever_it_is_killed(
    house: House, dies_in: str
) -> None:
    """The rent is in the books as what the OFX file tells; both files are taken back in turn, and come again."""
    lines = [MadeLine(day=date(2026, 3, day), amount=Decimal(sum_), name=name) for day, sum_, name in (RENT, COFFEE)]
    files = {"right.ofx": RIGHT, "same.sta": b"".join(mt940_chunks(MadeAccount(), lines))}
    house.name = "same.sta"
    assert house.live(Life(), hands_in=files[house.name], runs=True)
    house.check(WITHOUT, 0)
    at, rounds, ended = 1, 0, False
    while not ended:
        assert rounds < MOMENTS_MAX
        house.name = list(files)[rounds % 2]
        rounds += 1
        if dies_in == "the taking back":
            ended = house.live(Life(at=at), takes_back=True)
            at += 1
        else:
            assert house.live(Life(), takes_back=True)
            ended = house.live(Life(at=at), runs=True)
            at += EVERY
        assert house.live(Life(), takes_back=True, runs=True)
        house.check(WITHOUT, rounds)
        assert house.live(Life(), hands_in=files[house.name], runs=True)
        house.check(WITHOUT, rounds)
    assert rounds > 2, "some moments were passed"

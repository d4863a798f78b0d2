"""People see how far a large file is read while it is, and who asks for an end need not wait for all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO

import pytest
import till
from harness import finish, request

from raccord.clock import FixedClock
from raccord.overview.runs import FileRead, run_view
from raccord.plugin.contexts import FetchContext
from raccord.plugin.records import Page
from raccord.scope import Scope
from raccord.store.models import Connection, Control, Run, RunState
from raccord.sync.run import Pipeline, Progress
from raccord.sync.workshop import Workshop

MEGABYTE = 1024 * 1024


@dataclass
class SlowReader:
    """Reads the connection's first file in the till's name, half a megabyte in two seconds of the clock."""

    workshop: Workshop
    after_each: Callable[[], None] = lambda: None
    at: list[int] = field(default_factory=list)

    def __call__(self, context: FetchContext, stream: str, cursor: str | None) -> Page:
        file = context.files.after(0)
        if stream != till.INFO.streams[0].name or file is None or cursor == "all":
            return Page((), cursor, more=False)
        with file.open() as opened:
            opened.seek(0)
            while opened.read(MEGABYTE // 2):
                assert isinstance(self.workshop.clock, FixedClock)
                self.workshop.clock.advance(timedelta(seconds=2))
                self.at.append(opened.tell())
                self.after_each()
        return Page((), "half" if cursor is None else "all", more=cursor is None)


@pytest.fixture
def run_id(workshop: Workshop, connection: Connection) -> str:
    assert workshop.files(connection.id).receive("big.csv", BytesIO(b"x" * 2 * MEGABYTE), origin="upload")
    return request(workshop, connection)


@pytest.mark.either_database
def test_how_far_a_large_file_is_read_is_seen_meanwhile_and_no_more_afterwards(
    workshop: Workshop, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[FileRead | None] = []

    def look() -> None:
        with workshop.database.read() as session:
            view = run_view(session, run_id)
        assert view is not None
        seen.append(view.reading)

    monkeypatch.setattr(Scope, "fetch", reader := SlowReader(workshop, look))
    assert Pipeline(workshop).advance(run_id) is Progress.MORE
    assert reader.at == [MEGABYTE // 2, MEGABYTE, 3 * MEGABYTE // 2, 2 * MEGABYTE]
    assert seen[0] is None, "so early nobody asks"
    told = [each for each in seen if each is not None]
    assert [each.at for each in told] == sorted({each.at for each in told}), "further each time"
    assert len(told) == 3
    assert all(each.file == "big.csv" and each.size == 2 * MEGABYTE for each in told)
    look()
    assert seen[-1] == FileRead("big.csv", 2 * MEGABYTE, 2 * MEGABYTE), "between its pages too"
    finish(workshop, run_id)
    with workshop.database.read() as session:
        run, view = session.get_one(Run, run_id), run_view(session, run_id)
    assert "reading" not in run.progress
    assert view is not None
    assert view.reading is None


@pytest.mark.parametrize(("asked", "state"), [(Control.CANCEL, RunState.CANCELLED), (Control.PAUSE, RunState.PAUSED)])
def test_a_run_that_is_asked_to_end_does_so_in_the_middle_of_a_large_file(
    workshop: Workshop, run_id: str, asked: Control, state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> None:
        with workshop.database.begin() as session:
            session.get_one(Run, run_id).control = asked

    monkeypatch.setattr(Scope, "fetch", reader := SlowReader(workshop, ask))
    pipeline = Pipeline(workshop)
    assert pipeline.advance(run_id) is Progress.MORE
    assert reader.at == [MEGABYTE // 2], "the rest is not read"
    assert pipeline.advance(run_id) is Progress.STOPPED
    with workshop.database.read() as session:
        assert session.get_one(Run, run_id).state == state

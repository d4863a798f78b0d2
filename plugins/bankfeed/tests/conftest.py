from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

import raccord_bankfeed
from raccord.plugin import Skipped, TermTable
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf, Reading, read_stream
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Event, Line, Statement, Unreadable
from raccord_bankfeed.settings import BankFeedSettings

SAMPLES = Path(raccord_bankfeed.__file__).parent / "samples"


class Read:
    """Everything that one file yields, by kind."""

    def __init__(self, content: bytes) -> None:
        stream = BytesIO(content)
        self.events: list[Event] = list(reader_for(stream).events(stream))
        self.lines = [event for event in self.events if isinstance(event, Line)]
        self.statements = [event for event in self.events if isinstance(event, Statement)]
        self.unreadable = [event for event in self.events if isinstance(event, Unreadable)]
        self.codes = [event.code for event in self.unreadable]


class Feed:
    """One connection: files go in, streams come out."""

    def __init__(self, folder: Path) -> None:
        self.shelf = FileShelf(folder)
        self.settings = BankFeedSettings()

    def put(self, *contents: bytes) -> Feed:
        for content in contents:
            self.shelf.put(f"export-{len(self.shelf) + 1}.ofx", content)
        return self

    def context(self) -> FakeFetchContext:
        return FakeFetchContext(files=self.shelf, settings=self.settings)

    def read(self, stream: str = "lines", cursor: str | None = None) -> Reading:
        return read_stream(raccord_bankfeed, self.context(), stream, cursor)


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    return lambda name: (SAMPLES / name).read_bytes()


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return Feed(tmp_path / "files")


@pytest.fixture
def new_feed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Feed]:
    return lambda: Feed(tmp_path_factory.mktemp("feed") / "files")


@pytest.fixture
def read() -> Callable[[bytes], Read]:
    return Read


@pytest.fixture(scope="session")
def terms() -> TermTable:
    return raccord_bankfeed.describe().terms


@pytest.fixture
def mapping(terms: TermTable) -> FakeMapContext:
    return FakeMapContext(settings=BankFeedSettings(), terms=terms)


@pytest.fixture
def skipped_code(mapping: FakeMapContext) -> Callable[[object], str]:
    def code(record: object) -> str:
        answer = raccord_bankfeed.map_record(mapping, record)  # type: ignore[arg-type]  # a record, as the tests hand it
        assert isinstance(answer, Skipped)
        return answer.code

    return code

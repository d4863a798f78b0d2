from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import raccord_bankfeed
from raccord.plugin import Record, Skipped, TermTable
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed

SAMPLES = Path(raccord_bankfeed.__file__).parent / "samples"


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    return lambda name: (SAMPLES / name).read_bytes()


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return Feed(tmp_path / "files")


@pytest.fixture
def new_feed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Feed]:
    return lambda: Feed(tmp_path_factory.mktemp("feed") / "files")


@pytest.fixture(scope="session")
def terms() -> TermTable:
    return raccord_bankfeed.describe().terms


@pytest.fixture
def mapping(terms: TermTable) -> FakeMapContext:
    return FakeMapContext(settings=BankFeedSettings(), terms=terms)


@pytest.fixture
def skipped_code(mapping: FakeMapContext) -> Callable[[Record], str]:
    def code(record: Record) -> str:
        answer = raccord_bankfeed.map_record(mapping, record)
        assert isinstance(answer, Skipped)
        return answer.code

    return code

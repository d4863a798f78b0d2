"""Connections whose way out reaches this machine alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from provided import NOON, Held

from raccord.clock import FixedClock
from raccord.plugin.testing import FileShelf
from raccord.sync.fetching.source_http import SourceHttp
from raccord_bankfeed.settings import BankFeedSettings


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[Callable[..., Held]]:
    """Return what makes a connection with such settings."""
    ways: list[SourceHttp] = []

    def make(**settings: object) -> Held:
        ways.append(SourceHttp(["127.0.0.1"], FixedClock(NOON)))
        return Held(FileShelf(tmp_path / f"files-{len(ways)}"), BankFeedSettings.model_validate(settings), ways[-1])

    yield make
    for way in ways:
        way.close()

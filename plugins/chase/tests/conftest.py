"""Connections with a file box of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from raccord_chase.sandbox.handmade import Deliveries


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., Deliveries]:
    """Return a maker of connections, each with a file box of its own."""
    made: list[Deliveries] = []

    def make(**settings: object) -> Deliveries:
        made.append(Deliveries(tmp_path / f"box-{len(made)}", settings))
        return made[-1]

    return make

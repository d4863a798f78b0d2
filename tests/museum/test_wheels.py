"""Connectors of earlier releases, as the wheels that people installed, under today's core and under a later one."""

from __future__ import annotations

import gzip
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from raccord.sync.bodies import dump_draft, load_draft

pytestmark = pytest.mark.slow
MAKER = runpy.run_path(str(Path(__file__).with_name("make_wheels.py")))
RELEASES: Path = MAKER["RELEASES"]
CONNECTORS = {"bankfeed", "chase", "plannit", "pleo", "taxdome"}
NOTHING = (None, "", False, "0", [], {})
"""What a field that came later says of a draft made before."""


@pytest.fixture(scope="module", params=sorted(path.name for path in RELEASES.iterdir()))
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A release's wheels, installed apart, and what they made of their twins then."""
    kept: Path = RELEASES / request.param
    installed = tmp_path_factory.mktemp(request.param)
    MAKER["install"](kept, installed)
    return installed, json.loads(gzip.decompress((kept / MAKER["DRAFTS"]).read_bytes()))


@pytest.mark.parametrize("later", [False, True], ids=["today's core", "a core with one parameter more in each hook"])
def test_a_releases_connectors_make_the_same_documents(release: tuple[Path, dict[str, Any]], later: bool) -> None:
    installed, then = release
    told = MAKER["through_core"](installed, *(["--one-parameter-more"] if later else []))
    assert told["quarantined"] == {}
    assert set(told["connectors"]) == set(then) >= CONNECTORS
    assert {arguments[-1:] == ["museum"] for arguments in told["hooks"].values()} == {later}
    assert [*differences(then, told["connectors"], "")] == []
    records = [became for trials in then.values() for became in trials.values()]
    kept = [draft for became in records for drafts in became.values() for draft in drafts]
    for draft in kept:
        if isinstance(draft, dict):
            # As a database of that release holds it.
            assert [*differences(draft, json.loads(dump_draft(load_draft(json.dumps(draft)))), "")] == []
    assert len(kept) > 300


def differences(then: Any, now: Any, where: str) -> Iterator[str]:
    """Tell what is otherwise than it was; a field that came later may be there, with nothing in it."""
    match then, now:
        case dict(), dict():
            for name in then.keys() | now.keys():
                if name not in then and now[name] not in NOTHING:
                    yield f"{where}/{name} came to be: {now[name]!r}"
                elif name not in now:
                    yield f"{where}/{name} is gone"
                elif name in then:
                    yield from differences(then[name], now[name], f"{where}/{name}")
        case list(), list() if len(then) == len(now):
            for place, (was, is_) in enumerate(zip(then, now, strict=True)):
                yield from differences(was, is_, f"{where}[{place}]")
        case _:
            if then != now:
                yield f"{where} was {then!r}, is {now!r}"

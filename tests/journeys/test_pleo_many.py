"""Two thousand expenses with receipts in one export: memory stays flat, limits are kept, and people see how far."""

from __future__ import annotations

from pathlib import Path

import pytest
from pleo_house import running_by_itself
from pleo_many import Seen, export_many

FEW, MANY = 1_000, 2_000
MORE_MB = 10
"""What the many may take beyond the few, 3 to 7 measured: their proof reads whole pages of QuickBooks', which the few
do not fill. From there on it stays: 36 for 2 000, 33 for 3 000, 35 for 6 000. The receipts alone are 40 MB more.
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.requirement("PO-08", "PO-09")
def test_two_thousand_expenses_with_receipts_come_over_in_one_export(tmp_path: Path) -> None:
    with running_by_itself(tmp_path / "few") as small:
        few = export_many(small, FEW)
    with running_by_itself(tmp_path / "many") as large:
        many = export_many(large, MANY)
        job = list(large.pleo.exports.values())[-1]
        assert job.status == "completed"
        assert {each["status"] for each in job.results.values()} == {"successful"}
        assert len({each["externalId"] for each in job.results.values()}) == MANY
        assert not {413, 422, 429} & set(large.twin.answered), "neither too much at once, nor too late"
    assert (few.state, many.state) == ("done", "done")
    assert many.grew_mb < few.grew_mb + MORE_MB
    _is_shown(many)


def _is_shown(seen: Seen) -> None:
    """Somebody who looks now and then sees it read and sent, never less than before."""
    fetched = [each[1] for each in seen.shown]
    sent = [each[2] for each in seen.shown if each[3]]
    assert fetched == sorted(fetched)
    assert sent == sorted(sent)
    assert len(set(fetched)) > 15
    assert len(set(sent)) > 8, "480 lines go in one unit"
    assert max(sent) == seen.shown[-1][3] == 2 * MANY

"""The connector keeps every rule of the conformance kit that concerns it."""

import raccord_pleo
from raccord.plugin.testing import check_connector


def test_every_rule_is_kept() -> None:
    report = check_connector(raccord_pleo)
    assert report.broken() == {}
    assert report.passed

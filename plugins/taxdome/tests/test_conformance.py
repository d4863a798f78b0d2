"""The connector keeps every rule of the conformance kit that concerns it."""

import raccord_taxdome
from raccord.plugin.testing import check_connector


def test_every_rule_is_kept() -> None:
    report = check_connector(raccord_taxdome)
    assert report.broken() == {}
    assert report.passed

"""The connector keeps every rule of the conformance kit that concerns it."""

import time

import raccord_bankfeed
from raccord.plugin.testing import check_connector


def test_every_rule_is_kept() -> None:
    began = time.process_time()
    report = check_connector(raccord_bankfeed)
    assert report.broken() == {}
    assert report.passed
    # Ten seconds on a quiet machine, and no slower for what else runs on this one.
    assert time.process_time() - began < 10

"""The conformance kit: rules as data, a check for each, and a report of what a connector keeps and breaks."""

from raccord.plugin.testing.kit.proposing import Proposal
from raccord.plugin.testing.kit.rules import PAGE, Rule, rules
from raccord.plugin.testing.kit.run import Judged, Report, Verdict, check_connector

__all__ = ["PAGE", "Judged", "Proposal", "Report", "Rule", "Verdict", "check_connector", "rules"]

"""Says at the end how often a real process was really killed."""

from __future__ import annotations

from collections import Counter

import pytest

KILLS = "kills of a real process on "


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the tests told, those of other processes too."""
    reports = terminalreporter.getreports("passed")
    kills = Counter[str]()
    for report in reports:
        kills.update({name: int(str(count)) for name, count in report.user_properties if name.startswith(KILLS)})
    if kills:
        told = ", ".join(f"{count} {name}" for name, count in sorted(kills.items()))
        terminalreporter.line(f"{told}: {kills.total()} SIGKILLs, nothing doubled, nothing lost")

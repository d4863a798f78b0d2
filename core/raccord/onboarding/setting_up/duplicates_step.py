"""The step of a set-up before the first plan is approved, where the books knew the source already: what they have."""

from __future__ import annotations

from sqlalchemy.orm import Session

from raccord.onboarding.gates.passed_steps import under_way
from raccord.onboarding.setting_up.baseline import baseline_of
from raccord.plugin.info import Mode

DUPLICATES = "duplicates"


def looks_for_duplicates(mode: str | None) -> bool:
    """Tell whether a set-up in this mode asks what the books have already; who starts anew has nothing there."""
    return mode == Mode.ALREADY_RUNNING


def answered_since(session: Session, connection_id: str) -> bool:
    """Tell whether the first plan is to be made again: somebody said of a document what it is, and no run read that."""
    return not under_way(session, connection_id) and baseline_of(session, connection_id).decided > 0

"""Plans that are made beside another tool: compared with what it posts, and not carried out yet."""

from __future__ import annotations

from raccord.plugin.info import Mode
from raccord.store.models import Connection, DraftRow
from raccord.sync.resolving.conflict_rules import DIFFERS
from raccord.sync.resolving.conflicts import DECISION


def in_shadow(connection: Connection) -> bool:
    """Tell whether a connection's plans are only compared: its source was running before, and no plan was approved."""
    return connection.mode == Mode.ALREADY_RUNNING and connection.approved_at is None


def compared_anew(connection: Connection, row: DraftRow, code: str) -> bool:
    """Tell whether the comparison at the end of this plan says by itself if a draft still differs."""
    return code == DIFFERS and DECISION not in row.decisions and in_shadow(connection)

"""The lists of records hold in their indexes what a search asks of each, and what waits names its draft there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.drop_index("ix_record_day", table_name="record")
    op.create_index("ix_record_day", "record", ["connection_id", "day", "id", "state", "source_id"])
    op.drop_index("ix_record_by_day", table_name="record")
    op.create_index("ix_record_by_day", "record", ["day", "id", "state", "source_id"])
    op.drop_index("ix_hold_waits", table_name="hold")
    op.create_index(
        "ix_hold_waits",
        "hold",
        ["connection_id", "line", "asked", "code", "id", "closed_at", "draft_id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )

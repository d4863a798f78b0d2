"""Indexes by which pages in front of a full store answer at once."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_link_key", "link", ["connection_id", "key"])
    op.create_index("ix_link_moved", "link", ["connection_id", "state", "currency", "money_account", "amount"])
    op.create_index("ix_draft_state_record", "draft", ["state", "record_id"])
    op.create_index("ix_record_day", "record", ["connection_id", "day"])

"""Indexes that hold all that lists are sorted, told apart and counted by, so that no row is read for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_record_by_day", table_name="record")
    op.create_index("ix_record_by_day", "record", ["day", "id", "state"])
    op.drop_index("ix_record_day", table_name="record")
    op.create_index("ix_record_day", "record", ["connection_id", "day", "id", "state"])
    op.drop_index("ix_draft_record", table_name="draft")
    op.create_index("ix_draft_record", "draft", ["record_id", "state"])
    refund = sa.text("kind = 'RefundReceipt'")
    op.create_index("ix_draft_refund", "draft", ["connection_id"], sqlite_where=refund, postgresql_where=refund)
    op.drop_index("ix_plan_line_draft", table_name="plan_line")
    op.create_index("ix_plan_line_draft", "plan_line", ["draft_id", "id", "money_account"])
    op.create_index("ix_plan_line_order", "plan_line", ["plan_id", "rank", "day", "id"])
    told = sa.text("reason > ''")
    op.create_index("ix_plan_line_reason", "plan_line", ["plan_id", "reason"], sqlite_where=told, postgresql_where=told)
    op.drop_index("ix_link_moved", table_name="link")
    op.create_index("ix_link_moved", "link", ["connection_id", "state", "money_account", "currency", "amount"])

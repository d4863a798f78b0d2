"""Indexes of the documents that fees have of their own, and of what people answered last: few among all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

OF_FEES = sa.text("substr(key, length(key) - 3) = '#fee'")
CLOSED = sa.text("closed_at IS NOT NULL")


def upgrade() -> None:
    fees = ["connection_id", "state", "stream", "currency", "amount"]
    op.create_index("ix_link_fee", "link", fees, sqlite_where=OF_FEES, postgresql_where=OF_FEES)
    answers = ["connection_id", "closed_at", "id", "closed_by"]
    op.create_index("ix_hold_answered", "hold", answers, sqlite_where=CLOSED, postgresql_where=CLOSED)

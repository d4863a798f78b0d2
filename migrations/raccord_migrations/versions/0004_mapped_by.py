"""Which plugin, version and mapping said what a draft and a plan line hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("draft", "plan_line"):
        op.add_column(table, sa.Column("mapped_by", sa.Text(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("mapped_under", sa.Integer(), nullable=False, server_default="0"))

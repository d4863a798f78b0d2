"""The hour at which a connection's days end, and the rules that counted before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("cut_off", sa.Text(), nullable=False, server_default="00:00"))
    op.add_column("connection", sa.Column("days_from", sa.Date(), nullable=True))
    op.add_column("connection", sa.Column("earlier_days", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))

"""The answer for a month says why something is written into it although it is certified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("closed_month", sa.Column("reason", sa.Text(), nullable=False, server_default=""))

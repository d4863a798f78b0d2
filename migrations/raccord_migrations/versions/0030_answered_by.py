"""Which plugins answered for a plan line: the accounts that they gave and the conflicts that they settled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_line", sa.Column("answered_by", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))

"""The gates of a set-up that somebody said are passed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("gates_passed", sa.JSON(), server_default="{}", nullable=False))

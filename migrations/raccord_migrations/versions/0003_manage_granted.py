"""When the owner of a source let others manage its connection."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("manage_granted_at", sa.DateTime(timezone=True), nullable=True))

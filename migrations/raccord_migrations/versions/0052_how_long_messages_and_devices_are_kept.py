"""For how many days messages and devices are kept, where somebody says so, and when what is over was last removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("messages_days", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("installation", sa.Column("devices_days", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("installation", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))

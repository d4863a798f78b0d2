"""What QuickBooks refuses a company for as a whole, since when, what it said, and how often it was tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("blocked_by", sa.Text(), server_default="", nullable=False))
    op.add_column("company", sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("company", sa.Column("blocked_said", sa.Text(), server_default="", nullable=False))
    op.add_column("company", sa.Column("blocked_tries", sa.Integer(), server_default=sa.text("0"), nullable=False))

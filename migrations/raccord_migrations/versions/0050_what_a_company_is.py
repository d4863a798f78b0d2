"""A company's legal name, its plan and what is switched on there, as QuickBooks tells them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("legal_name", sa.Text(), server_default="", nullable=False))
    op.add_column("company", sa.Column("plan", sa.Text(), server_default="", nullable=False))
    op.add_column("company", sa.Column("features", sa.JSON(), server_default="{}", nullable=False))

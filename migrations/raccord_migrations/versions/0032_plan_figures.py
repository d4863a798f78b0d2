"""What a plan's lines come to, kept with it; plans made before count them at each look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan", sa.Column("figures", sa.JSON(), nullable=False, server_default="{}"))

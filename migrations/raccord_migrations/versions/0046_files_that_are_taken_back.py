"""A file that was handed in wrongly can be taken back: who did it, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source_file", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("source_file", sa.Column("taken_back_by", sa.Text(), nullable=False, server_default=""))

"""What the audit chain told of each proof."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proof", sa.Column("told", sa.Text(), server_default="", nullable=False))

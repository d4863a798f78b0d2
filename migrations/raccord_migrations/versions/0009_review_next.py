"""Whether a connection's next plan waits for approval, whatever it usually does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("review_next", sa.Boolean(), nullable=False, server_default=sa.text("false")))

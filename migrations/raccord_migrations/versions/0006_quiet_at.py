"""Until when a request whose answer is missing may still be executed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posting", sa.Column("quiet_at", sa.DateTime(timezone=True), nullable=True))

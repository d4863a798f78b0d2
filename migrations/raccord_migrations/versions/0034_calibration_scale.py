"""The scale that judged scores were counted on; what was judged on an older one is judged anew before it counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("learned_history", sa.Column("scale", sa.Integer(), nullable=False, server_default="0"))

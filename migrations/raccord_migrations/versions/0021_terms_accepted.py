"""The terms that a connection's mapping was accepted with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("plugin_terms", sa.Text(), server_default="", nullable=False))

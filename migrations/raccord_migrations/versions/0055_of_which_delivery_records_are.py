"""Of which delivery of its run a record is, where one run brings several that tell of the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record", sa.Column("delivery", sa.Text(), nullable=False, server_default=""))

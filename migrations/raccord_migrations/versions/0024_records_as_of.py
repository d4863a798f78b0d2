"""When the source says that a record was so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record", sa.Column("as_of", sa.DateTime(timezone=True)))

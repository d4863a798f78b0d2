"""An account is kept with the tax code that QuickBooks has by default for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_entry", sa.Column("tax_code", sa.Text(), nullable=False, server_default=""))

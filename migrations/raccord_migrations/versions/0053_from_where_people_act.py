"""From where what the audit chain tells of was asked: address, device and the name of a program's token."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("address", "device", "token_name"):
        op.add_column("event", sa.Column(name, sa.Text(), nullable=False, server_default=""))
